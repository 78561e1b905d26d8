"""LRC as it is found, and plain words."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.core.lyrics import Line, read_lyrics


def timed(text: str) -> list[tuple[int | None, str]]:
    lyrics = read_lyrics(text)
    assert lyrics.synced
    return [(line.start_ms, line.text) for line in lyrics.lines]


def test_plain_words_keep_their_lines_and_the_gaps_between_verses() -> None:
    lyrics = read_lyrics("\n\nOne \nTwo\n\nThree\n\n")
    assert not lyrics.synced
    assert lyrics.lines == (Line("One"), Line("Two"), Line(""), Line("Three"))


@pytest.mark.parametrize("text", ["", "\n \n", "[ar:Ana]\n[ti:Song]"])
def test_nothing_is_no_line(text: str) -> None:
    assert read_lyrics(text).lines == ()


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("[00:01]", 1_000),
        ("[0:01.5]", 1_500),
        ("[00:01.05]", 1_050),
        ("[00:01.005]", 1_005),
        ("[00:01:50]", 1_500),
        ("[120:00.00]", 7_200_000),
    ],
)
def test_times_are_milliseconds(stamp: str, at: int) -> None:
    assert timed(f"{stamp} One") == [(at, "One")]


def test_a_line_that_is_sung_again_stands_at_each_of_its_times() -> None:
    assert timed("[00:30.00][00:10.00]Chorus\n[00:20.00]Verse") == [
        (10_000, "Chorus"),
        (20_000, "Verse"),
        (30_000, "Chorus"),
    ]


def test_headers_are_no_lines_and_the_offset_moves_all() -> None:
    text = "[ar:Ana]\n[offset:+500]\n[00:00.20]One\n[00:02.00]Two"
    assert timed(text) == [(0, "One"), (1_500, "Two")]
    assert timed("[offset:-500]\n[00:02.00]Two") == [(2_500, "Two")]
    assert timed("[offset:soon]\n[00:02.00]Two") == [(2_000, "Two")]


def test_times_of_words_are_left_out_and_lines_without_a_time_as_well() -> None:
    assert timed("by hand\n[00:01.00]<00:01.00>One <00:01.50>two\n[00:03.00]") == [(1_000, "One two"), (3_000, "")]


def test_the_language_is_told_by_the_tag_or_else_by_the_text() -> None:
    assert read_lyrics("One", "eng").language == "eng"
    assert read_lyrics("[la:DE]\nEins").language == "de"
    assert read_lyrics("[lang: deu ]\nEins", "eng").language == "eng"
    assert read_lyrics("[la:Klingon]\nEins").language is None


def test_what_only_looks_like_a_time_is_words() -> None:
    assert read_lyrics("[Chorus]\n[1:2:3:4] x\n[00:99999]").synced is False


def test_hostile_lyrics_are_bounded() -> None:
    for text in (
        "[0:0]" * 13_000 + "x" * 500,
        "[0:0]\n" * 10_000,
        "\n".join(["[0:0]" * 50 + "x" * 5_000] * 12),
        "x\n" * 30_000,
    ):
        lyrics = read_lyrics(text[: 64 * 1024])
        assert len(lyrics.lines) <= 5_000
        assert sum(len(line.text) for line in lyrics.lines) <= 64 * 1024 * 20


@given(st.text(alphabet="[]<>:.0123456789 ab\n+-", max_size=300))
def test_whatever_is_written_gives_lines_in_order(text: str) -> None:
    lyrics = read_lyrics(text)
    times = [line.start_ms for line in lyrics.lines]
    if lyrics.synced:
        assert times == sorted(time for time in times if time is not None)
        assert min(time for time in times if time is not None) >= 0
    else:
        assert set(times) <= {None}
