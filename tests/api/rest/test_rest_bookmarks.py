"""Bookmarks over HTTP: one in each track, each user's own."""

from uuid import UUID

import msgspec
import psycopg
import pytest

from appliance.api.rest.bookmarks import BookmarkPage, BookmarkRead
from appliance.api.rest.tracks import TrackPage
from tests.api.rest.api import Api

NOWHERE = UUID(int=7)


@pytest.fixture
async def tracks(as_member: Api) -> list[UUID]:
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


def at(track_id: UUID, position_ms: object = 83_000, **more: object) -> dict[str, object]:
    return {"track_id": str(track_id), "position_ms": position_ms} | more


async def test_a_bookmark_is_put_read_changed_and_taken_out(as_member: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/bookmarks/", at(tracks[0], comment=" second\u0007theme "), BookmarkRead)
    assert (made.track_id, made.position_ms, made.comment) == (tracks[0], 83_000, "second theme")
    assert made.track is not None
    assert made.track.title == "Autumn 1"
    path = f"/bookmarks/{made.id}"
    assert await as_member.get(path, BookmarkRead) == made
    moved = await as_member.patch(path, {"position_ms": 5}, BookmarkRead)
    assert moved == msgspec.structs.replace(made, position_ms=5, changed_at=moved.changed_at)
    assert moved.changed_at > made.changed_at
    silent = await as_member.patch(path, {"comment": ""}, BookmarkRead)
    assert (silent.position_ms, silent.comment) == (5, "")
    same = await as_member.patch(path, {}, BookmarkRead)
    assert same == msgspec.structs.replace(silent, changed_at=same.changed_at)
    await as_member.delete(path)
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"position_ms": 1})):
        assert await as_member.refused(404, method, path, body) == [("", "not_found")]
    assert (await as_member.get("/bookmarks/", BookmarkPage)).items == []


async def test_a_second_one_in_a_track_moves_the_first(as_member: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/bookmarks/", at(tracks[0], comment="first"), BookmarkRead)
    moved = await as_member.post("/bookmarks/", at(tracks[0], 1), BookmarkRead)
    assert (moved.id, moved.created_at) == (made.id, made.created_at)
    assert (moved.position_ms, moved.comment) == (1, "")
    assert (await as_member.get("/bookmarks/", BookmarkPage)).items == [moved]


async def test_they_are_sorted_by_their_last_change_and_paged(as_member: Api, tracks: list[UUID]) -> None:
    made = [await as_member.post("/bookmarks/", at(track), BookmarkRead) for track in tracks[:5]]
    await as_member.patch(f"/bookmarks/{made[0].id}", {"position_ms": 0}, BookmarkRead)
    order = [made[0].id, *(one.id for one in reversed(made[1:]))]
    pages = [await as_member.get("/bookmarks/", BookmarkPage, page=page, limit=2) for page in (1, 2, 3)]
    assert [one.id for page in pages for one in page.items] == order
    assert pages[0].pagination.total_count == 5
    upwards = await as_member.get("/bookmarks/", BookmarkPage, sorting="changed_at")
    assert [one.id for one in upwards.items] == order[::-1]


async def test_another_user_s_are_not_there(as_member: Api, as_administrator: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/bookmarks/", at(tracks[0]), BookmarkRead)
    path = f"/bookmarks/{made.id}"
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"position_ms": 1})):
        assert await as_administrator.refused(404, method, path, body) == [("", "not_found")]
    other = await as_administrator.post("/bookmarks/", at(tracks[0], 1), BookmarkRead)
    assert other.id != made.id
    assert (await as_administrator.get("/bookmarks/", BookmarkPage)).items == [other]
    assert (await as_member.get("/bookmarks/", BookmarkPage)).items == [made]


async def test_guests_put_none(as_guest: Api, as_member: Api, tracks: list[UUID]) -> None:
    made = await as_member.post("/bookmarks/", at(tracks[0]), BookmarkRead)
    await as_guest.refused(403, "POST", "/bookmarks/", at(tracks[0]))
    await as_guest.refused(403, "PATCH", f"/bookmarks/{made.id}", {"position_ms": 1})
    await as_guest.refused(403, "DELETE", f"/bookmarks/{made.id}")
    assert (await as_guest.get("/bookmarks/", BookmarkPage)).items == []


async def test_a_track_that_is_gone_keeps_its_bookmark(as_member: Api, tracks: list[UUID], database_url: str) -> None:
    made = await as_member.post("/bookmarks/", at(tracks[0]), BookmarkRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL")
    assert await as_member.get(f"/bookmarks/{made.id}", BookmarkRead) == msgspec.structs.replace(made, track=None)


async def test_an_unknown_track_is_not_found(as_member: Api) -> None:
    assert await as_member.refused(404, "POST", "/bookmarks/", at(NOWHERE)) == [("", "not_found")]
    await as_member.refused(404, "GET", "/bookmarks/1")


@pytest.mark.parametrize(
    ("field", "value"),
    [("track_id", 1), ("position_ms", -1), ("position_ms", 2**31), ("position_ms", 2**63), ("position_ms", "1"),
     ("position_ms", None), ("comment", "x" * 1001), ("comment", None), ("id", str(NOWHERE))],
)  # fmt: skip
async def test_a_malformed_one_is_refused(as_member: Api, tracks: list[UUID], field: str, value: object) -> None:
    faults = await as_member.refused(422, "POST", "/bookmarks/", at(tracks[0]) | {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]
    made = await as_member.post("/bookmarks/", at(tracks[0]), BookmarkRead)
    faults = await as_member.refused(422, "PATCH", f"/bookmarks/{made.id}", {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]


async def test_the_furthest_page_is_empty(as_member: Api) -> None:
    assert (await as_member.get("/bookmarks/", BookmarkPage, page=10_000_000, limit=500)).items == []
    await as_member.refused(422, "GET", "/bookmarks/", None, sorting="comment")
