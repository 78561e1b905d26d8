"""What somebody makes and may show to the household: who sees it, who may change it, who may take it away.

Whoever may not see a thing is told that it does not exist; the store sees to that.
"""

from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from appliance.core.accounts import Role, User
from appliance.core.errors import FieldFault, Forbidden, NotUsable
from appliance.core.text import clean

LONGEST_NAME = 200
LONGEST_COMMENT = 2000


class Visibility(StrEnum):
    """Who sees it."""

    PRIVATE = "private"
    """Only its owner sees it."""
    HOUSEHOLD = "household"
    """Everybody may see it."""
    COLLABORATIVE = "collaborative"
    """Everybody may see it, and whoever is not a guest may change it."""


class Owner(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class Owned(Protocol):
    """Something that somebody made."""

    @property
    def owner(self) -> Owner: ...
    @property
    def visibility(self) -> Visibility: ...


def must_be_member(user: User) -> None:
    """Raises ``Forbidden`` for guests."""
    if user.role is Role.GUEST:
        raise Forbidden("Guests listen; they do not change anything.")


def must_be_theirs_to_change(thing: Owned, user: User) -> None:
    """Raises ``Forbidden``."""
    must_be_member(user)
    if thing.owner.id != user.id and thing.visibility is not Visibility.COLLABORATIVE:
        raise Forbidden(f"Only {thing.owner.name} may change this.")


def must_be_theirs_to_show(thing: Owned, user: User) -> None:
    """To decide who sees it. Raises ``Forbidden``."""
    must_be_member(user)
    if thing.owner.id != user.id:
        raise Forbidden(f"Only {thing.owner.name} may decide who sees this.")


def must_be_theirs_to_remove(thing: Owned, user: User) -> None:
    """Raises ``Forbidden``."""
    if thing.owner.id != user.id and user.role is not Role.ADMIN:
        raise Forbidden(f"Only {thing.owner.name} or an administrator may delete this.")
    must_be_member(user)


def name_of(text: str) -> str:
    """The name as it is kept. Raises ``NotUsable`` when nothing of it can be seen."""
    name = clean(text[:LONGEST_NAME])[:LONGEST_NAME]
    if not name:
        raise NotUsable([FieldFault("name", "A name has at least one visible character.", "invalid")])
    return name


def comment_of(text: str) -> str:
    """The comment as it is kept, its lines kept apart."""
    return "\n".join(clean(line) for line in text[:LONGEST_COMMENT].splitlines()).strip()[:LONGEST_COMMENT]
