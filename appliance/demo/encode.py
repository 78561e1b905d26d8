"""From PCM to a file in one of the four formats, the same bytes for the same sound and the same PyAV."""

from pathlib import Path
from typing import Literal

import av
import msgspec
from av.audio.stream import AudioStream
from av.codec.context import Flags

from appliance.demo.frames import frames
from appliance.demo.render import Recording
from appliance.demo.sound import RATE


class _Format(msgspec.Struct, frozen=True):
    container: str
    codec: str
    rate: int
    """Hz; Opus knows no 44.1 kHz."""
    bit_rate: int | None = None
    """bit/s"""
    container_options: dict[str, str] = {}
    codec_options: dict[str, str] = {}


# The encoders' quicker settings: a demo is waited for, and its bit rates are generous.
_FORMATS = {
    "flac": _Format("flac", "flac", RATE),
    "mp3": _Format("mp3", "libmp3lame", RATE, 160_000, {"id3v2_version": "0"}, {"compression_level": "7"}),
    # The serial number of an Ogg stream is random unless it is given.
    "opus": _Format(
        "opus", "libopus", 48_000, 96_000, {"serial_offset": "4533"}, {"vbr": "constrained", "compression_level": "5"}
    ),
    "m4a": _Format("ipod", "aac", RATE, 160_000, {"movflags": "+faststart"}, {"aac_coder": "fast"}),
}


def encode(recording: Recording, path: Path, suffix: Literal["flac", "mp3", "opus", "m4a"]) -> None:
    """Write ``path``, whatever its name ends with, in the format of ``suffix``; an existing file is replaced."""
    form = _FORMATS[suffix]
    options = {"fflags": "+bitexact", **form.container_options}
    with av.open(str(path), "w", format=form.container, options=options) as output:
        stream = output.add_stream(form.codec, rate=form.rate, layout="stereo", options=form.codec_options)
        assert isinstance(stream, AudioStream)
        stream.codec_context.flags |= Flags.bitexact
        if form.bit_rate is not None:
            stream.bit_rate = form.bit_rate
        for frame in frames("s16", [recording.pcm]):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
