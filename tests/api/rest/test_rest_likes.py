"""Likes and ratings over HTTP: appended, taken back by appending, each user's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import sql

from appliance.api.rest.albums import AlbumPage
from appliance.api.rest.artists import ArtistPage
from appliance.api.rest.likes import LikePage, LikeRead
from appliance.api.rest.ratings import RatingPage, RatingRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.catalogue import Item
from appliance.core.ids import new_id
from tests.api.rest.api import Api

NOWHERE = UUID(int=7)
#: Each kind with what it says of a thing.
KINDS: list[tuple[str, dict[str, Any]]] = [("/likes/", {}), ("/ratings/", {"rating": 4})]
both = pytest.mark.parametrize(("path", "said"), KINDS)
READ: dict[str, Any] = {"/likes/": LikeRead, "/ratings/": RatingRead}
PAGE: dict[str, Any] = {"/likes/": LikePage, "/ratings/": RatingPage}
TIME = {"/likes/": "liked_at", "/ratings/": "rated_at"}


@pytest.fixture
async def tracks(as_member: Api) -> list[UUID]:
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


def about(track_id: UUID, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"item": "track", "item_id": str(track_id)} | said | more


#: From then on whoever changes or deletes a row of the table fails, and is answered 500.
WATCH = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'A log is only appended to.'; END $$;
CREATE TRIGGER watch BEFORE UPDATE OR DELETE OR TRUNCATE ON watched FOR EACH STATEMENT EXECUTE FUNCTION refuse()
"""


def log(database_url: str, path: str) -> list[tuple[Any, ...]]:
    """Everything in the log, as it was recorded."""
    every = sql.SQL("SELECT * FROM {} ORDER BY recorded_at, id").format(sql.Identifier(path.strip("/")))
    with psycopg.connect(database_url) as connection:
        return connection.execute(every).fetchall()


@both
async def test_something_is_said_read_listed_and_taken_back(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    made = await as_member.post(path, about(tracks[0], said), READ[path])
    assert (made.item, made.item_id) == (Item.TRACK, tracks[0])
    assert (made.shown.name, made.shown.artist_display) == ("Autumn 1", "Ana Bell")
    assert await as_member.get(f"{path}{made.id}", READ[path]) == made
    listed = await as_member.get(path, PAGE[path])
    assert (listed.items, listed.pagination.total_count) == ([made], 1)
    await as_member.delete(f"{path}{made.id}")
    assert (await as_member.get(path, PAGE[path])).items == []
    for method in ("GET", "DELETE"):
        assert await as_member.refused(404, method, f"{path}{made.id}") == [("", "not_found")]


@both
async def test_every_kind_of_thing_can_be_meant_and_asked_for(as_member: Api, path: str, said: dict[str, Any]) -> None:
    album = (await as_member.get("/albums/", AlbumPage)).items[0]
    artist = (await as_member.get("/artists/", ArtistPage)).items[0]
    track = (await as_member.get("/tracks/", TrackPage)).items[0]
    for item, item_id in (("track", track.id), ("album", album.id), ("artist", artist.id)):
        await as_member.post(path, {"item": item, "item_id": str(item_id)} | said, READ[path])
    listed = (await as_member.get(path, PAGE[path])).items
    assert [one.item for one in listed] == ["artist", "album", "track"]
    assert [one.shown.name for one in listed] == [artist.name, album.title, track.title]
    for one in listed:
        page = await as_member.get(path, PAGE[path], item=one.item)
        assert (page.items, page.pagination.total_count) == ([one], 1)


@both
async def test_they_are_sorted_by_time_and_paged(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    for number, track in enumerate(tracks):
        then = datetime(2024, 5, 6, 12, number % 4, tzinfo=UTC)  # some at the same time
        await as_member.post(path, about(track, said, happened_at=then.isoformat()), READ[path])
    listed = (await as_member.get(path, PAGE[path])).items
    assert len(listed) == len(tracks)
    assert listed == sorted(listed, key=lambda one: (getattr(one, TIME[path]), one.id), reverse=True)
    upwards = (await as_member.get(path, PAGE[path], sorting=TIME[path])).items
    assert upwards == listed[::-1]
    pages = [await as_member.get(path, PAGE[path], page=page, limit=4) for page in (1, 2, 3, 4)]
    assert [one for page in pages for one in page.items] == listed
    assert {(page.pagination.total_count, page.pagination.max_page) for page in pages} == {(9, 3)}


@both
async def test_the_log_is_only_ever_appended_to(
    as_member: Api, tracks: list[UUID], database_url: str, path: str, said: dict[str, Any]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(WATCH.replace("watched", path.strip("/")).encode())
    own = str(new_id())
    made = await as_member.post(path, about(tracks[0], said, id=own), READ[path])
    for body in (about(tracks[0], said, id=own), about(tracks[0], said), about(tracks[1], said)):
        await as_member.post(path, body, READ[path])
    before = log(database_url, path)
    for one in (await as_member.get(path, PAGE[path])).items:
        await as_member.delete(f"{path}{one.id}")
    after = log(database_url, path)
    assert (len(before), len(after)) == (3, 5)  # what was sent again is not there again
    assert before[0][0] == made.id
    assert after[:3] == before


@both
async def test_what_is_sent_again_changes_nothing(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    body = about(tracks[0], said, id=str(new_id()), happened_at="2024-05-06T12:00:00+02:00")
    made = await as_member.post(path, body, READ[path])
    assert str(made.id) == body["id"]
    assert getattr(made, TIME[path]) == datetime(2024, 5, 6, 10, tzinfo=UTC)
    assert await as_member.post(path, body, READ[path]) == made
    await as_member.delete(f"{path}{made.id}")
    assert await as_member.post(path, body, READ[path]) == made  # recorded, and taken back since
    assert (await as_member.get(path, PAGE[path])).items == []


@both
async def test_an_id_that_is_taken_is_told(
    as_member: Api, as_administrator: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    made = await as_member.post(path, about(tracks[0], said), READ[path])
    for who, track in ((as_member, tracks[1]), (as_administrator, tracks[0])):
        body = about(track, said, id=str(made.id))
        assert await who.refused(409, "POST", path, body) == [("", "conflict")]
    assert (await as_administrator.get(path, PAGE[path])).items == []
    assert (await as_member.get(path, PAGE[path])).items == [made]


async def test_an_id_of_another_rating_is_taken(as_member: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/ratings/", about(tracks[0], {"rating": 2}), RatingRead)
    await as_member.refused(409, "POST", "/ratings/", about(tracks[0], {"rating": 3}, id=str(made.id)))


async def test_the_id_of_what_took_a_like_back_is_taken(as_member: Api, tracks: list[UUID], database_url: str) -> None:
    made = await as_member.post("/likes/", about(tracks[0], {}), LikeRead)
    await as_member.delete(f"/likes/{made.id}")
    unlike = log(database_url, "/likes/")[-1][0]
    await as_member.refused(409, "POST", "/likes/", about(tracks[0], {}, id=str(unlike)))


@both
async def test_another_user_s_are_not_there(
    as_member: Api, as_administrator: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    made = await as_member.post(path, about(tracks[0], said), READ[path])
    for method in ("GET", "DELETE"):
        assert await as_administrator.refused(404, method, f"{path}{made.id}") == [("", "not_found")]
    assert (await as_administrator.get(path, PAGE[path])).items == []
    assert (await as_member.get(path, PAGE[path])).items == [made]


@both
async def test_what_comes_late_does_not_override_what_came_later(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    made = await as_member.post(path, about(tracks[0], said), READ[path])
    late = await as_member.post(path, about(tracks[0], said, happened_at="2020-01-01T00:00:00Z"), READ[path])
    assert (await as_member.get(path, PAGE[path])).items == [made]
    assert await as_member.refused(404, "GET", f"{path}{late.id}") == [("", "not_found")]


@both
async def test_what_a_clock_that_is_ahead_said_can_be_taken_back_at_once(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    ahead = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    made = await as_member.post(path, about(tracks[0], said, happened_at=ahead), READ[path])
    await as_member.delete(f"{path}{made.id}")
    assert (await as_member.get(path, PAGE[path])).items == []
    again = await as_member.post(path, about(tracks[0], said), READ[path])
    assert (await as_member.get(path, PAGE[path])).items == [again]


@both
@pytest.mark.parametrize(
    "lie", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "2099-01-01T00:00:00Z"]
)
async def test_a_clock_that_lies_says_now(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any], lie: str
) -> None:
    before = datetime.now(UTC)
    made = await as_member.post(path, about(tracks[0], said, happened_at=lie), READ[path])
    assert before <= getattr(made, TIME[path]) <= datetime.now(UTC)


@both
async def test_what_is_gone_keeps_its_place_and_is_not_shown(
    as_member: Api, tracks: list[UUID], database_url: str, path: str, said: dict[str, Any]
) -> None:
    made = await as_member.post(path, about(tracks[0], said), READ[path])
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL")
    (one,) = (await as_member.get(path, PAGE[path])).items
    assert one == msgspec.structs.replace(made, shown=None)


@both
async def test_guests_say_nothing(as_guest: Api, tracks: list[UUID], path: str, said: dict[str, Any]) -> None:
    await as_guest.refused(403, "POST", path, about(tracks[0], said))
    await as_guest.refused(403, "DELETE", f"{path}{new_id()}")
    assert (await as_guest.get(path, PAGE[path])).items == []


@both
async def test_what_is_not_there_is_not_found(
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any]
) -> None:
    for item, item_id in (("track", NOWHERE), ("album", tracks[0]), ("artist", NOWHERE)):
        body = {"item": item, "item_id": str(item_id)} | said
        assert await as_member.refused(404, "POST", path, body) == [("", "not_found")]
    for method in ("GET", "DELETE"):
        await as_member.refused(404, method, f"{path}{NOWHERE}")
        await as_member.refused(404, method, f"{path}-1")


@both
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("item", "song"), ("item", None), ("item", ["track"]), ("item_id", "1"), ("item_id", None), ("item_id", 2**63),
        ("id", "x"), ("id", -1), ("happened_at", "2026-01-01T00:00:00"), ("happened_at", 2**63), ("happened_at", -1),
        ("happened_at", "yesterday"), ("user_id", str(NOWHERE)), ("liked", False),
    ],
)  # fmt: skip
async def test_a_malformed_one_is_refused(  # noqa: PLR0917
    as_member: Api, tracks: list[UUID], path: str, said: dict[str, Any], field: str, value: object
) -> None:
    faults = await as_member.refused(422, "POST", path, about(tracks[0], said) | {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]


@pytest.mark.parametrize("rating", [0, 6, -1, 2**63, -(2**63) - 1, 1.5, "4", None, True, [1]])
async def test_a_rating_is_a_number_from_1_to_5(as_member: Api, tracks: list[UUID], rating: object) -> None:
    faults = await as_member.refused(422, "POST", "/ratings/", about(tracks[0], {"rating": rating}))
    assert faults == [("body.rating", "invalid")]


@both
@pytest.mark.parametrize(
    ("name", "value"),
    [("item", "song"), ("item", ["track", "album"]), ("sorting", "password"), ("sorting", "-id"), ("limit", 501),
     ("limit", 0), ("limit", "NaN"), ("page", -1), ("page", 2**63), ("genre", "Jazz")],
)  # fmt: skip
async def test_a_malformed_list_is_refused(
    as_member: Api, path: str, said: dict[str, Any], name: str, value: object
) -> None:
    assert said is not None
    faults = await as_member.refused(422, "GET", path, None, **{name: value})
    assert [place for place, _ in faults] == [f"query.{name}"]


@both
async def test_the_furthest_page_is_empty(as_member: Api, path: str, said: dict[str, Any]) -> None:
    assert said is not None
    assert (await as_member.get(path, PAGE[path], page=10_000_000, limit=500)).items == []


async def test_a_later_rating_counts(as_member: Api, tracks: list[UUID]) -> None:
    for rating in (1, 5, 3):
        made = await as_member.post("/ratings/", about(tracks[0], {"rating": rating}), RatingRead)
    assert [one.rating for one in (await as_member.get("/ratings/", RatingPage)).items] == [3]
    assert (await as_member.get(f"/ratings/{made.id}", RatingRead)).rating == 3
