"""Runners on a store, whose handlers are the test's."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import trio

from appliance.core import jobs
from appliance.core.errors import TonearmError
from appliance.core.events import CHANNEL as EVENTS
from appliance.core.jobs import ENDED, Job, JobKind, JobKinds, JobState
from appliance.core.schedules import NewSchedule, Timetable
from appliance.jobs.attempt import Handler, Report
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.lane import Lane
from appliance.jobs.runner import Runner
from appliance.store.unit_of_work import PostgresStore

NOOP = JobKind(name="noop", lane="light")
WAIT = JobKind(name="wait", lane="heavy", most_attempts=2, by_hand=True)
FAIL = JobKind(name="fail", lane="light", most_attempts=2)
KINDS = JobKinds((NOOP, WAIT, FAIL))
LANES = (Lane("light", 4), Lane("heavy", 2))


class Crew:
    """Handlers, and what they saw."""

    def __init__(self) -> None:
        self.begun: list[UUID] = []
        self.cancelled: list[UUID] = []
        self.failure: Exception = TonearmError("The disk is full.")
        self.release = trio.Event()
        self.gone = trio.Event()
        """Set when a job was cancelled while it ran."""
        self.reports: list[Report] = []
        self.handlers: dict[str, Handler] = {"noop": self.noop, "wait": self.wait, "fail": self.fail}

    async def noop(self, job: Job, _report: Report, /) -> None:
        self.begun.append(job.id)

    async def wait(self, job: Job, report: Report, /) -> str:
        self.begun.append(job.id)
        self.reports.append(report)
        try:
            await self.release.wait()
        except trio.Cancelled:
            self.cancelled.append(job.id)
            self.gone.set()
            raise
        return "waited"

    async def fail(self, job: Job, _report: Report, /) -> None:
        self.begun.append(job.id)
        raise self.failure


class House:
    """A store as one process sees it."""

    def __init__(self, store: PostgresStore, crew: Crew, url: str) -> None:
        self.store = store
        self.url = url
        self.crew = crew

    async def enqueue(self, kind: JobKind = NOOP, **more: Any) -> Job:
        async with self.store.begin() as work:
            return await jobs.enqueue(work, kind, **more)

    async def get(self, job_id: UUID) -> Job:
        async with self.store.begin() as work:
            return await work.jobs.get(job_id)

    async def cancel(self, job_id: UUID) -> None:
        async with self.store.begin() as work:
            await work.jobs.cancel(job_id)

    async def until(self, job: Job, *states: JobState) -> Job:
        """The job, once it is in one of these states; once it has ended, where none is named."""
        return await self.until_told(job, lambda now: now.state in (states or ENDED))

    async def until_tried(self, job: Job, attempts: int) -> Job:
        """The job, once it waits again after this many attempts."""
        return await self.until_told(job, lambda now: now.state is JobState.QUEUED and now.attempts >= attempts)

    async def until_told(self, job: Job, is_so: Callable[[Job], bool]) -> Job:
        """The job, once it is so: looked at whenever something is told."""
        with trio.fail_after(20):
            async with self.store.listen(EVENTS) as wakes:
                while not is_so(now := await self.get(job.id)):
                    await anext(wakes)
        return now

    def hurry(self) -> None:
        """Let no job wait any longer."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("UPDATE jobs SET run_at = now()")
            connection.execute("SELECT pg_notify('tonearm_jobs', '')")

    @asynccontextmanager
    async def runner(
        self, kinds: JobKinds = KINDS, defaults: Sequence[NewSchedule] = (), round_seconds: float = 30.0
    ) -> AsyncIterator[None]:
        """A runner, for as long as the block runs; its end stops it."""
        timetable = Timetable(kinds, CronCalendar())
        runner = Runner(
            self.store, timetable, self.crew.handlers, lanes=LANES, defaults=defaults, round_seconds=round_seconds
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(runner.run)
            yield
            nursery.cancel_scope.cancel()
