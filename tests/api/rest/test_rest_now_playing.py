"""Who is listening, over HTTP."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from appliance.api.rest.now_playing import NowPlayingPage, NowPlayingRead
from appliance.api.rest.tracks import TrackPage
from tests.api.rest.api import Api

NOWHERE = UUID(int=7)


@pytest.fixture
async def tracks(as_member: Api) -> list[UUID]:
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


def listening(track_id: UUID, **more: object) -> dict[str, object]:
    return {"track_id": str(track_id)} | more


async def heard_by(api: Api, **query: object) -> list[tuple[str, UUID]]:
    page = await api.get("/now-playing/", NowPlayingPage, **query)
    return [(one.user_name, one.track.id) for one in page.items]


async def test_the_household_sees_who_is_listening(
    as_member: Api, as_guest: Api, as_administrator: Api, tracks: list[UUID]
) -> None:
    told = await as_guest.post("/now-playing/", listening(tracks[0]), NowPlayingRead)
    assert (told.user_name, told.track.title, told.position_ms, told.paused) == ("guest", "Autumn 1", 0, False)
    assert told.expires_at - told.told_at == timedelta(milliseconds=told.track.duration_ms, minutes=2)
    body = listening(tracks[1], position_ms=83_000, paused=True, client="Kitchen\u0000radio")
    mine = await as_member.post("/now-playing/", body, NowPlayingRead)
    assert (mine.position_ms, mine.paused, mine.client) == (83_000, True, "Kitchen radio")
    page = await as_administrator.get("/now-playing/", NowPlayingPage)
    assert (page.items, page.pagination.total_count) == ([mine, told], 2)
    assert await heard_by(as_administrator, limit=1, page=2) == [("guest", tracks[0])]
    assert await heard_by(as_administrator, limit=500, page=10_000_000) == []


async def test_the_latest_counts_until_it_is_ended(as_member: Api, as_guest: Api, tracks: list[UUID]) -> None:
    await as_guest.post("/now-playing/", listening(tracks[0]), NowPlayingRead)
    for track in tracks[:3]:
        await as_member.post("/now-playing/", listening(track), NowPlayingRead)
    assert await heard_by(as_guest) == [("member", tracks[2]), ("guest", tracks[0])]
    for _ in range(2):
        await as_member.delete("/now-playing/current")
    assert await heard_by(as_guest) == [("guest", tracks[0])]


async def test_what_has_expired_or_is_gone_is_left_out(
    as_member: Api, as_guest: Api, tracks: list[UUID], database_url: str
) -> None:
    await as_guest.post("/now-playing/", listening(tracks[0]), NowPlayingRead)
    await as_member.post("/now-playing/", listening(tracks[1]), NowPlayingRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL WHERE id = %s", [tracks[1]])
    assert await heard_by(as_member) == [("guest", tracks[0])]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE now_playing SET expires_at = now()")
    assert await heard_by(as_member) == []


async def test_a_track_that_claims_to_last_for_ever_is_forgotten_after_a_day(
    as_member: Api, tracks: list[UUID], database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET duration_ms = 9223372036854775807")
    told = await as_member.post("/now-playing/", listening(tracks[0]), NowPlayingRead)
    assert told.expires_at - told.told_at == timedelta(hours=24, minutes=2)


async def test_what_cannot_be_played_is_not_found(as_member: Api, tracks: list[UUID], database_url: str) -> None:
    assert await as_member.refused(404, "POST", "/now-playing/", listening(NOWHERE)) == [("", "not_found")]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL")
    assert await as_member.refused(404, "POST", "/now-playing/", listening(tracks[0])) == [("", "not_found")]
    assert await heard_by(as_member) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("track_id", "x"), ("track_id", None), ("position_ms", -1), ("position_ms", 2**63), ("position_ms", "0"),
     ("paused", 1), ("paused", "no"), ("client", "x" * 101), ("user_id", str(NOWHERE))],
)  # fmt: skip
async def test_a_malformed_one_is_refused(as_member: Api, tracks: list[UUID], field: str, value: object) -> None:
    faults = await as_member.refused(422, "POST", "/now-playing/", listening(tracks[0]) | {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]
    assert await heard_by(as_member) == []
