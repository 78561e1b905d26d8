"""Secrets that the server makes up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.secret import is_secret, new_secret, secret_hash


def test_they_differ_and_can_be_typed() -> None:
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    letters = set("".join(made)) - {"-"}
    assert letters == set("abcdefghjkmnpqrstuvwxyz23456789")
    assert len(letters) ** 28 > 2**128


def test_however_it_is_typed_it_is_the_same() -> None:
    secret = new_secret()
    for typed in (secret, secret.upper(), secret.replace("-", ""), f" {secret.replace('-', ' ')}\n"):
        assert is_secret(typed)
        assert secret_hash(typed) == secret_hash(secret)
    assert secret_hash(secret) != secret_hash(new_secret())


@pytest.mark.parametrize(
    "other",
    ["", "-", "a" * 27, "a" * 29, "l" * 28, "0" * 28, "ä" * 28, "\ud800" * 28, "a" * 28 + " " * 100, "\uff41" * 28],
)
def test_anything_else_is_none(other: str) -> None:
    assert not is_secret(other)
    assert len(secret_hash(other)) == 32


@given(st.text())
def test_nothing_that_is_typed_is_a_fault(text: str) -> None:
    is_secret(text)
    assert len(secret_hash(text)) == 32
