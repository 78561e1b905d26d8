"""Schedules against the clock: each time once, whoever looks; missed times once; wrong clocks not believed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import trio

from appliance.core.catalogue import Window
from appliance.core.jobs import JobFilter, JobKinds, JobOrder, JobState
from appliance.core.schedules import EARLIEST, NewSchedule, Schedule, Timetable
from appliance.jobs.calendar import CronCalendar
from tests.jobs.crew import FAIL, KINDS, WAIT, House

TIMETABLE = Timetable(KINDS, CronCalendar())
NOON = datetime(2030, 6, 5, 12, 0, tzinfo=UTC)
HOURLY = NewSchedule(name="Hourly", kind=WAIT.name, cron="0 * * * *", time_zone="UTC")


async def make(house: House, wish: NewSchedule = HOURLY, at: datetime = NOON) -> Schedule:
    """A schedule that was made at ``at``."""
    async with house.store.begin() as work:
        made = await TIMETABLE.create(work, wish)
        if made.enabled:
            made = _with(made, CronCalendar().next(wish.cron, wish.time_zone, at))
            await work.schedules.move_on(made)
        return made


async def look(house: House, at: datetime, timetable: Timetable = TIMETABLE) -> datetime | None:
    async with house.store.begin() as work:
        return await timetable.run_due(work, at)


async def asked(house: House) -> int:
    async with house.store.begin() as work:
        _, count = await work.jobs.page(JobFilter(), JobOrder.LATEST, Window(100), None)
    return count


async def finish(house: House) -> None:
    async with house.store.begin() as work:
        found, _ = await work.jobs.page(JobFilter(states=(JobState.QUEUED,)), JobOrder.LATEST, Window(100), None)
        for job in found:
            await work.jobs.cancel(job.id)


async def get(house: House, schedule_id: UUID) -> Schedule:
    async with house.store.begin() as work:
        return await work.schedules.get(schedule_id)


async def test_a_schedule_asks_for_its_job_at_its_time_and_once(house: House) -> None:
    made = await make(house, at=NOON - timedelta(minutes=1))
    assert made.next_run_at == NOON
    assert await look(house, NOON - timedelta(seconds=1)) == NOON
    assert await asked(house) == 0
    assert await look(house, NOON + timedelta(seconds=1)) == NOON + timedelta(hours=1)
    assert await look(house, NOON + timedelta(seconds=2)) == NOON + timedelta(hours=1)
    assert await asked(house) == 1
    assert (await get(house, made.id)).last_run_at == NOON + timedelta(seconds=1)


async def test_what_was_missed_is_made_up_for_once(house: House) -> None:
    await make(house)
    later = NOON + timedelta(days=30, minutes=7)
    assert await look(house, later) == later + timedelta(minutes=53)
    await finish(house)
    await look(house, later + timedelta(seconds=30))
    assert await asked(house) == 1


async def test_a_job_that_has_not_ended_is_not_asked_for_again(house: House) -> None:
    await make(house)
    for hours in (1, 2, 3):
        await look(house, NOON + timedelta(hours=hours))
    assert await asked(house) == 1
    await finish(house)
    await look(house, NOON + timedelta(hours=4))
    assert await asked(house) == 2


async def test_many_processes_ask_once(house: House, neighbour: House) -> None:
    for number in range(5):
        await make(house, NewSchedule(name=f"No. {number}", kind=WAIT.name, cron="0 * * * *", time_zone="UTC"))
    async with trio.open_nursery() as nursery:
        for each in (house, neighbour, house, neighbour, house):
            nursery.start_soon(look, each, NOON + timedelta(hours=1))
    assert await asked(house) == 5
    await finish(house)
    await look(house, NOON + timedelta(hours=1, seconds=1))
    assert await asked(house) == 5


async def test_another_process_whose_clock_is_a_little_behind_asks_no_second_time(
    house: House, neighbour: House
) -> None:
    made = await make(house)
    await look(house, NOON + timedelta(hours=1))
    await finish(house)
    await look(neighbour, NOON + timedelta(minutes=59, seconds=50))
    await look(neighbour, NOON + timedelta(hours=1, seconds=1))
    assert await asked(house) == 1
    assert (await get(house, made.id)).next_run_at == NOON + timedelta(hours=2)


async def test_a_clock_that_was_in_the_future_costs_no_years(house: House) -> None:
    made = await make(house, at=NOON + timedelta(days=3650))
    await look(house, NOON + timedelta(days=3650, hours=1))
    await finish(house)
    assert await look(house, NOON) == NOON + timedelta(hours=1)
    assert (await get(house, made.id)).next_run_at == NOON + timedelta(hours=1)
    await look(house, NOON + timedelta(hours=1))
    assert await asked(house) == 2


async def test_a_clock_that_has_not_been_set_begins_nothing_and_changes_nothing(house: House) -> None:
    made = await make(house)
    assert await look(house, datetime(1970, 1, 1, 0, 0, 30, tzinfo=UTC)) is None
    assert await look(house, EARLIEST - timedelta(seconds=1)) is None
    assert await get(house, made.id) == made


async def test_what_is_switched_off_or_of_an_unknown_kind_does_not_run(house: House) -> None:
    off = await make(house, NewSchedule(name="Off", kind=WAIT.name, cron="* * * * *", enabled=False))
    strange = await make(house, HOURLY)
    at = NOON + timedelta(hours=2)
    assert await look(house, at, Timetable(JobKinds([FAIL]), CronCalendar())) == at + timedelta(hours=1)
    assert await asked(house) == 0
    assert (await get(house, off.id)).next_run_at is None
    assert (await get(house, strange.id)).last_run_at is None


class LastDays(CronCalendar):
    """Of a world that is about to end."""

    def next(self, cron: str, time_zone: str | None, after: datetime) -> datetime | None:  # noqa: ARG002
        return None


async def test_a_schedule_that_has_no_next_time_stays_and_waits_for_nothing(house: House) -> None:
    made = await make(house)
    assert await look(house, NOON + timedelta(hours=1), Timetable(KINDS, LastDays())) is None
    assert await asked(house) == 1
    assert (await get(house, made.id)).next_run_at is None
    assert await look(house, NOON + timedelta(hours=1)) == NOON + timedelta(hours=2)


async def test_one_that_somebody_changes_now_is_left_for_the_next_look(house: House, neighbour: House) -> None:
    made = await make(house)
    async with house.store.begin() as work:
        await work.schedules.lock(made.id)
        assert await look(neighbour, NOON + timedelta(hours=1)) is None
    await look(neighbour, NOON + timedelta(hours=1))
    assert await asked(house) == 1


async def test_a_runner_makes_what_comes_with_the_server_and_runs_what_is_due(house: House) -> None:
    every_minute = NewSchedule(name="Often", kind=WAIT.name, cron="* * * * *", origin="often")
    async with house.store.begin() as work:
        await TIMETABLE.settle(work, [every_minute])
        [made] = await work.schedules.enabled()
        due = datetime.now(UTC) - timedelta(hours=1)
        await work.schedules.move_on(_with(made, due))
    house.crew.release.set()
    async with house.runner(defaults=[every_minute, HOURLY]):
        with trio.fail_after(20):
            async with house.store.listen("tonearm_events") as wakes:
                while not house.crew.begun:
                    await anext(wakes)
    async with house.store.begin() as work:
        found, _ = await work.schedules.page(Window(10))
    assert {schedule.name for schedule in found} == {"Often", "Hourly"}


def _with(schedule: Schedule, next_run_at: datetime | None) -> Schedule:
    return msgspec.structs.replace(schedule, next_run_at=next_run_at)
