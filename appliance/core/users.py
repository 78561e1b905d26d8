"""Who listens: what they may do, and how that changes."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from appliance.core.audit import Action, Actor, record
from appliance.core.errors import Conflict, FieldFault, Forbidden, NotFound, NotUsable, WrongCredentials
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean, fold

if TYPE_CHECKING:
    from appliance.core.accounts import Accounts


class Role(StrEnum):
    """What somebody may do here."""

    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    """May listen, and change nothing."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    role: Role
    created_at: datetime
    libraries: tuple[int, ...] | None = None
    """The numbers of the libraries that they may see; None is every one, also those to come."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user together with what proves it. Never leaves ``core`` and ``store``."""

    user: User
    password_hash: str
    app_secret: bytes | None
    """The password sealed by the vault, for Subsonic's token scheme; None when that is switched off."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be added."""

    name: str
    password: str
    role: Role
    libraries: tuple[int, ...] | None = None


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a user; what is ``UNSET`` stays."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    role: Role | msgspec.UnsetType = msgspec.UNSET
    libraries: tuple[int, ...] | msgspec.UnsetType | None = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET
    current_password: str | None = None
    """Proves whoever changes their own password."""


async def get(work: UnitOfWork, user: User, id_: UUID) -> User:
    """Oneself; for administrators anybody. Raises ``NotFound``."""
    account = await work.users.get(id_) if id_ == user.id or user.role is Role.ADMIN else None
    if account is None:
        raise NotFound("There is no such user.")
    return account.user


async def create(work: UnitOfWork, accounts: "Accounts", by: Actor, draft: Draft) -> User:
    """Add a user. Raises ``NotUsable``, ``BadRequest``, or ``Conflict`` when the name is taken."""
    libraries = await known_libraries(work, draft.libraries)
    user = await accounts.create(work, draft.name, draft.password, draft.role, libraries=libraries)
    await record(work, Action.USER_CREATED, by, subject=(user.id, user.name))
    return user


async def change(
    work: UnitOfWork, accounts: "Accounts", by: Actor, id_: UUID, wishes: Wishes, *, session: bytes | None = None
) -> User:
    """Change a user, and what it means at once: whoever loses a role loses the invitations that they gave in it.

    Administrators change everybody; the others nothing but their own password, with the old one. A new password ends
    every session but ``session``, by its hash. Raises ``NotFound``, ``Forbidden``, ``NotUsable``, ``BadRequest``,
    ``Conflict`` for a name that is taken and for the last administrator, ``TooManyAttempts``.
    """
    assert by.user is not None
    asked = {field for field in ("name", "role", "libraries") if getattr(wishes, field) is not msgspec.UNSET}
    await get(work, by.user, id_)
    if asked and by.user.role is not Role.ADMIN:
        raise Forbidden("Only an administrator may change that.")
    if id_ == by.user.id and wishes.password is not msgspec.UNSET:
        await _prove(work, accounts, by, wishes.current_password)
    # Before the lock is taken: it is slow.
    proof = None if wishes.password is msgspec.UNSET else await accounts.prove(work, id_, wishes.password)
    await work.users.lock()
    before = await get(work, by.user, id_)
    after = msgspec.structs.replace(
        before,
        name=before.name if wishes.name is msgspec.UNSET else await _free_name(work, accounts, before, wishes.name),
        role=before.role if wishes.role is msgspec.UNSET else wishes.role,
        libraries=(
            before.libraries if wishes.libraries is msgspec.UNSET else await known_libraries(work, wishes.libraries)
        ),
    )
    if before.role is Role.ADMIN and after.role is not Role.ADMIN:
        await _somebody_must_stay(work, id_)
        await work.invitations.remove_of(id_)
    fields = [field for field in ("name", "role", "libraries") if getattr(before, field) != getattr(after, field)]
    if fields:
        await work.users.change(after)
        await record(work, Action.USER_CHANGED, by, subject=(id_, after.name), fields=fields)
    if proof is not None:
        await work.users.set_proof(id_, proof.password_hash, proof.app_secret)
        await work.sessions.remove_of(id_, but=session)
        await record(work, Action.PASSWORD_CHANGED, by, subject=(id_, after.name))
    return after


async def delete(work: UnitOfWork, by: Actor, id_: UUID) -> None:
    """Remove somebody, with all that is theirs. Raises ``NotFound``, ``Conflict`` for the last administrator."""
    assert by.user is not None
    await work.users.lock()
    user = await get(work, by.user, id_)
    await remove(work, by, user)


async def remove(work: UnitOfWork, by: Actor, user: User) -> None:
    """The same, for whoever holds the users' lock and has looked the user up under it."""
    if user.role is Role.ADMIN:
        await _somebody_must_stay(work, user.id)
    await work.users.remove(user.id)
    await record(work, Action.USER_DELETED, by, subject=(user.id, user.name))


async def reset_password(work: UnitOfWork, accounts: "Accounts", by: Actor, name: str, password: str) -> User:
    """Give the user of this name a new password: the way back in. Raises ``NotFound``, ``BadRequest``."""
    account = await work.users.by_name(name)
    if account is None:
        raise NotFound(f"There is no user named {clean(name)}.")
    user = account.user
    proof = await accounts.prove(work, user.id, password)
    await work.users.set_proof(user.id, proof.password_hash, proof.app_secret)
    await work.sessions.remove_of(user.id, but=None)
    await record(work, Action.PASSWORD_CHANGED, by, subject=(user.id, user.name))
    return user


async def known_libraries(work: UnitOfWork, numbers: Sequence[int] | None) -> tuple[int, ...] | None:
    """``numbers``, each once and in order. Raises ``NotUsable`` for those that no library has."""
    if numbers is None:
        return None
    unknown = sorted(set(numbers) - {library.number for library in await work.libraries.all()})
    if unknown:
        named = ", ".join(map(str, unknown[:10]))
        raise NotUsable([FieldFault("libraries", f"There is no library of the number {named}.", "unknown")])
    return tuple(sorted(set(numbers)))


async def _prove(work: UnitOfWork, accounts: "Accounts", by: Actor, password: str | None) -> None:
    """Whoever found an open session must not be able to keep the account."""
    assert by.user is not None
    if password is None:
        raise NotUsable([FieldFault("current_password", "Type your present password, too.", "required")])
    try:
        await accounts.by_password(work, by.user.name, password, by.network)
    except WrongCredentials:
        fault = FieldFault("current_password", "That is not your present password.", "wrong_password")
        raise NotUsable([fault]) from None


async def _free_name(work: UnitOfWork, accounts: "Accounts", user: User, name: str) -> str:
    chosen = accounts.name(name)
    other = await work.users.by_name(chosen)
    if fold(chosen) != fold(user.name) and other is not None:
        raise Conflict(f"There is already a user named {chosen}.")
    return chosen


async def _somebody_must_stay(work: UnitOfWork, without: UUID) -> None:
    if not await work.users.administrator_exists(without=without):
        raise Conflict("This is the last administrator. Make somebody else one first.")
