"""Likes, ratings and plays: append-only logs, bounded by the clock rule."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Item
from appliance.core.errors import BadRequest, Forbidden, NotFound
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean

#: Nothing was heard or liked before this: an earlier time comes from a clock that never was set.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
#: How far ahead of the server's clock a device's may be and still be believed.
TOLERANCE = timedelta(minutes=5)


class LikeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody liked something, or took it back."""

    id: UUID
    user_id: UUID
    item: Item
    item_id: UUID
    liked: bool
    happened_at: datetime
    recorded_at: datetime


class RatingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody rated something from 1 to 5, or took the rating back with 0."""

    id: UUID
    user_id: UUID
    item: Item
    item_id: UUID
    rating: int
    happened_at: datetime
    recorded_at: datetime


class ContextKind(StrEnum):
    """From what a track was played."""

    ALBUM = "album"
    ARTIST = "artist"
    GENRE = "genre"
    PLAYLIST = "playlist"
    SMART_PLAYLIST = "smart_playlist"
    QUEUE = "queue"
    RADIO = "radio"
    PODCAST = "podcast"
    SEARCH = "search"
    LIBRARY = "library"


class PlayEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody heard a track."""

    id: UUID
    user_id: UUID
    track_id: UUID
    client: str
    """The name that the app gives itself."""
    happened_at: datetime
    recorded_at: datetime
    heard_ms: int | None = None
    """How much of it was heard; None where the app does not say."""
    device_id: UUID | None = None
    context_kind: ContextKind | None = None
    context_id: UUID | None = None
    """Of the album, the playlist…; nothing checks that it exists, or still does."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says of an event beside what happened."""

    id: UUID | None = None
    """Made by the client, so that telling it again changes nothing."""
    happened_at: datetime | None = None
    """By the client's clock; None is now."""


class TimeOrder(StrEnum):
    """The orders of a list of events."""

    NEWEST = "newest"
    OLDEST = "oldest"


def believed(happened_at: datetime | None, now: datetime) -> datetime:
    """The clock rule: a time from before ``EARLIEST`` or ahead of ``now`` by over ``TOLERANCE`` counts as ``now``."""
    if happened_at is None or happened_at < EARLIEST or happened_at > now + TOLERANCE:
        return now
    return happened_at


def takes_effect(happened_at: datetime | None, now: datetime, latest: datetime | None) -> datetime:
    """When an event counts as having happened where only the latest counts (UTC).

    ``latest``: when the latest one that is known did. A clock that is ahead by less than ``TOLERANCE`` may have put
    that one into the future: what happens now comes after it all the same, or it would have no effect.
    """
    at = believed(happened_at, now)
    if at == now and latest is not None and latest >= now:
        return latest + timedelta(microseconds=1)
    return at.astimezone(UTC)


def app_name(text: str) -> str:
    """The name that an app gives itself, fit to be kept."""
    return clean(text[:400])[:100]  # to clean a megabyte of accents takes minutes


async def like(work: UnitOfWork, user: User, items: Iterable[tuple[Item, UUID]], *, liked: bool) -> None:
    """Like the items, or take the likes back. Raises ``NotFound`` for an unknown item, and then records nothing."""
    may_write(user)
    now = datetime.now(UTC)
    wanted = list(items)
    await must_exist(work, wanted)
    await work.listening.add_likes(
        [
            LikeEvent(
                id=new_id(), user_id=user.id, item=item, item_id=item_id, liked=liked, happened_at=now, recorded_at=now
            )
            for item, item_id in wanted
        ]
    )


async def rate(work: UnitOfWork, user: User, item: Item, item_id: UUID, rating: int) -> None:
    """Rate from 1 to 5; 0 takes the rating back. Raises ``BadRequest`` or ``NotFound``."""
    may_write(user)
    if not 0 <= rating <= 5:
        raise BadRequest("A rating is a number from 0 to 5.")
    await must_exist(work, [(item, item_id)])
    now = datetime.now(UTC)
    await work.listening.add_ratings(
        [
            RatingEvent(
                id=new_id(),
                user_id=user.id,
                item=item,
                item_id=item_id,
                rating=rating,
                happened_at=now,
                recorded_at=now,
            )
        ]
    )


async def heard(work: UnitOfWork, user: User, plays: Iterable[tuple[UUID, datetime | None]], client: str) -> None:
    """Record plays with the times that the app gives. The same play sent again is recorded once.

    Raises ``NotFound`` for an unknown track, and then records nothing.
    """
    wanted = list(plays)
    await must_exist(work, [(Item.TRACK, track_id) for track_id, _ in wanted])
    now = datetime.now(UTC)
    await work.listening.add_plays(
        [
            PlayEvent(
                id=new_id(),
                user_id=user.id,
                track_id=track_id,
                client=app_name(client),
                happened_at=believed(happened_at, now),
                recorded_at=now,
            )
            for track_id, happened_at in wanted
        ]
    )


def may_write(user: User) -> None:
    """Raises ``Forbidden`` for guests."""
    if user.role is Role.GUEST:
        raise Forbidden("Guests listen; they do not change anything.")


async def must_exist(work: UnitOfWork, items: list[tuple[Item, UUID]]) -> None:
    """Raises ``NotFound``, naming the first that does not."""
    if missing := await work.listening.unknown(items):
        item, item_id = missing[0]
        raise NotFound(f"There is no {item} {item_id}.")
