"""``/invitations``: for those who are to come, and choose their own password."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id, LibraryNumbers
from appliance.api.rest.sessions import SessionRead, UserRead
from appliance.core import invitations
from appliance.core.accounts import SESSION_LIFETIME, Role
from appliance.core.errors import NotFound
from appliance.core.invitations import Invitation

_Name = Annotated[
    Annotated[str, Meta(max_length=200)] | None,
    Meta(
        description="The name of the account; null lets whoever accepts choose one.",
        examples=["grace"],
    ),
]
_Role = Annotated[Role, Meta(description="What they will be allowed to do.", examples=["member"])]


class InvitationRead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is to come."""

    id: Id
    user_id: Annotated[UUID, Meta(description="Who invites.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"])]
    name: _Name
    role: _Role
    libraries: LibraryNumbers
    created_at: Annotated[datetime, Meta(description="When it was made (UTC).", examples=["2026-03-01T18:20:00Z"])]
    expires_at: Annotated[datetime, Meta(description="Good until then (UTC).", examples=["2026-03-08T18:20:00Z"])]
    accepted_at: Annotated[
        datetime | None, Meta(description="When it was accepted (UTC); null until then.", examples=[None])
    ]

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationRead":
        return cls(**msgspec.structs.asdict(invitation))


class InvitationCreated(InvitationRead, frozen=True, kw_only=True):
    """A new invitation, and what is shown only now."""

    code: Annotated[
        str,
        Meta(
            description="Who has it may come in, once. It is shown only here.",
            examples=["k7qm-2xwd-9fhp-t3vc-8ryb-m4ze-w6ju"],
        ),
    ]
    path: Annotated[
        str,
        Meta(
            description="The page on this server that accepts it.",
            examples=["/invitation/k7qm-2xwd-9fhp-t3vc-8ryb-m4ze-w6ju"],
        ),
    ]


class InvitationPage(Page[InvitationRead], frozen=True):
    """One page of invitations."""


class InvitationList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which invitations."""


class InvitationCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation to be."""

    role: _Role = Role.MEMBER
    libraries: LibraryNumbers = None
    name: _Name = None
    expires_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(
            description="Good until then, at most 30 days; left out, as long as the household's settings say.",
            examples=["2026-03-08T18:20:00Z"],
        ),
    ] = None


class InvitationAccept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who comes."""

    code: Annotated[
        str, Meta(max_length=200, description="Of the invitation.", examples=["k7qm-2xwd-9fhp-t3vc-8ryb-m4ze-w6ju"])
    ]
    password: Annotated[
        str, Meta(max_length=1024, description="The password that they want.", examples=["correct horse"])
    ]
    name: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description="Their name, where the invitation has none.", examples=["grace"]),
    ] = None


async def listing(call: Call[InvitationList, Nothing]) -> Reply:
    """One page of invitations, latest first."""
    found, total = await call.work.invitations.page(call.query.window())
    return Reply(call.query.of([InvitationRead.of(invitation) for invitation in found], total))


async def create(call: Call[Nothing, InvitationCreate]) -> Reply:
    """Invite somebody."""
    body = call.body
    made = await invitations.create(
        call.work,
        call.services.accounts,
        call.actor,
        role=body.role,
        libraries=body.libraries,
        name=body.name,
        expires_at=body.expires_at,
    )
    return Reply(InvitationCreated(**msgspec.structs.asdict(made.invitation), code=made.code, path=made.path))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One invitation."""
    invitation = await call.work.invitations.get(call.item)
    if invitation is None:
        raise NotFound("There is no such invitation.")
    return Reply(InvitationRead.of(invitation))


async def revoke(call: Call[Nothing, Nothing]) -> Reply:
    """Take an invitation back."""
    await invitations.revoke(call.work, call.actor, call.item)
    return Reply()


async def accept(call: Call[Nothing, InvitationAccept]) -> Reply:
    """Come in."""
    accounts, body = call.services.accounts, call.body
    user = await invitations.accept(
        call.work, accounts, body.code, name=body.name, password=body.password, network=call.network
    )
    token = await accounts.open_session(call.work, user, agent=call.agent)
    expires_at = datetime.now(UTC) + SESSION_LIFETIME
    return Reply(SessionRead(token=token, expires_at=expires_at, user=UserRead.of(user)), cookie=token)


OPERATIONS = (
    Operation(
        name="list_invitations",
        method="GET",
        path="/invitations/",
        tag="Invitations",
        summary="List invitations",
        description="Latest first; those that have expired are forgotten a month later.",
        handle=listing,
        query=InvitationList,
        answer=InvitationPage,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="create_invitation",
        method="POST",
        path="/invitations/",
        tag="Invitations",
        summary="Invite somebody",
        description="Answers the code, once. It is good for one account.",
        handle=create,
        body=InvitationCreate,
        status=201,
        answer=InvitationCreated,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="accept_invitation",
        method="POST",
        path="/invitations/accept",
        tag="Invitations",
        summary="Accept an invitation",
        description=(
            "Makes the account and signs it in, as signing in does. 404 for a code that is none, or not any more; "
            "409 when somebody has the name. Wrong codes are throttled."
        ),
        handle=accept,
        body=InvitationAccept,
        status=201,
        answer=SessionRead,
        access=Access.PUBLIC,
        refusals=(403, 404, 409, 429),
    ),
    Operation(
        name="read_invitation",
        method="GET",
        path="/invitations/{id}",
        tag="Invitations",
        summary="Read an invitation",
        handle=read,
        answer=InvitationRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="delete_invitation",
        method="DELETE",
        path="/invitations/{id}",
        tag="Invitations",
        summary="Take an invitation back",
        description="Its code opens nothing any more. An account that was made by it stays.",
        handle=revoke,
        status=204,
        access=Access.ADMINISTRATORS,
    ),
)
