"""Work that goes on by itself: what a job is, who may start or stop one, and what becomes of one that fails.

A job may run more than once: the power may go after its work and before that is written down. What it does must
come out the same the second time.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from appliance.core.accounts import Role, User
from appliance.core.errors import Conflict, FieldFault, Forbidden, NotFound, NotUsable
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork

#: The channel on which the store tells that a job waits.
CHANNEL = "tonearm_jobs"
#: The channel on which the store tells, by its id, that a job was cancelled.
CANCELS = "tonearm_job_cancels"

#: How long the first repetition waits; each further one twice as long, up to the longest.
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
#: How often a job is tried that somebody queues again.
MORE_ATTEMPTS = 3
#: What is told of one failure, in characters.
_LONGEST_MESSAGE = 1000


class JobState(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    """It failed as often as it may, and waits for a person."""
    CANCELLED = "cancelled"


#: Those that will not change by themselves any more.
ENDED = frozenset({JobState.DONE, JobState.DEAD, JobState.CANCELLED})


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is, in what it counts itself."""

    done: int = 0
    total: int | None = None
    """None while it does not know."""
    words: str | None = None
    """What it is at."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: str
    lane: str
    priority: int
    """Higher goes first."""
    state: JobState
    payload: dict[str, Any]
    key: str | None
    """Two unfinished jobs never have the same one."""
    attempts: int
    """How often it was begun."""
    most_attempts: int
    run_at: datetime
    """Not before."""
    progress: JobProgress
    message: str | None
    """Why it failed last, or what it came to."""
    requested_by: UUID | None
    """The user who asked for it; None when the server did."""
    created_at: datetime
    started_at: datetime | None = None
    """When it was begun last."""
    finished_at: datetime | None = None


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be added."""

    id: UUID
    kind: str
    lane: str
    priority: int = 0
    payload: dict[str, Any]
    key: str | None = None
    most_attempts: int
    delay: timedelta = timedelta(0)
    requested_by: UUID | None = None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt. Written only while the job is still at that attempt."""

    id: UUID
    attempt: int
    """Which one: ``Job.attempts`` as it was taken."""
    state: JobState
    attempts: int
    """How many count from now on."""
    delay: timedelta = timedelta(0)
    """How long it waits, where it is to run again."""
    message: str | None = None


class JobOrder(StrEnum):
    """By what jobs can be sorted; ``-`` turns the order round."""

    CREATED_AT = "created_at"
    LATEST = "-created_at"
    RUN_AT = "run_at"
    FINISHED_LATEST = "-finished_at"


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs; an empty tuple is any."""

    states: tuple[JobState, ...] = ()
    kinds: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()


class NoPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a kind takes that takes nothing."""


class JobKind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all jobs of one kind."""

    name: str
    lane: str
    """Jobs of one lane share its places."""
    payload: type[msgspec.Struct] = NoPayload
    """What it is told, as a struct that forbids unknown fields."""
    most_attempts: int = 5
    seconds: float = 3600.0
    """How long one attempt may take."""
    by_hand: bool = False
    """Whether an administrator may start one, or put it on a schedule."""


class JobKinds:
    """The kinds that this server knows."""

    def __init__(self, kinds: Iterable[JobKind] = ()) -> None:
        self._kinds: Mapping[str, JobKind] = {kind.name: kind for kind in kinds}

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def __getitem__(self, name: str) -> JobKind:
        return self._kinds[name]

    def by_hand(self, name: str, payload: Mapping[str, Any]) -> JobKind:
        """The kind that a person names. Raises ``NotUsable`` for one that nobody starts, and for a wrong payload."""
        kind = self._kinds.get(name)
        if kind is None or not kind.by_hand:
            known = ", ".join(sorted(kind.name for kind in self._kinds.values() if kind.by_hand))
            raise NotUsable([FieldFault("kind", f"What can be started: {known}.", "invalid")])
        try:
            msgspec.convert(payload, kind.payload)
        except msgspec.ValidationError as error:
            raise NotUsable([FieldFault("payload", str(error), "invalid")]) from None
        return kind


async def enqueue(
    work: UnitOfWork,
    kind: JobKind,
    payload: Mapping[str, Any] | None = None,
    *,
    user: User | None = None,
    key: str | None = None,
    priority: int = 0,
    delay: timedelta = timedelta(0),
) -> Job:
    """Ask for a job; it is begun on commit, at the earliest.

    ``payload``: as ``kind.payload`` has it. ``key``: where an unfinished job has it already, that one is given
    instead. ``delay``: how long it waits at least.
    """
    return await work.jobs.add(
        NewJob(
            id=new_id(),
            kind=kind.name,
            lane=kind.lane,
            priority=priority,
            payload=dict(payload or {}),
            key=key,
            most_attempts=kind.most_attempts,
            delay=delay,
            requested_by=None if user is None else user.id,
        )
    )


async def visible(work: UnitOfWork, user: User, job_id: UUID) -> Job:
    """A job, for whoever may know of it: administrators, and who asked for it. Raises ``NotFound``."""
    job = await work.jobs.get(job_id)
    if user.role is not Role.ADMIN and job.requested_by != user.id:
        raise NotFound(f"There is no job {job_id}.")
    return job


async def cancel(work: UnitOfWork, user: User, job_id: UUID) -> Job:
    """Stop a job that waits or runs; one that has ended stays as it is. Raises ``NotFound``."""
    await _changeable(work, user, job_id)
    return await work.jobs.cancel(job_id)


async def retry(work: UnitOfWork, user: User, job_id: UUID) -> Job:
    """Queue a dead or cancelled job again, for some more attempts.

    One that is queued already stays so. Raises ``NotFound``, or ``Conflict`` where it runs, is done, or another job
    does the same by now.
    """
    job = await _changeable(work, user, job_id)
    if job.state is JobState.QUEUED:
        return job
    again = await work.jobs.requeue(job_id, MORE_ATTEMPTS)
    if again is None:
        raise Conflict("Only a job that failed or was cancelled, and that no other does by now, can be queued again.")
    return again


async def _changeable(work: UnitOfWork, user: User, job_id: UUID) -> Job:
    job = await visible(work, user, job_id)
    if user.role is Role.GUEST:
        raise Forbidden("Guests listen; they do not change anything.")
    return job


def done(job: Job, words: str | None) -> Ending:
    """It came to its end. ``words``: what it came to."""
    return Ending(id=job.id, attempt=job.attempts, state=JobState.DONE, attempts=job.attempts, message=_bounded(words))


def failed(job: Job, reason: str) -> Ending:
    """It failed: it is tried again after a while, or is dead when it was tried as often as it may."""
    is_last = job.attempts >= job.most_attempts
    return Ending(
        id=job.id,
        attempt=job.attempts,
        state=JobState.DEAD if is_last else JobState.QUEUED,
        attempts=job.attempts,
        delay=timedelta(0) if is_last else retry_delay(job.attempts, random.random()),  # noqa: S311 - no secret
        message=_bounded(reason),
    )


def lost(job: Job) -> Ending:
    """The process that ran it is gone, perhaps because of it: that counts as an attempt."""
    return failed(job, "The process that did it ended in the middle.")


def handed_back(job: Job) -> Ending:
    """The server stops: the attempt does not count, and the next process begins it at once."""
    return Ending(id=job.id, attempt=job.attempts, state=JobState.QUEUED, attempts=job.attempts - 1)


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long a job waits that has failed ``attempts`` times.

    Twice as long each time, up to an hour; ``chance`` (0 to 1) takes up to half of it away, so that what failed
    together does not come back together.
    """
    # 2**20 times any first delay is past the longest: no greater power need be taken.
    doublings: int = 2 ** min(attempts - 1, 20)
    whole = min(FIRST_DELAY * doublings, LONGEST_DELAY)
    return whole * (1 - chance / 2)


def _bounded(words: str | None) -> str | None:
    return words if words is None else words.replace("\0", "\N{REPLACEMENT CHARACTER}")[:_LONGEST_MESSAGE]
