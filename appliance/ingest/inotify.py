"""The kernel's inotify(7), over ctypes: names stay bytes, and waiting costs nothing, neither a thread nor a poll."""

import ctypes
import errno
import os
import struct
from types import TracebackType
from typing import Final, NamedTuple, Self

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x002, 0x004, 0x008
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x040, 0x080, 0x100, 0x200
_OVERFLOW, _IGNORED = 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _NOT_UNLINKED = 0x0100_0000, 0x0200_0000, 0x0400_0000
_IS_FOLDER = 0x4000_0000
_CHANGES: Final = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
#: The kernel's whole queue (16,384 events, each with a name of up to 256 bytes): a large copy fills a smaller buffer
#: several times between two looks, until events are lost.
_BUFFER: Final = 16_384 * (16 + 256)


class Event(NamedTuple):
    """Something happened to ``name`` in ``folder``; both are None when the kernel lost count of what."""

    folder: bytes | None
    name: bytes | None
    is_folder: bool
    appeared: bool
    """Created, or moved here."""


class Inotify:
    """A set of watched folders, and the events in them. Not recursive: the kernel's is not either."""

    def __init__(self) -> None:
        """Raises ``OSError`` when this kernel, or its limit of instances, has no room for it."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise _last_error()
        self._folders: dict[int, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)

    def watch(self, folder: bytes) -> None:
        """Report what happens in ``folder`` from now on. A folder that was moved is known by its new path.

        Raises ``OSError``: ENOSPC when the user's limit of watches is reached (fs.inotify.max_user_watches).
        """
        mask = _CHANGES | _ONLY_FOLDERS | _NO_LINKS | _NOT_UNLINKED
        watch: int = self._libc.inotify_add_watch(self.descriptor, folder, mask)
        if watch < 0:
            raise _last_error()
        self._folders[watch] = folder

    def read(self) -> list[Event]:
        """The events since the last call; none is no error."""
        try:
            data = os.read(self.descriptor, _BUFFER)
        except BlockingIOError:
            return []
        events, at = [], 0
        while at < len(data):
            watch, mask, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16 : at + 16 + length].rstrip(b"\0")
            at += 16 + length
            if mask & _OVERFLOW:
                events.append(Event(None, None, is_folder=False, appeared=False))
            elif mask & _IGNORED:
                self._folders.pop(watch, None)
            elif (folder := self._folders.get(watch)) is not None:
                appeared = bool(mask & (_CREATE | _MOVED_TO))
                events.append(Event(folder, name, is_folder=bool(mask & _IS_FOLDER), appeared=appeared))
        return events


def _last_error() -> OSError:
    number = ctypes.get_errno() or errno.EIO
    return OSError(number, os.strerror(number))
