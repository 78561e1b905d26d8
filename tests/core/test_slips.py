"""What was meant by a word that is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.slips import LONGEST, can_be_mended, nearest, slips, trigrams

KNOWN = ("abba", "beatles", "bjork", "metal", "metallica", "metropolis", "radiohead", "rammstein", "чайковский")
letters = st.text("abcdé", max_size=8)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("metalica", ["metallica"]),  # one is missing
        ("bjrok", ["bjork"]),  # two are swapped
        ("beattles", ["beatles"]),  # one too many
        ("radiohaed", ["radiohead"]),
        ("ramstien", ["rammstein"]),  # two slips in a long word
        ("metalic", ["metallica"]),  # still being typed
        ("чайкoвский", ["чайковский"]),  # noqa: RUF001 - an o of the other alphabet
        ("abab", ["abba"]),
        ("bjxxk", []),  # two in a short one
        ("metxxxxca", []),
        ("zzzz", []),
    ],
)
def test_a_slip_is_mended_and_a_riddle_is_not(typed: str, meant: list[str]) -> None:
    assert nearest(typed, KNOWN) == meant


def test_at_most_three_are_meant_and_the_nearest_alone() -> None:
    assert nearest("sonf", ["sang", "song", "sons", "sonny", "sonic"]) == ["song", "sons", "sonny"]
    assert nearest("sonf", []) == []


@pytest.mark.parametrize("word", ["", "ab", "abc", "1999", "u2be", "x" * (LONGEST + 1), "٣٤٥٦"])
def test_what_may_mean_anything_is_never_mended(word: str) -> None:
    assert not can_be_mended(word)
    assert can_be_mended("abcd")


def test_trigrams_know_where_a_word_begins_and_ends() -> None:
    assert trigrams("abba") == ["^ab", "abb", "ba$", "bba"]
    assert trigrams("a") == ["^a$"]


@given(letters, letters)
def test_slips_are_those_of_the_textbook_for_the_best_beginning(typed: str, word: str) -> None:
    assert slips(typed, word) == min(distance(typed, word[:end]) for end in range(len(word) + 1))


def distance(one: str, other: str) -> int:
    """Optimal string alignment, as its definition has it."""
    if not one or not other:
        return len(one) + len(other)
    choices = [
        distance_of(one[:-1], other) + 1,
        distance_of(one, other[:-1]) + 1,
        distance_of(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if len(one) > 1 and len(other) > 1 and one[-1] == other[-2] and one[-2] == other[-1]:
        choices.append(distance_of(one[:-2], other[:-2]) + 1)
    return min(choices)


_known: dict[tuple[str, str], int] = {}


def distance_of(one: str, other: str) -> int:
    """The same, remembered."""
    if (one, other) not in _known:
        _known[one, other] = distance(one, other)
    return _known[one, other]
