"""The benchmark library: as many tagged files as wanted, the same for the same seed, kept between runs."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from appliance.core.ports import Progress
from bench.songs import Song, songs
from bench.sounds import Sounds
from bench.tagging import tagged

SEED: Final = 4533
_SOURCES: Final = ("library.py", "songs.py", "sounds.py", "tagging.py", "words.py")


def kept_library(files: int, progress: Progress) -> Path:
    """The library of ``files`` files, from the cache or written now (some 1,500 a second)."""
    folder = cache() / f"library-{files}-{_edition()}"
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_library(folder / "music", files, progress=progress)
        complete.touch()
    return folder / "music"


def cache() -> Path:
    """Where benchmarks keep what takes long to make: below the system's folder for temporary files, ours alone."""
    folder = Path(tempfile.gettempdir()) / f"tonearm-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    return folder


def _edition() -> str:
    """Another program writes another library."""
    digest = hashlib.blake2b(digest_size=5)
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()


def write_library(folder: Path, files: int, *, seed: int = SEED, progress: Progress | None = None) -> None:
    """Write ``files`` files below ``folder``."""
    sounds = Sounds()
    for done, song in enumerate(songs(files, seed), start=1):
        path = folder / song.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_content(song, sounds))
        if progress is not None and (done % 50 == 0 or done == files):
            progress(done, files)


def _content(song: Song, sounds: Sounds) -> bytes:
    whole = tagged(sounds.of(song.album.suffix, song.salt), song)
    spoil = _SPOILED.get(song.hostility or "")
    return whole if spoil is None else spoil(whole, Random(song.salt))


def _flipped(whole: bytes, random: Random) -> bytes:
    spoiled = bytearray(whole)
    for _ in range(20):
        spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


_SPOILED: Final[dict[str, Callable[[bytes, Random], bytes]]] = {
    "empty": lambda _whole, _random: b"",
    "noise": lambda _whole, random: random.randbytes(4000),
    "web page": lambda _whole, _random: b"<!DOCTYPE html><html><body>404 Not Found</body></html>" * 20,
    "cut short": lambda whole, random: whole[: random.randrange(20, len(whole) // 2)],
    # An ID3 tag of 256 MB.
    "huge tag": lambda whole, _random: b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + whole,
    "flipped bits": _flipped,
    # What a tag editor in another encoding leaves behind.
    "bad text": lambda whole, _random: whole.replace(b"the", b"\xff\x00\xfe").replace(b"er", b"\xe9\xe8"),
    "wrong suffix": lambda whole, _random: b"RIFF\x24\x00\x00\x00WAVEfmt " + whole[:2000],
}
"""What becomes of a hostile file; an odd name is hostile without."""
