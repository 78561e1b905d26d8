"""The scanner: takes queued scans one after the other, and scans every library for each."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
import structlog
import trio

from appliance.core.catalogue import Window
from appliance.core.errors import Unavailable
from appliance.core.ports import Offload, Store
from appliance.core.scanning import CHANNEL, Scan, ScanState
from appliance.ingest.course import Course
from appliance.ingest.library_scan import LibraryScan

_HEARTBEAT_SECONDS: Final = 1.0
#: Files.
_LARGE_CHANGE: Final = 500
#: How far back the last finished scan is looked for.
_SCANS_LOOKED_BACK: Final = 50

_log = structlog.get_logger()


class Scanner:
    """One scan at a time; a scan that a process that is gone left unfinished is taken up like a queued one."""

    def __init__(self, store: Store, offload: Offload) -> None:
        self._store = store
        self._offload = offload

    async def run(self, *, task_status: "trio.TaskStatus[None]" = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Raises ``Unavailable`` (maybe in a group) when the database does not answer.

        A run that is cancelled or killed leaves its scan as running, and whoever runs next takes it up. What had been
        merged by then is not read again, unless it is a full scan.
        """
        async with self._store.listen(CHANNEL) as wakes:
            task_status.started()
            await self._work_off()
            async for _ in wakes:
                await self._work_off()

    async def _work_off(self) -> None:
        while True:
            async with self._store.begin() as work:
                scan = await work.scans.take()
            if scan is None:
                return
            await self._complete(scan)

    async def _complete(self, scan: Scan) -> None:
        """Carry out one scan and write down how it ended."""
        log = _log.bind(scan=str(scan.id))
        log.info("scan.started", kind=scan.kind.value)
        course = Course(scan)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._heartbeat, course)
            with course.scope:
                await self._libraries(course)
            nursery.cancel_scope.cancel()
        state, message = course.ending()
        async with self._store.begin() as work:
            if course.touched_the_catalogue:
                await work.catalogue.tidy()
            await work.scans.finish(scan.id, state, course.counts, message)
        await self._maintain(course)
        log.info("scan.ended", state=state.value, message=message, **msgspec.structs.asdict(course.counts))

    async def _maintain(self, course: Course) -> None:
        """After large changes only: the database sees to small ones by itself, in its own time."""
        if course.changes >= _LARGE_CHANGE:
            with suppress(Unavailable):
                await self._store.maintain()

    async def _heartbeat(self, course: Course) -> None:
        """Show how far the scan is between merges, and end it within a second or so of being cancelled."""
        while True:
            await trio.sleep(_HEARTBEAT_SECONDS)
            with suppress(Unavailable):  # a beat that is missed; who merges tells whether the database is gone
                async with self._store.begin() as work:
                    wanted = await work.scans.progress(course.scan.id, course.counts)
                course.go_on_if(wanted=wanted)

    async def _libraries(self, course: Course) -> None:
        async with self._store.begin() as work:
            libraries = await work.libraries.all()
            scans, _ = await work.scans.page(Window(_SCANS_LOOKED_BACK))
        since_ns = _last_whole(scans, course.scan).timestamp() * 1e9
        for library in libraries:
            try:
                await LibraryScan(self._store, self._offload, library, course, since_ns=since_ns).complete()
            except* Unavailable:
                raise
            except* Exception as group:  # noqa: BLE001 - one library must not cost the others their scan
                _log.exception("scan.library_failed", scan=str(course.scan.id), library=library.name)
                course.failed(library, group)


def _last_whole(scans: Iterable[Scan], now: Scan) -> datetime:
    """When the last scan before ``now`` that came to its end began; when the first began, where none did.

    What claims to have begun later than ``now`` began under a wrong clock.
    """
    this = now.started_at or now.requested_at
    begun = [(scan.state, scan.started_at) for scan in scans if scan.started_at and scan.started_at <= this]
    whole = [at for state, at in begun if state is ScanState.DONE]
    return max(whole) if whole else min((at for _, at in begun), default=this)
