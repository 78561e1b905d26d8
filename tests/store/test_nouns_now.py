"""What is true of listeners at this moment: what they hear, their queues, their bookmarks."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
import trio

from appliance.core.accounts import Account, Role, User
from appliance.core.bookmarks import change_bookmark, remove_bookmark, set_bookmark
from appliance.core.catalogue import Library, Window
from appliance.core.errors import Conflict, Forbidden, NotFound
from appliance.core.events import Event, EventKind
from appliance.core.ids import new_id
from appliance.core.listening import TimeOrder
from appliance.core.now_playing import stop_listening, tell_now_playing, who_listens
from appliance.core.ports import UnitOfWork
from appliance.core.queues import LONGEST_QUEUE, PlayQueue, QueueChange, change_queue
from appliance.store.unit_of_work import PostgresStore
from tests.store.events import NOON
from tests.store.sheets import album_of, bring_in

ALL = Window(500)


@pytest.fixture
async def tracks(store: PostgresStore, library: Library) -> list[UUID]:
    return [decision.track_id for decision in await bring_in(store, library, album_of(3))]


async def somebody(store: PostgresStore, name: str, role: Role = Role.MEMBER) -> User:
    user = User(id=new_id(), name=name, role=role, created_at=NOON)
    async with store.begin() as work:
        assert await work.users.add(Account(user=user, password_hash="none", app_secret=None))
    return user


async def tell(work: UnitOfWork, user: User, track_id: UUID, *, position_ms: int = 0, paused: bool = False) -> None:
    await tell_now_playing(work, user, track_id, client="app", position_ms=position_ms, paused=paused)


# --- Now playing


async def test_who_may_not_see_a_track_does_not_see_who_hears_it(
    store: PostgresStore, library: Library, tracks: list[UUID]
) -> None:
    ana, bo = await somebody(store, "Ana"), await somebody(store, "Bo")
    async with store.begin() as work:
        [_, other] = await work.libraries.settle([library.root, b"/other"])
    hidden = [decision.track_id for decision in await bring_in(store, other, album_of(1, "Hidden"))]
    async with store.begin() as work:
        await tell(work, ana, hidden[0])
        await tell(work, bo, tracks[0])
        listeners, total = await who_listens(work, ALL)
        assert ([(one.user_name, one.track.id) for one in listeners], total) == (
            [("Bo", tracks[0]), ("Ana", hidden[0])],
            2,
        )
        narrow = User(id=bo.id, name="Bo", role=Role.MEMBER, created_at=NOON, libraries=(library.number,))
        listeners, total = await who_listens(work.seen_by(narrow), ALL)
        assert ([(one.user_name, one.track.id) for one in listeners], total) == ([("Bo", tracks[0])], 1)
        with pytest.raises(NotFound):
            await tell(work.seen_by(narrow), narrow, hidden[0])


async def test_pages_that_show_it_are_told_of_what_changes(store: PostgresStore, tracks: list[UUID]) -> None:
    ana = await somebody(store, "Ana")
    async with store.begin() as work:
        begun = await work.events.cursor()
    steps: list[tuple[Callable[[UnitOfWork], Awaitable[None]], int]] = [
        (lambda work: tell(work, ana, tracks[0]), 1),
        (lambda work: tell(work, ana, tracks[0], position_ms=1000), 0),
        (lambda work: tell(work, ana, tracks[0], position_ms=2000, paused=True), 1),
        (lambda work: tell(work, ana, tracks[1]), 1),
        (lambda work: stop_listening(work, ana), 1),
        (lambda work: stop_listening(work, ana), 0),
        (lambda work: tell(work, ana, tracks[1]), 1),
    ]
    for step, expected in steps:
        async with store.begin() as work:
            await step(work)
        async with store.begin() as work:
            reading = await work.events.read(ana, begun, 100)
        begun = reading.cursor
        assert [event.kind for event in reading.events] == [EventKind.NOW_PLAYING] * expected
    assert Event.of_now_playing(ana.id).kind is EventKind.NOW_PLAYING


async def test_what_has_expired_counts_as_nothing(store: PostgresStore, tracks: list[UUID], database_url: str) -> None:
    ana = await somebody(store, "Ana")
    async with store.begin() as work:
        await tell(work, ana, tracks[0])
        assert await work.now_playing.of(ana.id, datetime.now(UTC)) is not None
        assert await work.now_playing.of(ana.id, datetime.now(UTC) + timedelta(hours=1)) is None
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT relpersistence FROM pg_class WHERE relname = 'now_playing'").fetchone()
    assert row == ("u",)  # unlogged: it is told again with every track, and must not wear the card


# --- Queues


@pytest.mark.parametrize("revision", [0, 1])
async def test_of_two_devices_that_have_read_the_same_the_second_is_told(
    store: PostgresStore,
    tracks: list[UUID],
    database_url: str,
    eventually: Callable[[Callable[[], bool]], Awaitable[None]],
    revision: int,
) -> None:
    """Whether there was a queue before, or never one."""
    ana = await somebody(store, "Ana", Role.GUEST)
    if revision:
        async with store.begin() as work:
            await change_queue(work, ana, QueueChange(track_ids=tuple(tracks[:1])))

    def waits() -> bool:
        with psycopg.connect(database_url) as connection:
            waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return connection.execute(waiting.encode()).rowcount == 1

    async def second() -> None:
        with pytest.raises(Conflict, match="kitchen"):
            async with store.begin() as work:
                await change_queue(work, ana, QueueChange(track_ids=(), client="phone", revision=revision))

    async with trio.open_nursery() as nursery, store.begin() as work:
        assert (await work.queues.take(ana.id)).revision == revision
        nursery.start_soon(second)
        await eventually(waits)
        change = QueueChange(track_ids=tuple(tracks), client="kitchen", revision=revision)
        queue = await change_queue(work, ana, change)
    async with store.begin() as work:
        assert await work.queues.get(ana.id) == queue
    assert (queue.revision, queue.track_ids) == (revision + 1, tuple(tracks))


async def test_a_moved_position_leaves_the_tracks_where_they_are(store: PostgresStore, database_url: str) -> None:
    """Ten thousand ids are 160 kB: written anew with every position they would wear the card."""
    ana = await somebody(store, "Ana")
    filled = PlayQueue(user_id=ana.id, track_ids=tuple(uuid4() for _ in range(LONGEST_QUEUE)), current_index=0)
    async with store.begin() as work:
        await work.queues.take(ana.id)
        await work.queues.put(filled)
    with psycopg.connect(database_url, autocommit=True) as connection:
        before = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        assert before is not None
        async with store.begin() as work:
            moved = await change_queue(work, ana, QueueChange(current_index=5, position_ms=9))
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", before).fetchone()
        assert row is not None
        assert row[0] < 50_000
    async with store.begin() as work:
        assert await work.queues.get(ana.id) == moved
    assert moved.track_ids == filled.track_ids


async def test_a_track_that_is_hidden_meanwhile_may_stay_and_none_comes_in(
    store: PostgresStore, tracks: list[UUID]
) -> None:
    ana = await somebody(store, "Ana")
    narrow = User(id=ana.id, name="Ana", role=Role.MEMBER, created_at=NOON, libraries=())
    async with store.begin() as work:
        await change_queue(work, ana, QueueChange(track_ids=(tracks[0],)))
        seen = work.seen_by(narrow)
        kept = await change_queue(seen, narrow, QueueChange(track_ids=(tracks[0], tracks[0])))
        assert kept.track_ids == (tracks[0], tracks[0])
        with pytest.raises(NotFound):
            await change_queue(seen, narrow, QueueChange(track_ids=(tracks[0], tracks[1])))
        assert await work.queues.get(ana.id) == kept
        assert await work.queues.get(new_id()) != kept


async def test_whoever_never_had_a_queue_has_an_empty_one(store: PostgresStore) -> None:
    ana = await somebody(store, "Ana")
    async with store.begin() as work:
        assert await work.queues.get(ana.id) == PlayQueue(user_id=ana.id)
        assert await work.queues.take(ana.id) == PlayQueue(user_id=ana.id)
        assert await work.queues.entries(ana.id, ALL) == ([], 0)
        assert await work.queues.entries(new_id(), ALL) == ([], 0)


# --- Bookmarks


async def test_one_who_puts_two_at_once_has_one(store: PostgresStore, tracks: list[UUID]) -> None:
    ana = await somebody(store, "Ana")

    async def put(position: int) -> None:
        async with store.begin() as work:
            await set_bookmark(work, ana, tracks[0], position, "")

    async with trio.open_nursery() as nursery:
        for position in range(5):
            nursery.start_soon(put, position)
    async with store.begin() as work:
        [bookmark], total = await work.bookmarks.page(ana.id, TimeOrder.NEWEST, ALL)
    assert (total, bookmark.track_id) == (1, tracks[0])


async def test_a_bookmark_is_changed_and_taken_out_by_its_owner(store: PostgresStore, tracks: list[UUID]) -> None:
    ana, bo = await somebody(store, "Ana"), await somebody(store, "Bo")
    async with store.begin() as work:
        bookmark = await set_bookmark(work, ana, tracks[0], 1, "here")
        moved = await change_bookmark(work, ana, bookmark.id, position_ms=2)
        assert (moved.id, moved.position_ms, moved.comment) == (bookmark.id, 2, "here")
        named = await change_bookmark(work, ana, bookmark.id, comment=" th\0ere ")
        assert (named.position_ms, named.comment) == (2, "th ere")
        with pytest.raises(NotFound):
            await change_bookmark(work, bo, bookmark.id, position_ms=3)
        with pytest.raises(NotFound):
            await remove_bookmark(work, bo, bookmark.id)
        await remove_bookmark(work, ana, bookmark.id)
        assert await work.bookmarks.page(ana.id, TimeOrder.OLDEST, ALL) == ([], 0)


async def test_guests_put_none_and_change_none(store: PostgresStore, tracks: list[UUID]) -> None:
    ana = await somebody(store, "Ana")
    guest = User(id=ana.id, name="Ana", role=Role.GUEST, created_at=NOON)
    async with store.begin() as work:
        bookmark = await set_bookmark(work, ana, tracks[0], 1, "here")
        with pytest.raises(Forbidden):
            await set_bookmark(work, guest, tracks[0], 2, "")
        with pytest.raises(Forbidden):
            await change_bookmark(work, guest, bookmark.id, position_ms=2)
        with pytest.raises(Forbidden):
            await remove_bookmark(work, guest, bookmark.id)
        assert await work.bookmarks.get(ana.id, bookmark.id) == bookmark
