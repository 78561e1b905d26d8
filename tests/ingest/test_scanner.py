"""Scans of real folders into a real database."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest
import trio

from appliance.core.catalogue import Library, Track, TrackFilter, Window
from appliance.core.ports import Offload, Store
from appliance.core.scanning import Scan, ScanFault, ScanKind, ScanState
from appliance.ingest.scanner import Scanner
from appliance.offload import open_offload
from appliance.store.database import Database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder

T = TypeVar("T")
_ALL = Window(500)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with open_listener(database) as listener:
        yield PostgresStore(database, listener)


@pytest.fixture
async def offload() -> AsyncIterator[Offload]:
    async with open_offload(workers=2) as offload:
        yield offload


class House:
    """A store with one library, and a scanner for as long as a scan lasts."""

    def __init__(self, store: Store, offload: Offload, library: Library) -> None:
        self.store = store
        self.offload = offload
        self.library = library

    async def request(self, kind: ScanKind = ScanKind.QUICK) -> Scan:
        async with self.store.begin() as work:
            return await work.scans.request(kind)

    async def get(self, scan: Scan) -> Scan:
        async with self.store.begin() as work:
            return await work.scans.get(scan.id)

    async def when(self, scan: Scan, condition: Callable[[Scan], bool]) -> Scan:
        """The scan as soon as it is so; within a time that is long on any machine."""
        with trio.fail_after(60):
            while not condition(now := await self.get(scan)):  # noqa: ASYNC110 - it is asked of the database
                await trio.sleep(0.02)
        return now

    async def ended(self, scan: Scan) -> Scan:
        return await self.when(scan, lambda now: now.finished_at is not None)

    @asynccontextmanager
    async def scanner(self, offload: Offload | None = None) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            await nursery.start(Scanner(self.store, offload or self.offload).run)
            yield
            nursery.cancel_scope.cancel()

    async def scan(self, kind: ScanKind = ScanKind.QUICK) -> Scan:
        async with self.scanner():
            return await self.ended(await self.request(kind))

    async def tracks(self) -> dict[str, Track]:
        async with self.store.begin() as work:
            return {track.title: track for track in (await work.tracks.page(TrackFilter(), _ALL))[0]}

    async def faults(self) -> list[ScanFault]:
        async with self.store.begin() as work:
            return (await work.scans.faults(_ALL))[0]


@pytest.fixture
async def house(store: Store, offload: Offload, recorder: "Recorder") -> House:
    async with store.begin() as work:
        (library,) = await work.libraries.settle([bytes(recorder.root)])
    return House(store, offload, library)


def _fill(recorder: "Recorder", *names: str) -> None:
    for name in names:
        recorder.retag(recorder.record(name, seconds=0.2, pitch=100 + sum(name.encode()) * 3), name.partition(".")[0])


async def test_a_first_scan_brings_in_everything_readable(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3", "two.flac", "three.opus", "four.m4a")
    (recorder.root / "bad.mp3").write_bytes(b"nonsense" * 1_000)
    scan = await house.scan()
    assert scan.state is ScanState.DONE
    counts = scan.counts
    assert (counts.found, counts.to_read, counts.read, counts.added, counts.faulty) == (5, 5, 5, 4, 1)
    assert (await house.tracks()).keys() == {"one", "two", "three", "four"}
    assert [(fault.path, "MPEG" in fault.reason) for fault in await house.faults()] == [("bad.mp3", True)]


async def test_a_scan_of_nothing_new_reads_nothing(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    (recorder.root / "bad.mp3").write_bytes(b"nonsense" * 1_000)
    await house.scan()
    counts = (await house.scan()).counts
    assert (counts.found, counts.to_read, counts.read, counts.added, counts.missing) == (2, 0, 0, 0, 0)
    full = (await house.scan(ScanKind.FULL)).counts
    assert (full.to_read, full.read, full.added, full.changed) == (2, 2, 0, 0)


async def test_retagging_keeps_the_track(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    await house.scan()
    before = (await house.tracks())["one"]
    recorder.retag(recorder.root / "one.mp3", "Another title")
    counts = (await house.scan()).counts
    assert (counts.changed, counts.added) == (1, 0)
    assert {title: track.id for title, track in (await house.tracks()).items()} == {"Another title": before.id}


async def test_moved_files_and_folders_keep_their_tracks(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3", "two.flac")
    await house.scan()
    before = {title: track.id for title, track in (await house.tracks()).items()}
    (recorder.root / "folder").mkdir()
    (recorder.root / "one.mp3").rename(recorder.root / "folder" / "ONE.mp3")
    (recorder.root / "two.flac").rename(recorder.root / "Two.flac")
    counts = (await house.scan()).counts
    assert (counts.moved, counts.added, counts.missing) == (2, 0, 0)
    assert {title: track.id for title, track in (await house.tracks()).items()} == before


async def test_two_files_that_change_places_keep_their_tracks(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3", "two.mp3")
    await house.scan()
    before = {title: track.id for title, track in (await house.tracks()).items()}
    os.rename(recorder.root / "one.mp3", recorder.root / "between")
    os.rename(recorder.root / "two.mp3", recorder.root / "one.mp3")
    os.rename(recorder.root / "between", recorder.root / "two.mp3")
    for name in ("one.mp3", "two.mp3"):
        os.utime(recorder.root / name)
    await house.scan()
    assert {title: track.id for title, track in (await house.tracks()).items()} == before


async def test_a_time_that_goes_backwards_is_a_change_too(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    await house.scan()
    path = recorder.root / "one.mp3"
    recorder.retag(path, "Two")
    os.utime(path, ns=(0, 1_000_000_000))
    assert (await house.scan()).counts.changed == 1
    assert (await house.tracks()).keys() == {"Two"}


async def test_vanished_files_are_missing_and_come_back_as_themselves(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3", "two.flac")
    await house.scan()
    before = (await house.tracks())["one"].id
    away = recorder.root.parent / "one.mp3"
    shutil.move(recorder.root / "one.mp3", away)
    assert (await house.scan()).counts.missing == 1
    assert (await house.tracks()).keys() == {"two"}
    shutil.move(away, recorder.root / "one.mp3")
    assert (await house.scan()).counts.returned == 1
    assert (await house.tracks())["one"].id == before


@pytest.mark.parametrize("still_there", [True, False], ids=["empty", "gone"])
async def test_a_root_that_is_away_marks_nothing(house: House, recorder: "Recorder", *, still_there: bool) -> None:
    _fill(recorder, "one.mp3", "two.flac")
    await house.scan()
    unplugged = recorder.root.parent / "unplugged"
    recorder.root.rename(unplugged)
    if still_there:
        recorder.root.mkdir()
    scan = await house.scan()
    assert (scan.state, scan.counts.missing) == (ScanState.DONE, 0)
    assert scan.message is not None
    assert "stay in the catalogue" in scan.message
    assert (await house.tracks()).keys() == {"one", "two"}


class Unplug:
    """An offload before which the disk is pulled out. What it was mounted on is there still, or nothing."""

    def __init__(self, offload: Offload, recorder: "Recorder", *, mount_point: bool) -> None:
        self._offload = offload
        self._root = recorder.root
        self._unplugged = recorder.root.parent / "unplugged"
        self._mount_point = mount_point

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        if not self._unplugged.exists():
            self._root.rename(self._unplugged)
            if self._mount_point:
                self._root.mkdir()
        return await self._offload.run(job, *arguments, seconds=seconds)


@pytest.mark.parametrize("mount_point", [True, False], ids=["empty", "gone"])
async def test_a_disk_pulled_out_while_it_is_read_marks_nothing(
    house: House, recorder: "Recorder", *, mount_point: bool
) -> None:
    _fill(recorder, "one.mp3", "two.flac")
    await house.scan()
    recorder.retag(recorder.root / "one.mp3", "Changed")
    (recorder.root / "two.flac").unlink()
    async with house.scanner(Unplug(house.offload, recorder, mount_point=mount_point)):
        scan = await house.ended(await house.request())
    assert scan.message is not None
    assert "went away" in scan.message
    assert (await house.tracks()).keys() == {"one", "two"}


async def test_a_fault_is_forgotten_when_the_file_is_good_or_gone(house: House, recorder: "Recorder") -> None:
    for name in ("bad.mp3", "worse.mp3"):
        (recorder.root / name).write_bytes(b"nonsense" * 1_000)
    _fill(recorder, "fine.mp3")
    await house.scan()
    assert [fault.path for fault in await house.faults()] == ["bad.mp3", "worse.mp3"]
    _fill(recorder, "bad.mp3")
    (recorder.root / "worse.mp3").unlink()
    await house.scan()
    assert await house.faults() == []
    assert (await house.tracks()).keys() == {"bad", "fine"}


async def test_a_file_that_turns_bad_is_missing_until_it_is_good_again(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    await house.scan()
    before = (await house.tracks())["one"].id
    good = (recorder.root / "one.mp3").read_bytes()
    (recorder.root / "one.mp3").write_bytes(b"nonsense" * 1_000)
    await house.scan()
    await house.scan()
    assert await house.tracks() == {}
    (recorder.root / "one.mp3").write_bytes(good)
    await house.scan()
    assert (await house.tracks())["one"].id == before
    assert await house.faults() == []


async def test_names_that_are_no_text_come_in(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    (recorder.root / "one.mp3").rename(os.fsdecode(os.path.join(bytes(recorder.root), b"\xff\n.mp3")))
    await house.scan()
    assert (await house.tracks())["one"].file.path == b"\xff\n.mp3"


async def test_a_new_cover_beside_known_files_is_seen_by_a_quick_scan(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    await house.scan()
    assert (await house.tracks())["one"].cover_id is None
    (recorder.root / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\nsmall")
    counts = (await house.scan()).counts
    assert (counts.to_read, counts.changed) == (1, 0)
    assert (await house.tracks())["one"].cover_id is not None
    assert (await house.scan()).counts.to_read == 0


class Slow:
    """An offload that waits before every batch until it is let on."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self.reached = trio.Event()
        self.go_on = trio.Event()
        self.batches = 0

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        self.batches += 1
        if self.batches > 12:
            self.reached.set()
            await self.go_on.wait()
        return await self._offload.run(job, *arguments, seconds=seconds)


def _fill_many(recorder: "Recorder", count: int) -> None:
    for number in range(count):
        path = recorder.put("sound.wav", f"{number:04}.wav")
        with path.open("r+b") as file:
            file.seek(1_000)
            file.write(number.to_bytes(4))
            file.truncate(9_000)


async def test_a_cancelled_scan_ends_soon_and_keeps_what_it_has(house: House, recorder: "Recorder") -> None:
    _fill_many(recorder, 700)
    slow = Slow(house.offload)
    async with house.scanner(slow):
        scan = await house.request()
        with trio.fail_after(60):
            await slow.reached.wait()
        async with house.store.begin() as work:
            await work.scans.cancel(scan.id)
        # The scanner, whose readers are all still waiting, comes back for the next scan.
        again = await house.request()
        await house.when(again, lambda now: now.state is not ScanState.QUEUED)
        slow.go_on.set()
        await house.ended(again)
    cancelled = await house.get(scan)
    assert cancelled.state is ScanState.CANCELLED
    assert cancelled.counts.added == 0 or cancelled.counts.added >= 500


async def _cut_off(house: House) -> Scan:
    """A scan whose process goes after it has merged once."""
    slow = Slow(house.offload)
    async with house.scanner(slow):
        scan = await house.request()
        with trio.fail_after(60):
            await slow.reached.wait()
        await house.when(scan, lambda now: now.counts.added > 0)
    return scan


async def test_a_scan_cut_off_is_taken_up_and_reads_only_the_rest(house: House, recorder: "Recorder") -> None:
    _fill_many(recorder, 700)
    scan = await _cut_off(house)
    assert (await house.get(scan)).state is ScanState.RUNNING
    async with house.scanner():
        ended = await house.ended(scan)
    assert ended.state is ScanState.DONE
    assert 0 < ended.counts.to_read < 700
    async with house.store.begin() as work:
        assert (await work.tracks.page(TrackFilter(), Window(1)))[1] == 700


async def test_a_cover_that_came_while_the_first_scan_was_cut_off_is_seen(house: House, recorder: "Recorder") -> None:
    _fill_many(recorder, 700)
    early = recorder.root / "0"
    early.mkdir()
    for number in range(400):
        (recorder.root / f"{number:04}.wav").rename(early / f"{number:04}.wav")
    scan = await _cut_off(house)
    (early / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\nsmall")
    async with house.scanner():
        await house.ended(scan)
    async with house.store.begin() as work:
        tracks, _ = await work.tracks.page(TrackFilter(), Window(700))
    assert sum(track.cover_id is not None for track in tracks) == 400


class Broken:
    """An offload that fails in a way that nobody expects."""

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:  # noqa: ARG002 - a port
        raise RuntimeError("a wire came off")


async def test_an_unexpected_error_fails_the_scan_and_the_service_goes_on(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    async with house.scanner(Broken()):
        for _ in range(2):
            scan = await house.ended(await house.request())
            assert scan.state is ScanState.FAILED
            assert scan.message is not None
            assert "a wire came off" in scan.message


async def test_one_failing_library_costs_the_others_nothing(
    store: Store, offload: Offload, house: House, recorder: "Recorder"
) -> None:
    other = recorder.root.parent / "other"
    other.mkdir()
    shutil.copy(recorder.put("sound.opus"), other / "sound.opus")
    async with store.begin() as work:
        await work.libraries.settle([bytes(recorder.root), bytes(other)])

    class HalfBroken:
        async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
            if arguments[0] == bytes(recorder.root):
                raise RuntimeError("a wire came off")
            return await offload.run(job, *arguments, seconds=seconds)

    async with house.scanner(HalfBroken()):
        scan = await house.ended(await house.request())
    assert (scan.state, scan.counts.added) == (ScanState.FAILED, 1)


async def test_an_unreadable_folder_hides_nothing_and_is_listed(house: House, recorder: "Recorder") -> None:
    _fill(recorder, "one.mp3")
    here = os.open(recorder.root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        here = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
    scan = await house.scan()
    assert (scan.state, scan.counts.faulty) == (ScanState.DONE, 1)
    assert ["cannot be listed" in fault.reason for fault in await house.faults()] == [True]
    await house.scan()
    assert len(await house.faults()) == 1
    shutil.rmtree(recorder.root / ("d" * 250))
    await house.scan()
    assert await house.faults() == []
