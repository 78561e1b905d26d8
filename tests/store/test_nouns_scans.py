"""Scans: asked for by anybody, done by one process, ended once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
import trio
from sqlalchemy import Text, bindparam, text
from trio.testing import wait_all_tasks_blocked

from appliance.core.catalogue import Library, Window
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.scanning import CHANNEL, Scan, ScanCounts, ScanKind, ScanState
from appliance.core.sheet import Fault
from appliance.store.database import Database
from appliance.store.statement import Statement
from appliance.store.unit_of_work import PostgresStore, Work
from tests.store.sheets import bring_in

ALL = Window(100)
COUNTS = ScanCounts(found=10, read=3, added=2)
CALL_US = Statement(
    text("SELECT set_config('application_name', :name, true)").bindparams(bindparam("name", type_=Text))
)


@asynccontextmanager
async def process(database: Database, name: str) -> AsyncIterator[UnitOfWork]:
    """A transaction of another process: one whose connections have this name."""
    async with database.begin() as connection:
        await connection.execute(CALL_US, name=name)
        yield Work(connection)


async def take(database: Database, name: str) -> Scan | None:
    async with process(database, name) as work:
        return await work.scans.take()


async def request(store: PostgresStore, kind: ScanKind = ScanKind.QUICK) -> Scan:
    async with store.begin() as work:
        return await work.scans.request(kind)


async def test_requests_that_one_scan_covers_become_one(store: PostgresStore) -> None:
    quick = await request(store)
    assert (quick.kind, quick.state, quick.counts) == (ScanKind.QUICK, ScanState.QUEUED, ScanCounts())
    assert await request(store) == quick
    full = await request(store, ScanKind.FULL)
    assert (full.id, full.kind) == (quick.id, ScanKind.FULL)
    assert await request(store) == full
    async with store.begin() as work:
        assert await work.scans.page(ALL) == ([full], 1)


async def test_a_running_scan_covers_nothing_that_is_asked_for_later(store: PostgresStore, database: Database) -> None:
    first = await request(store, ScanKind.FULL)
    await take(database, "one")
    assert (await request(store)).id != first.id


async def test_a_scan_is_taken_by_one_and_the_next_waits_for_it(store: PostgresStore) -> None:
    first = await request(store)
    async with store.begin() as work:
        taken = await work.scans.take()
    assert taken is not None
    assert (taken.id, taken.state) == (first.id, ScanState.RUNNING)
    assert taken.started_at is not None
    second = await request(store)
    async with store.begin() as work:
        await work.scans.finish(taken.id, ScanState.DONE, COUNTS, "all well")
        after = await work.scans.take()
    assert after is not None
    assert after.id == second.id
    async with store.begin() as work:
        done = await work.scans.get(first.id)
        await work.scans.finish(first.id, ScanState.FAILED, ScanCounts())
        assert await work.scans.get(first.id) == done
    assert (done.state, done.counts, done.message) == (ScanState.DONE, COUNTS, "all well")
    assert done.finished_at is not None


async def test_another_process_leaves_a_running_scan_alone_while_its_own_lives(
    store: PostgresStore, database: Database, database_url: str
) -> None:
    first = await request(store)
    with psycopg.connect(database_url, application_name="one"):
        assert await take(database, "one") is not None
        await request(store)
        assert await take(database, "two") is None
        # The process itself may have restarted its scanner.
        again = await take(database, "one")
        assert again is not None
        assert again.id == first.id


async def test_a_scan_whose_process_is_gone_is_taken_up_again(
    store: PostgresStore, database: Database, database_url: str
) -> None:
    await request(store)
    with psycopg.connect(database_url, application_name="one"):
        first = await take(database, "one")
        assert first is not None
        assert await take(database, "two") is None
    with trio.fail_after(20):
        while (second := await take(database, "two")) is None:
            await trio.lowlevel.checkpoint()  # until the server has noticed the farewell
    assert second == first


async def test_two_that_look_for_work_at_once_get_one_scan_between_them(
    store: PostgresStore, database: Database, database_url: str
) -> None:
    await request(store)
    taken: list[Scan | None] = []

    async def look(name: str) -> None:
        taken.append(await take(database, name))

    with psycopg.connect(database_url, application_name="one"), psycopg.connect(database_url, application_name="two"):
        async with trio.open_nursery() as nursery:
            for name in ("one", "two"):
                nursery.start_soon(look, name)
    assert sorted(scan is None for scan in taken) == [False, True]


async def test_progress_is_written_and_says_when_the_scan_was_cancelled(store: PostgresStore) -> None:
    scan = await request(store)
    async with store.begin() as work:
        assert not await work.scans.progress(scan.id, COUNTS)
        await work.scans.take()
        assert await work.scans.progress(scan.id, COUNTS)
        assert (await work.scans.get(scan.id)).counts == COUNTS
        cancelled = await work.scans.cancel(scan.id)
        assert cancelled.state is ScanState.CANCELLED
        assert not await work.scans.progress(scan.id, ScanCounts(found=99))
        await work.scans.finish(scan.id, ScanState.DONE, ScanCounts(found=99))
        assert await work.scans.cancel(scan.id) == cancelled
        assert cancelled.counts == COUNTS
        with pytest.raises(NotFound):
            await work.scans.cancel(new_id())


async def test_a_queued_scan_that_is_cancelled_is_not_taken(store: PostgresStore) -> None:
    scan = await request(store)
    async with store.begin() as work:
        await work.scans.cancel(scan.id)
        assert await work.scans.take() is None


async def test_the_scanner_is_woken_when_a_request_is_committed_and_not_before(store: PostgresStore) -> None:
    async with store.listen(CHANNEL) as wakes:
        async with store.begin() as work:
            scan = await work.scans.request(ScanKind.QUICK)
            await work.libraries.all()
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:

                    async def hear() -> None:
                        await anext(wakes)
                        raise AssertionError

                    nursery.start_soon(hear)
                    await wait_all_tasks_blocked(0.05)
                    scope.cancel()
        with trio.fail_after(10):
            assert await anext(wakes) == str(scan.id)
        async with store.begin() as work:
            await work.scans.cancel(scan.id)
        with trio.fail_after(10):
            assert await anext(wakes) == str(scan.id)


async def test_scans_are_listed_latest_first(store: PostgresStore) -> None:
    async with store.begin() as work:
        assert await work.scans.latest() is None
        assert await work.scans.page(ALL) == ([], 0)
    scans = []
    for _ in range(3):
        scans.append(await request(store))
        async with store.begin() as work:
            await work.scans.take()
            await work.scans.finish(scans[-1].id, ScanState.DONE, COUNTS)
    running = await request(store)
    async with store.begin() as work:
        await work.scans.take()
    queued = await request(store)
    ids = [scan.id for scan in (queued, running, *reversed(scans))]
    async with store.begin() as work:
        listed, count = await work.scans.page(ALL)
        assert ([scan.id for scan in listed], count) == (ids, 5)
        assert ([scan.id for scan in (await work.scans.page(Window(2, 1)))[0]]) == ids[1:3]
        assert await work.scans.page(Window(2, 5)) == ([], 5)
        latest = await work.scans.latest()
    assert latest is not None
    assert latest.id == running.id


async def test_faults_are_paged_by_library_and_path(store: PostgresStore, library: Library) -> None:
    async with store.begin() as work:
        _, other = await work.libraries.settle([b"/music", b"/other"])
    await bring_in(store, other, [], faults=[Fault(path=b"a.mp3", reason="other")])
    await bring_in(store, library, [], faults=[Fault(path=path, reason="bad") for path in (b"c.mp3", b"b.mp3")])
    async with store.begin() as work:
        faults, count = await work.scans.faults(ALL)
        assert [fault.path for fault in faults] == ["b.mp3", "c.mp3", "a.mp3"]
        assert count == 3
        assert ([fault.path for fault in (await work.scans.faults(Window(1, 2)))[0]]) == ["a.mp3"]
        assert await work.scans.faults(Window(1, 3)) == ([], 3)


async def test_old_scans_are_forgotten_and_the_latest_two_hundred_kept(store: PostgresStore) -> None:
    for _ in range(203):
        async with store.begin() as work:
            await work.scans.request(ScanKind.QUICK)
            scan = await work.scans.take()
            assert scan is not None
            await work.scans.finish(scan.id, ScanState.DONE, scan.counts)
    async with store.begin() as work:
        kept, total = await work.scans.page(Window(500))
    assert (len(kept), total) == (200, 200)
    assert scan is not None
    assert kept[0].id == scan.id
