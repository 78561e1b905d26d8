"""The play queue over HTTP: one for each user, for all of the user's devices."""

from uuid import UUID

import psycopg
import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.queue import EntryPage, QueueRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.ids import new_id
from appliance.core.queues import LONGEST_QUEUE
from tests.api.rest.api import Api

NOWHERE = UUID(int=7)


@pytest.fixture
async def tracks(as_member: Api) -> list[UUID]:
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


def of(track_ids: list[UUID], **more: object) -> dict[str, object]:
    return {"track_ids": [str(track_id) for track_id in track_ids]} | more


async def test_nobody_has_a_queue_at_first(as_member: Api) -> None:
    queue = await as_member.get("/queue/", QueueRead)
    assert (queue.track_ids, queue.current_index, queue.current, queue.revision) == ([], None, None, 0)
    assert queue.changed_at is None
    page = await as_member.get("/queue/entries/", EntryPage)
    assert (page.items, page.pagination.total_count) == ([], 0)


async def test_one_device_fills_it_and_another_takes_over(as_member: Api, tracks: list[UUID]) -> None:
    twice = [*tracks[:3], tracks[0]]
    kitchen = await as_member.patch("/queue/", of(twice, client="kitchen", revision=0), QueueRead)
    assert (kitchen.track_ids, kitchen.current_index, kitchen.position_ms) == (twice, 0, 0)
    assert kitchen.current is not None
    assert (kitchen.current.id, kitchen.client) == (tracks[0], "kitchen")
    device = new_id()
    moved = await as_member.patch(
        "/queue/", {"current_index": 3, "position_ms": 83_000, "client": "kitchen", "device_id": str(device)}, QueueRead
    )
    seen = await as_member.get("/queue/", QueueRead)
    assert seen == moved
    assert (seen.track_ids, seen.current_index, seen.position_ms, seen.device_id) == (twice, 3, 83_000, device)
    body = {"position_ms": 90_000, "client": "phone", "revision": seen.revision}
    phone = await as_member.patch("/queue/", body, QueueRead)
    assert (phone.track_ids, phone.current_index, phone.position_ms, phone.client) == (twice, 3, 90_000, "phone")
    assert phone.revision > moved.revision > kitchen.revision


async def test_what_another_device_changed_meanwhile_is_not_lost(as_member: Api, tracks: list[UUID]) -> None:
    read = await as_member.patch("/queue/", of(tracks[:3]), QueueRead)
    changed = await as_member.patch("/queue/", of(tracks[3:5], client="phone", revision=read.revision), QueueRead)
    stale = of(tracks[:1], revision=read.revision)
    assert await as_member.refused(409, "PATCH", "/queue/", stale) == [("", "conflict")]
    assert await as_member.get("/queue/", QueueRead) == changed
    assert (await as_member.patch("/queue/", of(tracks[:1]), QueueRead)).track_ids == tracks[:1]


async def test_entries_are_shown_in_their_order_page_by_page(
    as_member: Api, tracks: list[UUID], database_url: str
) -> None:
    wanted = [*reversed(tracks), tracks[0]]
    await as_member.patch("/queue/", of(wanted), QueueRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL WHERE id = %s", [tracks[0]])
    pages = [await as_member.get("/queue/entries/", EntryPage, page=page, limit=4) for page in (1, 2, 3, 4)]
    entries = [entry for page in pages for entry in page.items]
    assert [(entry.index, entry.track_id) for entry in entries] == list(enumerate(wanted))
    assert [None if entry.track is None else entry.track.id for entry in entries] == [*wanted[:-2], None, None]
    assert {(page.pagination.total_count, page.pagination.max_page) for page in pages} == {(10, 3)}
    assert (await as_member.get("/queue/entries/", EntryPage, page=10_000_000, limit=500)).items == []


async def test_what_goes_missing_stays_and_may_be_sent_again(
    as_member: Api, tracks: list[UUID], database_url: str
) -> None:
    await as_member.patch("/queue/", of(tracks[:2]), QueueRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracks SET file_id = NULL")
    queue = await as_member.get("/queue/", QueueRead)
    assert (queue.track_ids, queue.current) == (tracks[:2], None)
    assert (await as_member.patch("/queue/", of(tracks[1::-1]), QueueRead)).track_ids == tracks[1::-1]


async def test_an_unknown_track_changes_nothing(as_member: Api, tracks: list[UUID]) -> None:
    before = await as_member.patch("/queue/", of(tracks[:2]), QueueRead)
    assert await as_member.refused(404, "PATCH", "/queue/", of([tracks[2], NOWHERE])) == [("", "not_found")]
    assert await as_member.get("/queue/", QueueRead) == before


async def test_a_queue_is_cleared(as_member: Api, tracks: list[UUID]) -> None:
    await as_member.patch("/queue/", of(tracks, current_index=4, position_ms=9), QueueRead)
    cleared = await as_member.patch("/queue/", of([]), QueueRead)
    assert (cleared.track_ids, cleared.current_index, cleared.position_ms) == ([], None, 0)


async def test_each_user_has_an_own_one_guests_as_well(
    as_member: Api, as_guest: Api, as_administrator: Api, tracks: list[UUID]
) -> None:
    everybody = (as_member, as_guest, as_administrator)
    for number, who in enumerate(everybody):
        await who.patch("/queue/", of(tracks[number : number + 1]), QueueRead)
    for number, who in enumerate(everybody):
        assert (await who.get("/queue/", QueueRead)).track_ids == tracks[number : number + 1]
        assert [entry.track_id for entry in (await who.get("/queue/entries/", EntryPage)).items] == [tracks[number]]


async def test_a_queue_has_ten_thousand_tracks_and_no_more(as_member: Api, tracks: list[UUID]) -> None:
    most = (tracks * LONGEST_QUEUE)[:LONGEST_QUEUE]
    queue = await as_member.patch("/queue/", of(most, current_index=LONGEST_QUEUE - 1), QueueRead)
    assert queue.track_ids == most
    assert (await as_member.get("/queue/entries/", EntryPage, page=20, limit=500)).items[-1].index == LONGEST_QUEUE - 1
    faults = await as_member.refused(422, "PATCH", "/queue/", of([*most, tracks[0]]))
    assert [place for place, _ in faults] == ["body.track_ids"]


@pytest.mark.parametrize("index", [2, LONGEST_QUEUE - 1])
async def test_an_index_that_the_queue_does_not_have_is_refused(as_member: Api, tracks: list[UUID], index: int) -> None:
    await as_member.patch("/queue/", of(tracks), QueueRead)
    await as_member.refused(422, "PATCH", "/queue/", of(tracks[:2], current_index=index))
    assert (await as_member.get("/queue/", QueueRead)).track_ids == tracks


@pytest.mark.parametrize(
    ("field", "value"),
    [("track_ids", None), ("track_ids", "x"), ("track_ids", {}), ("current_index", -1), ("current_index", 2**63),
     ("current_index", LONGEST_QUEUE), ("current_index", 0.5), ("current_index", None), ("position_ms", -1),
     ("position_ms", 2**31), ("position_ms", "1"), ("revision", -1), ("revision", 2**63), ("revision", None),
     ("client", "x" * 101), ("device_id", 5), ("user_id", str(NOWHERE)), ("changed_at", "2026-01-01T00:00:00Z")],
)  # fmt: skip
async def test_a_malformed_change_is_refused(as_member: Api, field: str, value: object) -> None:
    faults = await as_member.refused(422, "PATCH", "/queue/", {field: value})
    assert [place for place, _ in faults] == [f"body.{field}"]


async def test_five_thousand_ids_that_are_none_are_each_refused(as_member: Api) -> None:
    faults = await as_member.refused(422, "PATCH", "/queue/", {"track_ids": ["x"] * 5000})
    assert all(place.startswith("body.track_ids") for place, _ in faults)
    await as_member.refused(404, "PATCH", "/queue/", of([new_id() for _ in range(5000)]))
    assert (await as_member.get("/queue/", QueueRead)).revision == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"position_ms":NaN}', 422),
        (b'{"position_ms":1e999}', 422),
        (b'{"track_ids":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422),
        (b'{"client":"\xff"}', 422),
        (b'{"client":"\\ud800"}', 422),
        (b'{"client":"' + b"a" * 1_000_001 + b'"}', 413),
        (b"[]", 422),
        (b"", 422),
        (b'{"client":"one","client":"two"}', 200),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_body_that_nobody_needs_is_no_accident(
    client: Client, member: dict[str, str], body: bytes, status: int
) -> None:
    headers = member | {"Content-Type": "application/json"}
    answer = await client.patch("/api/v1/queue/", data=body, headers=headers)
    assert answer.status_code == status
    if status == 200:  # of a key that is given twice the last counts
        assert (await answer.get_json())["client"] == "two"
