"""Writes the demo library into a folder."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from appliance.core.ports import Progress
from appliance.demo.albums import ALBUMS
from appliance.demo.covers import draw
from appliance.demo.encode import encode
from appliance.demo.instruments import Rack
from appliance.demo.label import label, levels
from appliance.demo.render import perform
from appliance.demo.scores import Album, Track

#: Any other seed gives other melodies and covers under the same names.
SEED = 4533
# Hidden, and no name of music, so that no scan takes an unfinished file for a track.
_UNFINISHED = ".tonearm-demo-unfinished"


def write_demo(folder: Path, *, seed: int = SEED, progress: Progress | None = None) -> list[Path]:
    """Put the demo library into ``folder``, and return its files: album by album, a cover file before its tracks.

    Makes the folder if it is missing. What exists stays untouched, whoever made it, so a second call does nothing and
    a call after an interruption completes the rest. Takes seconds of one core; blocks. A second caller waits for the
    first. ``progress`` is told the finished tracks and their total, after each. Raises ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(1 for album in ALBUMS for _ in album.tracks())
    done = 0
    files: list[Path] = []
    with _alone_in(folder):
        for album in ALBUMS:
            for path in _write_album(folder, album, seed):
                files.append(path)
                if path.suffix == f".{album.suffix}":
                    done += 1
                    if progress is not None:
                        progress(done, total)
    return files


def _write_album(folder: Path, album: Album, seed: int) -> Iterator[Path]:
    (folder / album.folder).mkdir(parents=True, exist_ok=True)
    cover = draw(album.cover, seed)
    if album.cover_place == "folder":
        path = folder / album.folder / "cover.jpg"
        _write_once(path, partial(_print, cover=cover))
        yield path
    rack = Rack(seed)
    for track in album.tracks():
        path = folder / track.path
        embedded = cover if album.cover_place == "embedded" else None
        _write_once(path, partial(_record, track=track, rack=rack, cover=embedded, seed=seed))
        yield path


def _print(path: Path, *, cover: bytes) -> None:
    path.write_bytes(cover)


def _record(path: Path, *, track: Track, rack: Rack, cover: bytes | None, seed: int) -> None:
    recording = perform(track.piece, rack, seed)
    # PyAV's filter graphs are reference cycles around large buffers, and few objects: nothing else would collect them.
    gc.collect()
    encode(recording, path, track.album.suffix)
    label(path, track, levels(track.album, recording), cover)


def _write_once(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make the file beside its place and move it there when it is whole and on the disk."""
    if os.path.lexists(path):
        return
    unfinished = path.with_name(_UNFINISHED)
    write(unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(path)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel lets go of it when the process dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
