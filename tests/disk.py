"""A disk, and the worst that a power cut may leave on it: of what nobody synced, nothing.

The calls are real, and so are the files that they make. Beside them stands what is certain to be on disk: the bytes of
a file when it was synced last, the names of a folder when that was.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

#: As it is while nobody cuts the power.
_open = os.open
#: Of a file or a folder, while we hold it open: a number is not given to another one before.
_Key = tuple[int, int]


class PowerCut(BaseException):
    """Nothing more is written."""


class Disk:
    """The folder ``root``, of which everything is on disk now. ``memory``: a folder in it that is on no disk."""

    def __init__(self, root: Path, memory: Path | None = None) -> None:
        self._root = root
        self._memory = memory
        self._held: dict[_Key, int] = {}
        self._names: dict[_Key, dict[str, _Key]] = {}
        self._contents: dict[_Key, bytes] = {}
        self._links: dict[_Key, str] = {}
        for folder, _, names in os.walk(root):
            self._sync(Path(folder))
            for name in names:
                if not (path := Path(folder, name)).is_symlink():
                    self._sync(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)

    @contextmanager
    def powered(self, monkeypatch: pytest.MonkeyPatch, steps: int | None = None) -> Iterator[list[int]]:
        """Watch what is synced. The power goes before the call number ``steps`` that changes something; None: never.

        Gives how many there were.
        """
        spent = [0]

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def run(*arguments: object, **named: object) -> object:
                if spent[0] == steps:
                    raise PowerCut
                spent[0] += 1
                return call(*arguments, **named)

            return run

        sync = os.fsync

        def fsync(descriptor: int) -> None:
            sync(descriptor)
            self._sync(Path(os.readlink(f"/proc/self/fd/{descriptor}")))

        with monkeypatch.context() as patch:
            for name in ("open", "rename", "unlink", "symlink", "fchmod"):
                patch.setattr(os, name, counted(getattr(os, name)))
            patch.setattr(os, "fsync", counted(fsync))
            yield spent

    def names_arrive(self) -> None:
        """All names as they are now are on disk, though nobody waited for them: file systems may write them first."""
        for folder, _, _ in os.walk(self._root):
            self._sync(Path(folder))

    def survivors(self, into: Path) -> Path:
        """Make ``into`` what is certain to be there when the power is back."""
        self._restore(_key(self._root.stat()), into)
        return into

    def holds(self, secret: bytes) -> bool:
        """Whether somebody who reads the disk itself finds ``secret``, also in what was removed."""
        return any(secret in content for content in self._contents.values())

    def _sync(self, path: Path) -> None:
        key = self._hold(path)
        if self._memory is not None and path.is_relative_to(self._memory):
            return
        if path.is_dir():
            self._names[key] = {entry.name: self._hold(Path(entry.path)) for entry in list(os.scandir(path))}
        else:
            self._contents[key] = path.read_bytes()

    def _hold(self, path: Path) -> _Key:
        key = _key(path.lstat())
        if key not in self._held:
            self._held[key] = _open(path, os.O_PATH | os.O_NOFOLLOW)
        if path.is_symlink():
            self._links[key] = os.readlink(path)
        elif path.is_dir():
            self._names.setdefault(key, {})
        return key

    def _restore(self, key: _Key, path: Path) -> None:
        if key in self._links:
            path.symlink_to(self._links[key])
        elif key in self._names:
            path.mkdir()
            for name, inner in self._names[key].items():
                self._restore(inner, path / name)
        else:
            path.write_bytes(self._contents.get(key, b""))


def _key(stat: os.stat_result) -> _Key:
    return stat.st_dev, stat.st_ino
