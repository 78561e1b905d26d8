"""How long somebody counts as listening."""

from datetime import timedelta

import pytest

from appliance.core.now_playing import LONGEST, MARGIN, time_to_live


@pytest.mark.parametrize("minutes", [0, 3, 24 * 60])
def test_an_entry_lives_as_long_as_its_track_and_a_margin(minutes: int) -> None:
    assert time_to_live(minutes * 60_000) == timedelta(minutes=minutes) + MARGIN


@pytest.mark.parametrize("duration", [LONGEST // timedelta(milliseconds=1) + 1, 2**63 - 1])
def test_no_file_makes_it_live_for_ever(duration: int) -> None:
    assert time_to_live(duration) == LONGEST + MARGIN
