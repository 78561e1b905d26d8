"""Jobs: queued by anybody, taken by one process, ended once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
import trio
from sqlalchemy import Text, bindparam, text

from appliance.core import jobs
from appliance.core.accounts import Role, User
from appliance.core.catalogue import Window
from appliance.core.errors import Forbidden, NotFound
from appliance.core.ids import new_id
from appliance.core.jobs import CANCELS, CHANNEL, Ending, Job, JobFilter, JobKind, JobOrder, JobProgress, JobState
from appliance.core.ports import Store, UnitOfWork
from appliance.store.database import Database
from appliance.store.statement import Statement
from appliance.store.unit_of_work import PostgresStore, Work

ALL = Window(100)
LIGHT = JobKind(name="noop", lane="light")
HEAVY = JobKind(name="dig", lane="heavy", most_attempts=2)
CALL_US = Statement(
    text("SELECT set_config('application_name', :name, true)").bindparams(bindparam("name", type_=Text))
)


@asynccontextmanager
async def process(database: Database, name: str) -> AsyncIterator[UnitOfWork]:
    """A transaction of another process: one whose connections have this name."""
    async with database.begin() as connection:
        await connection.execute(CALL_US, name=name)
        yield Work(connection)


async def enqueue(store: Store, kind: JobKind = LIGHT, **more: Any) -> Job:
    async with store.begin() as work:
        return await jobs.enqueue(work, kind, **more)


async def take(
    store: Store, lane: str = "light", limit: int = 10, kinds: tuple[str, ...] = ("noop", "dig")
) -> list[Job]:
    async with store.begin() as work:
        return await work.jobs.take(lane, kinds, limit)


async def take_one(store: Store, lane: str = "light") -> Job:
    [job] = await take(store, lane, 1)
    return job


async def end(store: Store, *endings: Ending) -> None:
    async with store.begin() as work:
        await work.jobs.end(endings)


async def get(store: Store, job_id: UUID) -> Job:
    async with store.begin() as work:
        return await work.jobs.get(job_id)


async def page(store: Store, order: JobOrder = JobOrder.LATEST, user: UUID | None = None, **narrow: Any) -> list[UUID]:
    async with store.begin() as work:
        found, total = await work.jobs.page(JobFilter(**narrow), order, ALL, user)
    assert total == len(found)
    return [job.id for job in found]


async def test_a_job_is_queued_taken_and_ended(store: PostgresStore) -> None:
    queued = await enqueue(store, payload={"a": [1, "é"]})
    assert (queued.state, queued.attempts, queued.payload) == (JobState.QUEUED, 0, {"a": [1, "é"]})
    taken = await take_one(store)
    assert (taken.id, taken.state, taken.attempts) == (queued.id, JobState.RUNNING, 1)
    assert taken.started_at is not None
    assert await take(store) == []
    await end(store, jobs.done(taken, "three things"))
    ended = await get(store, queued.id)
    assert (ended.state, ended.message) == (JobState.DONE, "three things")
    assert ended.finished_at is not None


async def test_the_highest_priority_goes_first_and_then_the_oldest(store: PostgresStore) -> None:
    order = [await enqueue(store, priority=priority) for priority in (0, 0, 5, -1)]
    assert [job.id for job in await take(store, limit=3)] == [order[2].id, order[0].id, order[1].id]
    assert [job.id for job in await take(store)] == [order[3].id]


async def test_lanes_and_kinds_are_kept_apart(store: PostgresStore) -> None:
    light, heavy = await enqueue(store), await enqueue(store, HEAVY)
    assert await take(store, "light", kinds=("dig",)) == []
    assert [job.id for job in await take(store, "heavy")] == [heavy.id]
    assert [job.id for job in await take(store, "light")] == [light.id]


async def test_a_job_that_has_to_wait_is_not_taken_before_its_time(store: PostgresStore, database_url: str) -> None:
    job = await enqueue(store, delay=timedelta(hours=1))
    assert await take(store) == []
    async with store.begin() as work:
        seconds = await work.jobs.next_due(["noop"])
        assert await work.jobs.next_due(["dig"]) is None
    assert seconds == pytest.approx(3600, abs=60)
    sql(database_url, "UPDATE jobs SET run_at = now()")
    assert (await take_one(store)).id == job.id


async def test_two_processes_take_each_job_once(store: PostgresStore, database: Database) -> None:
    wanted = {(await enqueue(store)).id for _ in range(40)}
    taken: list[UUID] = []

    async def work_off(name: str) -> None:
        while True:
            async with process(database, name) as work:
                some = await work.jobs.take("light", ["noop"], 3)
            if not some:
                return
            taken.extend(job.id for job in some)

    async with trio.open_nursery() as nursery:
        for name in ("one", "two", "three"):
            nursery.start_soon(work_off, name)
    assert sorted(taken) == sorted(wanted)


async def test_a_key_gives_the_unfinished_job_and_after_its_end_a_new_one(store: PostgresStore) -> None:
    first = await enqueue(store, key="nightly")
    assert await enqueue(store, HEAVY, key="nightly") == first
    taken = await take_one(store)
    assert (await enqueue(store, key="nightly")).id == first.id
    await end(store, jobs.done(taken, None))
    assert (await enqueue(store, key="nightly")).id != first.id


async def test_many_who_want_the_same_at_once_get_one_job(store: PostgresStore) -> None:
    given: list[UUID] = []

    async def want() -> None:
        given.append((await enqueue(store, key="same")).id)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(want)
    assert len(given) == 20
    assert len(set(given)) == 1


async def test_a_job_of_a_process_that_is_gone_is_abandoned_and_one_of_a_living_is_not(
    store: PostgresStore, database: Database, database_url: str
) -> None:
    job = await enqueue(store)
    with psycopg.connect(database_url, application_name="one"):
        async with process(database, "one") as work:
            assert len(await work.jobs.take("light", ["noop"], 1)) == 1
        assert await abandoned(store) == []
    with trio.fail_after(20):
        while not (left := await abandoned(store)):
            await trio.lowlevel.checkpoint()  # until the server has noticed the farewell
    assert [each.id for each in left] == [job.id]
    await end(store, jobs.lost(left[0]))
    again = await get(store, job.id)
    assert (again.state, again.attempts) == (JobState.QUEUED, 1)
    assert again.run_at > again.created_at


async def abandoned(store: PostgresStore) -> list[Job]:
    async with store.begin() as work:
        return await work.jobs.abandoned()


async def test_a_process_that_was_believed_dead_spoils_nothing(store: PostgresStore, database_url: str) -> None:
    await enqueue(store)
    first = await take_one(store)
    await end(store, jobs.lost(first))
    sql(database_url, "UPDATE jobs SET run_at = now()")
    second = await take_one(store)
    await end(store, jobs.done(first, "too late"))
    assert (await get(store, first.id)).state is JobState.RUNNING
    await end(store, jobs.done(second, "in time"))
    assert (await get(store, first.id)).message == "in time"


async def test_failing_as_often_as_it_may_a_job_is_dead_and_can_be_queued_again(
    store: PostgresStore, database_url: str
) -> None:
    job = await enqueue(store, HEAVY)
    for _ in range(2):
        sql(database_url, "UPDATE jobs SET run_at = now()")
        await end(store, jobs.failed(await take_one(store, "heavy"), "The disk is full."))
    dead = await get(store, job.id)
    assert (dead.state, dead.attempts, dead.message) == (JobState.DEAD, 2, "The disk is full.")
    async with store.begin() as work:
        again = await work.jobs.requeue(job.id, 3)
    assert again is not None
    assert (again.state, again.attempts, again.most_attempts, again.finished_at) == (JobState.QUEUED, 2, 5, None)
    assert (await take_one(store, "heavy")).id == job.id


async def test_what_is_not_dead_or_has_a_successor_is_not_queued_again(store: PostgresStore) -> None:
    first = await enqueue(store, key="k")
    async with store.begin() as work:
        assert await work.jobs.requeue(first.id, 1) is None
        await work.jobs.cancel(first.id)
    second = await enqueue(store, key="k")
    async with store.begin() as work:
        assert await work.jobs.requeue(first.id, 1) is None
        await work.jobs.cancel(second.id)
        assert await work.jobs.requeue(first.id, 1) is not None
        with pytest.raises(NotFound):
            await work.jobs.requeue(new_id(), 1)


async def test_handing_back_costs_no_attempt_and_no_time(store: PostgresStore) -> None:
    await enqueue(store)
    await end(store, jobs.handed_back(await take_one(store)))
    assert (await take_one(store)).attempts == 1


async def test_queued_and_running_jobs_are_cancelled_and_ended_ones_stay(store: PostgresStore) -> None:
    queued, running = await enqueue(store, HEAVY), await enqueue(store)
    taken = await take_one(store)
    async with store.listen(CANCELS) as cancels, store.begin() as work:
        for job in (queued, running):
            assert (await work.jobs.cancel(job.id)).state is JobState.CANCELLED
    assert await take(store, "heavy") == []
    await end(store, jobs.done(taken, "all the same"))
    cancelled = await get(store, running.id)
    assert cancelled.state is JobState.CANCELLED
    assert cancelled.message is None
    async with store.begin() as work:
        assert await work.jobs.cancel(running.id) == cancelled
        with pytest.raises(NotFound):
            await work.jobs.cancel(new_id())
    del cancels


async def test_who_listens_is_woken_on_commit(store: PostgresStore) -> None:
    async with store.listen(CHANNEL) as wakes, store.listen(CANCELS) as cancels:
        job = await enqueue(store, HEAVY)
        with trio.fail_after(10):
            assert await anext(wakes) == "heavy"
        async with store.begin() as work:
            await work.jobs.cancel(job.id)
        with trio.fail_after(10):
            assert await anext(cancels) == str(job.id)


async def test_progress_is_written_while_the_job_runs_and_begins_anew(store: PostgresStore) -> None:
    job = await enqueue(store)
    told = {job.id: JobProgress(done=2**63 - 1, total=None, words="at it")}
    async with store.begin() as work:
        await work.jobs.progress(told)
    assert (await get(store, job.id)).progress == JobProgress()
    taken = await take_one(store)
    async with store.begin() as work:
        await work.jobs.progress(told)
        assert [each.id for each in await work.jobs.own()] == [job.id]
    assert (await get(store, job.id)).progress == told[job.id]
    await end(store, jobs.handed_back(taken))
    assert (await take_one(store)).progress == JobProgress()


async def test_jobs_are_listed_by_state_kind_lane_and_owner(store: PostgresStore, user_id: UUID) -> None:
    one, two = await enqueue(store), await enqueue(store, HEAVY)
    await take(store, "heavy")
    three = await owned(store, user_id)
    assert await page(store) == [three, two.id, one.id]
    assert await page(store, JobOrder.CREATED_AT) == [one.id, two.id, three]
    assert set(await page(store, JobOrder.RUN_AT)) == {one.id, two.id, three}
    assert set(await page(store, JobOrder.FINISHED_LATEST)) == {one.id, two.id, three}
    assert await page(store, states=(JobState.RUNNING,)) == [two.id]
    assert await page(store, states=(JobState.RUNNING, JobState.QUEUED), kinds=("noop",)) == [three, one.id]
    assert await page(store, lanes=("heavy",)) == [two.id]
    assert await page(store, user=user_id) == [three]
    assert await page(store, kinds=("nothing",)) == []


async def owned(store: PostgresStore, user_id: UUID) -> UUID:
    job = jobs.NewJob(id=new_id(), kind="noop", lane="light", payload={}, most_attempts=1, requested_by=user_id)
    async with store.begin() as work:
        return (await work.jobs.add(job)).id


async def test_old_jobs_are_forgotten_by_age_and_by_number(store: PostgresStore, database_url: str) -> None:
    made = [await enqueue(store) for _ in range(5)]
    await enqueue(store, HEAVY)
    for job in await take(store):
        await end(store, jobs.done(job, None))
    sql(database_url, "UPDATE jobs SET finished_at = now() - interval '20 days' WHERE id = %s", made[0].id)
    async with store.begin() as work:
        assert await work.jobs.forget(days=14, most=100) == 1
        assert await work.jobs.forget(days=14, most=2) == 2
        assert await work.jobs.forget(days=14, most=2) == 0
    assert len(await page(store)) == 3


async def test_a_job_of_a_clock_in_the_future_waits_no_longer_than_was_meant(
    store: PostgresStore, database_url: str
) -> None:
    await enqueue(store, delay=timedelta(hours=2))
    tried = await enqueue(store, HEAVY)
    await end(store, jobs.failed(await take_one(store, "heavy"), "No."))
    sql(
        database_url,
        "UPDATE jobs SET run_at = run_at + ahead, created_at = created_at + ahead, started_at = started_at + ahead"
        " FROM (SELECT interval '10 years' AS ahead) AS jump",
    )
    for _ in range(2):
        async with store.begin() as work:
            await work.jobs.set_clock_right()
            assert await work.jobs.next_due(["noop"]) == pytest.approx(7200, abs=60)
            assert 0 < (await work.jobs.next_due(["dig"]) or 0) < 30
    assert (await get(store, tried.id)).attempts == 1


def sql(url: str, statement: LiteralString, *values: object) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


async def test_a_guest_changes_no_job_and_not_even_their_own(store: PostgresStore, user_id: UUID) -> None:
    guest = User(id=user_id, name="Ana", role=Role.GUEST, created_at=datetime.now(UTC))
    job = await owned(store, user_id)
    async with store.begin() as work:
        assert (await jobs.visible(work, guest, job)).id == job
        for change in (jobs.cancel, jobs.retry):
            with pytest.raises(Forbidden):
                await change(work, guest, job)
