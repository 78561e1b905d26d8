"""Ratings, one at a time, as a client knows them: by the id of the event that rates now."""

from datetime import UTC, datetime
from uuid import UUID

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.core.errors import BadRequest, Conflict
from appliance.core.ids import new_id
from appliance.core.listening import RatingEvent, Told, may_write, must_exist, takes_effect
from appliance.core.ports import UnitOfWork


async def add_rating(
    work: UnitOfWork, user: User, item: Item, item_id: UUID, rating: int, *, told: Told
) -> RatingEvent:
    """Append a rating from 1 to 5. Told again under the same id it is recorded once, and answered as it was recorded.

    It counts until something later is told of the same thing, and not at all when that has been told already. Raises
    ``BadRequest``, ``NotFound`` for an unknown item, ``Conflict`` when the id is that of something else.
    """
    may_write(user)
    if not 1 <= rating <= 5:
        raise BadRequest("A rating is a number from 1 to 5.")
    await must_exist(work, [(item, item_id)])
    now = datetime.now(UTC)
    latest = await work.ratings.latest(user.id, item, item_id)
    event = RatingEvent(
        id=told.id or new_id(),
        user_id=user.id,
        item=item,
        item_id=item_id,
        rating=rating,
        happened_at=takes_effect(told.happened_at, now, latest),
        recorded_at=now,
    )
    if await work.ratings.add(event):
        return event
    known = await work.ratings.event(event.id)
    if (known.user_id, known.item, known.item_id, known.rating) != (user.id, item, item_id, rating):
        raise Conflict(f"The id {event.id} is taken by another event.")
    return known


async def take_rating_back(work: UnitOfWork, user: User, rating_id: UUID) -> None:
    """Append that it is rated no longer. Raises ``NotFound`` unless ``rating_id`` rates it now and is the user's."""
    may_write(user)
    rating = await work.ratings.get(user.id, rating_id)
    now = datetime.now(UTC)
    await work.ratings.add(
        RatingEvent(
            id=new_id(),
            user_id=user.id,
            item=rating.item,
            item_id=rating.item_id,
            rating=0,
            happened_at=takes_effect(None, now, rating.happened_at),
            recorded_at=now,
        )
    )
