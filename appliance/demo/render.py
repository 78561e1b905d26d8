"""From notes to finished PCM: mixing, the room, and mastering to a declared loudness."""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random

import av
import msgspec
from av import AudioFrame
from av.error import BlockingIOError as NothingReady
from av.filter import Graph
from av.filter.context import FilterContext

from appliance.demo.arrange import Note, arrange, length_in_beats
from appliance.demo.frames import Format, frames
from appliance.demo.instruments import Rack
from appliance.demo.scores import Piece, Style
from appliance.demo.sound import RATE, Placed, mix

#: No sample is larger: one decibel below full scale, which leaves lossy encoders room to overshoot.
CEILING = 10.0 ** (-1.0 / 20.0)
# Silence before the first note and ringing after the last bar, in seconds.
_LEAD_IN = 0.05
_RINGING = 1.6
_FADE = 1.5
# A mix has room for 256 notes at full scale (``sound.mix``); as many decibels bring it near ±1, where the filters work.
_MAKE_UP = ("volume", "128")


class Recording(msgspec.Struct, frozen=True):
    """Stereo, 44.1 kHz, signed 16-bit little-endian, interleaved."""

    pcm: bytes
    loudness: float
    """Integrated, LUFS (EBU R 128)."""
    peak: float
    """The largest sample, 1.0 is full scale."""

    @property
    def samples(self) -> int:
        """Per channel."""
        return len(self.pcm) // 4


class _Room(msgspec.Struct, frozen=True):
    """Where a style is played, and through what it is heard."""

    seconds: float
    """How long the reverberation takes to fall by 60 dB."""
    wet: float
    filters: tuple[tuple[str, str], ...]
    """libavfilter's names and arguments."""


_ROOMS = {
    Style.NOCTURNE: _Room(2.6, 0.5, (("highpass", "f=30"), ("lowpass", "f=9000:p=1"))),
    Style.LOFI: _Room(0.9, 0.22, (("highpass", "f=35"), ("lowpass", "f=9000:p=1"), ("bass", "g=2:f=110"))),
    Style.WALTZ: _Room(1.1, 0.3, (("highpass", "f=35"), ("treble", "g=1.5:f=6000"))),
    Style.DRIVE: _Room(1.4, 0.22, (("highpass", "f=30"), ("acompressor", "threshold=0.25:ratio=2.5:attack=8"))),
    Style.DRIFT: _Room(2.2, 0.38, (("highpass", "f=30"), ("acompressor", "threshold=0.3:ratio=2:attack=15"))),
}


def perform(piece: Piece, rack: Rack, seed: int) -> Recording:
    """Play ``piece``. Equal seeds give equal notes, and equal PCM with the same version of PyAV."""
    random = Random(f"{seed} {piece.title}")
    notes = arrange(piece, random)
    beat = 60.0 / piece.bpm
    samples = int((_LEAD_IN + length_in_beats(piece) * beat + _RINGING) * RATE)
    left, right = _mixed(notes, rack, beat, samples)
    played = _in_room((left, right), _ROOMS[piece.style], seed)
    return _mastered(played, piece.loudness)


def _mixed(notes: Sequence[Note], rack: Rack, beat: float, samples: int) -> tuple[bytes, bytes]:
    """Both channels by the sine law, so that a note is equally loud wherever it sits."""
    left, right = [], []
    for note in notes:
        sound = rack.play(note.voice, note.pitch, note.length * beat)
        start = int((_LEAD_IN + note.start * beat) * RATE)
        angle = (note.pan + 1.0) * math.pi / 4.0
        left.append(Placed(start, sound, note.level * math.cos(angle)))
        right.append(Placed(start, sound, note.level * math.sin(angle)))
    return mix(left, samples), mix(right, samples)


def _in_room(dry_mix: tuple[bytes, bytes], room: _Room, seed: int) -> list[AudioFrame]:
    """The dry mix through the style's filters, and beside it through an artificial room."""
    graph = Graph()
    dry, impulse = _source(graph, "s32p"), _source(graph, "fltp")
    last = dry
    for name, arguments in (("aformat", "sample_fmts=fltp"), _MAKE_UP, *room.filters):
        last = _then(last, graph.add(name, arguments))
    fork, reverb = graph.add("asplit", "2"), graph.add("afir", "irnorm=2:irfmt=input")
    desk = graph.add("amix", f"inputs=2:weights=1 {room.wet}:normalize=0")
    last.link_to(fork)
    fork.link_to(desk, 0, 0)
    fork.link_to(reverb, 1, 0)
    impulse.link_to(reverb, 0, 1)
    reverb.link_to(desk, 0, 1)
    seconds = len(dry_mix[0]) / 4 / RATE
    fade = graph.add("afade", f"t=out:st={seconds - _FADE}:d={_FADE}")
    end = _then(_then(_then(desk, fade), graph.add("aformat", "sample_fmts=fltp")), graph.add("abuffersink"))
    graph.configure()
    _feed(impulse, frames("fltp", _impulse(room.seconds, seed)))
    _feed(dry, frames("s32p", dry_mix))
    return list(_drain(end))


@lru_cache(maxsize=1)
def _impulse(seconds: float, seed: int) -> tuple[bytes, bytes]:
    """What a room answers to a clap, after 12 ms: noise that falls by 60 dB in ``seconds`` and grows darker."""
    random = Random(f"{seed} room {seconds}")
    length = int(seconds * RATE)
    fall = 10.0 ** (-3.0 / length)

    def channel() -> bytes:
        answer = array("f", bytes(4 * int(0.012 * RATE)))
        level, dark, share = 1.0, 0.0, 0.6
        for _ in range(length):
            dark += share * (random.uniform(-level, level) - dark)
            answer.append(dark)
            level *= fall
            share = share * 0.99998 + 0.0000012
        return answer.tobytes()

    return channel(), channel()


def _mastered(played: Sequence[AudioFrame], target: float) -> Recording:
    """Brought to ``target`` LUFS, with the peaks held under the ceiling."""
    loudness, _ = _measured(played, "fltp")
    graph = Graph()
    start = _source(graph, "fltp")
    last = start
    for name, arguments in (
        ("volume", f"{target - loudness}dB"),
        ("alimiter", f"limit={CEILING}:attack=5:release=60:level=0:latency=1"),
        ("aformat", "sample_fmts=s16:channel_layouts=stereo"),
        ("abuffersink", ""),
    ):
        last = _then(last, graph.add(name, arguments))
    graph.configure()
    _feed(start, played)
    finished = list(_drain(last))
    pcm = b"".join(bytes(frame.planes[0])[: frame.samples * 4] for frame in finished)
    return Recording(pcm, *_measured(frames("s16", [pcm]), "s16"))


def _measured(sound: Iterable[AudioFrame], form: Format) -> tuple[float, float]:
    """Integrated loudness in LUFS and the largest sample."""
    graph = Graph()
    start = _source(graph, form)
    meter = _then(start, graph.add("ebur128", "metadata=1:peak=sample"))
    end = _then(meter, graph.add("abuffersink"))
    graph.configure()
    _feed(start, sound)
    loudness, peak = -70.0, 0.0
    for frame in _drain(end):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
        peak = float(frame.metadata.get("lavfi.r128.sample_peak", peak))
    return loudness, peak


def _source(graph: Graph, form: Format) -> FilterContext:
    return graph.add_abuffer(sample_rate=RATE, format=form, layout="stereo", time_base=Fraction(1, RATE))


def _then(node: FilterContext, following: FilterContext) -> FilterContext:
    node.link_to(following)
    return following


def _feed(source: FilterContext, sound: Iterable[AudioFrame]) -> None:
    for frame in sound:
        source.push(frame)
    source.push(None)


def _drain(sink: FilterContext) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = sink.pull()
        except (NothingReady, av.EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
