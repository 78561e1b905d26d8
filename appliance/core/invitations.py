"""Invitations: somebody who is to come chooses their own password."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from appliance.core.audit import Action, Actor, record
from appliance.core.errors import FieldFault, NotFound, NotUsable
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.secret import new_secret, secret_hash
from appliance.core.users import Role, User, known_libraries

if TYPE_CHECKING:
    from appliance.core.accounts import Accounts

LONGEST = timedelta(days=30)
#: How long one is still shown that has expired or was accepted.
_REMEMBERED = timedelta(days=30)


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    user_id: UUID
    """Who invites."""
    name: str | None
    """Of the account that is made, where whoever invites has chosen it."""
    role: Role
    libraries: tuple[int, ...] | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None


class NewInvitation(NamedTuple):
    """An invitation that was just made, and what is shown only now."""

    invitation: Invitation
    code: str

    @property
    def path(self) -> str:
        """Where it is accepted, on this server."""
        return f"/invitation/{self.code}"


async def create(
    work: UnitOfWork,
    accounts: "Accounts",
    by: Actor,
    *,
    role: Role,
    libraries: Sequence[int] | None,
    name: str | None,
    expires_at: datetime | None,
) -> NewInvitation:
    """Invite somebody. ``expires_at``: at most 30 days ahead; None is as the household has decided.

    Raises ``BadRequest`` for a name that nobody can have, ``NotUsable`` for another time or unknown libraries.
    """
    assert by.user is not None
    now = datetime.now(UTC)
    household = await work.household.read()
    code = new_secret()
    invitation = Invitation(
        id=new_id(),
        user_id=by.user.id,
        name=None if name is None else accounts.name(name),
        role=role,
        libraries=await known_libraries(work, libraries),
        created_at=now,
        expires_at=now + timedelta(days=household.invitation_days) if expires_at is None else expires_at,
    )
    if not now < invitation.expires_at <= now + LONGEST:
        fault = FieldFault("expires_at", f"An invitation lasts at most {LONGEST.days} days from now.", "invalid")
        raise NotUsable([fault])
    await work.invitations.forget(now - _REMEMBERED)
    await work.invitations.add(invitation, secret_hash(code))
    await record(work, Action.INVITATION_CREATED, by, subject=(invitation.id, invitation.name or ""))
    return NewInvitation(invitation, code)


async def revoke(work: UnitOfWork, by: Actor, id_: UUID) -> None:
    """Nobody accepts it any more. Raises ``NotFound``."""
    invitation = await work.invitations.get(id_)
    if invitation is None:
        raise NotFound("There is no such invitation.")
    await work.invitations.remove(id_)
    await record(work, Action.INVITATION_REVOKED, by, subject=(id_, invitation.name or ""))


async def accept(
    work: UnitOfWork, accounts: "Accounts", code: str, *, name: str | None, password: str, network: str
) -> User:
    """Make the account that the invitation is for. Of many who come with one code at once, one gets it.

    ``name``: where the invitation names nobody. Raises ``NotFound`` for a code that is none, or not any more, and
    ``TooManyAttempts``; ``NotUsable``, ``BadRequest`` and ``Conflict`` for a name or password that cannot be: the
    invitation is still good then.
    """
    attempt = accounts.attempt("invitation", code, network)
    attempt.check()
    now = datetime.now(UTC)
    invitation = await work.invitations.by_code(secret_hash(code), now)
    if invitation is None:
        attempt.failed()
        raise _none()
    chosen = invitation.name or name
    if not chosen:
        raise NotUsable([FieldFault("name", "Choose a name to sign in with.", "required")])
    user = await accounts.create(work, chosen, password, invitation.role, libraries=invitation.libraries)
    # From here on under the users' lock: whoever else came with this code has taken it before, or never will.
    if not await work.invitations.take(invitation.id, now):
        raise _none()
    attempt.succeeded()
    actor = Actor(user, network)
    await record(work, Action.INVITATION_ACCEPTED, actor, subject=(invitation.id, invitation.name or ""))
    return user


def _none() -> NotFound:
    return NotFound("This invitation does not exist, has expired, or was used. Ask for another.")
