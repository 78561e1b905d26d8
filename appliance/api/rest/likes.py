"""``/likes``: what somebody likes now, read from a log that is only appended to."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.events_told import HappenedAt, ItemFilter, ItemId, ItemKind, OwnId, RecordedAt, ToldAt
from appliance.api.rest.mentioned import ItemMention, ItemShown, items_mentioned
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.likes import add_like, take_like_back
from appliance.core.listening import LikeEvent, TimeOrder, Told
from appliance.core.ports import UnitOfWork


class LikeRead(msgspec.Struct, frozen=True, kw_only=True):
    """A like."""

    id: Id
    item: ItemKind
    item_id: ItemId
    shown: ItemShown
    liked_at: HappenedAt
    recorded_at: RecordedAt

    @classmethod
    def of(cls, like: LikeEvent, shown: ItemMention | None) -> "LikeRead":
        return cls(
            id=like.id,
            item=like.item,
            item_id=like.item_id,
            shown=shown,
            liked_at=like.happened_at,
            recorded_at=like.recorded_at,
        )


class LikePage(Page[LikeRead], frozen=True):
    """One page of likes."""


class LikeCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is liked."""

    item: ItemKind
    item_id: ItemId
    id: OwnId = None
    happened_at: ToldAt = None


class LikeSorting(StrEnum):
    """By what likes can be sorted."""

    LIKED_DOWN = "-liked_at"
    LIKED = "liked_at"


_ORDERS = {LikeSorting.LIKED_DOWN: TimeOrder.NEWEST, LikeSorting.LIKED: TimeOrder.OLDEST}


class LikeList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which likes."""

    item: ItemFilter = None
    sorting: Annotated[
        tuple[LikeSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-liked_at"]]),
    ] = (LikeSorting.LIKED_DOWN,)


async def _read(work: UnitOfWork, like: LikeEvent) -> Reply:
    shown = await items_mentioned(work, [(like.item, like.item_id)])
    return Reply(LikeRead.of(like, shown.get((like.item, like.item_id))))


async def listing(call: Call[LikeList, Nothing]) -> Reply:
    """One page of what the caller likes now."""
    wanted = call.query
    likes, total = await call.work.likes.page(
        call.caller.user.id, _ORDERS[wanted.sorting[0]], wanted.window(), wanted.item
    )
    shown = await items_mentioned(call.work, [(like.item, like.item_id) for like in likes])
    return Reply(wanted.of([LikeRead.of(like, shown.get((like.item, like.item_id))) for like in likes], total))


async def create(call: Call[Nothing, LikeCreate]) -> Reply:
    """Like something."""
    body = call.body
    told = Told(id=body.id, happened_at=body.happened_at)
    event = await add_like(call.work, call.caller.user, body.item, body.item_id, told=told)
    return await _read(call.work, event)


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One like."""
    return await _read(call.work, await call.work.likes.get(call.caller.user.id, call.item))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Like something no longer."""
    await take_like_back(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_likes",
        method="GET",
        path="/likes/",
        tag="Listening",
        summary="List what you like",
        description="Of each thing the latest that was said of it, if that is a like.",
        handle=listing,
        query=LikeList,
        answer=LikePage,
    ),
    Operation(
        name="create_like",
        method="POST",
        path="/likes/",
        tag="Listening",
        summary="Like something",
        description=(
            "Appended to a log. It counts unless something later was said of the same thing, whatever arrives first. "
            "Sent again under the same `id` it changes nothing; `409` when the `id` is that of something else."
        ),
        handle=create,
        body=LikeCreate,
        status=201,
        answer=LikeRead,
        access=Access.MEMBERS,
        refusals=(404, 409),
    ),
    Operation(
        name="read_like",
        method="GET",
        path="/likes/{id}",
        tag="Listening",
        summary="Read a like",
        description="Only while it is the one that counts.",
        handle=read,
        answer=LikeRead,
    ),
    Operation(
        name="delete_like",
        method="DELETE",
        path="/likes/{id}",
        tag="Listening",
        summary="Take a like back",
        description="By appending that; the log keeps both.",
        handle=delete,
        status=204,
        access=Access.MEMBERS,
    ),
)
