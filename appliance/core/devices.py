"""Devices: whatever signs in by a secret of its own. An app, a script, a speaker (docs/accounts.md)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from appliance.core.audit import Action, Actor, record
from appliance.core.catalogue import Window
from appliance.core.errors import BadRequest, Conflict, Forbidden, NotFound
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.secret import new_secret, secret_hash
from appliance.core.text import clean
from appliance.core.users import Role, User

if TYPE_CHECKING:
    from appliance.core.accounts import Accounts

#: Of one user. Each may have to be tried when one of them signs in by Subsonic's tokens.
MOST_DEVICES = 50
_LONGEST_NAME = 100
#: How exactly it is known when a device was last seen: to know it to the second would wear the card.
SEEN_EVERY = timedelta(hours=1)


class Scope(StrEnum):
    """What a device may do in its user's name."""

    READ = "read"
    """Read through the REST interface."""
    WRITE = "write"
    """Write through the REST interface."""
    ADMIN = "admin"
    """Act as the administrator that its user is; without it, it acts as a member would."""
    SUBSONIC = "subsonic"
    """All of the Subsonic interface that its user may use."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    user_id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_seen_at: datetime | None = None
    """To the hour; None until it has signed in."""

    def is_seen_again(self, now: datetime) -> bool:
        """Whether that it was seen now is to be written down."""
        return self.last_seen_at is None or now - self.last_seen_at >= SEEN_EVERY


class SealedDevice(NamedTuple):
    """A device, and its secret sealed by the vault for its user."""

    device: Device
    sealed: bytes


class NewDevice(NamedTuple):
    """A device that was just made, and what is shown only now."""

    device: Device
    secret: str

    def link(self, server: str, household: str, user: str) -> str:
        """All that an app needs, as a URI: it is short enough for a QR code. ``server``: ``http://HOST:PORT``."""
        values = {"server": server, "user": user, "secret": self.secret, "name": household}
        return f"tonearm://connect?{urlencode(values)}"


async def create(
    work: UnitOfWork, accounts: "Accounts", user: User, *, name: str, scopes: Sequence[Scope], network: str
) -> NewDevice:
    """Make a device. Raises ``BadRequest`` for a name that is none, ``Conflict`` when there are too many."""
    chosen = _name(name)
    secret = new_secret()
    sealed = await accounts.seal(work, secret, user.id)
    if await work.devices.count(user.id) >= MOST_DEVICES:
        raise Conflict(f"You have {MOST_DEVICES} devices. Revoke one that you do not use any more.")
    device = Device(id=new_id(), user_id=user.id, name=chosen, scopes=_in_order(scopes), created_at=datetime.now(UTC))
    await work.devices.add(device, secret_hash(secret), sealed)
    await record(work, Action.DEVICE_CREATED, Actor(user, network), subject=(device.id, device.name))
    return NewDevice(device, secret)


async def page(work: UnitOfWork, user: User, owner: UUID | None, window: Window) -> tuple[list[Device], int]:
    """The devices of one's own; for administrators of ``owner``. Raises ``Forbidden``."""
    if owner not in {None, user.id} and user.role is not Role.ADMIN:
        raise Forbidden("Only an administrator may see the devices of others.")
    return await work.devices.page(owner or user.id, window)


async def get(work: UnitOfWork, user: User, id_: UUID) -> Device:
    """One's own; for administrators anybody's. Raises ``NotFound``."""
    device = await work.devices.get(id_)
    if device is None or (device.user_id != user.id and user.role is not Role.ADMIN):
        raise NotFound("There is no such device.")
    return device


async def change(
    work: UnitOfWork, user: User, id_: UUID, *, name: str | None, scopes: Sequence[Scope] | None, network: str
) -> Device:
    """Rename it, or give it other scopes: its owner's to do. Raises ``NotFound``, ``BadRequest``."""
    device = await get(work, user, id_)
    if device.user_id != user.id:
        raise Forbidden("Only its owner may change a device.")
    changed = msgspec.structs.replace(
        device,
        name=device.name if name is None else _name(name),
        scopes=device.scopes if scopes is None else _in_order(scopes),
    )
    fields = tuple(field for field in ("name", "scopes") if getattr(device, field) != getattr(changed, field))
    if fields:
        await work.devices.change(changed)
        await record(
            work, Action.DEVICE_CHANGED, Actor(user, network), subject=(device.id, changed.name), fields=fields
        )
    return changed


async def revoke(work: UnitOfWork, user: User, id_: UUID, *, network: str) -> None:
    """From now on its secret opens nothing. Raises ``NotFound``."""
    device = await get(work, user, id_)
    await work.devices.remove(device.id)
    await record(work, Action.DEVICE_REVOKED, Actor(user, network), subject=(device.id, device.name))


def _name(name: str) -> str:
    cleaned = clean(name)
    if not 1 <= len(cleaned) <= _LONGEST_NAME:
        raise BadRequest(f"The name of a device has 1 to {_LONGEST_NAME} characters.")
    return cleaned


def _in_order(scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """Each once."""
    return tuple(scope for scope in Scope if scope in scopes)
