"""The job queue: how many jobs that do nothing go through in a second, and how soon one begins that is asked for."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Final
from uuid import UUID

import trio

from appliance.core import jobs
from appliance.core.catalogue import Window
from appliance.core.jobs import Job, JobKind, JobKinds
from appliance.core.ports import Progress, Store
from appliance.core.schedules import Timetable
from appliance.jobs.attempt import Report
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.lane import LIGHT
from appliance.jobs.runner import Runner
from appliance.store.database import open_database
from appliance.store.embedded import embedded_server
from appliance.store.listener import open_listener
from appliance.store.migrate import migrate
from appliance.store.unit_of_work import PostgresStore
from bench.server import scratch
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_JOBS: Final = 5_000
_QUEUED_AT_ONCE: Final = 500
_ASKED: Final = 200
_GLANCE: Final = 0.05
_BEATS: Final = 0.02
"""Seconds between two jobs that are asked for one by one."""
_NOOP: Final = JobKind(name="noop", lane=LIGHT.name)


def run(bench: Workbench) -> Table:
    """A full queue worked off, and an empty one that gets a job now and then."""
    with bench.terminal.progress("Working off jobs", "jobs") as progress:
        seconds, alongside, delays = trio.run(_measured, progress)
    latest = quantiles(delays, n=20)[-1]
    return Table(
        title="jobs: the queue, with nothing to do in each job",
        columns=(Column("figure", 1), Column("unit")),
        rows=(
            Row(
                "jobs done, from a full queue",
                (_JOBS / seconds, "jobs/s"),
                Budget.at_least(500, "jobs/s", _JOBS / seconds),
            ),
            Row(
                "jobs queued one by one and done meanwhile",
                (_ASKED * 5 / alongside, "jobs/s"),
            ),
            Row("from asking to beginning, median", (median(delays), "ms")),
            Row("  19 of 20 within", (latest, "ms"), Budget.at_most(50, "ms", latest)),
        ),
        notes=(
            "Done means written: each job is begun and ended in the database, and its events are told.",
            "Asking ends with the commit; one runner, woken by NOTIFY, in the process that asks.",
        ),
    )


class _Crew:
    """Does nothing, and notes when."""

    def __init__(self) -> None:
        self.begun: dict[UUID, float] = {}
        self.wanted = 0
        self.all_begun = trio.Event()

    async def noop(self, job: Job, _report: Report, /) -> None:
        self.begun[job.id] = time.perf_counter()
        if len(self.begun) >= self.wanted:
            self.all_begun.set()

    def expect(self, more: int) -> None:
        self.wanted = len(self.begun) + more
        self.all_begun = trio.Event()


async def _measured(progress: Progress) -> tuple[float, float, list[float]]:
    """Seconds for the full queue, seconds for the mixed one, milliseconds from asking to beginning."""
    with scratch() as folder:
        async with embedded_server(folder) as url:
            await migrate(url)
            async with open_database(url) as database, open_listener(database) as listener:
                store, crew = PostgresStore(database, listener), _Crew()
                full = await _full_queue(store, crew, progress)
                mixed = await _asked_meanwhile(store, crew)
                return full, mixed, await _one_by_one(store, crew)


async def _full_queue(store: Store, crew: _Crew, progress: Progress) -> float:
    for start in range(0, _JOBS, _QUEUED_AT_ONCE):
        async with store.begin() as work:
            for _ in range(_QUEUED_AT_ONCE):
                await jobs.enqueue(work, _NOOP)
        progress(start + _QUEUED_AT_ONCE, _JOBS)
    began = time.perf_counter()
    async with _running(store, crew):
        await _until_done(store)
    return time.perf_counter() - began


async def _asked_meanwhile(store: Store, crew: _Crew) -> float:
    """Five who ask for jobs one after another, each in a transaction of its own."""

    async def ask() -> None:
        for _ in range(_ASKED):
            async with store.begin() as work:
                await jobs.enqueue(work, _NOOP)

    async with _running(store, crew):
        began = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        await _until_done(store)
        return time.perf_counter() - began


async def _one_by_one(store: Store, crew: _Crew) -> list[float]:
    asked: dict[UUID, float] = {}
    crew.expect(_ASKED)
    async with _running(store, crew):
        for _ in range(_ASKED):
            async with store.begin() as work:
                job = await jobs.enqueue(work, _NOOP)
            asked[job.id] = time.perf_counter()
            await trio.sleep(_BEATS)
        await crew.all_begun.wait()
    return [max(0.0, crew.begun[job_id] - at) * 1000 for job_id, at in asked.items()]


@asynccontextmanager
async def _running(store: Store, crew: _Crew) -> AsyncIterator[None]:
    runner = Runner(store, Timetable(JobKinds([_NOOP]), CronCalendar()), {_NOOP.name: crew.noop})
    async with trio.open_nursery() as nursery:
        await nursery.start(runner.run)
        yield
        nursery.cancel_scope.cancel()


async def _until_done(store: Store) -> None:
    """Return when no job waits or runs."""
    unfinished = jobs.JobFilter(states=(jobs.JobState.QUEUED, jobs.JobState.RUNNING))
    while True:
        async with store.begin() as work:
            _, count = await work.jobs.page(unfinished, jobs.JobOrder.CREATED_AT, Window(0), None)
        if not count:
            return
        await trio.sleep(_GLANCE)
