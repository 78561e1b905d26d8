"""What a musician knows: scales, chord symbols, close voicings, a tune over chords. Pitches are MIDI numbers."""

import re
from collections.abc import Sequence
from random import Random

import msgspec

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}
_CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "add9": (0, 4, 7, 14),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "13": (0, 4, 10, 14, 21),
    "sus4": (0, 5, 7),
    "9sus4": (0, 5, 10, 14),
}
_SYMBOL = re.compile(r"([A-G][#b]?)([^/]*)(?:/([A-G][#b]?))?")


class Chord(msgspec.Struct, frozen=True):
    """Pitch classes, 0 for C."""

    bass: int
    root: int
    tones: tuple[int, ...]

    def fifth(self) -> int:
        return self.tones[2] if len(self.tones) > 2 else self.root


class Step(msgspec.Struct, frozen=True):
    """One note of a tune. Times are beats from the start of the piece."""

    start: float
    length: float
    pitch: int
    accent: float


def chord(symbol: str) -> Chord:
    """Read a symbol such as ``Am7`` or ``G/B``. Raises ``ValueError`` for one that is not known."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None or match[2] not in _CHORDS:
        raise ValueError(f"not a chord: {symbol}")
    root = _pitch_class(match[1])
    tones = tuple((root + interval) % 12 for interval in _CHORDS[match[2]])
    return Chord(_pitch_class(match[3]) if match[3] else root, root, tones)


def scale(name: str) -> tuple[int, ...]:
    """The pitch classes of a scale such as ``D dorian``, its tonic first."""
    tonic, _, mode = name.partition(" ")
    return tuple((_pitch_class(tonic) + step) % 12 for step in _SCALES[mode])


def above(pitch_class: int, low: int) -> int:
    """The first pitch of its class from ``low`` upwards."""
    return low + (pitch_class - low) % 12


def voiced(chord: Chord, low: int) -> tuple[int, ...]:
    """The chord within the octave above ``low``, rising: neighbours move little when all keep to one octave."""
    return tuple(sorted({above(tone, low) for tone in chord.tones}))


def tune(
    random: Random,
    chords: Sequence[Chord],
    scale: Sequence[int],
    rhythms: Sequence[Sequence[tuple[float, float]]],
    *,
    low: int,
    beats: int,
) -> list[Step]:
    """A melody in the octave and a half above ``low``: chord tones on the beat of each bar, small steps between.

    ``rhythms`` are (beat, length) pairs of one bar each, taken in turn. A bar repeats the moves of the bar two
    before it, moved to its own chord, so that the ear finds phrases.
    """
    moves = [[random.choice((-2, -1, -1, 1, 1, 2)) for _ in range(8)] for _ in range(2)]
    pitch = above(chords[0].tones[2], low + 4)
    steps: list[Step] = []
    for bar, harmony in enumerate(chords):
        consonant = _consonant(harmony, scale, low, low + 19)
        for index, (beat, length) in enumerate(rhythms[bar % len(rhythms)]):
            if index == 0:
                strong = [p for p in consonant if p % 12 in harmony.tones and p != pitch]
                pitch = min(strong, key=lambda p: (abs(p - pitch), abs(p - low - 9)))
            else:
                here = min(range(len(consonant)), key=lambda i: abs(consonant[i] - pitch))
                there = here + moves[bar % 2][index % 8]
                if not 0 <= there < len(consonant):
                    there = here - moves[bar % 2][index % 8]
                pitch = consonant[there]
            accent = (1.0 if index == 0 else 0.8) * random.uniform(0.92, 1.0)
            steps.append(Step(bar * beats + beat, length, pitch, accent))
    return steps


def _consonant(harmony: Chord, scale: Sequence[int], low: int, high: int) -> list[int]:
    """Chord tones, and those of the scale that are no semitone away from one."""
    near = {(tone + side) % 12 for tone in harmony.tones for side in (-1, 1)}
    classes = set(harmony.tones) | (set(scale) - near)
    return [pitch for pitch in range(low, high) if pitch % 12 in classes]


def _pitch_class(name: str) -> int:
    return (_LETTERS[name[0]] + name.count("#") - name.count("b")) % 12
