"""Which folders can hold music, asked of a real disk."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from appliance.ingest.music_folders import MusicFolders


class Place:
    """A box's folders: ``music`` is offered, ``data`` is Tonearm's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offered = folder / "data" / "music"
        self.data = folder / "data"
        self.data.mkdir()
        self.folders = MusicFolders(self.offered, self.data)

    async def fault(self, folder: Path) -> str:
        return await self.folders.fault(folder) or ""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_folder_that_is_there_will_do(place: Place) -> None:
    (place.folder / "Müsic 1").mkdir()
    assert await place.fault(place.folder / "Müsic 1") == ""
    assert await place.folders.prepare(place.folder / "Müsic 1") is None


async def test_the_one_that_is_offered_is_made_when_it_is_prepared(place: Place) -> None:
    assert await place.fault(place.offered) == ""
    assert not place.offered.exists()
    assert await place.folders.prepare(place.offered) is None
    assert await place.folders.prepare(place.offered) is None
    assert place.offered.is_dir()


async def test_any_other_has_to_be_there(place: Place) -> None:
    missing = place.folder / "missing"
    assert "no such folder" in await place.fault(missing)
    assert "no such folder" in (await place.folders.prepare(missing) or "")
    assert not missing.exists()


async def test_one_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    offered = tmp_path / "file" / "music"
    folders = MusicFolders(offered, tmp_path / "data")
    assert "cannot be made: Not a directory" in (await folders.prepare(offered) or "")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "music",
        "./music",
        "~/Music",
        "/",
        "/proc",
        "/proc/self",
        "/proc/1/root",
        "/sys/class",
        "/dev",
        "/etc",
        "/run",
        "/run/media",
        "/usr/share/sounds",
        "/srv/../proc",
        "/srv/\0",
        "/srv/\udcff",
        "/" + "x" * 300,
        "/" + "x/" * 3000,
    ],
)
async def test_what_is_no_place_for_music(place: Place, path: str) -> None:
    assert (await place.fault(Path(path))).endswith(".")


async def test_a_path_without_end_is_not_followed(place: Place) -> None:
    assert "too long" in await place.fault(Path("/a" * 400_000))
    assert "too long" in await place.fault(Path("/ü" * 2_000))


async def test_tonearms_own_folder_is_none(place: Place) -> None:
    (place.data / "cache").mkdir()
    for folder in (place.data, place.data / "cache", place.folder, place.folder.parent):
        assert "Tonearm keeps its own files" in await place.fault(folder)


async def test_a_link_is_judged_by_where_it_leads(place: Place) -> None:
    ways = {"music": place.folder / "records", "system": Path("/proc"), "own": place.data, "nowhere": Path("/no/where")}
    ways["music"].mkdir()
    for name, target in ways.items():
        (place.folder / f"to {name}").symlink_to(target)
    (place.folder / "loop").symlink_to(place.folder / "loop")
    assert await place.fault(place.folder / "to music") == ""
    assert "system" in await place.fault(place.folder / "to system")
    assert "own files" in await place.fault(place.folder / "to own")
    assert "no such folder" in await place.fault(place.folder / "to nowhere")
    assert await place.fault(place.folder / "loop")


async def test_the_offered_folder_may_be_a_link_to_a_disk(place: Place) -> None:
    (place.folder / "disk").mkdir()
    place.offered.symlink_to(place.folder / "disk")
    assert await place.folders.prepare(place.offered) is None


async def test_files_and_fifos_are_no_folders(place: Place) -> None:
    (place.folder / "song.mp3").touch()
    os.mkfifo(place.folder / "fifo")
    for name in ("song.mp3", "fifo"):
        assert "is a file" in await place.fault(place.folder / name)


def test_a_folder_that_may_not_be_read() -> None:
    """As somebody who is not root, who may read everything; and so not below pytest's own folder."""
    program = """
import os, sys, trio
from pathlib import Path
from appliance.ingest.music_folders import MusicFolders
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(trio.run(MusicFolders(Path("/offered"), Path("/data")).fault, Path(sys.argv[1])))
"""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o701)
        closed = Path(folder) / "closed"
        closed.mkdir(mode=0o000)
        run = subprocess.run([sys.executable, "-c", program, closed], check=True, capture_output=True, text=True)
    assert "may not read this folder" in run.stdout


class Hanging:
    """Disks that hang below some folders, as that of a server does which is switched off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dead: set[Path] = set()
        self.looks = threading.Semaphore(0)
        """Goes up by one for each look that hangs."""
        self._answers = threading.Event()
        self._scandir = os.scandir
        monkeypatch.setattr("appliance.ingest.music_folders.os.scandir", self._scan)

    def _scan(self, folder: Path) -> object:
        if folder in self.dead:
            self.looks.release()
            self._answers.wait()
        return self._scandir(folder)

    def come_back(self) -> None:
        self._answers.set()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    hanging = Hanging(monkeypatch)
    yield hanging
    hanging.come_back()


async def impatient(
    place: Place, folder: Path, clock: trio.testing.MockClock, meanwhile: Callable[[], Awaitable[object]]
) -> str:
    """What is said of a folder when the patience with it has ended; ``meanwhile`` comes before that."""
    said = ""

    async def ask() -> None:
        nonlocal said
        said = await place.fault(folder)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await meanwhile()
        clock.jump(10)
    return said


async def test_disks_that_hang_cost_the_server_two_threads_however_often_they_are_named(
    place: Place, hanging: Hanging, mock_clock: trio.testing.MockClock
) -> None:
    ways = [place.folder / f"nas {number}" for number in range(5)]
    for way in (*ways, place.folder / "good"):
        way.mkdir()
    hanging.dead = set(ways)
    common = trio.to_thread.current_default_thread_limiter()
    a_look_hangs = partial(trio.to_thread.run_sync, hanging.looks.acquire)
    for way in ways[:2]:
        assert "The disk of this folder does not answer" in await impatient(place, way, mock_clock, a_look_hangs)
    # Of what is not looked at nothing is claimed.
    for way in (*ways[2:], place.folder / "good"):
        said = await impatient(place, way, mock_clock, trio.testing.wait_all_tasks_blocked)
        assert "was not looked at" in said
    assert not hanging.looks.acquire(blocking=False)
    assert common.borrowed_tokens == 0
    # What is offered stands for itself.
    assert await place.folders.prepare(place.offered) is None
    hanging.come_back()
    assert await place.fault(place.folder / "good") == ""


async def test_whoever_uses_up_the_common_threads_does_not_hold_it_up(place: Place) -> None:
    common = trio.to_thread.current_default_thread_limiter()
    for _ in range(int(common.total_tokens)):
        common.acquire_on_behalf_of_nowait(object())
    with trio.fail_after(10):
        assert await place.folders.prepare(place.offered) is None
