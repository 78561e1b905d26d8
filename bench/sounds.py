"""One second of sound in four formats, and as many different ones as are wanted from each.

Encoding each file would take minutes. Instead a few bytes of the sound are changed in place, so that every file plays
and every one has an audio identity of its own (appliance/ingest/identity.py).
"""

import io
import math
import struct
import tempfile
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.codec.context import Flags
from mutagen.ogg import OggPage

_RATE: Final = 48_000
_FORMATS: Final[dict[str, tuple[str, str, dict[str, str], int | None]]] = {
    "flac": ("flac", "flac", {}, None),
    "mp3": ("mp3", "libmp3lame", {"id3v2_version": "0"}, 128_000),
    "m4a": ("ipod", "aac", {"movflags": "+faststart"}, 128_000),
    # The serial number of an Ogg stream is random unless it is given.
    "opus": ("opus", "libopus", {"serial_offset": "1", "page_duration": "200000"}, 96_000),
}
"""By suffix: muxer, encoder, options of the muxer, bit/s."""


class Sounds:
    """The four seeds, encoded once."""

    def __init__(self) -> None:
        chord = _chord()
        self._seeds = {suffix: _encoded(suffix, chord) for suffix in _FORMATS}

    def of(self, suffix: str, salt: int) -> bytes:
        """A file without tags; another ``salt`` (64 bits) gives another sound."""
        return _VARIED[suffix](self._seeds[suffix], struct.pack("<Q", salt))


def _encoded(suffix: str, pcm: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        # A real file, since "faststart" reads it again.
        path = Path(folder) / f"seed.{suffix}"
        _encode(path, pcm, suffix)
        return path.read_bytes()


def _encode(path: Path, pcm: bytes, suffix: str) -> None:
    muxer, encoder, options, bit_rate = _FORMATS[suffix]
    with av.open(str(path), "w", format=muxer, options={"fflags": "+bitexact", **options}) as output:
        stream = output.add_stream(encoder, rate=_RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.codec_context.flags |= Flags.bitexact
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame(format="s16", layout="mono", samples=_RATE)
        frame.sample_rate = _RATE
        frame.time_base = Fraction(1, _RATE)
        frame.pts = 0
        frame.planes[0].update(pcm)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _chord() -> bytes:
    """A second of C major, quiet, so that it compresses as music does."""
    turns = [2 * math.pi * hertz / _RATE for hertz in (261.63, 329.63, 392.00)]
    return array("h", (round(2500 * sum(math.sin(turn * at) for turn in turns)) for at in range(_RATE))).tobytes()


def _flac(seed: bytes, salt: bytes) -> bytes:
    """Another MD5 of the decoded sound, which stands at the end of STREAMINFO; players do not check it."""
    return seed[:26] + salt + salt[::-1] + seed[42:]


def _mp3(seed: bytes, salt: bytes) -> bytes:
    """Other scale factors and samples within the last frame but a few."""
    at = len(seed) - 600
    return seed[:at] + salt + seed[at + len(salt) :]


def _m4a(seed: bytes, salt: bytes) -> bytes:
    """More bytes at the end of ``mdat``, which no sample refers to. It is the last atom, so nothing moves."""
    at = seed.index(b"mdat") - 4
    length = int.from_bytes(seed[at : at + 4]) + len(salt)
    return seed[:at] + length.to_bytes(4) + seed[at + 4 :] + salt


def _opus(seed: bytes, salt: bytes) -> bytes:
    """Another end of the last packet, in a page with its right checksum."""
    file = io.BytesIO(seed)
    pages: list[Any] = []
    while file.tell() < len(seed):
        pages.append(OggPage(file))
    packets = pages[-1].packets
    pages[-1].packets = [*packets[:-1], packets[-1][: -len(salt)] + salt]
    return b"".join(page.write() for page in pages)


_VARIED: Final = {"flac": _flac, "mp3": _mp3, "m4a": _m4a, "opus": _opus}
