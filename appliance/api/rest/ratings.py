"""``/ratings``: what somebody has rated, read from a log that is only appended to."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.events_told import HappenedAt, ItemFilter, ItemId, ItemKind, OwnId, RecordedAt, ToldAt
from appliance.api.rest.mentioned import ItemMention, ItemShown, items_mentioned
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.listening import RatingEvent, TimeOrder, Told
from appliance.core.ports import UnitOfWork
from appliance.core.ratings import add_rating, take_rating_back

Stars = Annotated[int, Meta(ge=1, le=5, description="From 1 to 5.", examples=[4])]


class RatingRead(msgspec.Struct, frozen=True, kw_only=True):
    """A rating."""

    id: Id
    item: ItemKind
    item_id: ItemId
    shown: ItemShown
    rating: Stars
    rated_at: HappenedAt
    recorded_at: RecordedAt

    @classmethod
    def of(cls, rating: RatingEvent, shown: ItemMention | None) -> "RatingRead":
        return cls(
            id=rating.id,
            item=rating.item,
            item_id=rating.item_id,
            shown=shown,
            rating=rating.rating,
            rated_at=rating.happened_at,
            recorded_at=rating.recorded_at,
        )


class RatingPage(Page[RatingRead], frozen=True):
    """One page of ratings."""


class RatingCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is rated, and how."""

    item: ItemKind
    item_id: ItemId
    rating: Stars
    id: OwnId = None
    happened_at: ToldAt = None


class RatingSorting(StrEnum):
    """By what ratings can be sorted."""

    RATED_DOWN = "-rated_at"
    RATED = "rated_at"


_ORDERS = {RatingSorting.RATED_DOWN: TimeOrder.NEWEST, RatingSorting.RATED: TimeOrder.OLDEST}


class RatingList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which ratings."""

    item: ItemFilter = None
    sorting: Annotated[
        tuple[RatingSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-rated_at"]]),
    ] = (RatingSorting.RATED_DOWN,)


async def _read(work: UnitOfWork, rating: RatingEvent) -> Reply:
    shown = await items_mentioned(work, [(rating.item, rating.item_id)])
    return Reply(RatingRead.of(rating, shown.get((rating.item, rating.item_id))))


async def listing(call: Call[RatingList, Nothing]) -> Reply:
    """One page of what the caller has rated."""
    wanted = call.query
    ratings, total = await call.work.ratings.page(
        call.caller.user.id, _ORDERS[wanted.sorting[0]], wanted.window(), wanted.item
    )
    shown = await items_mentioned(call.work, [(rating.item, rating.item_id) for rating in ratings])
    return Reply(
        wanted.of([RatingRead.of(rating, shown.get((rating.item, rating.item_id))) for rating in ratings], total)
    )


async def create(call: Call[Nothing, RatingCreate]) -> Reply:
    """Rate something."""
    body = call.body
    told = Told(id=body.id, happened_at=body.happened_at)
    event = await add_rating(call.work, call.caller.user, body.item, body.item_id, body.rating, told=told)
    return await _read(call.work, event)


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One rating."""
    return await _read(call.work, await call.work.ratings.get(call.caller.user.id, call.item))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Take a rating back."""
    await take_rating_back(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_ratings",
        method="GET",
        path="/ratings/",
        tag="Listening",
        summary="List what you have rated",
        description="Of each thing the latest that was said of it, if that is a rating.",
        handle=listing,
        query=RatingList,
        answer=RatingPage,
    ),
    Operation(
        name="create_rating",
        method="POST",
        path="/ratings/",
        tag="Listening",
        summary="Rate something",
        description=(
            "Appended to a log. It counts unless something later was said of the same thing, whatever arrives first. "
            "Sent again under the same `id` it changes nothing; `409` when the `id` is that of something else."
        ),
        handle=create,
        body=RatingCreate,
        status=201,
        answer=RatingRead,
        access=Access.MEMBERS,
        refusals=(404, 409),
    ),
    Operation(
        name="read_rating",
        method="GET",
        path="/ratings/{id}",
        tag="Listening",
        summary="Read a rating",
        description="Only while it is the one that counts.",
        handle=read,
        answer=RatingRead,
    ),
    Operation(
        name="delete_rating",
        method="DELETE",
        path="/ratings/{id}",
        tag="Listening",
        summary="Take a rating back",
        description="By appending that; the log keeps both.",
        handle=delete,
        status=204,
        access=Access.MEMBERS,
    ),
)
