"""Podcasts: subscribed to by administrators, read by everybody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.api.rest.podcast_episodes import EpisodePage, EpisodeRead
from appliance.api.rest.podcasts import PodcastPage, PodcastRead
from appliance.core.ids import new_id
from appliance.core.podcasts import EpisodeState, Feed, FeedEpisode, PodcastState, record_feed
from appliance.core.ports import Store
from tests.api.rest.api import Api

SHOW = {"feed_url": "https://feeds.example.org/show.xml", "keep_newest": 3}


async def subscribed(api: Api, episodes: int = 0, store: Store | None = None) -> PodcastRead:
    """A podcast, and what its feed would have told."""
    podcast = await api.post("/podcasts/", SHOW, PodcastRead)
    if store is None:
        return podcast
    now = datetime.now(UTC)
    told = [
        FeedEpisode(guid=f"{number}", title=f"<b>{number}</b>", published_at=now - timedelta(days=number))
        for number in range(episodes)
    ]
    async with store.begin() as work:
        await record_feed(work, podcast.id, Feed(title="The Show", episodes=told), now)
    return await api.get(f"/podcasts/{podcast.id}", PodcastRead)


async def test_a_subscription_says_that_nothing_was_fetched(as_administrator: Api, as_guest: Api) -> None:
    made = await subscribed(as_administrator)
    assert (made.state, made.title, made.fetched_at, made.keep_newest) == (PodcastState.NEW, None, None, 3)
    assert await as_guest.get(f"/podcasts/{made.id}", PodcastRead) == made
    page = await as_guest.get("/podcasts/", PodcastPage)
    assert (page.items, page.pagination.total_count) == ([made], 1)
    assert (await as_guest.get(f"/podcasts/{made.id}/episodes/", EpisodePage)).items == []


async def test_a_feed_is_subscribed_to_once(as_administrator: Api) -> None:
    await subscribed(as_administrator)
    assert await as_administrator.refused(409, "POST", "/podcasts/", SHOW) == [("", "conflict")]


async def test_how_much_is_kept_is_changed(as_administrator: Api) -> None:
    made = await subscribed(as_administrator)
    assert await as_administrator.patch(f"/podcasts/{made.id}", {}, PodcastRead) == made
    changed = await as_administrator.patch(f"/podcasts/{made.id}", {"keep_newest": 0}, PodcastRead)
    assert changed.keep_newest == 0
    assert await as_administrator.get(f"/podcasts/{made.id}", PodcastRead) == changed


async def test_a_subscription_ends(as_administrator: Api, store: Store) -> None:
    made = await subscribed(as_administrator, 1, store)
    [episode] = (await as_administrator.get(f"/podcasts/{made.id}/episodes/", EpisodePage)).items
    await as_administrator.delete(f"/podcasts/{made.id}")
    for path in (f"/podcasts/{made.id}", f"/podcasts/{made.id}/episodes/", f"/podcasts/episodes/{episode.id}"):
        await as_administrator.refused(404, "GET", path)
    await as_administrator.refused(404, "DELETE", f"/podcasts/{made.id}")
    for body in ({}, {"keep_newest": 1}):
        await as_administrator.refused(404, "PATCH", f"/podcasts/{made.id}", body)


async def test_episodes_are_listed_newest_first(as_administrator: Api, as_guest: Api, store: Store) -> None:
    made = await subscribed(as_administrator, 5, store)
    path = f"/podcasts/{made.id}/episodes/"
    listed = [await as_guest.get(path, EpisodePage, page=page, limit=2) for page in (1, 2, 3, 4)]
    assert [[one.guid for one in page.items] for page in listed] == [["0", "1"], ["2", "3"], ["4"], []]
    assert (listed[0].pagination.total_count, listed[0].pagination.max_page) == (5, 3)
    one = listed[0].items[0]
    assert (one.title, one.state, one.track_id) == ("<b>0</b>", EpisodeState.KNOWN, None)
    assert await as_guest.get(f"/podcasts/episodes/{one.id}", EpisodeRead) == one


async def test_episodes_are_narrowed_to_a_state(as_administrator: Api, store: Store) -> None:
    made = await subscribed(as_administrator, 2, store)
    path = f"/podcasts/{made.id}/episodes/"
    assert (await as_administrator.get(path, EpisodePage, state="known")).pagination.total_count == 2
    assert (await as_administrator.get(path, EpisodePage, state="downloaded")).items == []
    for wrong in ({"state": "lost"}, {"state": ["known", "queued"]}, {"limit": 501}, {"page": 2**63}, {"guid": "1"}):
        [(place, _)] = await as_administrator.refused(422, "GET", path, **wrong)
        assert place == f"query.{next(iter(wrong))}"


async def test_only_administrators_write(as_administrator: Api, as_member: Api, as_guest: Api) -> None:
    made = await subscribed(as_administrator)
    for someone in (as_member, as_guest):
        await someone.refused(403, "POST", "/podcasts/", {"feed_url": "https://other.example/"})
        await someone.refused(403, "PATCH", f"/podcasts/{made.id}", {"keep_newest": 1})
        await someone.refused(403, "DELETE", f"/podcasts/{made.id}")
        assert await someone.get(f"/podcasts/{made.id}", PodcastRead) == made


async def test_a_podcast_is_no_episode_and_an_episode_no_podcast(as_administrator: Api, store: Store) -> None:
    made = await subscribed(as_administrator, 1, store)
    [episode] = (await as_administrator.get(f"/podcasts/{made.id}/episodes/", EpisodePage)).items
    for wrong in (made.id, new_id(), "nothing"):
        await as_administrator.refused(404, "GET", f"/podcasts/episodes/{wrong}")
    for wrong in (episode.id, new_id(), "nothing"):
        await as_administrator.refused(404, "GET", f"/podcasts/{wrong}/episodes/")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("feed_url", "file:///etc/passwd"), ("feed_url", "http://ana:secret@feeds.example/"), ("feed_url", None),
        ("feed_url", "feed://feeds.example/"), ("feed_url", "http://feeds.example/" + "x" * 2000), ("feed_url", ""),
        ("feed_url", ["http://feeds.example/"]), ("keep_newest", -1), ("keep_newest", 1001), ("keep_newest", 2**63),
        ("keep_newest", 1.5), ("keep_newest", "3"), ("keep_newest", None), ("state", "ok"), ("title", "x"),
    ],
)  # fmt: skip
async def test_what_cannot_be_subscribed_to_is_refused(as_administrator: Api, field: str, value: Any) -> None:
    [(place, _)] = await as_administrator.refused(422, "POST", "/podcasts/", SHOW | {field: value})
    assert place == f"body.{field}"
    assert (await as_administrator.get("/podcasts/", PodcastPage)).items == []
