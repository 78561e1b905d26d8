"""PCM as PyAV wants it."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

from av import AudioFrame

from appliance.demo.sound import RATE

#: All of them take 4 bytes for each sample of each plane: two planes of 32 bits, or one of twice 16 bits.
Format = Literal["s32p", "fltp", "s16"]
_BYTES = 4


def frames(form: Format, planes: Sequence[bytes]) -> Iterator[AudioFrame]:
    """Stereo sound in frames of one second; larger ones make every filter keep buffers of their size."""
    length = len(planes[0]) // _BYTES
    for start in range(0, length, RATE):
        end = min(start + RATE, length)
        frame = AudioFrame(format=form, layout="stereo", samples=end - start)
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = start
        for plane, data in zip(frame.planes, planes, strict=True):
            plane.update(data[start * _BYTES : end * _BYTES])
        yield frame
