"""Sounds as big integers do what plain arithmetic does."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from appliance.demo.instruments import Rack, Voice
from appliance.demo.sound import Placed, from_samples, mix

_samples = st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=20)
_levels = st.integers(0, 256)
_parts = st.lists(st.tuples(st.integers(-3, 40), _samples, _levels), max_size=12)


@given(parts=_parts, length=st.integers(1, 60))
def test_a_mix_is_the_sum_of_its_parts(parts: list[tuple[int, list[int], int]], length: int) -> None:
    expected = [0] * length
    for start, samples, level in parts:
        if start >= 0:
            for i, sample in enumerate(samples[: max(0, length - start)]):
                expected[start + i] += sample * level
    placed = [Placed(start, from_samples(samples), level / 256) for start, samples, level in parts]
    assert array("i", mix(placed, length)).tolist() == expected


def test_as_many_full_parts_as_promised_fit_without_overflow() -> None:
    loud = from_samples([-32_768.0, 32_767.0])
    assert array("i", mix([Placed(0, loud, 1.0)] * 255, 2)).tolist() == [-32_768 * 256 * 255, 32_767 * 256 * 255]


def test_every_voice_is_audible_starts_and_ends_in_silence_and_stays_in_bounds() -> None:
    rack = Rack(1)
    for voice in Voice:
        note = rack.play(voice, 60, 0.5)
        heard = array("i", mix([Placed(0, note, 1.0)], note.samples))
        assert 0.1 < max(map(abs, heard)) / 2**23 < 2.0, voice
        assert max(abs(heard[0]), abs(heard[-1])) / 2**23 < 0.02, voice


def test_a_note_is_rendered_once() -> None:
    rack = Rack(1)
    assert rack.play(Voice.PIANO, 60, 0.5) is rack.play(Voice.PIANO, 60, 2.0)
    assert rack.play(Voice.REED, 60, 0.5) is not rack.play(Voice.REED, 60, 2.0)
