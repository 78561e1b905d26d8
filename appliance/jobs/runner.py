"""The service that does jobs."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import structlog
import trio

from appliance.core.errors import Unavailable
from appliance.core.jobs import CANCELS, CHANNEL, lost
from appliance.core.ports import Store
from appliance.core.schedules import NewSchedule, Timetable
from appliance.jobs.attempt import Attempt, Handler
from appliance.jobs.desk import PAUSE_SECONDS, Desk
from appliance.jobs.forgetting import Forgetting
from appliance.jobs.lane import LANES, Lane, Places

#: Seconds between two looks at what nobody tells us: processes that are gone, schedules, a clock that was set.
ROUND_SECONDS = 30.0
#: Seconds between two questions when the next job is due.
_TIMER_SECONDS = 0.5
#: After so many jobs the old ones are forgotten at once, rather than at the next hour.
_MANY = 2000
_FORGET_SECONDS = 3600.0

_log = structlog.stdlib.get_logger(__name__)


class Runner:
    """Does the jobs of the kinds that it has handlers for; any number of processes may run one.

    A database that is away is waited for. Stopping cancels what runs and hands it back, so that whoever runs next
    begins it at once.
    """

    def __init__(
        self,
        store: Store,
        timetable: Timetable,
        handlers: Mapping[str, Handler],
        *,
        lanes: Sequence[Lane] = LANES,
        defaults: Sequence[NewSchedule] = (),
        forgetting: Forgetting | None = None,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        """``handlers``: by kind. ``defaults``: schedules that are made when they never were.

        ``round_seconds``: how often to look at what nobody tells us.
        """
        self._store = store
        self._timetable = timetable
        self._handlers = handlers
        self._lanes = lanes
        self._defaults = defaults
        self._forgetting = forgetting or Forgetting(store)
        self._round_seconds = round_seconds

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        async with self._store.listen(CHANNEL) as wakes, self._store.listen(CANCELS) as cancels:
            shift = _Shift(self._store, self._timetable, self._handlers, self._lanes)
            try:
                async with trio.open_nursery() as nursery:
                    await shift.take_stock(self._defaults)
                    nursery.start_soon(shift.hear, wakes)
                    nursery.start_soon(shift.hear_cancels, cancels)
                    shift.start(nursery)
                    nursery.start_soon(shift.go_round, self._forgetting, self._round_seconds)
                    task_status.started()
            finally:
                await shift.desk.close()


class _Shift:
    """One run of the service."""

    def __init__(
        self,
        store: Store,
        timetable: Timetable,
        handlers: Mapping[str, Handler],
        lanes: Sequence[Lane],
    ) -> None:
        self.desk = Desk(store)
        self._store = store
        self._timetable = timetable
        self._handlers = handlers
        self._lanes = {lane.name: Places(lane) for lane in lanes}
        self._queue_changed = trio.Event()
        self._missed: set[tuple[UUID, int]] = set()
        """Jobs, by id and attempt, that are ours and did not run here when we looked last."""

    async def take_stock(self, defaults: Sequence[NewSchedule]) -> None:
        """Make the schedules that come with the server; take up what an earlier run in this process left behind."""
        with suppress(Unavailable):  # then there is nothing to take up, and the next start makes the schedules
            async with self._store.begin() as work:
                await self._timetable.settle(work, defaults)
                await work.events.settle()
                self.desk.write(*map(lost, await work.jobs.own()))

    def start(self, nursery: trio.Nursery) -> None:
        for places in self._lanes.values():
            nursery.start_soon(self._keep_lane, places, nursery)
        nursery.start_soon(self.desk.keep_endings)
        nursery.start_soon(self.desk.keep_progress)
        nursery.start_soon(self._keep_time)

    async def hear(self, wakes: AsyncIterator[str]) -> None:
        """A job waits, in the lane that is told, or in any."""
        async for lane in wakes:
            self._ring(lane)
            self._queue_changed.set()

    async def hear_cancels(self, cancels: AsyncIterator[str]) -> None:
        async for job_id in cancels:
            if job_id:
                self.desk.cancel(UUID(job_id))
            else:
                with suppress(Unavailable):
                    await self._compare()

    def _ring(self, lane: str = "") -> None:
        for name, places in self._lanes.items():
            if lane in {"", name}:
                places.ring()

    async def _keep_lane(self, places: Places, nursery: trio.Nursery) -> None:
        kinds = list(self._handlers)
        while True:
            await places.until_free()
            places.hush()
            room = places.free
            try:
                async with self._store.begin() as work:
                    taken = await work.jobs.take(places.lane.name, kinds, room)
            except Unavailable as error:
                _log.warning("Jobs cannot be taken now", lane=places.lane.name, reason=str(error))
                await trio.sleep(PAUSE_SECONDS)
                continue
            for job in taken:
                places.occupy()
                # Known to the desk before anything can be cancelled, so that it is handed back if it is not begun.
                nursery.start_soon(self._do, self.desk.begin(job), places)
            if len(taken) < room:
                await places.until_rung()

    async def _do(self, attempt: Attempt, places: Places) -> None:
        kind = self._timetable.kinds[attempt.job.kind]
        self.desk.end(attempt, await attempt.make(self._handlers[kind.name], kind.seconds))
        places.leave()

    async def _keep_time(self) -> None:
        """Ring when a job is due that had to wait."""
        while True:
            self._queue_changed = trio.Event()
            seconds: float | None = None
            with suppress(Unavailable):
                async with self._store.begin() as work:
                    seconds = await work.jobs.next_due(list(self._handlers))
            with trio.move_on_after(math.inf if seconds is None else seconds) as until_due:
                await self._queue_changed.wait()
            if until_due.cancelled_caught:
                self._ring()
            await trio.sleep(_TIMER_SECONDS)

    async def go_round(self, forgetting: Forgetting, seconds: float) -> None:
        """Look around every so many seconds, and forget what is old now and then. Runs for ever."""
        forgotten_at, written = -math.inf, 0
        while True:
            coming: datetime | None = None
            try:
                coming = await self._look_around()
                now = trio.current_time()
                if now >= forgotten_at + _FORGET_SECONDS or self.desk.written >= written + _MANY:
                    forgotten_at, written = now, self.desk.written
                    await forgetting.forget()
            except Unavailable as error:
                _log.debug("The round of the jobs was missed", reason=str(error))
            until = math.inf if coming is None else (coming - datetime.now(UTC)).total_seconds()
            await trio.sleep(min(max(until, _TIMER_SECONDS), seconds))

    async def _look_around(self) -> datetime | None:
        """What is abandoned is ours to hand back; what is due by the clock is asked for. When that is next."""
        async with self._store.begin() as work:
            await work.jobs.set_clock_right()
            if abandoned := await work.jobs.abandoned():
                _log.warning("Jobs of a process that is gone are taken up", jobs=len(abandoned))
                await work.jobs.end([lost(job) for job in abandoned])
        await self._compare()
        self._ring()
        async with self._store.begin() as work:
            return await self._timetable.run_due(work, datetime.now(UTC))

    async def _compare(self) -> None:
        """Hold what the database believes to run here against what does.

        What was cancelled without our hearing of it, or was given to others while we were out of reach, is stopped.
        What is ours and does not run is lost: a commit that was not confirmed took it. It may only just have been
        taken, so that it has to be missed twice.
        """
        running = list(self.desk.running)
        async with self._store.begin() as work:
            ours = {job.id: job for job in await work.jobs.own()}
        for job_id in running:
            if job_id not in ours:
                self.desk.cancel(job_id)
        missed = {(job.id, job.attempts) for job in ours.values() if not self.desk.knows(job.id)}
        self.desk.write(*(lost(ours[job_id]) for job_id, _ in missed & self._missed))
        self._missed = missed
