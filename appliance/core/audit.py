"""The audit log: who did what to whose account, from which network. Nothing secret is in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork

if TYPE_CHECKING:
    from appliance.core.users import User

#: Entries that are kept at most, whatever their age: who knocks at the door all night must not fill the disk.
MOST_ENTRIES = 20_000


class Action(StrEnum):
    """What was done."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    """A wrong name or password. Those that the throttle turned away are not looked at, and so not written down."""
    USER_CREATED = "user_created"
    USER_CHANGED = "user_changed"
    USER_DELETED = "user_deleted"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - what happened, not what it is
    DEVICE_CREATED = "device_created"
    DEVICE_CHANGED = "device_changed"
    DEVICE_REVOKED = "device_revoked"
    INVITATION_CREATED = "invitation_created"
    INVITATION_REVOKED = "invitation_revoked"
    INVITATION_ACCEPTED = "invitation_accepted"
    SETTINGS_CHANGED = "settings_changed"
    KEY_ROTATED = "key_rotated"


class Actor(NamedTuple):
    """Who does something, and from where."""

    user: "User | None"
    """None for nobody who is signed in, as at the terminal."""
    network: str


#: Whoever types commands on the machine itself.
TERMINAL = Actor(None, "terminal")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. Names are as they were then, and outlive whom they name."""

    id: UUID
    happened_at: datetime
    action: Action
    network: str
    actor_id: UUID | None
    actor_name: str | None
    subject_id: UUID | None
    subject_name: str | None
    fields: tuple[str, ...]
    """Which fields changed, of a change."""


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    action: Action | None = None
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def record(
    work: UnitOfWork,
    action: Action,
    actor: Actor,
    *,
    subject: tuple[UUID, str] | None = None,
    fields: Sequence[str] = (),
) -> None:
    """Write it down, in the transaction that does it; and forget what is older than the household wants to know."""
    now = datetime.now(UTC)
    user = actor.user
    entry = Entry(
        id=new_id(),
        happened_at=now,
        action=action,
        network=actor.network,
        actor_id=user.id if user else None,
        actor_name=user.name if user else None,
        subject_id=subject[0] if subject else None,
        subject_name=subject[1] if subject else None,
        fields=tuple(fields),
    )
    household = await work.household.read()
    await work.audit.add(entry)
    await work.audit.forget(now - timedelta(days=household.audit_days), MOST_ENTRIES)
