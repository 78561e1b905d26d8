"""A folder of files that can be made again: bounded in size, the longest unused leave first.

An entry is whole or absent: it is written under another name, brought to the disk and renamed; what a crash left
half-made is removed at the next start. An entry that leaves stays readable for those who have it open. When an entry
was last used is kept, to the hour, as its access time, set by hand, since disks are mounted without.
"""

import os
import time
from collections import OrderedDict
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

import trio

from appliance.core.errors import Unavailable

_UNFINISHED: Final = ".part"
#: A use is written down when the last that was is older than this: a page of covers must not cost a page of writes.
_NOTED_EVERY_NS: Final = 3600 * 10**9


class Draft:
    """A file in the making, open for reading and writing. ``close`` it; it is gone unless it was put on the shelf."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, data: bytes) -> None:
        """Append."""
        with open(self.descriptor, "ab", closefd=False) as file:
            file.write(data)

    def settle(self, path: Path) -> None:
        """Bring it to the disk, whole, under its own name."""
        os.fdatasync(self.descriptor)
        os.replace(self.path, path)

    def close(self) -> None:
        os.close(self.descriptor)
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


class Shelf:
    """The entries of one folder by name."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """``limit_bytes`` bounds the whole entries; those in the making are one for each worker, and bounded by it."""
        self._folder = folder
        self.limit_bytes = limit_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._drafts = count(1)
        self._limiter = trio.CapacityLimiter(2)
        self.size = 0
        """Bytes of all entries."""

    async def load(self) -> None:
        """Make the folder, learn what is in it, and remove what is half-made or over the limit. Raises Unavailable."""
        try:
            found = await trio.to_thread.run_sync(self._list, limiter=self._limiter)
        except OSError as error:
            raise Unavailable(f"The cache folder cannot be used: {error.strerror}.") from error
        self._sizes = OrderedDict(found)
        self.size = sum(self._sizes.values())
        await self._evict()

    def _list(self) -> list[tuple[str, int]]:
        self._folder.mkdir(parents=True, exist_ok=True)
        entries = []
        with os.scandir(self._folder) as folder:
            for entry in folder:
                if entry.name.endswith(_UNFINISHED):
                    os.unlink(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    entries.append((facts.st_atime_ns, entry.name, facts.st_size))
        return [(name, size) for _, name, size in sorted(entries)]

    def size_of(self, name: str) -> int | None:
        """Bytes of an entry; None when there is no such entry."""
        return self._sizes.get(name)

    async def open(self, name: str) -> int | None:
        """A descriptor of the entry, which the caller closes; None when there is no such entry."""
        if name not in self._sizes:
            return None
        self._sizes.move_to_end(name)
        descriptor = await trio.to_thread.run_sync(self._open, name, limiter=self._limiter)
        if descriptor is None:
            self._forget(name)
        return descriptor

    def _open(self, name: str) -> int | None:
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        with suppress(OSError):
            facts, now = os.fstat(descriptor), time.time_ns()
            if abs(now - facts.st_atime_ns) > _NOTED_EVERY_NS:
                os.utime(descriptor, ns=(now, facts.st_mtime_ns))
        return descriptor

    async def read(self, name: str) -> bytes | None:
        """All of a small entry; None when there is no such entry, or it cannot be read."""
        descriptor = await self.open(name)
        return None if descriptor is None else await trio.to_thread.run_sync(_read, descriptor, limiter=self._limiter)

    async def write(self, name: str, data: bytes) -> None:
        """Put a small entry. Raises ``Unavailable``."""
        draft = await self.draft(name)
        try:
            await trio.to_thread.run_sync(draft.write, data, limiter=self._limiter)
            await self.put(name, draft)
        except OSError as error:
            raise Unavailable(f"The cache cannot be written to: {error.strerror}.") from error
        finally:
            draft.close()

    async def draft(self, name: str) -> Draft:
        """A file to write an entry into. Raises ``Unavailable`` when the disk takes none."""
        path = self._folder / f"{name}.{next(self._drafts)}{_UNFINISHED}"
        try:
            return await trio.to_thread.run_sync(Draft, path, limiter=self._limiter)
        except OSError as error:
            raise Unavailable(f"The cache cannot be written to: {error.strerror}.") from error

    async def put(self, name: str, draft: Draft) -> None:
        """The draft becomes the entry, and the longest unused leave for it. Raises ``Unavailable``."""
        try:
            await trio.to_thread.run_sync(draft.settle, self._folder / name, limiter=self._limiter)
        except OSError as error:
            raise Unavailable(f"The cache cannot be written to: {error.strerror}.") from error
        self._forget(name)
        self._sizes[name] = os.fstat(draft.descriptor).st_size
        self.size += self._sizes[name]
        await self._evict()

    async def _evict(self) -> None:
        leaving = []
        for name in self._sizes:
            if self.size <= self.limit_bytes:
                break
            leaving.append(name)
            self.size -= self._sizes[name]
        for name in leaving:
            del self._sizes[name]
        await trio.to_thread.run_sync(self._unlink, leaving, limiter=self._limiter)

    def _unlink(self, names: list[str]) -> None:
        for name in names:
            with suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)

    def _forget(self, name: str) -> None:
        self.size -= self._sizes.pop(name, 0)


def _read(descriptor: int) -> bytes | None:
    """Reads and closes."""
    try:
        with open(descriptor, "rb") as file:
            return file.read()
    except OSError:
        return None
