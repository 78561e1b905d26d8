"""Between any two ranks there is another, and bytes tell the order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.ranks import between, spread


@given(st.lists(st.integers(0, 10_000), max_size=120))
def test_wherever_one_is_squeezed_in_it_lies_there(places: list[int]) -> None:
    ranks: list[str] = []
    for place in places:
        at = place % (len(ranks) + 1)
        rank = between(ranks[at - 1] if at else None, ranks[at] if at < len(ranks) else None)
        ranks.insert(at, rank)
        assert ranks == sorted(ranks, key=str.encode)
        assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize("count", [0, 1, 61, 62, 63, 3905, 3906, 3907, 250_000])
def test_many_are_in_order_and_short(count: int) -> None:
    ranks = list(spread(count))
    assert ranks == sorted(set(ranks))
    assert len(ranks) == count
    assert all(len(rank) <= 5 for rank in ranks)


def test_adding_at_either_end_keeps_ranks_short() -> None:
    first = last = between(None, None)
    for _ in range(100_000):
        lower, higher = between(None, first), between(last, None)
        assert lower < first
        assert higher > last
        first, last = lower, higher
    assert max(len(first), len(last)) <= 5


def test_typing_on_in_the_middle_keeps_ranks_short() -> None:
    low, high = list(spread(2))
    after = before = between(low, high)
    for _ in range(10_000):
        lower, higher = between(low, before), between(after, high)
        assert low < lower < before <= after < higher < high
        before, after = lower, higher
    assert max(len(after), len(before)) <= 12


def test_squeezing_between_the_last_two_again_and_again_grows_by_a_letter_a_time() -> None:
    low, high = list(spread(2))
    for turn in range(1000):
        middle = between(low, high)
        assert low < middle < high
        low, high = (middle, high) if turn % 2 else (low, middle)
    assert len(middle) <= 1010
