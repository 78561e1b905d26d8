"""Where what becomes of attempts is written down: many at a time, so that small jobs are not slowed by it."""

from uuid import UUID

import structlog
import trio

from appliance.core import jobs
from appliance.core.errors import Unavailable
from appliance.core.jobs import Ending
from appliance.core.ports import Store
from appliance.jobs.attempt import Attempt

#: Seconds between two writes of how far jobs are.
PROGRESS_SECONDS = 1.0
#: Seconds before a database that was away is asked again.
PAUSE_SECONDS = 2.0
#: Seconds that handing back may take when the server stops.
_FAREWELL_SECONDS = 1.5

_log = structlog.stdlib.get_logger(__name__)


class Desk:
    """Knows what runs here, and what has ended and is not written yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.running: dict[UUID, Attempt] = {}
        self.written = 0
        """Endings so far."""
        self._ended: list[Ending] = []
        self._has_ended = trio.Event()
        self._has_news = trio.Event()

    def begin(self, job: jobs.Job) -> Attempt:
        self.running[job.id] = attempt = Attempt(job, self._note)
        return attempt

    def end(self, attempt: Attempt, ending: Ending | None) -> None:
        """``ending``: None where somebody else wrote what became of it."""
        # Unless the same job was cancelled, queued again and begun again while this attempt was ending.
        if self.running.get(attempt.job.id) is attempt:
            del self.running[attempt.job.id]
        if ending is not None:
            self.write(ending)

    def write(self, *endings: Ending) -> None:
        """To be written in a moment."""
        self._ended += endings
        self._has_ended.set()

    def knows(self, job_id: UUID) -> bool:
        """Whether it runs here, or has ended and is not written yet."""
        return job_id in self.running or any(ending.id == job_id for ending in self._ended)

    def cancel(self, job_id: UUID) -> None:
        """Somebody cancelled it, or it is not ours any more."""
        if attempt := self.running.get(job_id):
            attempt.scope.cancel()

    async def keep_endings(self) -> None:
        """Write what has ended. Runs for ever; what cannot be written now is kept until it can."""
        while True:
            await self._has_ended.wait()
            self._has_ended = trio.Event()
            try:
                await self._write_all()
            except Unavailable as error:
                _log.warning("What became of jobs cannot be written yet", jobs=len(self._ended), reason=str(error))
                self._has_ended.set()
                await trio.sleep(PAUSE_SECONDS)

    async def keep_progress(self) -> None:
        """Write how far jobs are, at once and then at most once a second. Runs for ever."""
        while True:
            await self._has_news.wait()
            self._has_news = trio.Event()
            reports = {job_id: attempt.report for job_id, attempt in self.running.items() if attempt.report.is_news}
            for report in reports.values():
                report.is_news = False
            try:
                if reports:
                    async with self._store.begin() as work:
                        await work.jobs.progress({job_id: report.progress for job_id, report in reports.items()})
            except Unavailable as error:
                _log.debug("The progress of jobs was not written", reason=str(error))
            await trio.sleep(PROGRESS_SECONDS)

    async def close(self) -> None:
        """Hand back what runs, and write what has ended. What does not succeed is noticed by whoever runs next."""
        with trio.move_on_after(_FAREWELL_SECONDS, shield=True):
            self._ended += [jobs.handed_back(attempt.job) for attempt in self.running.values()]
            self.running.clear()
            try:
                await self._write_all()
            except Unavailable as error:
                _log.warning("Jobs were not handed back", reason=str(error))

    def _note(self) -> None:
        self._has_news.set()

    async def _write_all(self) -> None:
        if not self._ended:
            return
        batch = list(self._ended)
        async with self._store.begin() as work:
            await work.jobs.end(batch)
        del self._ended[: len(batch)]
        self.written += len(batch)
