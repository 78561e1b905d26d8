"""``/shares``: links that members give away. What they open is ``public_shares``."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.shares import (
    LONGEST_DESCRIPTION,
    MOST_ITEMS,
    MOST_VISITS,
    Share,
    ShareChanges,
    ShareKind,
    ShareWish,
    change_share,
    create_share,
    get_share,
    list_shares,
    revoke_share,
)

_USER_EXAMPLE = "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"
_KIND = Meta(
    description="What is shared: an album, a track, several tracks, or a playlist as it changes.", examples=["album"]
)
_ITEMS = Meta(
    min_length=1,
    max_length=MOST_ITEMS,
    description="The id of the album, track or playlist, or the ids of the tracks in their order.",
    examples=[["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"]],
)
_DESCRIPTION = Meta(
    max_length=LONGEST_DESCRIPTION,
    description="Words for whoever opens the link; may be empty.",
    examples=["For the train"],
)
_Moment = Annotated[datetime, Meta(tz=True)]
_ExpiresAt = Annotated[
    _Moment | None,
    Meta(description="When the link ends (UTC); null: never.", examples=["2027-03-01T18:20:00Z"]),
]
_VisitLimit = Annotated[
    Annotated[int, Meta(ge=1, le=MOST_VISITS)] | None,
    Meta(description="How many times it may be opened; null: as often as anybody likes.", examples=[10]),
]


class ShareRead(msgspec.Struct, frozen=True, kw_only=True):
    """A share."""

    id: Id
    user_id: Annotated[UUID, Meta(description="Its owner.", examples=[_USER_EXAMPLE])]
    code: Annotated[
        str,
        Meta(
            description="What the link holds. Whoever has it gets in, so it is shown to the owner and administrators.",
            examples=["kPq3vX0nT7mJ2hYc8RwZsA"],
        ),
    ]
    path: Annotated[
        str,
        Meta(
            description="Where the link leads on this server, whatever it is called from outside.",
            examples=["/api/v1/shares/public/kPq3vX0nT7mJ2hYc8RwZsA"],
        ),
    ]
    kind: Annotated[ShareKind, _KIND]
    item_ids: Annotated[list[UUID], _ITEMS]
    description: Annotated[str, _DESCRIPTION]
    expires_at: _ExpiresAt
    visit_limit: _VisitLimit
    visit_count: Annotated[int, Meta(description="How many times it was opened.", examples=[3])]
    visited_at: Annotated[
        datetime | None,
        Meta(description="When it was last opened (UTC); null until then.", examples=["2026-03-02T09:00:00Z"]),
    ]
    created_at: Annotated[datetime, Meta(description="When it was made (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, share: Share) -> "ShareRead":
        values = msgspec.structs.asdict(share)
        return cls(**values | {"item_ids": list(share.item_ids)}, path=f"/api/v1/shares/public/{share.code}")


class SharePage(Page[ShareRead], frozen=True):
    """One page of shares."""


class ShareCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to share."""

    kind: Annotated[ShareKind, _KIND]
    item_ids: Annotated[tuple[UUID, ...], _ITEMS]
    description: Annotated[str, _DESCRIPTION] = ""
    expires_at: _ExpiresAt = None
    visit_limit: _VisitLimit = None


class ShareUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays, and what is null is lifted."""

    description: Annotated[str, _DESCRIPTION] | UnsetType = UNSET
    expires_at: _ExpiresAt | UnsetType = UNSET
    visit_limit: _VisitLimit | UnsetType = UNSET


class ShareList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which shares."""

    user: Annotated[
        UUID | None,
        Meta(description="Only this owner's; members ask for their own.", examples=[_USER_EXAMPLE]),
    ] = None


async def listing(call: Call[ShareList, Nothing]) -> Reply:
    """One page of shares, latest first."""
    wanted = call.query
    shares, total = await list_shares(call.work, call.caller.user, wanted.user, wanted.window())
    return Reply(wanted.of([ShareRead.of(share) for share in shares], total))


async def create(call: Call[Nothing, ShareCreate]) -> Reply:
    """Make a link."""
    wish = ShareWish(**msgspec.structs.asdict(call.body))
    return Reply(ShareRead.of(await create_share(call.work, call.caller.user, wish, datetime.now(UTC))))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One share."""
    return Reply(ShareRead.of(await get_share(call.work, call.caller.user, call.item)))


async def change(call: Call[Nothing, ShareUpdate]) -> Reply:
    """Change a share."""
    changes = ShareChanges(**msgspec.structs.asdict(call.body))
    return Reply(ShareRead.of(await change_share(call.work, call.caller.user, call.item, changes, datetime.now(UTC))))


async def revoke(call: Call[Nothing, Nothing]) -> Reply:
    """Close a link for good."""
    await revoke_share(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_shares",
        method="GET",
        path="/shares/",
        tag="Shares",
        summary="List shares",
        description="Latest first: a member's own; everybody's, for an administrator.",
        handle=listing,
        query=ShareList,
        answer=SharePage,
        access=Access.MEMBERS,
        refusals=(404,),
    ),
    Operation(
        name="create_share",
        method="POST",
        path="/shares/",
        tag="Shares",
        summary="Share something",
        description=(
            "Makes a link by which anybody hears it, without an account. It opens what its owner may see at that "
            "moment, and closes when its owner becomes a guest or goes."
        ),
        handle=create,
        body=ShareCreate,
        status=201,
        answer=ShareRead,
        access=Access.MEMBERS,
        refusals=(404,),
    ),
    Operation(
        name="read_share",
        method="GET",
        path="/shares/{id}",
        tag="Shares",
        summary="Read a share",
        handle=read,
        answer=ShareRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="update_share",
        method="PATCH",
        path="/shares/{id}",
        tag="Shares",
        summary="Change a share",
        description="For its owner; what is shared stays.",
        handle=change,
        body=ShareUpdate,
        answer=ShareRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="delete_share",
        method="DELETE",
        path="/shares/{id}",
        tag="Shares",
        summary="Revoke a share",
        description="The link is closed for good; for its owner and administrators.",
        handle=revoke,
        status=204,
        access=Access.MEMBERS,
    ),
)
