"""The unpacked root, written from outside without ever being led out of it."""

import os
import shutil
from pathlib import Path

from image.failure import ImageFailed


class Tree:
    """A folder that is the root of another system.

    A link in there means something in there: followed from outside, ``/etc/x`` would be this machine's. So no path
    through a link is written or removed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where ``name`` (as that system sees it) lies.

        Raises ``ImageFailed`` if a link is on the way, or at its end.
        """
        found = self.root
        for part in name.strip("/").split("/"):
            if part in {"", ".", ".."}:
                raise ImageFailed(f"{name!r} is no plain path")
            found /= part
            if found.is_symlink():
                raise ImageFailed(f"{found} is a link: not followed from outside")
        return found

    def write(self, name: str, text: str, mode: int) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def move_contents(self, name: str, to: Path) -> None:
        """Moves what lies in a folder to the folder ``to``, which is made anew; leaves an empty folder behind.

        Owners and modes stay, also those of the folder itself. Within one file system nothing is copied.
        """
        source = self.path(name)
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        source.mkdir(parents=True, exist_ok=True)
        for entry in sorted(os.listdir(source)):
            os.rename(source / entry, to / entry)
        kept = source.stat()
        os.chown(to, kept.st_uid, kept.st_gid)
        to.chmod(kept.st_mode & 0o7777)
