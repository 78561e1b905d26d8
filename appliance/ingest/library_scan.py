"""One library's part of a scan: walk, compare, read, merge, conclude."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import trio

from appliance.core.catalogue import Library
from appliance.core.library import Batch, Comparison, Decision, KnownFile, Verdict, compare, reading_order
from appliance.core.ports import KnownFiles, Offload, Store
from appliance.core.scanning import ScanCounts, ScanKind
from appliance.core.sheet import Fault, Sheet
from appliance.ingest.batches import BATCH_FILES, read_files
from appliance.ingest.course import Course
from appliance.ingest.folder import Absent, Walk, root_identity, walk
from appliance.ingest.reading import Reading

#: Sheets in a transaction: large enough for sets to pay, small enough to lose little when the power goes.
_MERGED_AT_ONCE: Final = 500
#: Batches asked for at once; the offload's own limit decides how many of them really run.
_READERS: Final = len(os.sched_getaffinity(0))


class LibraryScan:
    """Brings one library's files into the catalogue."""

    def __init__(self, store: Store, offload: Offload, library: Library, course: Course, *, since_ns: float) -> None:
        """``since_ns``: when the last whole scan began. Files beside a picture that changed later are read again."""
        self._store = store
        self._offload = offload
        self._library = library
        self._course = course
        self._since_ns = since_ns
        self._found_before = course.counts.found
        self._aside = trio.CapacityLimiter(1)

    async def complete(self) -> None:
        """Do it all. A root that is not there, or empty though files are known, changes nothing."""
        seen = await walk(self._library.root, self._found)
        async with self._store.begin() as work:
            known = await work.catalogue.known(self._library)
        if isinstance(seen, Absent):
            self._leave_alone(seen.reason)
        elif not seen.files and not seen.unreadable and known.signatures:
            # The folder of a disk that is not mounted looks just like this.
            self._leave_alone("it is empty, though it had files")
        else:
            self._found(len(seen.files))
            await self._bring_in(seen, known)

    async def _bring_in(self, seen: Walk, known: KnownFiles) -> None:
        # In a thread: a second of work for a million files.
        comparison, paths = await trio.to_thread.run_sync(self._compare, seen, known, limiter=self._aside)
        self._count(to_read=len(paths))
        await self._take_back(comparison)
        merger = _Merger(self._library, comparison, seen, known)
        # What is held back is read again, rather than kept: it is little as a rule, and may be the whole library.
        if await self._read(paths, seen, merger) and await self._read(merger.take_held(), seen, merger):
            await self._conclude(comparison, seen)
        else:
            self._leave_alone("it went away while it was read")

    async def _take_back(self, comparison: Comparison) -> None:
        """What is there again, unchanged, is itself again, before a copy of it could be taken for it."""
        if comparison.returned:
            async with self._store.begin() as work:
                self._count(returned=await work.catalogue.mark_returned(self._library, comparison.returned))

    def _compare(self, seen: Walk, known: KnownFiles) -> tuple[Comparison, list[bytes]]:
        """What the walk means, and which files are to be read."""
        comparison = compare(
            seen.files,
            known.signatures,
            known.missing,
            [fault.path for fault in seen.unreadable],
            everything=self._course.scan.kind is ScanKind.FULL,
        )
        paths = {*comparison.to_read, *_beside_new_pictures(seen, self._since_ns)}
        return comparison, reading_order(paths, known.signatures)

    async def _read(self, paths: Sequence[bytes], seen: Walk, merger: "_Merger") -> bool:
        """Read and merge ``paths``; False when the root went away meanwhile.

        The readers go on while the one merger writes, as far as the channel between them has room.
        """
        batches = iter([paths[start : start + BATCH_FILES] for start in range(0, len(paths), BATCH_FILES)])
        send, receive = trio.open_memory_channel[Reading](_READERS)
        gone = False
        async with trio.open_nursery() as nursery, receive:
            async with send:
                for _ in range(_READERS):
                    nursery.start_soon(self._read_batches, batches, seen, send.clone())
            async for reading in receive:
                gone = bool(reading.gone or reading.faults) and not await self._is_there(seen)
                if gone:
                    nursery.cancel_scope.cancel()
                    break
                merger.add(reading)
                if merger.waiting >= _MERGED_AT_ONCE:
                    await self._merge(merger)
        if not gone:
            await self._merge(merger)
        return not gone

    async def _read_batches(
        self, batches: Iterator[Sequence[bytes]], seen: Walk, outbox: trio.MemorySendChannel[Reading]
    ) -> None:
        async with outbox:
            for batch in batches:
                folders = {path.rpartition(b"/")[0] for path in batch}
                beside = {folder: seen.pictures[folder].path for folder in folders & seen.pictures.keys()}
                await outbox.send(await read_files(self._offload, self._library.root, batch, beside))

    async def _is_there(self, seen: Walk) -> bool:
        """Whether the root is still the one that was walked."""
        return await trio.to_thread.run_sync(root_identity, self._library.root, limiter=self._aside) == seen.root

    async def _merge(self, merger: "_Merger") -> None:
        if not merger.waiting:
            return
        sheets, faults = merger.take()
        async with self._store.begin() as work:
            paths, identities = [sheet.path for sheet in sheets], [sheet.audio.identity for sheet in sheets]
            decisions = merger.decide(sheets, await work.catalogue.recognise(self._library, paths, identities))
            await work.catalogue.merge(self._library, decisions, faults)
            counts = merger.counted(self._course.counts, decisions, faults)
            wanted = await work.scans.progress(self._course.scan.id, counts)
        self._course.counts = counts
        self._course.go_on_if(wanted=wanted)

    async def _conclude(self, comparison: Comparison, seen: Walk) -> None:
        """Everything has been read: what is still nowhere is missing."""
        vanished = comparison.vanished - {fault.path for fault in seen.unreadable}
        async with self._store.begin() as work:
            if seen.unreadable:
                await work.catalogue.merge(self._library, [], seen.unreadable)
            missing = await work.catalogue.mark_missing(self._library, vanished) if vanished else 0
        self._count(missing=missing, faulty=len(seen.unreadable))

    def _found(self, files: int) -> None:
        self._course.counts = msgspec.structs.replace(self._course.counts, found=self._found_before + files)

    def _count(self, *, to_read: int = 0, missing: int = 0, returned: int = 0, faulty: int = 0) -> None:
        counts = self._course.counts
        self._course.counts = msgspec.structs.replace(
            counts,
            to_read=counts.to_read + to_read,
            missing=counts.missing + missing,
            returned=counts.returned + returned,
            faulty=counts.faulty + faulty,
        )

    def _leave_alone(self, why: str) -> None:
        self._course.remark(self._library, f"{why}. Its tracks stay in the catalogue as they are.")


class _Merger:
    """Collects readings until they are worth a transaction, and decides them."""

    def __init__(self, library: Library, comparison: Comparison, seen: Walk, known: KnownFiles) -> None:
        self._seen = seen.files
        self._known = known.signatures
        changed = {path for path in comparison.to_read if self._is_changed(path)}
        self._batch = Batch(library.id, comparison.vanished | changed)
        self._decide: Callable[[Sequence[Sheet], Sequence[KnownFile]], Sequence[Decision | None]] = self._batch.decide
        self._held: list[bytes] = []
        self._sheets: list[Sheet] = []
        self._faults: list[Fault] = []
        self._gone = 0

    @property
    def waiting(self) -> int:
        return len(self._sheets) + len(self._faults) + self._gone

    def add(self, reading: Reading) -> None:
        self._sheets += reading.sheets
        self._faults += reading.faults
        self._gone += len(reading.gone)

    def take(self) -> tuple[list[Sheet], list[Fault]]:
        sheets, faults = self._sheets, self._faults
        self._sheets, self._faults = [], []
        return sheets, faults

    def decide(self, sheets: Sequence[Sheet], files: Sequence[KnownFile]) -> list[Decision]:
        decisions = self._decide(sheets, files)
        self._held += [sheet.path for sheet, decision in zip(sheets, decisions, strict=True) if decision is None]
        return [decision for decision in decisions if decision is not None]

    def take_held(self) -> list[bytes]:
        """The paths that could not be decided; from now on everything is."""
        self._decide = self._batch.decide_rest
        held, self._held = self._held, []
        return held

    def counted(self, counts: ScanCounts, decisions: Sequence[Decision], faults: Sequence[Fault]) -> ScanCounts:
        """``counts`` once these are merged."""
        verdicts = [decision.verdict for decision in decisions]
        changed = sum(
            decision.verdict is Verdict.SAME and self._is_changed(decision.sheet.path) for decision in decisions
        )
        gone, self._gone = self._gone, 0
        return msgspec.structs.replace(
            counts,
            read=counts.read + len(decisions) + len(faults) + gone,
            added=counts.added + verdicts.count(Verdict.NEW) + verdicts.count(Verdict.COPY),
            changed=counts.changed + changed,
            moved=counts.moved + verdicts.count(Verdict.MOVED),
            faulty=counts.faulty + len(faults),
        )

    def _is_changed(self, path: bytes) -> bool:
        return path in self._known and self._known[path] != self._seen[path]


def _beside_new_pictures(seen: Walk, since_ns: float) -> set[bytes]:
    """Files whose folder's picture changed after ``since_ns``: their sheets may name another one."""
    folders = {folder for folder, picture in seen.pictures.items() if picture.changed_ns >= since_ns}
    return {path for path in seen.files if path.rpartition(b"/")[0] in folders} if folders else set()
