"""What an ear would notice: every file decodes, is neither silent nor clipped, and has more than one note in it."""

import math
from array import array
from pathlib import Path
from typing import Protocol

import av
import pytest
from av import AudioFrame, AudioResampler
from av.filter import Graph

from appliance.demo.albums import ALBUMS
from appliance.demo.instruments import hertz
from appliance.demo.scores import Track


class Demo(Protocol):
    folder: Path


_TRACKS = [track for album in ALBUMS for track in album.tracks()]
_RATE = 8_000


def _decoded(path: Path, rate: int, layout: str) -> tuple["array[int]", float]:
    """The sound as 16-bit samples, and its length in seconds."""
    resampler = AudioResampler(format="s16", layout=layout, rate=rate)
    samples = array("h")
    with av.open(str(path)) as container:
        for frame in (*container.decode(audio=0), None):
            for piece in resampler.resample(frame):
                assert isinstance(piece, AudioFrame)
                samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2 * piece.layout.nb_channels])
    return samples, len(samples) / (2 if layout == "stereo" else 1) / rate


def _level(samples: "array[int]") -> float:
    """RMS in decibels below full scale."""
    return 10.0 * math.log10(sum(s * s for s in samples) / len(samples) / 2**30 + 1e-12)


def _windowed(samples: "array[int]") -> list[float]:
    bend = 2.0 * math.pi / len(samples)
    return [sample * (1.0 - math.cos(bend * i)) for i, sample in enumerate(samples)]


def _power(samples: list[float], frequency: float) -> float:
    """Goertzel's algorithm: how much of one frequency there is, in no particular unit."""
    turn = 2.0 * math.cos(2.0 * math.pi * frequency / _RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    return last * last + before * before - turn * last * before


@pytest.fixture(params=_TRACKS, ids=lambda track: track.piece.title)
def track(request: pytest.FixtureRequest) -> Track:
    assert isinstance(request.param, Track)
    return request.param


def test_every_track_decodes_to_music(demo: Demo, track: Track) -> None:
    sound, seconds = _decoded(demo.folder / track.path, _RATE, "mono")
    bars = len(track.piece.chords.split()) * track.piece.rounds + 1
    beats = bars * (3 if track.piece.style == "waltz" else 4)
    assert seconds == pytest.approx(beats * 60 / track.piece.bpm + 1.65, abs=0.1)
    assert max(map(abs, sound)) < 32_767
    assert -30.0 < _level(sound) < -12.0
    half = _RATE // 2
    windows = [sound[start : start + half] for start in range(half, len(sound) - 3 * _RATE, half)]
    assert min(map(_level, windows)) > -45.0
    assert _level(sound[-_RATE // 20 :]) < -50.0


def test_several_notes_sound_together_and_change(demo: Demo, track: Track) -> None:
    sound, _ = _decoded(demo.folder / track.path, _RATE, "mono")
    heard: list[set[int]] = []
    for second in (5, 9):
        window = _windowed(sound[second * _RATE : (second + 1) * _RATE])
        powers = {pitch: _power(window, hertz(pitch)) for pitch in range(45, 81)}
        loudest = max(powers.values())
        heard.append({p for p, power in powers.items() if power > loudest / 100})
    assert min(len({pitch % 12 for pitch in pitches}) for pitches in heard) >= 3
    assert heard[0] != heard[1]


def test_both_channels_sound_and_differ(demo: Demo, track: Track) -> None:
    sound, _ = _decoded(demo.folder / track.path, _RATE, "stereo")
    left, right = sound[::2], sound[1::2]
    assert abs(_level(left) - _level(right)) < 3.0
    assert _level(array("h", ((a - b) // 2 for a, b in zip(left, right, strict=True)))) > -45.0


def test_tracks_are_as_loud_as_their_score_says(demo: Demo, track: Track) -> None:
    graph = Graph()
    with av.open(str(demo.folder / track.path)) as container:
        source = graph.add_abuffer(template=container.streams.audio[0], time_base=container.streams.audio[0].time_base)
        meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
        graph.link_nodes(source, meter, sink).configure()
        for frame in (*container.decode(audio=0), None):
            source.push(frame)
    loudness = math.nan
    while True:
        try:
            measured = sink.pull()
        except av.EOFError:
            break
        loudness = float(measured.metadata.get("lavfi.r128.I", loudness))
    assert loudness == pytest.approx(track.piece.loudness, abs=0.5)
