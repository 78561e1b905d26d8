"""The instruments: each turns a pitch into the samples of one note, by adding harmonics or shaping noise.

Pitches are MIDI numbers (60 is middle C), times are seconds.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, chain, cycle, repeat
from operator import add, mul, sub
from random import Random

import msgspec

from appliance.demo.sound import FULL_SCALE, RATE, Sound, from_samples

# Harmonics above this would fold back at 44.1 kHz, or only hiss.
_HIGHEST = 14_000.0
# About as many samples as one turn of a wave table has, whatever the pitch: keeps it within a cent.
_TURN = 1_000


class Voice(StrEnum):
    PIANO = "piano"
    KEYS = "keys"
    VIBES = "vibes"
    STRINGS = "strings"
    REED = "reed"
    GUITAR = "guitar"
    UPRIGHT = "upright"
    SAW_BASS = "saw_bass"
    PLUCK = "pluck"
    LEAD = "lead"
    KICK = "kick"
    SNARE = "snare"
    RIM = "rim"
    CLAP = "clap"
    HAT = "hat"
    SHAKER = "shaker"
    DUST = "dust"


class Layer(msgspec.Struct, frozen=True):
    """Harmonics that die away together."""

    harmonics: tuple[tuple[int, float], ...]
    """Multiples of the pitch and their amplitudes."""
    decay: float
    """Seconds until 1/e of the start at middle C; higher notes are shorter. ``math.inf`` sustains."""
    cents: float = 0.0
    """Detuning; two sustained layers apart from each other beat gently."""


class Tone(msgspec.Struct, frozen=True):
    """A pitched instrument."""

    layers: tuple[Layer, ...]
    attack: float
    release: float
    ring: float | None = None
    """How long it sounds however short it is played, as struck and plucked things do; None follows the player."""
    grid: float = 0.01
    """Held times are rounded to multiples of this; a coarse one lets pieces of different pace share their notes."""
    tracking: float = 0.6
    """How much faster high notes decay: the exponent over octaves."""


def _harmonics(amplitudes: Sequence[float], first: int = 1) -> tuple[tuple[int, float], ...]:
    return tuple(enumerate(amplitudes, first))


_STRINGS = _harmonics((0.5, 0.3, 0.16, 0.1, 0.05, 0.03))
_REED = _harmonics((0.3, 0.26, 0.2, 0.1, 0.09, 0.05, 0.03))

_TONES = {
    Voice.PIANO: Tone(
        (
            Layer(_harmonics((0.5, 0.2, 0.08)), 1.3),
            Layer(_harmonics((0.09, 0.06, 0.035, 0.03, 0.02), 4), 0.35),
            Layer(_harmonics((0.03, 0.03, 0.02), 11), 0.05),
        ),
        attack=0.004,
        release=0.5,
        ring=1.7,
    ),
    Voice.KEYS: Tone(
        (
            Layer(((1, 0.5), (2, 0.12)), 1.1),
            Layer(((3, 0.08), (4, 0.07)), 0.4),
            Layer(((7, 0.08), (14, 0.04)), 0.12),
        ),
        attack=0.006,
        release=0.2,
        ring=1.7,
    ),
    Voice.VIBES: Tone((Layer(((1, 0.5),), 0.9), Layer(((4, 0.2), (10, 0.06)), 0.16)), 0.003, 0.25, ring=1.5),
    Voice.STRINGS: Tone((Layer(_STRINGS, math.inf, -6.0), Layer(_STRINGS, math.inf, 6.0)), 0.9, 1.1, grid=1.0),
    Voice.REED: Tone((Layer(_REED, math.inf, -4.0), Layer(_REED, math.inf, 5.0)), 0.05, 0.09, grid=0.1),
    Voice.GUITAR: Tone(
        (
            Layer(_harmonics((0.4, 0.3)), 0.7),
            Layer(_harmonics((0.18, 0.12, 0.1), 3), 0.35),
            Layer(_harmonics((0.08, 0.07, 0.05, 0.04, 0.03), 6), 0.13),
        ),
        attack=0.002,
        release=0.15,
        ring=1.1,
    ),
    Voice.UPRIGHT: Tone(
        (Layer(_harmonics((0.7, 0.3, 0.12)), 0.4), Layer(_harmonics((0.1, 0.06), 4), 0.08)),
        attack=0.006,
        release=0.3,
        ring=0.6,
        tracking=0.3,
    ),
    Voice.SAW_BASS: Tone(
        (
            Layer(_harmonics((0.6, 0.3)), 0.5),
            Layer(_harmonics((0.2, 0.15, 0.12), 3), 0.16),
            Layer(_harmonics((0.1, 0.08, 0.07, 0.06, 0.05), 6), 0.07),
        ),
        attack=0.004,
        release=0.03,
        grid=0.05,
        tracking=0.2,
    ),
    Voice.PLUCK: Tone(
        (
            Layer(((1, 0.4), (3, 0.1)), 0.3),
            Layer(((2, 0.14), (5, 0.08), (7, 0.06)), 0.12),
            Layer(((4, 0.06), (9, 0.05), (11, 0.04)), 0.05),
        ),
        attack=0.002,
        release=0.08,
        ring=0.6,
        tracking=0.3,
    ),
    Voice.LEAD: Tone(
        (
            Layer(((1, 0.34), (3, 0.1), (5, 0.04)), math.inf, -3.0),
            Layer(((1, 0.3), (2, 0.08), (4, 0.03)), math.inf, 4.0),
        ),
        attack=0.03,
        release=0.2,
        grid=0.1,
    ),
}


class Rack:
    """Plays notes, and remembers each so that the same note costs once. Make one for each album, and let go of it."""

    def __init__(self, seed: int) -> None:
        """``seed``: of the noise in the drums."""
        self._seed = seed
        self._played: dict[tuple[Voice, int, float], Sound] = {}

    def play(self, voice: Voice, pitch: int, seconds: float) -> Sound:
        """One note. ``seconds`` is how long it is held; drums and ringing instruments have their own length."""
        tone = _TONES.get(voice)
        held = 0.0 if tone is None or tone.ring is not None else max(1, round(seconds / tone.grid)) * tone.grid
        key = (voice, pitch, held)
        sound = self._played.get(key)
        if sound is None:
            samples = _drum(voice, Random(f"{self._seed} {voice}")) if tone is None else _note(tone, pitch, held)
            sound = self._played[key] = from_samples(samples)
        return sound


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    return 440.0 * math.exp2((pitch - 69.0) / 12.0)


def _note(tone: Tone, pitch: int, held: float) -> "array[float]":
    seconds = (held if tone.ring is None else tone.ring) + tone.release
    length = int(seconds * RATE)
    note = array("d", bytes(8 * length))
    for layer in tone.layers:
        decay = layer.decay * math.exp2(-tone.tracking * (pitch - 60) / 12.0)
        turn = _turn(hertz(pitch + layer.cents / 100.0), layer.harmonics)
        if math.isinf(decay):
            note = array("d", map(add, note, cycle(turn)))
        else:
            # After five time constants it is 43 dB below a start that is not the loudest part of the note.
            audible = min(length, int(5 * decay * RATE))
            note[:audible] = array("d", map(add, note[:audible], map(mul, cycle(turn), _fall(decay, audible))))
    return _shaped(note, tone.attack, tone.release)


def _turn(frequency: float, harmonics: Iterable[tuple[int, float]]) -> list[float]:
    """Some whole periods of the wave, to be repeated."""
    periods = max(1, round(_TURN * frequency / RATE))
    length = round(periods * RATE / frequency)
    turn = [0.0] * length
    for number, level in harmonics:
        if number * frequency < _HIGHEST:
            step, height = 2.0 * math.pi * periods * number / length, level * FULL_SCALE
            turn = [sample + height * math.sin(step * i) for i, sample in enumerate(turn)]
    return turn


def _fall(decay: float, length: int) -> Iterable[float]:
    """An exponential from 1.0, ``length`` values long."""
    return accumulate(repeat(math.exp(-1.0 / (decay * RATE)), length - 1), mul, initial=1.0)


def _shaped(samples: "array[float]", attack: float, release: float) -> "array[float]":
    """Raised-cosine ramps at both ends, so that nothing clicks."""
    rise = _ramp(min(int(attack * RATE), len(samples)))
    fall = _ramp(min(int(release * RATE), len(samples)))[::-1]
    samples[: len(rise)] = array("d", map(mul, samples[: len(rise)], rise))
    samples[len(samples) - len(fall) :] = array("d", map(mul, samples[len(samples) - len(fall) :], fall))
    return samples


@lru_cache(maxsize=64)
def _ramp(length: int) -> tuple[float, ...]:
    return tuple(0.5 - 0.5 * math.cos(math.pi * i / length) for i in range(length))


def _drum(voice: Voice, random: Random) -> "array[float]":
    match voice:
        case Voice.KICK:
            return _shaped(_sweep(150.0, 48.0, 0.035, 0.42, 0.14), 0.001, 0.05)
        case Voice.SNARE:
            body = _sweep(230.0, 180.0, 0.03, 0.22, 0.05)
            hiss = _noise(random, 0.22, 0.06, 0.5)
            return _shaped(array("d", (0.45 * b + h for b, h in zip(body, hiss, strict=True))), 0.001, 0.03)
        case Voice.RIM:
            return _shaped(_sweep(900.0, 820.0, 0.01, 0.08, 0.012), 0.0005, 0.01)
        case Voice.CLAP:
            hands = (_noise(random, 0.011, 0.006, 0.5) for _ in range(2))
            return _shaped(array("d", chain(*hands, _noise(random, 0.2, 0.05, 0.5))), 0.001, 0.03)
        case Voice.HAT:
            return _shaped(_hiss(_noise(random, 0.09, 0.018, 0.4)), 0.0005, 0.01)
        case Voice.SHAKER:
            return _shaped(_hiss(_noise(random, 0.12, 0.05, 0.3)), 0.035, 0.04)
        case _:
            return _shaped(_noise(random, 0.003, 0.001, 0.6), 0.0002, 0.001)


def _sweep(start: float, end: float, glide: float, seconds: float, decay: float) -> "array[float]":
    """A sine that falls from ``start`` to ``end`` Hz with time constant ``glide``, as a struck skin does."""
    length = int(seconds * RATE)
    pitch = (end + (start - end) * bend for bend in _fall(glide, length))
    phase = accumulate(frequency * 2.0 * math.pi / RATE for frequency in pitch)
    return array(
        "d", (FULL_SCALE * wave * fall for wave, fall in zip(map(math.sin, phase), _fall(decay, length), strict=True))
    )


def _noise(random: Random, seconds: float, decay: float, level: float) -> "array[float]":
    length = int(seconds * RATE)
    height = level * FULL_SCALE
    return array("d", (random.uniform(-height, height) * fall for fall in _fall(decay, length)))


def _hiss(noise: "array[float]") -> "array[float]":
    """Only the top of the spectrum: differences of neighbours, twice."""
    for _ in range(2):
        noise = array("d", map(sub, noise, noise[-1:] + noise[:-1]))
    return noise
