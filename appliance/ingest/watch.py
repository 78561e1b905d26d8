"""Folder watching: a change in a library that has settled asks for a quick scan."""

import errno
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar, TypeVarTuple, Unpack

import structlog
import trio

from appliance.core.catalogue import LIBRARIES_CHANNEL
from appliance.core.ports import Store
from appliance.core.scanning import ScanKind
from appliance.ingest.folder import is_left_out, is_of_interest, root_identity
from appliance.ingest.inotify import Event, Inotify

#: Writers send thousands of events a second; they are looked at together.
_BREATH_SECONDS: Final = 0.5
#: Somebody who never stops writing gets a scan now and then all the same.
_LONGEST_WAIT_SECONDS: Final = 600.0
#: A thread comes back this often, so that a stop does not wait for a large library on a slow disk.
_STRETCH_SECONDS: Final = 0.05
#: File systems whose changes by other machines the kernel does not report.
_REMOTE: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.rclone", "fuse.sshfs", "nfs", "nfs4", "smb3", "virtiofs"}
)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_log = structlog.get_logger()


class Watcher:
    """Optional: without it, changes are found by the scans that people ask for."""

    def __init__(self, store: Store, *, settle_seconds: float = 5.0, look_seconds: float = 20.0) -> None:
        """``settle_seconds``: how long it must be quiet before a scan is asked for.

        So files that are still being copied are waited for. ``look_seconds``: how often an absent root is looked for.
        """
        self._store = store
        self._settle_seconds = settle_seconds
        self._look_seconds = look_seconds
        self._disk = trio.CapacityLimiter(1)
        self._warned: set[str] = set()
        self._roots: Sequence[bytes] = ()

    async def run(self, *, task_status: "trio.TaskStatus[None]" = trio.TASK_STATUS_IGNORED) -> None:
        """Watch the libraries in use until cancelled; other ones as soon as they are settled.

        Asks for a scan as soon as a root is watched, since nobody saw what happened to it before. Raises
        ``Unavailable`` (in a group) when the database does not answer.
        """
        async with self._store.listen(LIBRARIES_CHANNEL) as wakes:
            self._roots = await self._in_use()
            task_status.started()
            while True:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._watch)
                    roots = await self._others(wakes)
                    nursery.cancel_scope.cancel()
                self._roots = roots

    async def _in_use(self) -> list[bytes]:
        async with self._store.begin() as work:
            return [library.root for library in await work.libraries.all()]

    async def _others(self, wakes: AsyncIterator[str]) -> list[bytes]:
        """Wait until other libraries are in use than those that are watched."""
        async for _ in wakes:
            if (roots := await self._in_use()) != self._roots:
                return roots
        raise AssertionError  # the store listens for as long as we do

    async def _watch(self) -> None:
        """Watch ``self._roots`` until cancelled."""
        try:
            notify = Inotify()
        except OSError as error:
            self._warn("watch.unavailable", error=str(error))
            await trio.sleep_forever()
        with notify:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._look_for, notify)
                nursery.start_soon(self._listen, notify)

    async def _look_for(self, notify: Inotify) -> None:
        """Watch each root whenever it appears, or is another one than before (a disk was mounted over it)."""
        watched: dict[bytes, tuple[int, int] | None] = {}
        while True:
            for root in self._roots:
                there = await self._in_thread(root_identity, root)
                if there is not None and there != watched.get(root):
                    if (kind := await self._in_thread(_file_system, root)) in _REMOTE:
                        self._warn("watch.remote_changes_unseen", root=os.fsdecode(root), file_system=kind)
                    await self._watch_below(notify, root)
                    await self._request()
                watched[root] = there
            await trio.sleep(self._look_seconds)

    async def _listen(self, notify: Inotify) -> None:
        while True:
            await trio.lowlevel.wait_readable(notify.descriptor)
            if await self._take_note(notify):
                longest = trio.current_time() + _LONGEST_WAIT_SECONDS
                while trio.current_time() < longest and await self._goes_on(notify):
                    pass
                await self._request()

    async def _goes_on(self, notify: Inotify) -> bool:
        """Whether something changes again before it has been quiet for long enough.

        Only the waiting is timed: what has happened is noted to its end, new folders with all below them.
        """
        settled = trio.current_time() + self._settle_seconds
        await trio.sleep(min(_BREATH_SECONDS, self._settle_seconds / 2))
        while True:
            with trio.move_on_at(settled) as quiet:
                await trio.lowlevel.wait_readable(notify.descriptor)
            if quiet.cancelled_caught:
                return False
            if await self._take_note(notify):
                return True

    async def _take_note(self, notify: Inotify) -> bool:
        """Whether what has happened until now matters to a scan. New folders are watched on the way."""
        matters = False
        for event in notify.read():
            matters = await self._heed(notify, event) or matters
        return matters

    async def _heed(self, notify: Inotify, event: Event) -> bool:
        """Watch a folder that appeared. Whether the event matters to a scan."""
        if event.folder is None or event.name is None:
            # What was lost may have been new folders.
            for root in self._roots:
                await self._watch_below(notify, root)
            return True
        if not event.is_folder:
            return is_of_interest(event.name)
        if is_left_out(event.name):
            return False
        if event.appeared:
            await self._watch_below(notify, os.path.join(event.folder, event.name))
        return True

    async def _watch_below(self, notify: Inotify, folder: bytes) -> None:
        """Watch a folder and all below it. Cancellation takes effect soon, as long as the disk answers."""
        waiting = [folder]
        while waiting:
            waiting = await self._in_thread(self._stretch, notify, waiting)

    def _stretch(self, notify: Inotify, waiting: list[bytes]) -> list[bytes]:
        """Watch folders for a short time; returns those that are left.

        Each is watched first and listed then, so that nothing slips through between.
        """
        until = time.monotonic() + _STRETCH_SECONDS
        while waiting and time.monotonic() < until:
            here = waiting.pop()
            try:
                notify.watch(here)
                with os.scandir(here) as entries:
                    waiting += [
                        entry.path
                        for entry in entries
                        if entry.is_dir(follow_symlinks=False) and not is_left_out(entry.name)
                    ]
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            except OSError as error:
                self._warn("watch.incomplete", folder=os.fsdecode(here), error=str(error))
                if error.errno == errno.ENOSPC:  # the limit of watches: it is reached for all others as well
                    return []
        return waiting

    async def _in_thread(self, work: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        return await trio.to_thread.run_sync(work, *arguments, limiter=self._disk)

    async def _request(self) -> None:
        async with self._store.begin() as work:
            await work.scans.request(ScanKind.QUICK)

    def _warn(self, what: str, **details: str | None) -> None:
        """Once each: a limit that is reached is reached for every folder after."""
        if what not in self._warned:
            self._warned.add(what)
            _log.warning(what, **details)


def _file_system(folder: bytes) -> str | None:
    """The type of the file system that holds ``folder`` (proc_pid_mountinfo(5)); None when it cannot be told."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
            mounts = [line.split(" - ") for line in lines]
    except OSError:
        return None
    path = os.fsdecode(os.path.realpath(folder))
    best, kind = "", None
    for before, after in mounts:
        point = before.split(" ")[4].replace("\\040", " ")
        if len(point) >= len(best) and os.path.commonpath([point, path]) == point:
            best, kind = point, after.split(" ")[0]
    return kind
