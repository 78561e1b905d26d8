"""``/sessions`` and ``/me``: signing in and out, and where else one is signed in."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id, LibraryNumbers
from appliance.core.accounts import SESSION_LIFETIME, Role, Session, User, token_hash
from appliance.core.audit import Action, Actor, record
from appliance.core.errors import NotFound, WrongCredentials


class UserRead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who listens."""

    id: Id
    name: Annotated[str, Meta(description="The name to sign in with.", examples=["ada"])]
    role: Annotated[Role, Meta(description="What they may do: guests only listen.", examples=["member"])]
    libraries: LibraryNumbers
    created_at: Annotated[datetime, Meta(description="Since when (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, user: User) -> "UserRead":
        return cls(id=user.id, name=user.name, role=user.role, libraries=user.libraries, created_at=user.created_at)


class SessionCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name and password."""

    name: Annotated[str, Meta(max_length=200, description="The user's name.", examples=["ada"])]
    password: Annotated[str, Meta(max_length=1024, description="The user's password.", examples=["correct horse"])]


class SessionRead(msgspec.Struct, frozen=True, kw_only=True):
    """An open session."""

    token: Annotated[
        str,
        Meta(
            description="Send it as `Authorization: Bearer …`. It is shown only here.",
            examples=["Zl1vS0Xq2pYhN5c8mT3bJ7wR9dK4aEoG6uHsLfVxQiB"],
        ),
    ]
    expires_at: Annotated[datetime, Meta(description="When it ends (UTC).", examples=["2026-03-31T18:20:00Z"])]
    user: Annotated[
        UserRead,
        Meta(
            description="Who signed in.",
            examples=[
                {
                    "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03",
                    "name": "ada",
                    "role": "member",
                    "libraries": None,
                    "created_at": "2026-03-01T18:20:00Z",
                }
            ],
        ),
    ]


class OpenSessionRead(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is signed in by their password."""

    id: Id
    agent: Annotated[str, Meta(description="What the browser or program calls itself.", examples=["Mozilla/5.0"])]
    current: Annotated[bool, Meta(description="Whether this request is part of it.", examples=[True])]
    created_at: Annotated[datetime, Meta(description="Since when (UTC).", examples=["2026-03-01T18:20:00Z"])]
    expires_at: Annotated[datetime, Meta(description="When it ends (UTC).", examples=["2026-03-31T18:20:00Z"])]

    @classmethod
    def of(cls, session: Session, token: str) -> "OpenSessionRead":
        return cls(
            id=session.id,
            agent=session.agent,
            current=session.token_hash == token_hash(token),
            created_at=session.created_at,
            expires_at=session.expires_at,
        )


class OpenSessionPage(Page[OpenSessionRead], frozen=True):
    """One page of sessions."""


class SessionList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions."""


async def sign_in(call: Call[Nothing, SessionCreate]) -> Reply:
    """Open a session. Whether it was refused is written down as well; the name only where somebody has it."""
    accounts, body = call.services.accounts, call.body
    try:
        user, token = await accounts.sign_in(call.work, body.name, body.password, call.network, agent=call.agent)
    except WrongCredentials as refusal:
        known = await call.work.users.by_name(body.name)
        subject = None if known is None else (known.user.id, known.user.name)
        await record(call.work, Action.SIGN_IN_REFUSED, Actor(None, call.network), subject=subject)
        return Reply(refusal=refusal)
    expires_at = datetime.now(UTC) + SESSION_LIFETIME
    await record(call.work, Action.SIGNED_IN, Actor(user, call.network), subject=(user.id, user.name))
    return Reply(SessionRead(token=token, expires_at=expires_at, user=UserRead.of(user)), cookie=token)


async def listing(call: Call[SessionList, Nothing]) -> Reply:
    """One page of one's own sessions, latest first."""
    sessions, total = await call.work.sessions.page(call.caller.user.id, call.query.window())
    return Reply(call.query.of([OpenSessionRead.of(session, call.caller.token) for session in sessions], total))


async def end(call: Call[Nothing, Nothing]) -> Reply:
    """End one of one's own sessions."""
    call.must_be_a_session()
    if not await call.work.sessions.end(call.item, call.caller.user.id):
        raise NotFound("There is no such session.")
    return Reply()


async def sign_out(call: Call[Nothing, Nothing]) -> Reply:
    """End this session."""
    call.must_be_a_session()
    await call.services.accounts.close_session(call.work, call.caller.token)
    return Reply(cookie="")


async def me(call: Call[Nothing, Nothing]) -> Reply:
    """Who is signed in."""
    return Reply(UserRead.of(call.caller.user))


OPERATIONS = (
    Operation(
        name="create_session",
        method="POST",
        path="/sessions/",
        tag="Account",
        summary="Sign in",
        description="Answers a token for the `Authorization` header, and sets it as a cookie for browsers.",
        handle=sign_in,
        body=SessionCreate,
        status=201,
        answer=SessionRead,
        access=Access.PUBLIC,
        refusals=(401, 403, 429),
    ),
    Operation(
        name="list_sessions",
        method="GET",
        path="/sessions/",
        tag="Account",
        summary="List your sessions",
        description="Where you are signed in by your password, latest first.",
        handle=listing,
        query=SessionList,
        answer=OpenSessionPage,
    ),
    Operation(
        name="end_session",
        method="DELETE",
        path="/sessions/{id}",
        tag="Account",
        summary="End one of your sessions",
        description="For the one that you lost, or left open elsewhere.",
        handle=end,
        status=204,
        access=Access.SIGNED_IN,
    ),
    Operation(
        name="delete_session",
        method="DELETE",
        path="/sessions/current",
        tag="Account",
        summary="Sign out",
        description="The token ends with the session.",
        handle=sign_out,
        status=204,
    ),
    Operation(
        name="read_me",
        method="GET",
        path="/me",
        tag="Account",
        summary="Who is signed in",
        handle=me,
        answer=UserRead,
    ),
)
