"""One attempt at one job."""

from collections.abc import Callable
from typing import Protocol

import structlog
import trio

from appliance.core import jobs
from appliance.core.errors import TonearmError
from appliance.core.jobs import Ending, Job, JobProgress
from appliance.core.text import clean

_log = structlog.stdlib.get_logger(__name__)

_LONGEST_WORDS = 200
_MOST = 2**63 - 1


class Report:
    """Where a handler tells how far it is, as often as it likes. What is shown lags up to a second behind."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.progress = JobProgress()
        self.is_news = False
        """Whether it has not been written yet."""

    def __call__(self, done: int, total: int | None = None, words: str | None = None) -> None:
        bounded = None if total is None else min(total, _MOST)
        self.progress = JobProgress(done=min(done, _MOST), total=bounded, words=words and clean(words[:_LONGEST_WORDS]))
        self.is_news = True
        self._changed()


class Handler(Protocol):
    """Does the jobs of one kind."""

    async def __call__(self, job: Job, report: Report, /) -> str | None:
        """Do it; return what it came to, in words, if there is anything to say.

        May be cancelled at any time. May be called again for a job that it has done (see ``core/jobs.py``). What it
        raises is a failed attempt: a ``TonearmError`` is told in its own words, anything else is a fault of ours.
        """
        ...


class Attempt:
    """A job while it runs here."""

    def __init__(self, job: Job, changed: Callable[[], None]) -> None:
        self.job = job
        self.scope = trio.CancelScope()
        """To be cancelled when the job was."""
        self.report = Report(changed)

    async def make(self, handler: Handler, seconds: float) -> Ending | None:
        """Do the job, for ``seconds`` at most; None when it was cancelled meanwhile."""
        job = self.job
        words: str | None = None
        failure: ExceptionGroup[Exception] | None = None
        with structlog.contextvars.bound_contextvars(job=str(job.id), kind=job.kind):
            try:
                with self.scope, trio.move_on_after(seconds) as limit:
                    words = await handler(job, self.report)
            except* Exception as group:  # noqa: BLE001 - whatever a handler raises is its job's failure, not ours
                failure = group
            if failure is not None:
                return jobs.failed(job, _reason(failure))
        if self.scope.cancelled_caught:
            return None
        if limit.cancelled_caught:
            return jobs.failed(job, f"It was not done after {seconds:g} seconds.")
        return jobs.done(job, words and clean(words))


def _reason(group: ExceptionGroup[Exception]) -> str:
    """In words for a person. What nobody had foreseen goes to the log, whole."""
    refusals, rest = group.split(TonearmError)
    if rest is not None or refusals is None:
        _log.error("A job failed", exc_info=group)
        return "Something went wrong inside Tonearm. The log says what, under the job's id."
    reasons = " ".join(dict.fromkeys(_flat(refusals)))
    _log.info("A job could not be done", reason=reasons)
    return reasons


def _flat(group: BaseExceptionGroup[BaseException]) -> list[str]:
    return [
        reason
        for error in group.exceptions
        for reason in (_flat(error) if isinstance(error, BaseExceptionGroup) else [str(error)])
    ]
