"""``/sessions`` and ``/me``: signing in and out."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Reply
from appliance.api.rest.schemas import Id
from appliance.core.accounts import SESSION_LIFETIME, Role, User


class UserRead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who listens."""

    id: Id
    name: Annotated[str, Meta(description="The name to sign in with.", examples=["ada"])]
    role: Annotated[Role, Meta(description="What they may do: guests only listen.", examples=["member"])]
    created_at: Annotated[datetime, Meta(description="Since when (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, user: User) -> "UserRead":
        return cls(id=user.id, name=user.name, role=user.role, created_at=user.created_at)


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
                    "created_at": "2026-03-01T18:20:00Z",
                }
            ],
        ),
    ]


async def sign_in(call: Call[Nothing, SessionCreate]) -> Reply:
    """Open a session."""
    accounts = call.services.accounts
    user = await accounts.by_password(call.work, call.body.name, call.body.password, call.network)
    expires_at = datetime.now(UTC) + SESSION_LIFETIME
    token = await accounts.open_session(call.work, user)
    return Reply(SessionRead(token=token, expires_at=expires_at, user=UserRead.of(user)), cookie=token)


async def sign_out(call: Call[Nothing, Nothing]) -> Reply:
    """End this session."""
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
