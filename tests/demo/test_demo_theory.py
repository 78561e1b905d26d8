"""Chords, scales and tunes."""

from random import Random

import pytest

from appliance.demo.albums import ALBUMS
from appliance.demo.arrange import arrange, length_in_beats
from appliance.demo.scores import Piece
from appliance.demo.theory import above, chord, scale, tune, voiced

_PIECES = [track.piece for album in ALBUMS for track in album.tracks()]


@pytest.mark.parametrize(
    ("symbol", "bass", "tones"),
    [
        ("C", 0, (0, 4, 7)),
        ("F#m7", 6, (6, 9, 1, 4)),
        ("Bbmaj9", 10, (10, 2, 5, 9, 0)),
        ("G/B", 11, (7, 11, 2)),
        ("C9sus4", 0, (0, 5, 10, 2)),
    ],
)
def test_chord_symbols_are_read_as_a_pianist_reads_them(symbol: str, bass: int, tones: tuple[int, ...]) -> None:
    harmony = chord(symbol)
    assert (harmony.bass, harmony.tones) == (bass, tones)


@pytest.mark.parametrize("symbol", ["", "H", "Cmaj8", "c", "G/"])
def test_what_is_no_chord_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="not a chord"):
        chord(symbol)


def test_a_scale_begins_on_its_tonic() -> None:
    assert scale("D dorian") == (2, 4, 5, 7, 9, 11, 0)


def test_a_voicing_keeps_to_the_octave_above_its_lowest_pitch() -> None:
    assert voiced(chord("Am"), 60) == (60, 64, 69)
    assert above(11, 60) == 71


def test_a_tune_never_rubs_against_the_chord_below_it() -> None:
    harmonies = [chord(symbol) for symbol in ["Dm9", "Bbmaj7", "Gm9", "A7"]]
    rhythm = tuple((beat * 0.5, 0.5) for beat in range(8))
    steps = tune(Random(3), harmonies * 4, scale("D minor"), [rhythm], low=67, beats=4)
    assert len(steps) == 16 * 8
    for step in steps:
        harmony = harmonies[int(step.start) // 4 % 4]
        if step.pitch % 12 not in harmony.tones:
            assert not {(step.pitch + 1) % 12, (step.pitch - 1) % 12} & set(harmony.tones)
        assert 67 <= step.pitch < 67 + 19


@pytest.mark.parametrize("piece", _PIECES, ids=lambda piece: piece.title)
def test_an_arrangement_follows_from_its_seed_and_stays_within_the_piece(piece: Piece) -> None:
    notes = arrange(piece, Random(1))
    assert notes == arrange(piece, Random(1))
    assert notes != arrange(piece, Random(2))
    assert all(0.0 <= note.start < length_in_beats(piece) for note in notes)
    assert all(0.0 < note.level <= 1.0 and -1.0 <= note.pan <= 1.0 for note in notes)
