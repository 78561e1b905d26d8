"""The walk: every audio file under a library's root, with size and mtime, and the pictures beside them.

Names are bytes from beginning to end, since a file system promises no encoding.
"""

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import trio

from appliance.core.library import Signature
from appliance.core.sheet import Fault
from appliance.ingest.formats import BY_SUFFIX

_AUDIO: Final = frozenset(suffix.encode() for suffix in BY_SUFFIX)
_PICTURES: Final = frozenset({b"jpg", b"jpeg", b"png", b"webp", b"gif"})
#: Names of pictures that are covers, best first; a disc's own folder borrows its album's.
_COVERS: Final = (b"cover", b"folder", b"front", b"album", b"albumart", b"albumartsmall", b"artwork", b"thumb")
_LEFT_OUT: Final = frozenset({b"@eaDir", b"#recycle", b"$RECYCLE.BIN", b"System Volume Information", b"lost+found"})
_THREADS: Final = 4
#: A thread comes back this often: to share what it found to do, and so that a cancelled walk ends.
_STRETCH_SECONDS: Final = 0.05


class FolderPicture(msgspec.Struct, frozen=True):
    path: bytes
    """Relative to the root."""
    changed_ns: int
    """When its content, name or place changed last (ctime), ns since 1970."""


class Walk(msgspec.Struct, frozen=True):
    """What is there. All paths are relative to the root."""

    root: tuple[int, int]
    """See ``root_identity``: another one there later is another disk, or the empty folder that it was mounted on."""
    files: dict[bytes, Signature]
    pictures: dict[bytes, FolderPicture]
    """By folder (the root's own is ``b""``)."""
    unreadable: list[Fault]
    """Folders that could not be listed; nothing is known of what is below them."""


class Absent(msgspec.Struct, frozen=True):
    """The root is not there, or went away during the walk: nothing may be concluded from it."""

    reason: str


async def walk(root: bytes, progress: Callable[[int], None]) -> Walk | Absent:
    """Walk everything under ``root``, an absolute path.

    Hidden names, the folders of NAS boxes and waste bins, devices, FIFOs and sockets are left out. Symbolic links
    count only where they lead to something inside the root that is not found there under a name of its own.
    ``progress`` is told now and then how many files have been found. Cancellation takes effect within about 0.1 s, as
    long as the disk answers.
    """
    limiter = trio.CapacityLimiter(_THREADS)
    before = await trio.to_thread.run_sync(root_identity, root, limiter=limiter)
    if before is None:
        return Absent("it is not there")
    search = _Search(root)
    await _spread(search, [b""], limiter, progress)
    # Links last, one at a time and in order: what has a name of its own is known by then, and so every scan
    # sees the same.
    while search.links:
        links, search.links = sorted(search.links), []
        folders = await trio.to_thread.run_sync(search.follow, links, limiter=limiter)
        for folder in folders:
            if search.enter(folder):
                await _spread(search, [folder], limiter, progress)
    if await trio.to_thread.run_sync(root_identity, root, limiter=limiter) != before:
        return Absent("it went away while it was read")
    return await trio.to_thread.run_sync(search.outcome, before, limiter=limiter)


def root_identity(root: bytes) -> tuple[int, int] | None:
    """Device and inode of the root; None when it cannot be listed. Touches the disk: not for the event loop."""
    try:
        status = os.stat(root)
        with os.scandir(root):
            return status.st_dev, status.st_ino
    except OSError:
        return None


def is_left_out(folder: bytes) -> bool:
    """Whether a folder of this name is not entered."""
    return folder.startswith(b".") or folder in _LEFT_OUT


def is_of_interest(file: bytes) -> bool:
    """Whether a file of this name is audio or a picture, by its suffix."""
    return not file.startswith(b".") and _suffix(file) in _AUDIO | _PICTURES


async def _spread(
    search: "_Search", folders: list[bytes], limiter: trio.CapacityLimiter, progress: Callable[[int], None]
) -> None:
    """List ``folders`` and everything below them in several threads, since a disk is slow one question at a time."""
    idle = 0
    more = trio.Condition()

    async def explore() -> None:
        nonlocal idle
        while True:
            async with more:
                while not folders:
                    idle += 1
                    if idle == _THREADS:
                        more.notify_all()
                        return
                    await more.wait()
                    if idle == _THREADS:
                        return
                    idle -= 1
                mine = folders.pop()
            left = await trio.to_thread.run_sync(search.stretch, [mine], limiter=limiter)
            progress(len(search.files))
            if left:
                async with more:
                    folders.extend(left)
                    more.notify(len(left))

    async with trio.open_nursery() as nursery:
        for _ in range(_THREADS):
            nursery.start_soon(explore)


class _Search:
    """What the threads find. Each entry is written once by one thread; dict and list operations are atomic."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self.files: dict[bytes, Signature] = {}
        self.links: list[bytes] = []
        self._pictures: dict[bytes, FolderPicture] = {}
        self._unreadable: list[Fault] = []
        self._visited: dict[tuple[int, int], bytes] = {}

    def outcome(self, root: tuple[int, int]) -> Walk:
        pictures = dict(self._pictures)
        for folder in {path.rpartition(b"/")[0] for path in self.files}:
            above, _, name = folder.rpartition(b"/")
            if folder not in pictures and _is_disc(name) and above in pictures:
                pictures[folder] = pictures[above]
        return Walk(root, self.files, pictures, sorted(self._unreadable, key=lambda fault: fault.path))

    def stretch(self, folders: list[bytes]) -> list[bytes]:
        """List folders, deepest first, for a short time; returns those that are left."""
        until = time.monotonic() + _STRETCH_SECONDS
        while folders and time.monotonic() < until:
            folder = folders.pop()
            try:
                self._list(folder, folders)
            except (FileNotFoundError, NotADirectoryError):
                continue  # removed since its parent was listed
            except OSError as error:
                self._unreadable.append(Fault(path=folder, reason=f"The folder cannot be listed ({error.strerror})."))
        return folders

    def enter(self, folder: bytes) -> bool:
        """Whether the folder is visited for the first time, by any of its names."""
        try:
            status = os.stat(os.path.join(self._root, folder))
        except OSError:
            return False
        key = (status.st_dev, status.st_ino)
        return self._visited.get(key) is None

    def follow(self, links: list[bytes]) -> list[bytes]:
        """Take links to files as files; returns the links to folders. Both only inside the root, both only once."""
        folders = []
        for link in links:
            target = os.path.realpath(os.path.join(self._root, link))
            if not target.startswith(self._real_root.rstrip(b"/") + b"/"):
                continue
            try:
                status = os.stat(target)
            except OSError:
                continue
            key = (status.st_dev, status.st_ino)
            if stat.S_ISDIR(status.st_mode):
                folders.append(link)
            elif stat.S_ISREG(status.st_mode) and _suffix(link) in _AUDIO:
                known = target[len(self._real_root.rstrip(b"/")) + 1 :] in self.files
                if not known and self._visited.setdefault(key, link) == link:
                    self.files[link] = Signature(status.st_size, status.st_mtime_ns)
        return folders

    def _list(self, folder: bytes, deeper: list[bytes]) -> None:
        here = os.path.join(self._root, folder)
        prefix = folder + b"/" if folder else b""
        status = os.stat(here)
        if self._visited.setdefault((status.st_dev, status.st_ino), folder) != folder:
            return
        pictures = []
        with os.scandir(here) as entries:
            for entry in entries:
                name = entry.name
                if name[0] == 46:  # a dot
                    continue
                suffix = _suffix(name)
                if suffix in _AUDIO and entry.is_file(follow_symlinks=False):
                    self._note(prefix + name, entry)
                elif suffix in _PICTURES and entry.is_file(follow_symlinks=False):
                    pictures.append(entry)
                elif entry.is_symlink():
                    self.links.append(prefix + name)
                elif entry.is_dir(follow_symlinks=False) and name not in _LEFT_OUT:
                    deeper.append(prefix + name)
        covers = [entry for entry in pictures if _stem(entry) in _COVERS]
        if covers:
            best = min(covers, key=lambda entry: (_COVERS.index(_stem(entry)), entry.name))
            with suppress(FileNotFoundError):
                changed = best.stat(follow_symlinks=False).st_ctime_ns
                self._pictures[folder] = FolderPicture(prefix + best.name, changed)

    def _note(self, path: bytes, entry: "os.DirEntry[bytes]") -> None:
        try:  # twice as fast as suppress(), a hundred thousand times
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        self.files[path] = Signature(status.st_size, status.st_mtime_ns)


def _suffix(name: bytes) -> bytes:
    return name.rpartition(b".")[2].lower()


def _stem(entry: "os.DirEntry[bytes]") -> bytes:
    return entry.name.rpartition(b".")[0].lower()


def _is_disc(name: bytes) -> bool:
    """``CD1``, ``Disc 2``, ``disk-03``."""
    lowered = name.lower().replace(b" ", b"").replace(b"-", b"").replace(b"_", b"")
    return any(lowered.startswith(word) and lowered[len(word) :].isdigit() for word in (b"cd", b"disc", b"disk"))
