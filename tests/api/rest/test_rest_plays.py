"""Plays over HTTP: each user's own history, in which nothing is doubled and nothing is lost."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from appliance.api.rest.plays import PlayContext, PlayPage, PlayRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.ids import new_id
from appliance.core.listening import ContextKind
from tests.api.rest.api import Api

NOWHERE = UUID(int=7)
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


@pytest.fixture
async def tracks(as_member: Api) -> list[UUID]:
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


def heard(track_id: UUID, **more: object) -> dict[str, object]:
    return {"track_id": str(track_id)} | more


async def test_a_play_is_recorded_with_device_and_context(as_member: Api, tracks: list[UUID]) -> None:
    device, album = new_id(), new_id()
    body = heard(
        tracks[0],
        id=str(new_id()),
        happened_at=NOON.isoformat(),
        heard_ms=170_000,
        client=" Kitchen\u0000radio ",
        device_id=str(device),
        context={"kind": "album", "id": str(album)},
    )
    made = await as_member.post("/plays/", body, PlayRead)
    assert (str(made.id), made.track_id, made.played_at, made.heard_ms) == (body["id"], tracks[0], NOON, 170_000)
    assert (made.client, made.device_id) == ("Kitchen radio", device)
    assert made.context == PlayContext(kind=ContextKind.ALBUM, id=album)
    assert made.track is not None
    assert made.track.title == "Autumn 1"
    assert await as_member.get(f"/plays/{made.id}", PlayRead) == made
    assert (await as_member.get("/plays/", PlayPage)).items == [made]


async def test_all_but_the_track_may_be_left_out(as_member: Api, tracks: list[UUID]) -> None:
    before = datetime.now(UTC)
    made = await as_member.post("/plays/", heard(tracks[0]), PlayRead)
    assert before <= made.played_at <= datetime.now(UTC)
    assert (made.heard_ms, made.client, made.device_id, made.context) == (None, "", None, None)
    radio = await as_member.post("/plays/", heard(tracks[0], context={"kind": "radio"}), PlayRead)
    assert radio.context == PlayContext(kind=ContextKind.RADIO)


async def test_a_play_sent_again_is_recorded_once(as_member: Api, tracks: list[UUID]) -> None:
    first = heard(tracks[0], id=str(new_id()), happened_at=NOON.isoformat(), client="app")
    made = await as_member.post("/plays/", first, PlayRead)
    again = [
        first,
        heard(tracks[0], happened_at=NOON.isoformat(), client="app"),
        heard(tracks[0], happened_at="2024-05-06T14:00:00+02:00", client="app", id=str(new_id())),
        first | {"happened_at": "2025-01-01T00:00:00Z"},
    ]
    for body in again:
        assert await as_member.post("/plays/", body, PlayRead) == made
    assert (await as_member.get("/plays/", PlayPage)).pagination.total_count == 1
    await as_member.post("/plays/", heard(tracks[0], happened_at=NOON.isoformat(), client="another"), PlayRead)
    assert (await as_member.get("/plays/", PlayPage)).pagination.total_count == 2


async def test_an_id_that_is_taken_is_told(as_member: Api, as_administrator: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/plays/", heard(tracks[0]), PlayRead)
    for who, track in ((as_member, tracks[1]), (as_administrator, tracks[0])):
        assert await who.refused(409, "POST", "/plays/", heard(track, id=str(made.id))) == [("", "conflict")]
    assert (await as_administrator.get("/plays/", PlayPage)).items == []
    assert (await as_member.get("/plays/", PlayPage)).items == [made]


async def test_a_history_is_sorted_narrowed_and_paged(as_member: Api, tracks: list[UUID]) -> None:
    for number in range(12):
        then = NOON + timedelta(days=number // 2)  # two at a time
        await as_member.post("/plays/", heard(tracks[number % 3], happened_at=then.isoformat()), PlayRead)
    listed = (await as_member.get("/plays/", PlayPage)).items
    assert len(listed) == 12
    assert listed == sorted(listed, key=lambda play: (play.played_at, play.id), reverse=True)
    assert (await as_member.get("/plays/", PlayPage, sorting="played_at")).items == listed[::-1]
    pages = [await as_member.get("/plays/", PlayPage, page=page, limit=5) for page in (1, 2, 3)]
    assert [play for page in pages for play in page.items] == listed
    one = await as_member.get("/plays/", PlayPage, track_id=tracks[1], limit=3)
    assert one.items == [play for play in listed if play.track_id == tracks[1]][:3]
    assert one.pagination.total_count == 4
    since, until = NOON + timedelta(days=1), NOON + timedelta(days=3)
    some = await as_member.get("/plays/", PlayPage, from_time=since.isoformat(), to_time=until.isoformat())
    assert some.items == [play for play in listed if since <= play.played_at < until]
    assert some.pagination.total_count == 4
    both = await as_member.get("/plays/", PlayPage, track_id=tracks[1], from_time=since.isoformat(), limit=500)
    assert both.items == [play for play in listed if play.track_id == tracks[1] and play.played_at >= since]


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1),
        ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", 0),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", 0),
    ],
)
async def test_the_ends_of_the_calendar_are_times(
    as_member: Api, tracks: list[UUID], since: str, until: str, count: int
) -> None:
    await as_member.post("/plays/", heard(tracks[0]), PlayRead)
    page = await as_member.get("/plays/", PlayPage, from_time=since, to_time=until)
    assert (len(page.items), page.pagination.total_count) == (count, count)


async def test_another_user_s_history_is_not_there(as_member: Api, as_administrator: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/plays/", heard(tracks[0]), PlayRead)
    assert await as_administrator.refused(404, "GET", f"/plays/{made.id}") == [("", "not_found")]
    assert (await as_administrator.get("/plays/", PlayPage)).items == []
    assert (await as_administrator.get("/plays/", PlayPage, track_id=tracks[0])).pagination.total_count == 0


async def test_guests_have_a_history(as_guest: Api, tracks: list[UUID]) -> None:
    made = await as_guest.post("/plays/", heard(tracks[0]), PlayRead)
    assert (await as_guest.get("/plays/", PlayPage)).items == [made]


async def test_a_track_that_is_gone_stays_in_the_history(as_member: Api, tracks: list[UUID], database_url: str) -> None:
    made = await as_member.post("/plays/", heard(tracks[0]), PlayRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL")
    (play,) = (await as_member.get("/plays/", PlayPage)).items
    assert play == msgspec.structs.replace(made, track=None)


@pytest.mark.parametrize("lie", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2099-01-01T00:00:00Z"])
async def test_a_clock_that_lies_says_now(as_member: Api, tracks: list[UUID], lie: str) -> None:
    before = datetime.now(UTC)
    made = await as_member.post("/plays/", heard(tracks[0], happened_at=lie), PlayRead)
    assert before <= made.played_at <= datetime.now(UTC)


async def test_an_unknown_track_is_not_found(as_member: Api, tracks: list[UUID]) -> None:
    assert tracks
    assert await as_member.refused(404, "POST", "/plays/", heard(NOWHERE)) == [("", "not_found")]
    await as_member.refused(404, "GET", f"/plays/{NOWHERE}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("track_id", "1"), ("track_id", None), ("id", "x"), ("happened_at", "2026-01-01T00:00:00"),
        ("happened_at", 2**63), ("heard_ms", -1), ("heard_ms", 2**63), ("heard_ms", 2**31), ("heard_ms", 1.5),
        ("client", "x" * 101), ("client", None), ("device_id", "kitchen"), ("context", "album"),
        ("user_id", str(NOWHERE)),
    ],
)  # fmt: skip
async def test_a_malformed_play_is_refused(as_member: Api, tracks: list[UUID], field: str, value: object) -> None:
    faults = await as_member.refused(422, "POST", "/plays/", heard(tracks[0]) | {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]
    assert (await as_member.get("/plays/", PlayPage)).items == []


@pytest.mark.parametrize("context", [{}, {"kind": "disc"}, {"kind": "album", "id": "x"}, {"kind": "album", "x": 1}, []])
async def test_a_malformed_context_is_refused(as_member: Api, tracks: list[UUID], context: object) -> None:
    faults = await as_member.refused(422, "POST", "/plays/", heard(tracks[0], context=context))
    assert all(place.startswith("body.context") for place, _ in faults)


@pytest.mark.parametrize(
    ("name", "value"),
    [("track_id", "x"), ("from_time", "2026-01-01"), ("from_time", "2026-01-01T00:00:00"), ("to_time", "NaN"),
     ("to_time", "10000-01-01T00:00:00Z"), ("sorting", "client"), ("limit", 501), ("page", 2**63), ("user_id", "x")],
)  # fmt: skip
async def test_a_malformed_list_is_refused(as_member: Api, name: str, value: object) -> None:
    faults = await as_member.refused(422, "GET", "/plays/", None, **{name: value})
    assert [place for place, _ in faults] == [f"query.{name}"]


async def test_the_furthest_page_is_empty(as_member: Api) -> None:
    assert (await as_member.get("/plays/", PlayPage, page=10_000_000, limit=500)).items == []


#: From then on whoever changes or deletes a play fails, and is answered 500.
WATCH = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'A history is only appended to.'; END $$;
CREATE TRIGGER watch BEFORE UPDATE OR DELETE OR TRUNCATE ON plays FOR EACH STATEMENT EXECUTE FUNCTION refuse()
"""


async def test_the_history_is_only_ever_appended_to(as_member: Api, tracks: list[UUID], database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(WATCH.encode())
    body = heard(tracks[0], id=str(new_id()), happened_at=NOON.isoformat())
    made = await as_member.post("/plays/", body, PlayRead)
    await as_member.post("/plays/", body | {"heard_ms": 1}, PlayRead)
    await as_member.post("/plays/", heard(tracks[0], happened_at=NOON.isoformat(), heard_ms=2), PlayRead)
    await as_member.refused(409, "POST", "/plays/", body | {"track_id": str(tracks[1])})
    assert (await as_member.get("/plays/", PlayPage)).items == [made]
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("UPDATE plays SET heard_ms = 1")  # the watch was there
