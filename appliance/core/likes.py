"""Likes, one at a time, as a client knows them: by the id of the event that likes now."""

from datetime import UTC, datetime
from uuid import UUID

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.core.errors import Conflict
from appliance.core.ids import new_id
from appliance.core.listening import LikeEvent, Told, may_write, must_exist, takes_effect
from appliance.core.ports import UnitOfWork


async def add_like(work: UnitOfWork, user: User, item: Item, item_id: UUID, *, told: Told) -> LikeEvent:
    """Append a like. Told again under the same id it is recorded once, and answered as it was recorded.

    It counts until something later is told of the same thing, and not at all when that has been told already. Raises
    ``NotFound`` for an unknown item, ``Conflict`` when the id is that of something else.
    """
    may_write(user)
    await must_exist(work, [(item, item_id)])
    now = datetime.now(UTC)
    latest = await work.likes.latest(user.id, item, item_id)
    event = LikeEvent(
        id=told.id or new_id(),
        user_id=user.id,
        item=item,
        item_id=item_id,
        liked=True,
        happened_at=takes_effect(told.happened_at, now, latest),
        recorded_at=now,
    )
    if await work.likes.add(event):
        return event
    known = await work.likes.event(event.id)
    if (known.user_id, known.item, known.item_id, known.liked) != (user.id, item, item_id, True):
        raise Conflict(f"The id {event.id} is taken by another event.")
    return known


async def take_like_back(work: UnitOfWork, user: User, like_id: UUID) -> None:
    """Append that it is liked no longer. Raises ``NotFound`` unless ``like_id`` likes it now and is the user's."""
    may_write(user)
    like = await work.likes.get(user.id, like_id)
    now = datetime.now(UTC)
    await work.likes.add(
        LikeEvent(
            id=new_id(),
            user_id=user.id,
            item=like.item,
            item_id=like.item_id,
            liked=False,
            happened_at=takes_effect(None, now, like.happened_at),
            recorded_at=now,
        )
    )
