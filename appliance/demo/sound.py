"""Mono sounds that are added, amplified and delayed at the speed of C, without an array library.

A sound is one big integer: the polynomial ``sum(sample[i] * 2**(32 * i))`` over signed samples. Adding two of them
adds all their samples, multiplying by a small integer amplifies, and a shift by 32 bits delays by one sample, all in
linear time. The sums stay exact as long as every sample of the result fits in 32 signed bits.
"""

from array import array
from collections.abc import Iterable, Sequence

import msgspec

#: Samples per second of everything that is rendered.
RATE = 44_100
#: The amplitude of a loud note.
FULL_SCALE = 1 << 15
_LANE = 32
_HALF = 1 << (_LANE - 1)
_UNITY = 256


class Sound(msgspec.Struct, frozen=True):
    lanes: int
    samples: int


class Placed(msgspec.Struct, frozen=True):
    """A sound at its place in a mix."""

    start: int
    """In samples."""
    sound: Sound
    level: float
    """1.0 leaves it as it is; steps of 1/256."""


def from_samples(samples: Iterable[float]) -> Sound:
    """A sound of samples within about ±``FULL_SCALE``."""
    whole = array("i", map(int, samples))
    lift = _lift(len(whole))
    # Flipping every sign bit lifts two's complement lanes above zero without a carry between them.
    return Sound((int.from_bytes(whole.tobytes(), "little") ^ lift) - lift, len(whole))


def mix(parts: Sequence[Placed], samples: int) -> bytes:
    """The sum of ``parts``, cut to ``samples``: signed 32-bit little-endian PCM.

    A part at full scale and level 1.0 reaches 2**23, so 255 of them may coincide before a lane overflows.
    """
    ordered = sorted((part for part in parts if 0 <= part.start < samples), key=lambda part: part.start)
    lanes = _sum(ordered) << (_LANE * ordered[0].start) if ordered else 0
    longest = max((part.start + part.sound.samples for part in ordered), default=0)
    lift = _lift(max(longest, samples))
    return ((lanes + lift) ^ lift).to_bytes(max(longest, samples) * _LANE // 8, "little")[: samples * _LANE // 8]


def _sum(parts: Sequence[Placed]) -> int:
    """The sum relative to the first part's start. Halving keeps every addition about as long as what it adds."""
    if len(parts) == 1:
        return parts[0].sound.lanes * round(parts[0].level * _UNITY)
    middle = len(parts) // 2
    late = _sum(parts[middle:]) << (_LANE * (parts[middle].start - parts[0].start))
    return _sum(parts[:middle]) + late


def _lift(samples: int) -> int:
    """What makes every lane of a signed sum positive."""
    return int.from_bytes(_HALF.to_bytes(_LANE // 8, "little") * samples, "little")
