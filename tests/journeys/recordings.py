"""Sound to be heard by a server: short, real, in every format, and different in every file."""

import array
import io
import math
import random
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

#: By suffix: encoder, muxer, and how it is encoded where that is not the usual way.
_ENCODERS = {
    "aac": ("aac", "adts"),
    "aiff": ("pcm_s16be", "aiff"),
    "alac": ("alac", "ipod"),
    "flac": ("flac", "flac"),
    "m4a": ("aac", "ipod"),
    "mp3": ("libmp3lame", "mp3"),
    "ogg": ("vorbis", "ogg"),
    "opus": ("libopus", "ogg"),
    "wav": ("pcm_s16le", "wav"),
    "wma": ("wmav2", "asf"),
    "wv": ("wavpack", "wv"),
}


def record(path: Path, *, seconds: float = 2.0, pitch: int = 440, kind: str = "") -> Path:
    """A tone with some noise; ``pitch`` (Hz) makes the sound another one. ``kind``: if the suffix does not say it."""
    encoder, muxer = _ENCODERS[kind or path.suffix[1:]]
    rate = 48_000 if encoder == "libopus" else 44_100
    noise = random.Random(pitch)
    samples = array.array("h")
    for index in range(int(rate * seconds)):
        value = round(9000 * math.sin(2 * math.pi * pitch * index / rate)) + noise.randint(-500, 500)
        samples += array.array("h", (value, value // 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=muxer) as container:
        stream: Any = container.add_stream(encoder, rate=rate, options={"strict": "experimental"})
        stream.layout = "stereo"
        if encoder in {"aac", "libmp3lame", "libopus", "vorbis", "wmav2"}:
            stream.bit_rate = 128_000
        frame = AudioFrame(format="s16", layout="stereo", samples=len(samples) // 2)
        frame.sample_rate, frame.pts = rate, 0
        frame.planes[0].update(samples.tobytes())
        for piece in (frame, None):
            for packet in stream.encode(piece):
                container.mux(packet)
    return path


class Heard(NamedTuple):
    """What a player makes of some bytes."""

    seconds: float
    codec: str


def listen(content: bytes) -> Heard:
    """Decode it all; whatever is wrong on the way is raised."""
    with av.open(io.BytesIO(content), "r") as container:
        stream: AudioStream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return Heard(samples / stream.rate, stream.codec_context.codec.name)
