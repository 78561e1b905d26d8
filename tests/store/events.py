"""What people leave on things, minute by minute."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from appliance.core.catalogue import Item
from appliance.core.ids import new_id
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.ports import Store

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


async def like(store: Store, user_id: UUID, item: Item, *events: tuple[UUID, int, bool]) -> None:
    """``events``: what, in which minute, and whether it is liked or no longer so."""
    async with store.begin() as work:
        await work.listening.add_likes(
            [
                LikeEvent(
                    id=new_id(), user_id=user_id, item=item, item_id=item_id, liked=liked,
                    happened_at=at(minute), recorded_at=NOON,
                )
                for item_id, minute, liked in events
            ]
        )  # fmt: skip


async def rate(store: Store, user_id: UUID, item: Item, *events: tuple[UUID, int, int]) -> None:
    async with store.begin() as work:
        await work.listening.add_ratings(
            [
                RatingEvent(
                    id=new_id(), user_id=user_id, item=item, item_id=item_id, rating=rating,
                    happened_at=at(minute), recorded_at=NOON,
                )
                for item_id, minute, rating in events
            ]
        )  # fmt: skip


async def play(store: Store, user_id: UUID, *events: tuple[UUID, int], client: str = "app") -> None:
    async with store.begin() as work:
        await work.listening.add_plays(
            [
                PlayEvent(
                    id=new_id(), user_id=user_id, track_id=track_id, client=client,
                    happened_at=at(minute), recorded_at=NOON,
                )
                for track_id, minute in events
            ]
        )  # fmt: skip
