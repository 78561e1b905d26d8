"""A refusal is a sentence for the person who reads it."""

import pytest

from appliance.core.errors import Busy, MediaGone, NotFound, TonearmError, TooManyAttempts, WrongCredentials


@pytest.mark.parametrize(
    "error", [WrongCredentials(), TooManyAttempts(7), Busy("All decks are taken."), MediaGone("x")]
)
def test_a_refusal_is_ours(error: Exception) -> None:
    assert isinstance(error, TonearmError)
    assert str(error)


def test_a_refusal_for_now_says_when_to_come_back() -> None:
    assert (TooManyAttempts(7).retry_after, Busy("Busy.").retry_after, Busy("Busy.", 30).retry_after) == (7, 5, 30)


def test_a_file_that_is_gone_is_not_found() -> None:
    assert isinstance(MediaGone("gone"), NotFound)
