"""Watching real folders with the kernel's inotify."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from appliance.core.ports import Store
from appliance.core.scanning import ScanKind, ScanState
from appliance.ingest.inotify import Inotify
from appliance.ingest.watch import Watcher
from appliance.store.database import Database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore

#: Events that the kernel keeps for a reader; further ones are lost.
_QUEUE = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with open_listener(database) as listener:
        yield PostgresStore(database, listener)


class Watch:
    """A watcher over one root, and what it asks for."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store = store
        self.root = root

    async def asked(self) -> None:
        """Wait until a quick scan is queued, and take it off the queue."""
        with trio.fail_after(20):
            while not await self.take():  # noqa: ASYNC110 - it is asked of the database
                await trio.sleep(0.02)

    async def take(self) -> bool:
        async with self._store.begin() as work:
            scan = await work.scans.take()
            if scan is None:
                return False
            assert scan.kind is ScanKind.QUICK
            await work.scans.finish(scan.id, ScanState.DONE, scan.counts)
            return True

    async def settle(self, *roots: Path) -> None:
        """Put these folders to use, as set-up does."""
        async with self._store.begin() as work:
            await work.libraries.settle([bytes(root) for root in roots])

    @asynccontextmanager
    async def watching(self, settle_seconds: float = 0.2) -> AsyncIterator[None]:
        watcher = Watcher(self._store, settle_seconds=settle_seconds, look_seconds=0.1)
        async with trio.open_nursery() as nursery:
            await nursery.start(watcher.run)
            yield
            nursery.cancel_scope.cancel()


@pytest.fixture
def new_watch(store: Store, tmp_path: Path) -> Watch:
    """Over a folder that nobody has put to use yet."""
    root = tmp_path / "music"
    root.mkdir()
    return Watch(store, root)


@pytest.fixture
async def watch(new_watch: Watch) -> Watch:
    await new_watch.settle(new_watch.root)
    return new_watch


async def test_a_root_is_scanned_when_it_is_watched_and_when_something_changes(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        (watch.root / "new.mp3").write_bytes(b"x")
        await watch.asked()
        (watch.root / "new.mp3").unlink()
        await watch.asked()


async def test_folders_made_later_are_watched_with_all_below_them(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        (watch.root / "a" / "b" / "c").mkdir(parents=True)
        await watch.asked()
        (watch.root / "a" / "b" / "c" / "deep.flac").write_bytes(b"x")
        await watch.asked()


async def test_a_folder_that_moved_is_still_watched(watch: Watch) -> None:
    (watch.root / "before" / "below").mkdir(parents=True)
    async with watch.watching():
        await watch.asked()
        (watch.root / "before").rename(watch.root / "after")
        await watch.asked()
        (watch.root / "after" / "below" / "new.mp3").write_bytes(b"x")
        await watch.asked()


async def test_names_that_are_no_text_are_noticed(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        os.close(os.open(os.path.join(bytes(watch.root), b"\xff.mp3"), os.O_CREAT))
        await watch.asked()


async def test_a_folder_whose_making_the_kernel_forgot_to_tell_is_watched_all_the_same(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        # The loop does not run meanwhile, so that the queue overflows before the folder is made.
        for number in range(_QUEUE // 3 + 10):
            path = watch.root / f"{number % 7}.mp3"
            path.touch()
            path.unlink()
        (watch.root / "forgotten").mkdir()
        await watch.asked()
        (watch.root / "forgotten" / "new.mp3").write_bytes(b"x")
        await watch.asked()


async def test_a_folder_that_cannot_be_watched_costs_the_others_nothing(watch: Watch) -> None:
    (watch.root / "sound").mkdir()
    here = os.open(watch.root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        above, here = here, os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(above)
    os.close(here)
    # The last that is made is the first that is looked into, on most file systems; so on either side of it.
    (watch.root / "aloud").mkdir()
    async with watch.watching():
        await watch.asked()
        for name in ("sound", "aloud"):
            (watch.root / name / "new.mp3").write_bytes(b"x")
            await watch.asked()


async def test_a_root_that_appears_later_is_picked_up(watch: Watch) -> None:
    watch.root.rmdir()
    async with watch.watching():
        assert not await watch.take()
        watch.root.mkdir()
        await watch.asked()
        (watch.root / "new.mp3").write_bytes(b"x")
        await watch.asked()


async def test_a_root_that_another_replaces_is_watched_anew(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        watch.root.rename(watch.root.parent / "old")
        watch.root.mkdir()
        await watch.asked()
        (watch.root / "new.mp3").write_bytes(b"x")
        await watch.asked()


async def test_a_library_that_is_settled_later_is_watched_at_once(new_watch: Watch) -> None:
    async with new_watch.watching():
        (new_watch.root / "before.mp3").write_bytes(b"x")
        assert not await new_watch.take()
        await new_watch.settle(new_watch.root)
        await new_watch.asked()
        (new_watch.root / "after.mp3").write_bytes(b"x")
        await new_watch.asked()


async def test_a_library_that_is_given_up_is_watched_no_more(watch: Watch) -> None:
    other = watch.root.parent / "other"
    other.mkdir()
    async with watch.watching():
        await watch.asked()
        assert watch.root.stat().st_ino in watched_by_this_process()
        await watch.settle(other)
        await watch.asked()
        watched = watched_by_this_process()
        assert other.stat().st_ino in watched
        assert watch.root.stat().st_ino not in watched


def watched_by_this_process() -> set[int]:
    """The numbers of the inodes, as the kernel has them."""
    descriptors = Path("/proc/self/fdinfo").iterdir()
    lines = "".join(each.read_text(encoding="ascii") for each in descriptors if each.exists())
    return {int(found, 16) for found in re.findall(r"(?m)^inotify wd:\S+ ino:(\S+)", lines)}


async def test_a_library_that_a_person_adds_is_watched_at_once_and_one_taken_out_no_more(
    watch: Watch, store: Store
) -> None:
    other = watch.root.parent / "other"
    other.mkdir()
    async with watch.watching():
        await watch.asked()
        async with store.begin() as work:
            added = await work.libraries.add(bytes(other), None)
        await watch.asked()
        (other / "new.mp3").write_bytes(b"x")
        await watch.asked()
        async with store.begin() as work:
            assert added is not None
            await work.libraries.remove(added)
        await watch.asked()
        (other / "newer.mp3").write_bytes(b"x")
        (watch.root / "new.mp3").write_bytes(b"x")
        await watch.asked()


async def test_settling_the_same_libraries_again_disturbs_nothing(watch: Watch) -> None:
    async with watch.watching():
        await watch.asked()
        await watch.settle(watch.root)
        (watch.root / "new.mp3").write_bytes(b"x")
        await watch.asked()
        assert not await watch.take()


async def test_reading_and_hidden_or_other_files_ask_for_nothing(watch: Watch) -> None:
    (watch.root / "song.mp3").write_bytes(b"x")
    async with watch.watching(settle_seconds=0.05):
        await watch.asked()
        (watch.root / "song.mp3").read_bytes()
        (watch.root / ".hidden.mp3").write_bytes(b"x")
        (watch.root / "notes.txt").write_bytes(b"x")
        (watch.root / ".folder").mkdir()
        (watch.root / "song.mp3.part").write_bytes(b"x")
        # Events come in order: once this one is answered, the others were not.
        (watch.root / "last.mp3").write_bytes(b"x")
        await watch.asked()
        assert not await watch.take()


async def test_a_file_that_grows_is_waited_for(watch: Watch) -> None:
    """Twenty writes, each within the settling time of the one before, are one request, after the last."""
    async with watch.watching(settle_seconds=1.0):
        await watch.asked()
        with (watch.root / "growing.mp3").open("wb", buffering=0) as file:
            for _ in range(20):
                file.write(b"x" * 1_000)
                assert not await watch.take()
        await watch.asked()
        assert not await watch.take()


async def test_without_room_for_watches_it_stays_and_does_nothing(store: Store, watch: Watch) -> None:
    """The limit of instances is real and the user's: it is used up and given back."""
    assert watch.root.is_dir()
    taken: list[Inotify] = []
    with pytest.raises(OSError, match="open files"):
        _take_all(taken)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(Watcher(store).run)
            async with store.begin() as work:
                assert await work.scans.take() is None
            nursery.cancel_scope.cancel()
    finally:
        for notify in taken:
            os.close(notify.descriptor)


def _take_all(taken: list[Inotify]) -> None:
    while True:
        taken.append(Inotify())


def test_events_that_the_kernel_dropped_count_as_a_change(tmp_path: Path) -> None:
    with Inotify() as notify:
        notify.watch(bytes(tmp_path))
        for number in range(_QUEUE // 3 + 10):
            path = tmp_path / f"{number % 7}.mp3"
            path.touch()
            path.unlink()
        events = []
        while some := notify.read():
            events += some
    assert any(event.folder is None for event in events)
