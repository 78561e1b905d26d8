"""Podcasts: what a feed tells is kept, once, whatever a stranger wrote into it."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import psycopg
import pytest

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Library, Window
from appliance.core.errors import Conflict, NotFound, NotUsable
from appliance.core.ids import new_id
from appliance.core.podcasts import (
    Episode,
    EpisodeState,
    Feed,
    FeedEpisode,
    Podcast,
    PodcastState,
    record_failure,
    record_feed,
    subscribe,
)
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import album_of, bring_in

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "https://feeds.example.org/show.xml"
ALL = Window(500)
EPISODES = tuple(
    FeedEpisode(
        guid=f"show/{number}",
        title=f"Episode {number}",
        description="<b>Two</b> people talk.",
        published_at=NOW - timedelta(days=10 - number),
        duration_ms=1_800_000,
        enclosure_url=f"https://example.org/{number}.mp3",
        enclosure_type="audio/mpeg",
        enclosure_size=28_000_000,
    )
    for number in (3, 2, 1)
)
FEED = Feed(title="The Show", description="A show.", image_url="https://example.org/show.png", episodes=EPISODES)


@pytest.fixture
async def podcast(store: PostgresStore, user_id: UUID) -> Podcast:
    return await subscribed(store, user_id)


async def subscribed(store: PostgresStore, user_id: UUID, url: str = URL) -> Podcast:
    user = User(id=user_id, name="Ana", role=Role.ADMIN, created_at=NOW)
    async with store.begin() as work:
        return await subscribe(work, user, url, 5, NOW)


async def told(store: PostgresStore, podcast: Podcast, feed: Feed, now: datetime = NOW) -> int:
    async with store.begin() as work:
        return await record_feed(work, podcast.id, feed, now)


async def read(store: PostgresStore, podcast: Podcast) -> tuple[Podcast, list[Episode]]:
    async with store.begin() as work:
        return await work.podcasts.get(podcast.id), (await work.podcasts.episodes(podcast.id, None, ALL))[0]


async def told_one(store: PostgresStore, podcast: Podcast, **changes: object) -> Episode:
    """What is kept of a feed with one episode, with these changes."""
    await told(store, podcast, Feed(title="x", episodes=[msgspec.structs.replace(EPISODES[0], **changes)]))
    [episode] = (await read(store, podcast))[1]
    return episode


async def test_a_subscription_waits_to_be_fetched(store: PostgresStore, podcast: Podcast, user_id: UUID) -> None:
    kept, episodes = await read(store, podcast)
    assert kept == podcast
    assert (kept.state, kept.title, kept.fetched_at, kept.created_by) == (PodcastState.NEW, None, None, user_id)
    assert episodes == []


async def test_a_feed_is_subscribed_to_once(store: PostgresStore, podcast: Podcast, user_id: UUID) -> None:
    for url in (URL, "HTTPS://FEEDS.example.org/show.xml"):
        with pytest.raises(Conflict):
            await subscribed(store, user_id, url)
    with pytest.raises(NotUsable):
        await subscribed(store, user_id, "file:///etc/passwd")
    async with store.begin() as work:
        assert await work.podcasts.page(ALL) == ([podcast], 1)


async def test_what_a_feed_tells_is_kept(store: PostgresStore, podcast: Podcast) -> None:
    assert await told(store, podcast, FEED) == 3
    kept, episodes = await read(store, podcast)
    assert kept == msgspec.structs.replace(
        podcast, title="The Show", description="A show.", image_url=FEED.image_url, state=PodcastState.OK,
        fetched_at=NOW,
    )  # fmt: skip
    assert [msgspec.convert(msgspec.structs.asdict(one), FeedEpisode) for one in episodes] == list(EPISODES)
    assert {one.state for one in episodes} == {EpisodeState.KNOWN}
    async with store.begin() as work:
        assert await work.podcasts.episode(episodes[1].id) == episodes[1]


async def test_the_same_told_again_changes_and_writes_nothing(
    store: PostgresStore, podcast: Podcast, database_url: str
) -> None:
    await told(store, podcast, FEED)
    before = (await read(store, podcast))[1]
    with psycopg.connect(database_url) as witness:
        rows = witness.execute("SELECT id, xmin::text FROM podcast_episodes ORDER BY id").fetchall()
    assert await told(store, podcast, FEED, NOW + timedelta(hours=1)) == 0
    assert (await read(store, podcast))[1] == before
    with psycopg.connect(database_url) as witness:
        assert witness.execute("SELECT id, xmin::text FROM podcast_episodes ORDER BY id").fetchall() == rows


async def test_what_became_of_an_episode_stays_when_it_is_told_anew(
    store: PostgresStore, podcast: Podcast, library: Library, database_url: str
) -> None:
    await bring_in(store, library, album_of(1))
    await told(store, podcast, FEED)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE podcast_episodes SET state = 'downloaded', track_id = (SELECT id FROM tracks) WHERE guid = 'show/3'"
        )
    before = (await read(store, podcast))[1]
    assert before[0].track_id is not None
    corrected = msgspec.structs.replace(EPISODES[0], title="Episode 3, corrected", published_at=None)
    added = msgspec.structs.replace(EPISODES[0], guid="show/4", published_at=NOW)
    assert await told(store, podcast, msgspec.structs.replace(FEED, episodes=[added, corrected])) == 1
    after = (await read(store, podcast))[1]
    assert [one.guid for one in after] == ["show/4", "show/2", "show/1", "show/3"]
    assert after[3] == msgspec.structs.replace(before[0], title="Episode 3, corrected", published_at=None)
    assert after[1:3] == before[1:]


async def test_an_episode_that_a_feed_names_twice_is_one(store: PostgresStore, podcast: Podcast) -> None:
    twice = [EPISODES[0], msgspec.structs.replace(EPISODES[0], title="Older")]
    assert await told(store, podcast, Feed(title="x", episodes=twice)) == 1
    assert [one.title for one in (await read(store, podcast))[1]] == ["Episode 3"]


async def test_two_feeds_may_name_their_episodes_alike(store: PostgresStore, podcast: Podcast, user_id: UUID) -> None:
    other = await subscribed(store, user_id, "https://other.example/feed")
    assert await told(store, podcast, FEED) == 3
    assert await told(store, other, FEED) == 3


async def test_a_failure_keeps_what_is_known(store: PostgresStore, podcast: Podcast) -> None:
    await told(store, podcast, FEED)
    later = NOW + timedelta(hours=1)
    async with store.begin() as work:
        await record_failure(work, podcast.id, "The feed\x00 does not answer. " + "x" * 10_000, later)
    kept, episodes = await read(store, podcast)
    assert (kept.state, kept.title, kept.fetched_at) == (PodcastState.ERROR, "The Show", later)
    assert kept.message is not None
    assert kept.message.startswith("The feed  does not answer. x")
    assert len(kept.message) == 500
    assert len(episodes) == 3
    await told(store, podcast, FEED, later)
    assert (await read(store, podcast))[0].message is None


async def test_episodes_are_paged_newest_first_and_by_state(
    store: PostgresStore, podcast: Podcast, database_url: str
) -> None:
    await told(store, podcast, FEED)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE podcast_episodes SET state = 'deleted' WHERE guid <> 'show/2'")
    async with store.begin() as work:
        page, total = await work.podcasts.episodes(podcast.id, None, Window(2, 1))
        assert ([one.guid for one in page], total) == (["show/2", "show/1"], 3)
        page, total = await work.podcasts.episodes(podcast.id, EpisodeState.DELETED, Window(1, 1))
        assert ([one.guid for one in page], total) == (["show/1"], 2)
        assert await work.podcasts.episodes(new_id(), None, ALL) == ([], 0)


async def test_podcasts_are_listed_by_title_or_host(store: PostgresStore, podcast: Podcast, user_id: UUID) -> None:
    await told(store, podcast, FEED)
    await subscribed(store, user_id, "https://zebra.example/feed")
    untitled = await subscribed(store, user_id, "https://alpha.example/feed")
    await told(store, untitled, Feed(title="\0"))
    async with store.begin() as work:
        page, total = await work.podcasts.page(ALL)
    assert ([one.title for one in page], total) == (["alpha.example", "The Show", None], 3)


async def test_a_podcast_goes_with_its_episodes_and_leaves_its_tracks(
    store: PostgresStore, podcast: Podcast, library: Library, database_url: str
) -> None:
    await bring_in(store, library, album_of(1))
    await told(store, podcast, FEED)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE podcast_episodes SET track_id = (SELECT id FROM tracks)")
    async with store.begin() as work:
        await work.podcasts.remove(podcast.id)
    with psycopg.connect(database_url) as witness:
        assert witness.execute("SELECT FROM podcast_episodes").rowcount == 0
        assert witness.execute("SELECT FROM tracks").rowcount == 1


async def test_what_is_not_there_is_not_found(store: PostgresStore) -> None:
    async with store.begin() as work:
        for missing in (
            work.podcasts.get(new_id()),
            work.podcasts.episode(new_id()),
            work.podcasts.keep(new_id(), 1),
            work.podcasts.remove(new_id()),
            record_feed(work, new_id(), FEED, NOW),
            record_failure(work, new_id(), "x", NOW),
        ):
            with pytest.raises(NotFound):
                await missing


async def test_so_many_are_to_be_kept(store: PostgresStore, podcast: Podcast) -> None:
    async with store.begin() as work:
        assert (await work.podcasts.keep(podcast.id, 7)).keep_newest == 7
    assert (await read(store, podcast))[0].keep_newest == 7


# --- what a stranger wrote


@pytest.mark.parametrize("guid", ["", "\0", "\ud800", "x" * 1_000_000, " a ", "a\nb", "é" * 499 + "\0"])
async def test_any_guid_tells_an_episode_from_others(store: PostgresStore, podcast: Podcast, guid: str) -> None:
    pair = [msgspec.structs.replace(EPISODES[0], guid=text) for text in (guid, guid + "'")]
    feed = Feed(title="x", episodes=pair)
    assert await told(store, podcast, feed) == 2
    assert await told(store, podcast, feed) == 0


async def test_long_guids_of_many_bytes_fit_into_the_index(store: PostgresStore, podcast: Podcast) -> None:
    guid = "".join(chr(0x1F300 + number) for number in range(500))
    assert (await told_one(store, podcast, guid=guid)).guid == guid


@pytest.mark.parametrize(
    "at",
    [
        None,
        NOW + timedelta(days=1),
        datetime(1899, 12, 31, tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))),
        datetime(2026, 1, 1),  # noqa: DTZ001 - a time without a zone is no moment
    ],
)
async def test_a_time_that_cannot_be_is_unknown(store: PostgresStore, podcast: Podcast, at: datetime | None) -> None:
    assert (await told_one(store, podcast, published_at=at)).published_at is None


@pytest.mark.parametrize("number", [None, 0, -1, 2**63, -(2**63), 2**200])
async def test_a_number_that_cannot_be_is_unknown(store: PostgresStore, podcast: Podcast, number: int | None) -> None:
    episode = await told_one(store, podcast, duration_ms=number, enclosure_size=number)
    assert (episode.duration_ms, episode.enclosure_size) == (None, None)


@pytest.mark.parametrize(
    "url", [None, "", "file:///etc/passwd", "javascript:alert(1)", "http://a:b@example.org/", "http://x/" + "y" * 9999]
)
async def test_an_address_that_is_none_is_unknown(store: PostgresStore, podcast: Podcast, url: str | None) -> None:
    assert (await told_one(store, podcast, enclosure_url=url)).enclosure_url is None
    await told(store, podcast, Feed(title="x", image_url=url))
    assert (await read(store, podcast))[0].image_url is None


async def test_text_is_cleaned_and_bounded_and_its_html_left_alone(store: PostgresStore, podcast: Podcast) -> None:
    script = "<script>alert(1)</script>"
    episode = await told_one(
        store, podcast, title="\ud800" + "x" * 10**6, description=f"\0{script}{'y' * 10**6}", enclosure_type="a" * 999
    )
    assert episode.title == "x" * 499
    assert episode.description is not None
    assert episode.description.startswith(script)
    assert len(episode.description) == 3_999
    assert episode.enclosure_type == "a" * 100
    assert (await told_one(store, podcast, title="", description="\0")).description is None
