"""Whose a thing is, and what that lets others do; how names and comments are kept."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from appliance.core.accounts import Role, User
from appliance.core.errors import Forbidden, NotUsable
from appliance.core.ids import new_id
from appliance.core.visibility import (
    Owned,
    Owner,
    Visibility,
    comment_of,
    must_be_member,
    must_be_theirs_to_change,
    must_be_theirs_to_remove,
    must_be_theirs_to_show,
    name_of,
)


class Thing(msgspec.Struct, frozen=True):
    owner: Owner
    visibility: Visibility


def somebody(role: Role) -> User:
    return User(id=new_id(), name=role.value, role=role, created_at=datetime.now(UTC))


OWNER = somebody(Role.MEMBER)
WHO = {"owner": OWNER, **{role.value: somebody(role) for role in Role}}


def allowed(rule: Callable[[Owned, User], None], visibility: Visibility) -> set[str]:
    """Who may."""
    may = set()
    for name, user in WHO.items():
        try:
            rule(Thing(Owner(OWNER.id, OWNER.name), visibility), user)
        except Forbidden:
            continue
        may.add(name)
    return may


def test_who_may_do_what() -> None:
    for visibility in Visibility:
        assert allowed(must_be_theirs_to_show, visibility) == {"owner"}
        assert allowed(must_be_theirs_to_remove, visibility) == {"owner", "admin"}
    assert allowed(must_be_theirs_to_change, Visibility.PRIVATE) == {"owner"}
    assert allowed(must_be_theirs_to_change, Visibility.HOUSEHOLD) == {"owner"}
    assert allowed(must_be_theirs_to_change, Visibility.COLLABORATIVE) == {"owner", "admin", "member"}


def test_guests_change_nothing_not_even_what_was_theirs() -> None:
    guest = somebody(Role.GUEST)
    own = Thing(Owner(guest.id, guest.name), Visibility.COLLABORATIVE)
    with pytest.raises(Forbidden):
        must_be_member(guest)
    for rule in (must_be_theirs_to_change, must_be_theirs_to_show, must_be_theirs_to_remove):
        with pytest.raises(Forbidden):
            rule(own, guest)


def test_names_are_cleaned_bounded_and_visible() -> None:
    assert name_of("  Sunday\0morning ") == "Sunday morning"
    assert len(name_of("x" * 10_000)) == 200
    # Composed letters that NFC takes apart do not outgrow the bound.
    assert len(name_of("\u0958" * 200)) == 200
    for nothing in ("", " \t", "\0"):
        with pytest.raises(NotUsable) as refusal:
            name_of(nothing)
        assert [fault.field for fault in refusal.value.faults] == ["name"]


def test_comments_keep_their_lines() -> None:
    assert comment_of(" a\0b \r\n\n c ") == "a b\n\nc"
    assert len(comment_of("x" * 10_000)) == 2000
    assert comment_of("") == ""
