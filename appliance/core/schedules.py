"""Schedules: jobs that are asked for by the clock.

A time that was missed (the box was off) is made up for once, not once for each time. A clock that was wrong is not
believed: a schedule never waits longer than from now to its next time, and nothing is begun while the clock stands
before ``EARLIEST``, as that of a box without one does until the network tells the time.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from appliance.core.catalogue import Window
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ids import new_id
from appliance.core.jobs import Job, JobKinds, enqueue
from appliance.core.ports import Calendar, UnitOfWork
from appliance.core.text import clean

#: There was no Tonearm before this: an earlier time comes from a clock that has not been set.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
#: How far the clocks of two processes may be apart.
_TOLERANCE = timedelta(minutes=5)
MOST_SCHEDULES = 200
MOST_NAME = 100
_NOTHING = Window(0)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    kind: str
    """Of the jobs."""
    payload: dict[str, Any]
    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    time_zone: str | None
    """In which ``cron`` is meant; None is the machine's own, whatever it is by then."""
    enabled: bool
    origin: str | None
    """By which name the server made it; None for a person's."""
    next_run_at: datetime | None
    """None while it is not enabled, or where there is no such time."""
    last_run_at: datetime | None
    created_at: datetime


class NewSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants done by the clock."""

    name: str
    kind: str
    cron: str
    payload: dict[str, Any] = {}
    time_zone: str | None = None
    enabled: bool = True
    origin: str | None = None


class Timetable:
    """The use cases of schedules. Holds none of them: only the kinds of jobs, and the calendar."""

    def __init__(self, kinds: JobKinds, calendar: Calendar) -> None:
        self.kinds = kinds
        self._calendar = calendar

    async def create(self, work: UnitOfWork, wish: NewSchedule) -> Schedule:
        """Raises ``NotUsable`` with every fault of it, ``Conflict`` for a name that is taken, and past the limit."""
        schedule = self._made(wish)
        _, count = await work.schedules.page(_NOTHING)
        if count >= MOST_SCHEDULES:
            raise Conflict(f"There are {MOST_SCHEDULES} schedules already, and no more can be kept.")
        if not await work.schedules.add(schedule):
            raise Conflict(f"There is already a schedule named {schedule.name}.")
        return schedule

    async def update(self, work: UnitOfWork, schedule_id: UUID, changes: Mapping[str, Any]) -> Schedule:
        """Change the named fields of ``NewSchedule``. Raises as ``create`` does, and ``NotFound``."""
        old = await work.schedules.lock(schedule_id)
        names = set(NewSchedule.__struct_fields__)
        wish = NewSchedule(**{name: changes.get(name, getattr(old, name)) for name in names})
        made = self._made(wish)
        new = msgspec.structs.replace(
            made, id=old.id, origin=old.origin, last_run_at=old.last_run_at, created_at=old.created_at
        )
        if not await work.schedules.update(new):
            raise Conflict(f"There is already a schedule named {new.name}.")
        return new

    async def remove(self, work: UnitOfWork, schedule_id: UUID) -> None:
        """Raises ``NotFound``, and ``Conflict`` for one that the server needs."""
        schedule = await work.schedules.lock(schedule_id)
        if schedule.origin is not None:
            raise Conflict("This one came with Tonearm. It can be switched off, but not removed.")
        await work.schedules.remove(schedule_id)

    async def settle(self, work: UnitOfWork, defaults: Sequence[NewSchedule]) -> None:
        """Make those that come with the server, unless they were made before."""
        for default in defaults:
            await work.schedules.add(self._made(default))

    async def run_due(self, work: UnitOfWork, now: datetime) -> datetime | None:
        """Enqueue what is due, once. Returns when the next is due."""
        if now < EARLIEST:
            return None
        coming: list[datetime] = []
        for schedule in await work.schedules.enabled():
            if not self._is_due(schedule, now) and self._moved_on(schedule, now) == schedule:
                settled = schedule
            # Only now: to lock a row is to write it, and as a rule there is nothing to do.
            elif claimed := await work.schedules.claim(schedule.id):
                settled = await self._carry_out(work, claimed, now)
            else:
                continue
            if settled.next_run_at is not None:
                coming.append(settled.next_run_at)
        return min(coming, default=None)

    async def start(self, work: UnitOfWork, schedule: Schedule) -> Job:
        """Enqueue a schedule's job; one of it that has not ended is given instead."""
        kind = self.kinds[schedule.kind]
        return await enqueue(work, kind, schedule.payload, key=f"schedule:{schedule.id}")

    def _is_due(self, schedule: Schedule, now: datetime) -> bool:
        return schedule.next_run_at is not None and schedule.next_run_at <= now

    async def _carry_out(self, work: UnitOfWork, schedule: Schedule, now: datetime) -> Schedule:
        """Run it if it is due, and write when it is next. The schedule as it is then."""
        if self._is_due(schedule, now) and schedule.kind in self.kinds:
            await self.start(work, schedule)
            schedule = msgspec.structs.replace(schedule, last_run_at=now)
        moved = self._moved_on(schedule, now)
        await work.schedules.move_on(moved)
        return moved

    def _moved_on(self, schedule: Schedule, now: datetime) -> Schedule:
        """With its next time, as far as the clock can be believed now."""
        last = schedule.last_run_at
        # From the last run on where that is a little ahead of this clock: another process's is, and its time was then.
        after = max(now, last) if last is not None and last <= now + _TOLERANCE else now
        coming = self._calendar.next(schedule.cron, schedule.time_zone, after)
        return msgspec.structs.replace(schedule, next_run_at=coming)

    def _made(self, wish: NewSchedule) -> Schedule:
        """Raises ``NotUsable`` with every fault."""
        faults = [
            FieldFault(field, words, "invalid")
            for field, words in (
                ("name", None if _is_name(wish.name) else f"A name has 1 to {MOST_NAME} characters."),
                ("cron", self._calendar.fault_of_cron(wish.cron)),
                ("time_zone", None if wish.time_zone is None else self._calendar.fault_of_zone(wish.time_zone)),
            )
            if words
        ]
        try:
            self.kinds.by_hand(wish.kind, wish.payload)
        except NotUsable as error:
            faults += error.faults
        if faults:
            raise NotUsable(faults)
        now = datetime.now(UTC)
        return Schedule(
            id=new_id(),
            name=clean(wish.name),
            kind=wish.kind,
            payload=wish.payload,
            cron=" ".join(wish.cron.split()),
            time_zone=wish.time_zone,
            enabled=wish.enabled,
            origin=wish.origin,
            next_run_at=self._calendar.next(wish.cron, wish.time_zone, now) if wish.enabled else None,
            last_run_at=None,
            created_at=now,
        )


def _is_name(name: str) -> bool:
    # Its length first: to clean a megabyte of accents takes minutes.
    return len(name) <= 4 * MOST_NAME and 1 <= len(clean(name)) <= MOST_NAME
