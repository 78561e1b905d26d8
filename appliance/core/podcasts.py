"""Podcasts: channels that are subscribed to, and the episodes that their feeds tell of.

Whoever fetches a feed hands what it says to ``record_feed``, as it says it: a stranger wrote it, so that all of it is
bounded and cleaned here. Text is kept as text, HTML in it included; nobody interprets it.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import trio

from appliance.core.accounts import User
from appliance.core.addresses import fault_of_address, host_of, normal_address
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ids import new_id
from appliance.core.listening import TOLERANCE
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean, sort_key

#: The most episodes of one podcast that can be asked for to be kept.
MOST_KEPT = 1_000
#: Characters.
_LONGEST_TITLE = 500
_LONGEST_DESCRIPTION = 4_000
_LONGEST_GUID = 500
_LONGEST_TYPE = 100
#: Of one feed; what comes after is the oldest of it.
_MOST_EPISODES = 10_000
#: Bytes, or milliseconds: more than anything that can be played.
_LARGEST = 2**53
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


class PodcastState(StrEnum):
    """What has become of a podcast's feed."""

    NEW = "new"
    """Not fetched yet."""
    OK = "ok"
    ERROR = "error"
    """The last attempt to fetch it failed."""


class EpisodeState(StrEnum):
    """What has become of an episode."""

    KNOWN = "known"
    """The feed tells of it; its sound is not here."""
    QUEUED = "queued"
    DOWNLOADED = "downloaded"
    """It is a track."""
    DELETED = "deleted"
    """It was here; somebody took it away, and it does not come back by itself."""
    ERROR = "error"


class Podcast(msgspec.Struct, frozen=True, kw_only=True):
    """A channel."""

    id: UUID
    feed_url: str
    title: str | None = None
    """What its feed calls it; None until it was fetched."""
    description: str | None = None
    image_url: str | None = None
    state: PodcastState = PodcastState.NEW
    message: str | None = None
    """Why it could not be fetched, as a sentence."""
    keep_newest: int = 0
    """How many of the newest episodes are to be here; 0: none by itself."""
    fetched_at: datetime | None = None
    """When it was last tried."""
    created_by: UUID | None
    """None when they are gone."""
    created_at: datetime

    @property
    def sort_title(self) -> str:
        """By what lists are ordered; until it has a title, the host of its feed."""
        return sort_key(self.title or host_of(self.feed_url))


class FeedEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """An episode as a feed tells of it."""

    guid: str
    """What tells it from the feed's others, for ever."""
    title: str
    description: str | None = None
    published_at: datetime | None = None
    duration_ms: int | None = None
    enclosure_url: str | None = None
    """Where its sound is."""
    enclosure_type: str | None = None
    enclosure_size: int | None = None
    """Bytes, as the feed claims."""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed says of itself, and its episodes, newest first."""

    title: str
    description: str | None = None
    image_url: str | None = None
    episodes: Sequence[FeedEpisode] = ()


class Episode(FeedEpisode, frozen=True, kw_only=True):
    """An episode as it is kept. Where somebody is in it is a bookmark in its track."""

    id: UUID
    podcast_id: UUID
    state: EpisodeState = EpisodeState.KNOWN
    message: str | None = None
    """Why it could not be had, as a sentence."""
    track_id: UUID | None = None
    """The track that it has become."""
    created_at: datetime


async def subscribe(work: UnitOfWork, user: User, feed_url: str, keep_newest: int, now: datetime) -> Podcast:
    """Note a podcast, to be fetched. Raises ``NotUsable``, or ``Conflict`` when its feed is subscribed to already."""
    if fault := fault_of_address(feed_url):
        raise NotUsable([FieldFault("feed_url", fault, "invalid")])
    podcast = Podcast(
        id=new_id(),
        feed_url=normal_address(feed_url),
        keep_newest=keep_newest,
        created_by=user.id,
        created_at=now,
    )
    if not await work.podcasts.add(podcast):
        raise Conflict("There is already a podcast with this feed.")
    return podcast


async def record_feed(work: UnitOfWork, podcast_id: UUID, feed: Feed, now: datetime) -> int:
    """Keep what a feed said just now. Returns how many episodes are new; saying the same again changes nothing.

    What has become of an episode (its state, its track) stays; one that the feed no longer names stays as well. Raises
    ``NotFound``.
    """
    podcast = await work.podcasts.get(podcast_id)
    await work.podcasts.told(
        msgspec.structs.replace(
            podcast,
            title=_text(feed.title, _LONGEST_TITLE) or host_of(podcast.feed_url),
            description=_text(feed.description, _LONGEST_DESCRIPTION),
            image_url=_address(feed.image_url),
            state=PodcastState.OK,
            message=None,
            fetched_at=now,
        )
    )
    episodes: dict[str, Episode] = {}
    for episode in feed.episodes[:_MOST_EPISODES]:
        await trio.lowlevel.checkpoint()  # a hostile one takes some milliseconds to clean
        kept = _kept(podcast_id, episode, now)
        # A feed that names two alike: the first is the newer one.
        episodes.setdefault(kept.guid, kept)
    return await work.podcasts.merge(podcast_id, list(episodes.values()))


async def record_failure(work: UnitOfWork, podcast_id: UUID, words: str, now: datetime) -> None:
    """Keep why a feed could not be fetched just now; what is known of it stays. Raises ``NotFound``."""
    podcast = await work.podcasts.get(podcast_id)
    message = _text(words, _LONGEST_TITLE)
    await work.podcasts.told(
        msgspec.structs.replace(podcast, state=PodcastState.ERROR, message=message, fetched_at=now)
    )


def _kept(podcast_id: UUID, episode: FeedEpisode, now: datetime) -> Episode:
    return Episode(
        id=new_id(),
        podcast_id=podcast_id,
        guid=_guid(episode.guid),
        title=_text(episode.title, _LONGEST_TITLE) or "",
        description=_text(episode.description, _LONGEST_DESCRIPTION),
        published_at=_published(episode.published_at, now),
        duration_ms=_number(episode.duration_ms),
        enclosure_url=_address(episode.enclosure_url),
        enclosure_type=_text(episode.enclosure_type, _LONGEST_TYPE),
        enclosure_size=_number(episode.enclosure_size),
        created_at=now,
    )


def _guid(text: str) -> str:
    """As it is; of one that is too long for an index, or that no database takes, its hash."""
    if len(text) <= _LONGEST_GUID and text == clean(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def _text(text: str | None, longest: int) -> str | None:
    # Cut first: to clean a megabyte of accents takes minutes.
    return clean(text[:longest])[:longest].strip() or None if text else None


def _address(text: str | None) -> str | None:
    return normal_address(text) if text and fault_of_address(text) is None else None


def _number(number: int | None) -> int | None:
    return number if number is not None and 0 < number <= _LARGEST else None


def _published(at: datetime | None, now: datetime) -> datetime | None:
    """Unknown where it cannot be: what is yet to come is told again when it has."""
    return at if at is not None and at.tzinfo is not None and _EARLIEST <= at <= now + TOLERANCE else None
