"""Jobs, schedules and events, as the core needs them kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Window

if TYPE_CHECKING:
    from appliance.core.accounts import User
    from appliance.core.events import Cursor, Event, Reading
    from appliance.core.jobs import Ending, Job, JobFilter, JobOrder, JobProgress, NewJob
    from appliance.core.schedules import Schedule


class Jobs(Protocol):
    async def add(self, job: "NewJob") -> "Job":
        """Queue it, and wake the runners on commit. Where an unfinished job has its key, that one is returned."""
        ...

    async def take(self, lane: str, kinds: Sequence[str], limit: int) -> list["Job"]:
        """Begin up to ``limit`` jobs that are due: highest priority first, then the oldest.

        They are this process's from the commit on. A power cut may undo that, and then they are begun again.
        """
        ...

    async def next_due(self, kinds: Sequence[str]) -> float | None:
        """In how many seconds the first of the queued jobs is due, 0 or less for now; None without one."""
        ...

    async def abandoned(self) -> list["Job"]:
        """Running jobs whose process has no connection to the database any more; nobody else sees them meanwhile."""
        ...

    async def own(self) -> list["Job"]:
        """Running jobs of this process."""
        ...

    async def end(self, endings: Sequence["Ending"]) -> None:
        """Write what became of attempts; one that was cancelled or lost meanwhile stays as it is.

        A power cut may undo that, and then they run again.
        """
        ...

    async def progress(self, progress: dict[UUID, "JobProgress"]) -> None:
        """How far running jobs of this process are."""
        ...

    async def cancel(self, job_id: UUID) -> "Job":
        """Cancel a queued or running job, telling the runners on commit. An ended one stays as it is. ``NotFound``."""
        ...

    async def requeue(self, job_id: UUID, more: int) -> "Job | None":
        """Queue a dead or cancelled job anew, for ``more`` attempts. ``NotFound``.

        None where it is neither dead nor cancelled, or an unfinished one has its key.
        """
        ...

    async def get(self, job_id: UUID) -> "Job":
        """Raises ``NotFound``."""
        ...

    async def page(
        self, narrow: "JobFilter", order: "JobOrder", window: Window, requested_by: UUID | None
    ) -> tuple[list["Job"], int]:
        """Jobs, and how many in all. ``requested_by``: only this user's."""
        ...

    async def set_clock_right(self) -> None:
        """Let jobs that were queued under a clock in the future wait no longer than they were meant to."""
        ...

    async def forget(self, *, days: int, most: int) -> int:
        """Forget jobs that ended more than ``days`` ago, and all but the latest ``most`` of them. Returns how many."""
        ...


class Schedules(Protocol):
    async def add(self, schedule: "Schedule") -> bool:
        """False when the name is taken, or its ``origin`` was there before."""
        ...

    async def update(self, schedule: "Schedule") -> bool:
        """Write all of it. False when the name is taken by another."""
        ...

    async def move_on(self, schedule: "Schedule") -> None:
        """Write when it ran last, and runs next."""
        ...

    async def remove(self, schedule_id: UUID) -> None: ...

    async def get(self, schedule_id: UUID) -> "Schedule":
        """Raises ``NotFound``."""
        ...

    async def lock(self, schedule_id: UUID) -> "Schedule":
        """The same; it is this transaction's to change. Waits for others who change it."""
        ...

    async def page(self, window: Window) -> tuple[list["Schedule"], int]:
        """By name, and how many in all."""
        ...

    async def enabled(self) -> list["Schedule"]: ...

    async def claim(self, schedule_id: UUID) -> "Schedule | None":
        """As ``lock``; None where it is not enabled, or somebody else is changing it now."""
        ...


class Calendar(Protocol):
    """Cron expressions and time zones."""

    def next(self, cron: str, time_zone: str | None, after: datetime) -> datetime | None:
        """The first time after ``after`` (UTC); None when there is none. ``time_zone``: None is the machine's own."""
        ...

    def fault_of_cron(self, cron: str) -> str | None:
        """Why this is no cron expression of five fields, as a sentence; None when it is one."""
        ...

    def fault_of_zone(self, time_zone: str) -> str | None:
        """Why this is no time zone, as a sentence; None when it is one."""
        ...


class Events(Protocol):
    async def add(self, *events: "Event") -> None:
        """Tell it to those who listen, on commit."""
        ...

    async def cursor(self) -> "Cursor":
        """Where whoever begins to listen now stands."""
        ...

    async def read(self, user: "User", after: "Cursor", limit: int) -> "Reading":
        """What this user may know that was committed after ``after``, in the order in which all readers see it."""
        ...

    async def forget(self, *, days: int, most: int) -> int:
        """Forget events that are older than ``days``, and all but the latest ``most``. Returns how many."""
        ...

    async def settle(self) -> None:
        """Forget what another database left here, as after a restore: its numbers mean nothing to this one."""
        ...
