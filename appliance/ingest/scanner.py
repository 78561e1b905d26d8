"""The scanner: takes queued scans one after the other, and brings every library's files into the catalogue."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog
import trio

from appliance.core.catalogue import Library, Window
from appliance.core.errors import Unavailable
from appliance.core.library import Batch, Comparison, Decision, Verdict, compare
from appliance.core.ports import KnownFiles, Offload, Store
from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState
from appliance.ingest.batches import BATCH_FILES, read_files
from appliance.ingest.folder import Absent, Walk, present, walk
from appliance.ingest.reading import Reading

CHANNEL: Final = "tonearm_scans"
_MERGED_AT_ONCE: Final = 500
_HEARTBEAT_SECONDS: Final = 1.0
#: Scans looked back at to find when the last whole one began.
_SCANS_LOOKED_BACK: Final = 20

_log = structlog.get_logger()


class Scanner:
    """One scan at a time; a scan that another process left unfinished is taken up like a queued one."""

    def __init__(self, store: Store, offload: Offload, *, readers: int) -> None:
        """``readers``: batches that are read at once, best the number of the offload's workers."""
        self._store = store
        self._offload = offload
        self._readers = readers

    async def run(self, *, task_status: "trio.TaskStatus[None]" = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Raises ``Unavailable`` when the database does not answer.

        A cancelled (or killed) run leaves its scan marked as running; whoever runs next takes it up. What had been
        merged is not read again.
        """
        async with self._store.listen(CHANNEL) as wakes:
            task_status.started()
            await self._drain()
            async for _ in wakes:
                await self._drain()

    async def _drain(self) -> None:
        while True:
            async with self._store.begin() as work:
                scan = await work.scans.take()
            if scan is None:
                return
            await _Run(self._store, self._offload, self._readers, scan).complete()


class _Run:
    """One scan, from its being taken to its end."""

    def __init__(self, store: Store, offload: Offload, readers: int, scan: Scan) -> None:
        self._store = store
        self._offload = offload
        self._readers = readers
        self._scan = scan
        self._counts = ScanCounts()
        self._found_before = 0
        self._remarks: list[str] = []
        self._failed = False
        self._cancelled = False
        self._changed = False

    async def complete(self) -> None:
        """Scan every library and write down how it ended."""
        _log.info("scan.started", scan=str(self._scan.id), kind=self._scan.kind.value)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._heartbeat, nursery.cancel_scope)
            await self._libraries()
            nursery.cancel_scope.cancel()
        state = ScanState.CANCELLED if self._cancelled else ScanState.FAILED if self._failed else ScanState.DONE
        message = " ".join(self._remarks) or None
        async with self._store.begin() as work:
            if self._changed:
                await work.catalogue.tidy()
            await work.scans.finish(self._scan.id, state, self._counts, message)
        _log.info("scan.ended", scan=str(self._scan.id), state=state.value, **msgspec.structs.asdict(self._counts))

    async def _heartbeat(self, scan_scope: trio.CancelScope) -> None:
        """Show how far the scan is, and end it within a second or so of being cancelled."""
        while True:
            await trio.sleep(_HEARTBEAT_SECONDS)
            async with self._store.begin() as work:
                if not await work.scans.progress(self._scan.id, self._counts):
                    self._cancelled = True
            if self._cancelled:
                scan_scope.cancel()
                return

    async def _libraries(self) -> None:
        async with self._store.begin() as work:
            libraries = await work.libraries.all()
            since_ns = await _last_whole_scan_ns(work.scans.page)
        for library in libraries:
            try:
                await self._library(library, since_ns)
            except* Unavailable:
                raise
            except* Exception as group:
                _log.exception("scan.failed", scan=str(self._scan.id), library=library.name)
                self._failed = True
                self._remarks.append(f"{library.name}: {_plainly(group)}")
            if self._cancelled:
                return

    async def _library(self, library: Library, since_ns: int) -> None:
        self._found_before = self._counts.found
        outcome = await walk(library.root, self._found)
        async with self._store.begin() as work:
            known = await work.catalogue.known(library)
        if isinstance(outcome, Absent):
            self._leave_alone(library, outcome.reason)
        elif not outcome.files and not outcome.unreadable and known.signatures:
            # The folder of a disk that is not mounted looks just like this.
            self._leave_alone(library, "it is empty, though it had files")
        else:
            self._found(len(outcome.files))
            await self._compare_and_read(library, outcome, known, since_ns)

    async def _compare_and_read(self, library: Library, seen: Walk, known: KnownFiles, since_ns: int) -> None:
        comparison = compare(
            seen.files,
            known.signatures,
            known.missing,
            [fault.path for fault in seen.unreadable],
            everything=self._scan.kind is ScanKind.FULL,
        )
        to_read = sorted({*comparison.to_read, *_with_new_pictures(seen, since_ns)})
        self._count(to_read=len(to_read))
        changed = {path for path in to_read if known.signatures.get(path) not in (None, seen.files[path])}
        merger = _Merger(library, Batch(library.id, comparison.vanished | changed), known, seen)
        if await self._read(library, to_read, seen, merger):
            await self._conclude(library, comparison, seen, merger)
        else:
            self._leave_alone(library, "it went away while it was read")

    async def _read(self, library: Library, paths: Sequence[bytes], seen: Walk, merger: "_Merger") -> bool:
        """Read and merge ``paths``; False when the root went away meanwhile.

        Readers go on while the one merger writes, as far as the channel between them holds a batch for each.
        """
        batches = [paths[start : start + BATCH_FILES] for start in range(0, len(paths), BATCH_FILES)]
        batches.reverse()
        send, receive = trio.open_memory_channel[Reading](self._readers)
        gone = False

        async def read(outbox: trio.MemorySendChannel[Reading]) -> None:
            async with outbox:
                while batches:
                    batch = batches.pop()
                    beside = {
                        folder: seen.pictures[folder].path
                        for folder in {path.rpartition(b"/")[0] for path in batch}
                        if folder in seen.pictures
                    }
                    await outbox.send(await read_files(self._offload, library.root, batch, beside))

        async with trio.open_nursery() as nursery, receive:
            async with send:
                for _ in range(self._readers):
                    nursery.start_soon(read, send.clone())
            async for reading in receive:
                if reading.gone and not await trio.to_thread.run_sync(present, library.root):
                    gone = True
                    nursery.cancel_scope.cancel()
                merger.add(reading)
                if merger.waiting >= _MERGED_AT_ONCE:
                    await self._merge(merger)
        if not gone:
            await self._merge(merger)
        return not gone

    async def _merge(self, merger: "_Merger") -> None:
        if not merger.waiting:
            return
        sheets, faults = merger.take()
        async with self._store.begin() as work:
            files = await work.catalogue.recognise(
                merger.library, [sheet.path for sheet in sheets], [sheet.audio.identity for sheet in sheets]
            )
            decisions = merger.batch.decide(sheets, files)
            await work.catalogue.merge(merger.library, decisions, faults)
            counts = merger.counted(self._counts, decisions, faults)
            wanted = await work.scans.progress(self._scan.id, counts)
        self._counts = counts
        self._changed = True
        if not wanted:
            self._cancelled = True
