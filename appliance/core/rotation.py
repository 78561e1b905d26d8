"""Changing the key of the vault: whatever was sealed under the old one is sealed anew (docs/accounts.md)."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from appliance.core.audit import Action, Actor, record
from appliance.core.ports import UnitOfWork, Vault


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    accounts: int
    """Users whose password is sealed anew."""
    devices: int
    """Devices whose secret is."""
    lost: int
    """Secrets that no key opens any more. They are left as they are; a new password, or a new device, replaces them."""


async def reseal(work: UnitOfWork, vault: Vault, by: Actor) -> Rotation:
    """Seal every secret under the key that the vault seals with now. Holds the users' lock from its beginning.

    Whatever it raises, nothing is changed.
    """
    await work.users.lock()
    accounts = _anew(vault, ((id_, id_, sealed) for id_, sealed in await work.users.sealed()))
    devices = _anew(vault, ((one.device.id, one.device.user_id, one.sealed) for one in await work.devices.all_sealed()))
    opened = [{id_: sealed for id_, sealed in each.items() if sealed is not None} for each in (accounts, devices)]
    await work.users.reseal(opened[0])
    await work.devices.reseal(opened[1])
    await record(work, Action.KEY_ROTATED, by)
    done = len(opened[0]) + len(opened[1])
    return Rotation(accounts=len(opened[0]), devices=len(opened[1]), lost=len(accounts) + len(devices) - done)


def _anew(vault: Vault, secrets: Iterable[tuple[UUID, UUID, bytes]]) -> dict[UUID, bytes | None]:
    """By the row's id, of secrets with the row's id and the owner's; None for what cannot be opened."""
    anew: dict[UUID, bytes | None] = {}
    for id_, owner, sealed in secrets:
        secret = vault.open(sealed, owner)
        anew[id_] = None if secret is None else vault.seal(secret, owner)
    return anew
