"""A studio that records small real files, and the stream room itself with real processes."""

import io
import math
import os
import struct
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import uuid4

import av
import pytest
import trio
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from appliance.core.catalogue import Artwork, MediaFile, Track
from appliance.core.ports import Offload
from appliance.offload import open_offload
from appliance.stream.service import Stream, open_stream
from appliance.stream.transcoder import Patience

#: Encoder, sample format, muxer.
_RECORDERS = {
    "wav": ("pcm_s16le", "s16", "wav"),
    "aiff": ("pcm_s16be", "s16", "aiff"),
    "flac": ("flac", "s16", "flac"),
    "mp3": ("libmp3lame", "s16p", "mp3"),
    "opus": ("libopus", "s16", "ogg"),
    "ogg": ("vorbis", "fltp", "ogg"),
    "m4a": ("aac", "fltp", "ipod"),
    "aac": ("aac", "fltp", "adts"),
    "wma": ("wmav2", "fltp", "asf"),
    "wv": ("wavpack", "s16p", "wv"),
    "tta": ("tta", "s16", "tta"),
}
_CODECS = {"wav": "pcm", "aiff": "pcm", "ogg": "vorbis", "m4a": "aac", "wma": "wma", "wv": "wavpack"}


class Heard(NamedTuple):
    """A decoded result."""

    seconds: float
    rate: int
    channels: int
    codec: str
    onset_ms: float | None
    """When the sound begins after silence; None when there is none."""


class Studio:
    """Records into one folder, which is a library's root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def record(
        self,
        name: str,
        seconds: float = 2.0,
        *,
        rate: int = 44_100,
        layout: str = "stereo",
        onset: float = 0.0,
        sample_format: str | None = None,
    ) -> Path:
        """A file of silence up to ``onset``, and a loud tone from there on. Opus is always recorded at 48 kHz."""
        suffix = name.rpartition(".")[2]
        encoder, encoded_format, muxer = _RECORDERS[suffix]
        rate = 48_000 if suffix == "opus" else rate
        path = self.root / name
        with av.open(str(path), "w", format=muxer) as container:
            stream = container.add_stream(encoder, rate=rate, options={"strict": "experimental"})
            assert isinstance(stream, AudioStream)
            stream.bit_rate = 128_000
            stream.codec_context.layout = layout
            stream.codec_context.format = sample_format or encoded_format
            for frame in _tone(int(seconds * rate), int(onset * rate), rate, stream.codec_context.layout.nb_channels):
                for packet in stream.encode(frame):
                    container.mux(packet)
            for packet in stream.encode(None):
                container.mux(packet)
        return path

    def silence(self, name: str, seconds: float) -> Path:
        """A sparse WAV file of any length, made in no time."""
        size = int(seconds * 44_100) * 4
        header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
        header += struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 44_100 * 4, 4, 16) + b"data" + struct.pack("<I", size)
        path = self.root / name
        path.write_bytes(header)
        os.truncate(path, len(header) + size)
        return path

    def track(self, name: str, seconds: float, *, rate: int = 44_100) -> Track:
        """The track that a scan would have made of a file of this length."""
        facts = (self.root / name).stat()
        suffix = name.rpartition(".")[2]
        file = MediaFile(
            id=uuid4(),
            library_number=1,
            root=os.fsencode(self.root),
            path=os.fsencode(name),
            size=facts.st_size,
            mtime_ns=facts.st_mtime_ns,
            suffix=suffix,
            codec=_CODECS.get(suffix, suffix),
            bit_rate=1411,
            sample_rate=48_000 if suffix == "opus" else rate,
            channels=2,
            bit_depth=16,
        )
        return Track(
            id=uuid4(),
            title="A",
            sort_title="a",
            album_id=uuid4(),
            album_title="B",
            artists=(),
            artist_display="",
            album_artists=(),
            album_artist_display="",
            disc_number=1,
            track_number=1,
            duration_ms=round(seconds * 1000),
            genres=(),
            moods=(),
            release_date=None,
            original_date=None,
            year=None,
            cover_id=None,
            musicbrainz_recording_id=None,
            track_gain=None,
            track_peak=None,
            album_gain=None,
            album_peak=None,
            bpm=None,
            isrc=None,
            comment=None,
            created_at=datetime.now(UTC),
            file=file,
        )

    def artwork(self, name: str, source: str, identity: bytes) -> Artwork:
        return Artwork(
            id=uuid4(),
            identity=identity,
            source=source,
            root=os.fsencode(self.root),
            path=os.fsencode(name),
            media_type="image/jpeg",
            size=1,
        )

    def hear(self, data: bytes) -> Heard:
        """Decode all of it."""
        samples = array("h")
        with av.open(io.BytesIO(data), "r") as container:
            stream = container.streams.audio[0]
            mono = AudioResampler("s16", "mono", stream.rate)
            frames = [frame for decoded in container.decode(stream) for frame in mono.resample(decoded)]
            for frame in (*frames, *mono.resample(None)):
                samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
            onset = next((place for place, value in enumerate(samples) if abs(value) > 3000), None)
            return Heard(
                seconds=len(samples) / stream.rate,
                rate=stream.rate,
                channels=stream.codec_context.layout.nb_channels,
                codec=stream.codec_context.name,
                onset_ms=None if onset is None else onset * 1000 / stream.rate,
            )


def _tone(samples: int, onset: int, rate: int, channels: int) -> list[AudioFrame]:
    frames = []
    for start in range(0, samples, 4096):
        count = min(4096, samples - start)
        values = (
            int(12_000 * math.sin(place * 2 * math.pi * 440 / rate)) if place >= onset else 0
            for place in range(start, start + count)
        )
        interleaved = array("h", (value for value in values for _ in range(channels)))
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
        frame = AudioFrame("s16", layout, count)
        frame.planes[0].update(interleaved.tobytes())
        frame.sample_rate = rate
        frame.pts = start
        frame.time_base = Fraction(1, rate)
        frames.append(frame)
    return frames


class Room:
    """The stream room, with workers that are warm."""

    def __init__(self, stream: Stream, studio: Studio, cache: Path) -> None:
        self.media = stream.media
        self.covers = stream.covers
        self.stream = stream
        self.studio = studio
        self.transcodes = cache / "transcodes"
        self.artwork = cache / "artwork"

    def entries(self) -> list[str]:
        """What is on the shelf of transcodes, half-made ones included."""
        return sorted(entry.name for entry in self.transcodes.iterdir())


class Until(Protocol):
    """Waits for something that other processes bring about; fails when it does not come."""

    async def __call__(self, condition: Callable[[], bool], seconds: float = 10.0) -> None: ...


async def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    with trio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110  # another process cannot set an event of ours
            await trio.sleep(0.005)  # another process cannot set an event of ours


@pytest.fixture
def until() -> Until:
    return _until


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    root = tmp_path / "music"
    root.mkdir()
    return Studio(root)


@pytest.fixture
async def offload() -> AsyncIterator[Offload]:
    async with open_offload(workers=1) as opened:
        yield opened


OpenRoom = Callable[..., AbstractAsyncContextManager[Room]]


@pytest.fixture
def open_room(tmp_path: Path, studio: Studio, offload: Offload) -> OpenRoom:
    """Opens rooms with limits of the test's own."""

    @asynccontextmanager
    async def opening(
        workers: int = 1, cache_bytes: int = 64_000_000, patience: Patience | None = None
    ) -> AsyncIterator[Room]:
        async with open_stream(
            cache_dir=tmp_path / "cache",
            cache_bytes=cache_bytes,
            workers=workers,
            offload=offload,
            patience=patience,
        ) as stream:
            await _until(lambda: stream.warm_workers == workers)
            yield Room(stream, studio, tmp_path / "cache")

    return opening


@pytest.fixture
async def room(open_room: OpenRoom) -> AsyncIterator[Room]:
    async with open_room() as opened:
        yield opened
