"""The kinds that come with the server do what they are called, and each of them has what does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import trio

from appliance.core.jobs import ENDED, Job, JobKinds, JobState, enqueue
from appliance.core.ports import UnitOfWork
from appliance.core.scanning import ScanKind
from appliance.core.schedules import Timetable
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.forgetting import Forgetting
from appliance.jobs.kinds import DEFAULTS, KINDS, Name, handlers
from appliance.jobs.lane import LANES
from appliance.jobs.runner import Runner
from tests.jobs.crew import House

KNOWN = JobKinds(KINDS)


@asynccontextmanager
async def at_work(house: House, forgetting: Forgetting) -> AsyncIterator[None]:
    runner = Runner(house.store, Timetable(KNOWN, CronCalendar()), handlers(house.store, forgetting), defaults=DEFAULTS)
    async with trio.open_nursery() as nursery:
        await nursery.start(runner.run)
        yield
        nursery.cancel_scope.cancel()


async def done(house: House, name: Name, **payload: str) -> Job:
    async with house.store.begin() as work:
        asked = await enqueue(work, KNOWN[name], payload)
    return await house.until(asked, *ENDED)


async def test_every_kind_has_a_handler_and_a_lane(house: House) -> None:
    assert set(handlers(house.store, Forgetting(house.store))) == {kind.name for kind in KINDS}
    assert {kind.lane for kind in KINDS} <= {lane.name for lane in LANES}


async def test_a_scan_is_asked_for(house: House) -> None:
    async with at_work(house, Forgetting(house.store)):
        assert (await done(house, Name.SCAN, kind="full")).state is JobState.DONE
        assert (await done(house, Name.SCAN)).state is JobState.DONE
    async with house.store.begin() as work:
        scan = await work.scans.latest()
    assert scan is not None
    assert scan.kind is ScanKind.FULL


async def test_the_database_is_maintained(house: House) -> None:
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_reset()")
        async with at_work(house, Forgetting(house.store)):
            assert (await done(house, Name.MAINTAIN)).state is JobState.DONE
        with trio.fail_after(10):
            while not _vacuumed(connection):
                await trio.lowlevel.checkpoint()


def _vacuumed(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return (connection.execute("SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'tracks'").fetchone()) == (
        1,
    )


async def test_what_is_old_is_forgotten_and_so_is_what_others_keep(house: House) -> None:
    asked: list[int] = []

    async def hook(_work: UnitOfWork) -> int:
        asked.append(7)
        return 7

    with psycopg.connect(house.url, autocommit=True) as connection:
        async with at_work(house, Forgetting(house.store, [("visit", hook)])):
            old = await done(house, Name.SCAN)
            connection.execute("UPDATE jobs SET finished_at = now() - interval '30 days'")
            forgot = await done(house, Name.FORGET)
        assert connection.execute("SELECT count(*) FROM jobs WHERE id = %s", [old.id]).fetchone() == (0,)
    assert forgot.message == "Forgotten: 1 job, 0 events, 7 visits."
    assert asked == [7]
