"""The promise of a size, held against the encoders themselves."""

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.playback import RATES, Codec
from appliance.stream.encode import transcode
from appliance.stream.messages import Recipe
from appliance.stream.sizes import exact_size, output_rate

if TYPE_CHECKING:
    from tests.stream.conftest import Studio


class _Counter:
    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def _made(source: bytes, recipe: Recipe) -> int:
    counter = _Counter()
    transcode(io.BytesIO(source), counter, recipe, lambda _: None)
    return counter.size


@pytest.fixture(params=[8_000, 22_050, 32_000, 44_100, 48_000, 96_000])
def source(request: pytest.FixtureRequest, studio: "Studio") -> tuple[int, bytes]:
    """A second and a half at one sample rate."""
    rate: int = request.param
    return rate, studio.record("a.flac", 1.5, rate=rate).read_bytes()


@pytest.mark.parametrize("codec", ["opus", "mp3"])
def test_the_promised_size_is_the_real_one_at_every_bit_rate(source: tuple[int, bytes], codec: str) -> None:
    hz, data = source
    rate = output_rate(codec, hz)
    for kbps in RATES[Codec(codec)]:
        for milliseconds in (1, 1499, 1500, 1531):
            recipe = _recipe(codec, kbps, rate, milliseconds * rate // 1000)
            assert _made(data, recipe) == exact_size(recipe), recipe


_SILENCE = bytes.fromhex("524946462400000057415645666d74201000000001000200 44ac000010b1020004001000 6461746100000000")


@given(
    codec=st.sampled_from(["opus", "mp3"]),
    hz=st.sampled_from([32_000, 44_100, 48_000]),
    choice=st.integers(0, 9),
    samples=st.integers(1, 60_000) | st.integers(1, 60).map(lambda page: page * 48_000 - 312),
)
@settings(max_examples=60, deadline=None)
def test_the_promised_size_is_the_real_one_at_any_length(codec: str, hz: int, choice: int, samples: int) -> None:
    recipe = _recipe(codec, RATES[Codec(codec)][choice], 48_000 if codec == "opus" else hz, samples)
    assert _made(_silent(samples, recipe.sample_rate), recipe) == exact_size(recipe)


def test_nothing_is_promised_of_variable_rates_or_unknown_lengths() -> None:
    assert exact_size(_recipe("aac", 128, 44_100, 44_100)) is None
    assert exact_size(_recipe("flac", 0, 0, 44_100)) is None
    assert exact_size(_recipe("opus", 128, 48_000, 0)) is None


def _recipe(codec: str, kbps: int, rate: int, samples: int) -> Recipe:
    assert codec in {"opus", "mp3", "aac", "flac"}
    return Recipe(codec=codec, bit_rate=kbps, sample_rate=rate, offset_ms=0, samples=samples)  # type: ignore[arg-type]


def _silent(samples: int, hz: int) -> bytes:
    """A WAV file that lasts as long, but for its last second: that is the encoder's silence."""
    data = bytes(max(4410, samples * 44_100 // hz - 44_100) * 4)
    return _SILENCE[:40] + len(data).to_bytes(4, "little") + data
