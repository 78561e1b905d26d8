"""Jobs: queued by anybody, taken by one process, ended once.

A running job names the database connections of the process that runs it, as a scan does (scans.py). When no such
connection exists any more the process is gone, and the job is to be handed back. What is written of an attempt is
written only while the job is still at that attempt, so that a process which was believed dead spoils nothing.

Taking and ending do not wait for the disk: what a power cut undoes of them is done again.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.events import Event
from appliance.core.jobs import (
    CANCELS,
    CHANNEL,
    Ending,
    Job,
    JobFilter,
    JobOrder,
    JobProgress,
    JobState,
    NewJob,
)
from appliance.store import job_statements as sql
from appliance.store.database import Connection
from appliance.store.events import Events


def _job(row: Any) -> Job:
    return Job(
        id=row[0],
        kind=row[1],
        lane=row[2],
        priority=row[3],
        state=JobState(row[4]),
        payload=row[5],
        key=row[6],
        attempts=row[7],
        most_attempts=row[8],
        run_at=row[9],
        progress=JobProgress(done=row[10], total=row[11], words=row[12]),
        message=row[13],
        requested_by=row[14],
        created_at=row[15],
        started_at=row[16],
        finished_at=row[17],
    )


class Jobs:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events = Events(connection)

    async def add(self, job: NewJob) -> Job:
        if job.key is not None:
            # One after another, so that two who want the same get the same.
            await self._connection.execute(sql.KEY_TURN, key=job.key)
            there = await self._connection.fetch_row(sql.BY_KEY, key=job.key)
            if there is not None:
                return _job(there)
        added = _job(
            await self._connection.fetch_row(
                sql.ADD,
                id=job.id,
                kind=job.kind,
                lane=job.lane,
                priority=job.priority,
                payload=job.payload,
                key=job.key,
                most_attempts=job.most_attempts,
                delay=job.delay,
                requested_by=job.requested_by,
            )
        )
        await self._waits(added)
        return added

    async def take(self, lane: str, kinds: Sequence[str], limit: int) -> list[Job]:
        await self._connection.execute(sql.LAZILY)
        rows = await self._connection.fetch(sql.TAKE, lane=lane, kinds=list(kinds), limit=limit)
        taken = sorted(map(_job, rows), key=lambda job: (-job.priority, job.run_at, job.id))
        await self._tell(taken)
        return taken

    async def next_due(self, kinds: Sequence[str]) -> float | None:
        seconds: float | None = await self._connection.fetch_value(sql.NEXT_DUE, kinds=list(kinds))
        return seconds

    async def abandoned(self) -> list[Job]:
        return [_job(row) for row in await self._connection.fetch(sql.ABANDONED)]

    async def own(self) -> list[Job]:
        return [_job(row) for row in await self._connection.fetch(sql.OWN)]

    async def end(self, endings: Sequence[Ending]) -> None:
        await self._connection.execute(sql.LAZILY)
        rows = await self._connection.fetch(
            sql.END,
            ids=[ending.id for ending in endings],
            at_attempts=[ending.attempt for ending in endings],
            states=[ending.state.value for ending in endings],
            attempts=[ending.attempts for ending in endings],
            delays=[ending.delay.total_seconds() for ending in endings],
            messages=[ending.message for ending in endings],
        )
        ended = [_job(row) for row in rows]
        await self._tell(ended)
        for lane in {job.lane for job in ended if job.state is JobState.QUEUED}:
            await self._connection.execute(sql.NOTIFY, channel=CHANNEL, payload=lane)

    async def progress(self, progress: dict[UUID, JobProgress]) -> None:
        await self._connection.execute(sql.LAZILY)
        rows = await self._connection.fetch(
            sql.PROGRESS,
            ids=list(progress),
            dones=[each.done for each in progress.values()],
            totals=[each.total for each in progress.values()],
            words=[each.words for each in progress.values()],
        )
        await self._tell([_job(row) for row in rows])

    async def cancel(self, job_id: UUID) -> Job:
        row = await self._connection.fetch_row(sql.CANCEL, id=job_id)
        if row is None:
            return await self.get(job_id)
        job = _job(row)
        await self._connection.execute(sql.NOTIFY, channel=CANCELS, payload=str(job_id))
        await self._tell([job])
        return job

    async def requeue(self, job_id: UUID, more: int) -> Job | None:
        job = await self.get(job_id)
        if job.key is not None:
            await self._connection.execute(sql.KEY_TURN, key=job.key)
        row = await self._connection.fetch_row(sql.REQUEUE, id=job_id, more=more)
        if row is None:
            return None
        again = _job(row)
        await self._waits(again)
        return again

    async def get(self, job_id: UUID) -> Job:
        row = await self._connection.fetch_row(sql.GET, id=job_id)
        if row is None:
            raise NotFound(f"There is no job {job_id}.")
        return _job(row)

    async def page(
        self, narrow: JobFilter, order: JobOrder, window: Window, requested_by: UUID | None
    ) -> tuple[list[Job], int]:
        which = {
            "states": [state.value for state in narrow.states] or None,
            "kinds": list(narrow.kinds) or None,
            "lanes": list(narrow.lanes) or None,
            "requested_by": requested_by,
        }
        rows = await self._connection.fetch(sql.PAGE[order], **which, limit=window.limit, offset=window.offset)
        return [_job(row) for row in rows], await self._connection.fetch_value(sql.COUNT, **which)

    async def set_clock_right(self) -> None:
        await self._connection.execute(sql.SET_CLOCK_RIGHT)

    async def forget(self, *, days: int, most: int) -> int:
        return len(await self._connection.fetch(sql.FORGET, days=days, most=most))

    async def _waits(self, job: Job) -> None:
        await self._connection.execute(sql.NOTIFY, channel=CHANNEL, payload=job.lane)
        await self._tell([job])

    async def _tell(self, jobs: Sequence[Job]) -> None:
        await self._events.add(*map(Event.of_job, jobs))
