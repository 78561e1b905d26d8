"""From a piece to the notes of every player. One function for each style; all times are beats."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec

from appliance.demo.instruments import Voice
from appliance.demo.scores import Piece, Style
from appliance.demo.theory import Chord, above, chord, scale, tune, voiced


class Note(msgspec.Struct, frozen=True):
    start: float
    length: float
    voice: Voice
    pitch: int
    level: float
    """0 to 1."""
    pan: float = 0.0
    """-1 is left, 1 is right."""


class _Plan(msgspec.Struct, frozen=True):
    """What every arranger starts from."""

    bars: tuple[Chord, ...]
    """All rounds in a row, without the last bar."""
    rounds: int
    scale: tuple[int, ...]
    random: Random

    def round_of(self, bar: int) -> int:
        """Which playing of the chords a bar belongs to, from 0."""
        return bar * self.rounds // len(self.bars)

    @property
    def home(self) -> Chord:
        """The chord of the last bar."""
        return self.bars[0]

    @property
    def end(self) -> int:
        """The number of the last bar, which is held and left to ring."""
        return len(self.bars)


def beats_in_bar(style: Style) -> int:
    return 3 if style is Style.WALTZ else 4


def length_in_beats(piece: Piece) -> int:
    """From the first beat until the end of the held last bar."""
    return (len(piece.chords.split()) * piece.rounds + 1) * beats_in_bar(piece.style)


def arrange(piece: Piece, random: Random) -> list[Note]:
    """Every note of the piece. The same ``random`` state gives the same notes."""
    bars = tuple(chord(symbol) for symbol in piece.chords.split()) * piece.rounds
    plan = _Plan(bars, piece.rounds, scale(piece.scale), random)
    return [_human(note, random) for note in _ARRANGERS[piece.style](plan)]


def _human(note: Note, random: Random) -> Note:
    """Nobody plays on the grid: a hundredth of a beat late, a shade louder or softer."""
    late = random.uniform(0.0, 0.012)
    return msgspec.structs.replace(note, start=note.start + late, level=note.level * random.uniform(0.92, 1.0))


def _nocturne(plan: _Plan) -> Iterator[Note]:
    rhythms = (
        ((0.0, 1.5), (1.5, 0.5), (2.0, 2.0)),
        ((0.0, 2.0), (2.0, 1.0), (3.0, 1.0)),
        ((0.5, 1.0), (1.5, 0.5), (2.0, 1.5), (3.5, 0.5)),
        ((0.0, 3.0),),
    )
    for bar, harmony in enumerate(plan.bars):
        start = bar * 4.0
        low = above(harmony.bass, 34)
        tones = voiced(harmony, 52)
        yield Note(start, 4.0, Voice.PIANO, low, 0.5, -0.25)
        figure = (above(harmony.fifth(), low + 5), tones[0], tones[1], tones[-1], tones[1], tones[-1], tones[0])
        for eighth, pitch in enumerate(figure, 1):
            yield Note(start + eighth * 0.5, 1.0, Voice.PIANO, pitch, 0.31 if eighth == 4 else 0.26, -0.15)
        yield from _spread(Voice.STRINGS, start, 4.0, voiced(harmony, 57), 0.09)
    for step in tune(plan.random, plan.bars, plan.scale, rhythms, low=69, beats=4):
        yield Note(step.start, step.length, Voice.PIANO, step.pitch, 0.62 * step.accent, 0.2)
    yield from _rolled(Voice.PIANO, plan.end * 4.0, (above(plan.home.root, 34), *voiced(plan.home, 57)), 0.4, 0.12)
    yield Note(plan.end * 4.0 + 1.0, 3.0, Voice.PIANO, above(plan.home.tones[2], 76), 0.42, 0.2)
    yield from _spread(Voice.STRINGS, plan.end * 4.0, 3.0, voiced(plan.home, 57), 0.09)


def _lofi(plan: _Plan) -> Iterator[Note]:
    swing = 0.16
    rhythms = (
        ((0.5 + swing, 0.5), (1.0, 1.0), (2.5 + swing, 1.0)),
        ((1.0, 0.5), (1.5 + swing, 0.5), (2.0, 1.5)),
    )
    for bar, harmony in enumerate(plan.bars):
        start = bar * 4.0
        tones = voiced(harmony, 55)
        yield from _spread(Voice.KEYS, start, 2.0, tones, 0.3)
        yield from _spread(Voice.KEYS, start + 2.5 + swing, 1.0, tones, 0.2)
        low, coming = above(harmony.bass, 33), plan.bars[(bar + 1) % plan.end]
        leading = above(coming.bass, 33) + plan.random.choice((-1, 2))
        for beat, length, pitch, level in (
            (0.0, 1.4, low, 0.6),
            (1.5 + swing, 0.4, low, 0.4),
            (2.5 + swing, 0.8, above(harmony.fifth(), 33), 0.5),
            (3.5 + swing, 0.4, leading, 0.35),
        ):
            yield Note(start + beat, length, Voice.UPRIGHT, pitch, level)
        extra = (3.5 + swing,) if bar % 2 else (0.5 + swing,)
        yield from _hits(Voice.KICK, start, (0.0, 2.5 + swing, *extra), 0.6)
        yield from _hits(Voice.SNARE, start, (1.0, 3.0), 0.6, 0.05)
        for eighth in range(8):
            late = swing if eighth % 2 else 0.0
            yield Note(start + eighth * 0.5 + late, 0.1, Voice.HAT, 0, 0.4 if eighth % 2 else 0.6, 0.3)
        for _ in range(5):
            dust = start + plan.random.uniform(0.0, 4.0)
            yield Note(dust, 0.1, Voice.DUST, 0, plan.random.uniform(0.08, 0.25), plan.random.uniform(-0.8, 0.8))
    for step in tune(plan.random, plan.bars, plan.scale, rhythms, low=67, beats=4):
        level = 0.42 if plan.round_of(int(step.start) // 4) else 0.3
        yield Note(step.start, step.length, Voice.VIBES, step.pitch, level * step.accent, -0.3)
    yield from _rolled(Voice.KEYS, plan.end * 4.0, (above(plan.home.root, 43), *voiced(plan.home, 57)), 0.34, 0.1)
    yield Note(plan.end * 4.0, 2.5, Voice.UPRIGHT, above(plan.home.root, 33), 0.6)
    yield from _hits(Voice.KICK, plan.end * 4.0, (0.0,), 0.6)


def _waltz(plan: _Plan) -> Iterator[Note]:
    rhythms = (
        ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0)),
        ((0.0, 2.0), (2.0, 1.0)),
        ((0.0, 1.5), (1.5, 0.5), (2.0, 0.5), (2.5, 0.5)),
        ((0.0, 2.75),),
    )
    for bar, harmony in enumerate(plan.bars):
        start = bar * 3.0
        root = above(harmony.bass, 36)
        yield Note(start, 1.0, Voice.UPRIGHT, above(harmony.fifth(), 36) if bar % 2 else root, 0.55)
        yield Note(start, 1.0, Voice.GUITAR, root + 12, 0.3, -0.35)
        for beat in (1.0, 2.0):
            for string, pitch in enumerate(voiced(harmony, 55)):
                yield Note(start + beat + 0.02 * string, 0.8, Voice.GUITAR, pitch, 0.34, -0.35)
        yield from _hits(Voice.SHAKER, start, (0.0, 1.0, 2.0, 2.5), 0.35, 0.45)
        if plan.round_of(bar):
            yield Note(start + 1.5, 0.5, Voice.GUITAR, voiced(harmony, 64)[-1], 0.24, 0.4)
            yield Note(start + 2.5, 0.5, Voice.GUITAR, voiced(harmony, 64)[0], 0.22, 0.4)
    for step in tune(plan.random, plan.bars, plan.scale, rhythms, low=67, beats=3):
        bar = int(step.start) // 3
        yield Note(step.start, step.length * 0.94, Voice.REED, step.pitch, 0.36 * step.accent, 0.15)
        if plan.round_of(bar) and step.start == bar * 3:
            under = max((p for p in voiced(plan.bars[bar], step.pitch - 12) if p < step.pitch - 2), default=step.pitch)
            yield Note(step.start, step.length * 0.94, Voice.REED, under, 0.2, 0.3)
    end = plan.end * 3.0
    yield from _rolled(Voice.GUITAR, end, (above(plan.home.root, 43), *voiced(plan.home, 55)), 0.42, 0.06)
    yield Note(end, 2.5, Voice.UPRIGHT, above(plan.home.root, 36), 0.6)
    yield from _spread(Voice.REED, end, 2.6, voiced(plan.home, 67), 0.16)


def _drive(plan: _Plan) -> Iterator[Note]:
    rhythms = (((0.0, 1.5), (1.5, 0.5), (2.0, 2.0)), ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 0.75)))
    for bar, harmony in enumerate(plan.bars):
        start = bar * 4.0
        low = above(harmony.bass, 33)
        for eighth in range(8):
            pitch = low + 12 if eighth in {3, 6} else low
            yield Note(start + eighth * 0.5, 0.4, Voice.SAW_BASS, pitch, 0.42 if eighth % 2 else 0.32)
        yield from _arpeggio(start, voiced(harmony, 62), (0, 1, 2, 3, 2, 1, 2, 3), 0.25, 0.36)
        yield from _spread(Voice.STRINGS, start, 4.0, voiced(harmony, 57), 0.09)
        yield from _hits(Voice.KICK, start, (0.0, 1.0, 2.0, 3.0), 0.8)
        yield from _hits(Voice.HAT, start, (0.5, 1.5, 2.5, 3.5), 0.34, -0.2)
        if bar:
            yield from _hits(Voice.CLAP, start, (1.0, 3.0), 0.65, 0.1)
        if plan.round_of(bar):
            yield from _hits(Voice.HAT, start, (0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75), 0.12, 0.35)
    for step in tune(plan.random, plan.bars, plan.scale, rhythms, low=67, beats=4):
        if int(step.start) // 4 >= plan.end // 2:
            yield Note(step.start, step.length, Voice.LEAD, step.pitch, 0.3 * step.accent, 0.1)
            yield Note(step.start + 0.75, step.length, Voice.LEAD, step.pitch, 0.1 * step.accent, -0.5)
    yield from _machines_stop(plan)


def _drift(plan: _Plan) -> Iterator[Note]:
    rhythms = (((0.0, 3.0), (3.0, 1.0)), ((0.0, 2.0), (2.5, 1.5)))
    for bar, harmony in enumerate(plan.bars):
        start = bar * 4.0
        low = above(harmony.bass, 33)
        yield Note(start, 2.4, Voice.SAW_BASS, low, 0.5)
        yield Note(start + 2.5, 1.2, Voice.SAW_BASS, above(harmony.fifth(), 33), 0.4)
        yield from _arpeggio(start, voiced(harmony, 64), (0, 2, 1, 3, 2, 4, 3, 1), 0.5, 0.45)
        yield from _spread(Voice.STRINGS, start, 4.0, voiced(harmony, 55), 0.08)
        yield from _hits(Voice.KICK, start, (0.0, 2.5) if bar % 2 else (0.0, 1.75), 0.75)
        yield from _hits(Voice.HAT, start, (0.5, 1.0, 1.5, 2.5, 3.0, 3.5), 0.18, -0.25)
        if plan.round_of(bar):
            yield from _hits(Voice.CLAP, start, (2.0,), 0.65, 0.1)
            yield from _hits(Voice.RIM, start, (0.75, 3.25), 0.25, -0.4)
    for step in tune(plan.random, plan.bars, plan.scale, rhythms, low=67, beats=4):
        yield Note(step.start, step.length, Voice.LEAD, step.pitch, 0.24 * step.accent, 0.15)
        yield Note(step.start + 0.75, step.length, Voice.LEAD, step.pitch, 0.08 * step.accent, -0.5)
    yield from _machines_stop(plan)


_ARRANGERS: dict[Style, Callable[[_Plan], Iterator[Note]]] = {
    Style.NOCTURNE: _nocturne,
    Style.LOFI: _lofi,
    Style.WALTZ: _waltz,
    Style.DRIVE: _drive,
    Style.DRIFT: _drift,
}


def _machines_stop(plan: _Plan) -> Iterator[Note]:
    end = plan.end * 4.0
    yield Note(end, 2.0, Voice.SAW_BASS, above(plan.home.root, 33), 0.5)
    yield from _hits(Voice.KICK, end, (0.0,), 0.8)
    yield from _spread(Voice.STRINGS, end, 2.5, voiced(plan.home, 57), 0.1)
    yield from _rolled(Voice.PLUCK, end, voiced(plan.home, 62), 0.3, 0.25)


def _spread(voice: Voice, start: float, length: float, pitches: Sequence[int], level: float) -> Iterator[Note]:
    """A chord struck at once, its notes from left to right."""
    for index, pitch in enumerate(pitches):
        yield Note(start, length, voice, pitch, level, -0.5 + index / max(1, len(pitches) - 1))


def _rolled(voice: Voice, start: float, pitches: Sequence[int], level: float, apart: float) -> Iterator[Note]:
    """A chord one note after the other, the last words of a piece."""
    for index, pitch in enumerate(pitches):
        yield Note(start + index * apart, 4.0, voice, pitch, level * (1.0 - 0.06 * index), -0.2 + 0.1 * index)


def _arpeggio(start: float, tones: Sequence[int], order: Sequence[int], apart: float, level: float) -> Iterator[Note]:
    """A bar of plucked notes, each with an echo three steps later on the other side."""
    for step in range(round(4.0 / apart)):
        octave, degree = divmod(order[step % len(order)], len(tones))
        pitch, pan = tones[degree] + 12 * octave, 0.45 if step % 2 else -0.45
        yield Note(start + step * apart, apart, Voice.PLUCK, pitch, level, pan)
        yield Note(start + (step + 3) * apart, apart, Voice.PLUCK, pitch, level * 0.35, -pan)


def _hits(voice: Voice, start: float, beats: Sequence[float], level: float, pan: float = 0.0) -> Iterator[Note]:
    for beat in beats:
        yield Note(start + beat, 0.25, voice, 0, level, pan)
