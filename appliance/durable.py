"""Files that are there whole or not at all, and on disk when a function here returns: the power may go at any time."""

import os
from contextlib import suppress
from pathlib import Path

#: Of a name while it is being made; beside the name that it will have, since a rename does not cross file systems.
_UNFINISHED = ".tonearm-new"


def replace_file(path: Path, content: bytes, mode: int = 0o644, *, group: int | None = None) -> None:
    """Put ``content`` at ``path``; whoever reads meanwhile sees the old or the new. Raises ``OSError``.

    ``mode`` and ``group`` hold from before the first byte is written, and are left aside by file systems that know
    neither, such as the FAT of a boot partition.
    """
    unfinished = _unfinished(path)
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            if group is not None:
                os.fchown(file.fileno(), -1, group)
            with suppress(PermissionError):
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except OSError:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    sync_folder(path.parent)


def replace_link(path: Path, target: str) -> None:
    """Make ``path`` a symbolic link to ``target``, whatever it was before. Raises ``OSError``."""
    unfinished = _unfinished(path)
    os.symlink(target, unfinished)
    os.rename(unfinished, path)
    sync_folder(path.parent)


def erase_file(path: Path) -> None:
    """Overwrite what ``path`` holds, and remove it; nothing is done when there is none. Raises ``OSError``.

    A card may keep old blocks all the same: nothing but encryption helps against whoever takes it apart.
    """
    try:
        with open(os.open(path, os.O_WRONLY | os.O_NOFOLLOW), "wb") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    os.unlink(path)
    sync_folder(path.parent)


def remove_file(path: Path) -> None:
    """Remove ``path`` if it is there. Raises ``OSError``."""
    with suppress(FileNotFoundError):
        os.unlink(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on disk. Raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unfinished(path: Path) -> Path:
    """The name for while ``path`` is being made; what an earlier power cut left there is removed."""
    unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
    with suppress(FileNotFoundError):
        os.unlink(unfinished)
    return unfinished
