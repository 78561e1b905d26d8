"""``core.ports.MusicFolders``: whether a folder that somebody names can hold music."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

#: Seconds in which a disk must answer.
_PATIENCE: Final = 10.0
#: How many looks at folders that people name may be under way, or hang for ever: each keeps a thread.
_LOOKS: Final = 2
#: Where the system lives. Nobody's music is there, and some of it never ends.
_SYSTEM: Final = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
#: Where desktops mount USB disks, which is below one of them.
_DISKS: Final = Path("/run/media")
#: Bytes of a path, for Linux (PATH_MAX). To follow a much longer one takes minutes.
_LONGEST: Final = 4095


class MusicFolders:
    """Folders of this machine."""

    def __init__(self, offered: Path, data_dir: Path) -> None:
        """``offered``: the one that may be made. ``data_dir``: Tonearm's own, which is not music; both absolute."""
        self._offered = offered
        self._data_dir = data_dir
        self._looks = trio.CapacityLimiter(_LOOKS)
        # Of its own, so that no folder that hangs keeps anybody from the one that is offered.
        self._looks_at_offered = trio.CapacityLimiter(1)

    async def fault(self, folder: Path) -> str | None:
        return await self._in_time(self._fault, folder)

    async def prepare(self, folder: Path) -> str | None:
        return await self._in_time(self._prepare, folder)

    async def _in_time(self, work: Callable[[Path], str | None], folder: Path) -> str | None:
        """Ask the disk; one that hangs, as that of a server that is switched off does, is left to itself."""
        begun = threading.Event()

        def look() -> str | None:
            begun.set()
            return work(folder)

        limiter = self._looks_at_offered if folder == self._offered else self._looks
        with trio.move_on_after(_PATIENCE):
            return await trio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=limiter)
        return _HANGS if begun.is_set() else _NOT_LOOKED_AT

    def _prepare(self, folder: Path) -> str | None:
        if folder == self._offered:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                return f"This folder cannot be made: {error.strerror}. Name another one."
        return self._fault(folder)

    def _fault(self, folder: Path) -> str | None:
        if words := _fault_of_words(folder):
            return words
        try:
            real = Path(os.path.realpath(folder))
            if words := self._fault_of_place(folder) or self._fault_of_place(real):
                return words
            if folder == self._offered and not os.path.lexists(folder):
                return None
            with os.scandir(folder) as entries:
                next(entries, None)
        except OSError as error:
            return _WORDS.get(type(error), f"This folder cannot be read: {error.strerror}.")
        return None if os.access(folder, os.R_OK | os.X_OK) else _WORDS[PermissionError]

    def _fault_of_place(self, folder: Path) -> str | None:
        system = folder.parent == folder or any(folder.is_relative_to(part) for part in _SYSTEM)
        if system and not (folder.is_relative_to(_DISKS) and folder != _DISKS):
            return "The system itself lives here. Name a folder that holds music and nothing else."
        data_dir = os.path.realpath(self._data_dir)
        offered = any(folder.is_relative_to(way) for way in (self._offered, os.path.realpath(self._offered)))
        inside = folder.is_relative_to(data_dir) and not offered
        if inside or Path(data_dir).is_relative_to(folder):
            return "Tonearm keeps its own files here. Name a folder that holds music and nothing else."
        return None


_WORDS: Final[dict[type[OSError], str]] = {
    FileNotFoundError: "There is no such folder. Make it first, or plug in the disk that it is on.",
    NotADirectoryError: "This is a file. Name the folder that the music is in.",
    PermissionError: "Tonearm may not read this folder. Give its user the right to, or name another one.",
}
_HANGS: Final = "The disk of this folder does not answer. See that it is on and plugged in, or name another one."
_NOT_LOOKED_AT: Final = (
    "This folder was not looked at: the disks of others, named before, do not answer yet. Take the one that was "
    "offered, or switch those disks on and try again."
)


def _fault_of_words(folder: Path) -> str | None:
    """What is wrong with a path, whatever the disk holds."""
    text = str(folder)
    if not folder.is_absolute():
        return "Write the whole path, from the first / on."
    if ".." in folder.parts:
        return "Write the path without two dots in it."
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return "There is a character in this path that no path has."
    if len(text.encode()) > _LONGEST:
        return "This path is too long."
    return None
