"""Real sound in every format that the worker reads, made once for the session."""

import array
import base64
import math
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from av.audio.frame import AudioFrame
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2, APEValue
from mutagen.asf import ASF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TIT2, TPE1
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from appliance.core.sheet import Fault, Sheet
from appliance.ingest.reading import read_batch

#: File name: encoder, sample rate, bit rate.
_ENCODERS: dict[str, tuple[str, int, int | None]] = {
    "sound.flac": ("flac", 44_100, None),
    "sound.mp3": ("libmp3lame", 44_100, 128_000),
    "sound.ogg": ("vorbis", 44_100, 128_000),
    "sound.opus": ("libopus", 48_000, 256_000),
    "sound.oga": ("flac", 44_100, None),
    "sound.m4a": ("aac", 44_100, 128_000),
    "lossless.m4a": ("alac", 44_100, None),
    "sound.aac": ("aac", 44_100, 128_000),
    "sound.wav": ("pcm_s16le", 44_100, None),
    "sound.aiff": ("pcm_s16be", 44_100, None),
    "sound.wma": ("wmav2", 44_100, 128_000),
    "sound.wv": ("wavpack", 44_100, None),
    "sound.tta": ("tta", 44_100, None),
}
NAMES = [*_ENCODERS, "sound.ape"]


def write_sound(path: Path, *, seconds: float = 1.0, pitch: int = 440, bit_rate: int | None = None) -> None:
    """A tone with some noise, encoded by what the file's name asks for."""
    if path.suffix == ".ape":
        path.write_bytes(_ape(pitch))
        return
    encoder, rate, usual = _ENCODERS.get(path.name) or _ENCODERS["sound" + path.suffix]
    noise = random.Random(pitch)
    samples = array.array("h")
    for index in range(int(rate * seconds)):
        value = round(6000 * math.sin(2 * math.pi * pitch * index / rate)) + noise.randint(-900, 900)
        samples += array.array("h", (value, value // 2))
    options = {"strict": "experimental"} if encoder == "vorbis" else {}
    with av.open(str(path), "w", format="adts" if path.suffix == ".aac" else None) as container:
        stream: Any = container.add_stream(encoder, rate=rate, options=options)
        stream.layout = "stereo"
        if bit_rate or usual:
            stream.bit_rate = bit_rate or usual
        frame = AudioFrame(format="s16", layout="stereo", samples=len(samples) // 2)
        frame.sample_rate, frame.pts = rate, 0
        frame.planes[0].update(samples.tobytes())
        for piece in (frame, None):
            for packet in stream.encode(piece):
                container.mux(packet)


def _ape(seed: int) -> bytes:
    """A Monkey's Audio file as far as headers go (version 3.99), then what stands for frames."""
    frames = random.Random(seed).randbytes(40_000)
    descriptor = struct.pack("<4sHHIIIIIII16s", b"MAC ", 3990, 0, 52, 24, 4, 0, len(frames), 0, 0, bytes(16))
    header = struct.pack("<HHIIIHHI", 2000, 0, 73_728, 44_100, 1, 16, 2, 44_100)
    return descriptor + header + bytes(4) + frames


class Recorder:
    """Puts real audio files into one folder, tags them, and reads them as a scan does."""

    def __init__(self, archive: Path, root: Path) -> None:
        self._archive = archive
        self.root = root

    def put(self, name: str, to: str | None = None) -> Path:
        """A copy of a recording, untagged; ``to`` is its path below the root."""
        target = self.root / (to or name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._archive / name, target)
        return target

    def record(self, name: str, *, seconds: float = 1.0, pitch: int = 440, bit_rate: int | None = None) -> Path:
        """A new recording."""
        write_sound(self.root / name, seconds=seconds, pitch=pitch, bit_rate=bit_rate)
        return self.root / name

    def retag(self, path: Path, title: str, cover: bytes | None = None) -> None:
        """Write a title, an artist, an album and a cover the way the container has them."""
        _TAGGERS[path.suffix](path, title, cover)

    def sheet(self, path: Path) -> Sheet:
        reading = read_batch(bytes(self.root), [os.fsencode(path.relative_to(self.root))], {})
        assert not reading.faults, reading.faults
        return reading.sheets[0]

    def fault(self, path: Path) -> Fault:
        reading = read_batch(bytes(self.root), [os.fsencode(path.relative_to(self.root))], {})
        assert not reading.sheets, reading.sheets
        return reading.faults[0]


@pytest.fixture(scope="session")
def _archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for name in NAMES:
        write_sound(folder / name)
    return folder


@pytest.fixture
def recorder(_archive: Path, tmp_path: Path) -> Recorder:
    root = tmp_path / "music"
    root.mkdir()
    return Recorder(_archive, root)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each recording in turn."""
    value: str = request.param
    return value


@pytest.fixture
def cover() -> bytes:
    """Large enough to push the sound across many pages."""
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 800


def _vorbis(path: Path, title: str, cover: bytes | None) -> None:
    kinds: dict[str, Any] = {".ogg": OggVorbis, ".opus": OggOpus, ".oga": OggFLAC, ".flac": FLAC}
    media = kinds[path.suffix](path)
    media["title"], media["artist"], media["album"] = title, "Ana", "Album"
    if cover is not None:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", cover
        if path.suffix == ".flac":
            media.add_picture(picture)
        else:
            media["metadata_block_picture"] = base64.b64encode(picture.write()).decode()
    media.save()


def _id3(path: Path, title: str, cover: bytes | None) -> None:
    kinds: dict[str, Any] = {".wav": WAVE, ".aiff": AIFF, ".mp3": MP3}
    media = kinds[path.suffix](path) if path.suffix in kinds else None
    if media is not None and media.tags is None:
        media.add_tags()
    tags = media.tags if media is not None else ID3()
    for frame in (TIT2(text=title), TPE1(text="Ana"), TALB(text="Album")):
        tags.add(frame)
    if cover is not None:
        tags.add(APIC(type=3, mime="image/png", data=cover))
    if media is not None:
        media.save()
    else:
        tags.save(path)


def _mp4(path: Path, title: str, cover: bytes | None) -> None:
    media: Any = MP4(path)
    media["\xa9nam"], media["\xa9ART"], media["\xa9alb"] = title, "Ana", "Album"
    if cover is not None:
        media["covr"] = [MP4Cover(cover, MP4Cover.FORMAT_PNG)]
    media.save()


def _apev2(path: Path, title: str, cover: bytes | None) -> None:
    tags: Any = APEv2()
    tags["Title"], tags["Artist"], tags["Album"] = title, "Ana", "Album"
    if cover is not None:
        tags["Cover Art (Front)"] = APEValue(b"cover.png\0" + cover, 1)
    tags.save(path)


def _asf(path: Path, title: str, cover: bytes | None) -> None:
    media: Any = ASF(path)
    media["Title"], media["Author"], media["WM/AlbumTitle"] = title, "Ana", "Album"
    if cover is not None:
        head = struct.pack("<BI", 3, len(cover)) + "image/png\0".encode("utf-16-le") + b"\0\0"
        media["WM/Picture"] = [head + cover]
    media.save()


_TAGGERS: dict[str, Callable[[Path, str, bytes | None], None]] = {
    ".aac": _id3,
    ".aiff": _id3,
    ".ape": _apev2,
    ".flac": _vorbis,
    ".m4a": _mp4,
    ".mp3": _id3,
    ".oga": _vorbis,
    ".ogg": _vorbis,
    ".opus": _vorbis,
    ".tta": _id3,
    ".wav": _id3,
    ".wma": _asf,
    ".wv": _apev2,
}
