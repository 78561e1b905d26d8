"""Cron as people mean it, in the zone that they live in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.jobs.calendar import CronCalendar

CALENDAR = CronCalendar()
BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("cron", "after", "coming"),
    [
        ("30 3 * * *", "2026-01-10T12:00:00+01:00", "2026-01-11T03:30:00+01:00"),
        ("30 3 * * *", "2026-07-10T03:30:00+02:00", "2026-07-11T03:30:00+02:00"),
        # The hour that there is not in spring, and the one that there is twice in autumn: once each.
        ("30 2 * * *", "2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"),
        ("0 0 29 2 *", "2026-03-01T00:00:00+01:00", "2028-02-29T00:00:00+01:00"),
        ("0 12 * * MON#1", "2026-06-02T00:00:00+02:00", "2026-07-06T12:00:00+02:00"),
    ],
)
def test_the_next_time_is_by_the_clock_on_the_wall(cron: str, after: str, coming: str) -> None:
    assert CALENDAR.next(cron, BERLIN, at(after)) == at(coming)


def test_what_never_comes_has_no_time() -> None:
    assert CALENDAR.next("0 0 31 4,6 *", "UTC", at("2026-01-01T00:00:00+00:00")) is None
    assert CALENDAR.next("no cron", "UTC", at("2026-01-01T00:00:00+00:00")) is None


def test_the_machines_own_zone_is_looked_up_each_time(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo"
    (zones / "Europe").mkdir(parents=True)
    (zones / BERLIN).touch()
    localtime = tmp_path / "localtime"
    calendar = CronCalendar(localtime)
    after = at("2026-01-10T12:00:00+00:00")
    assert calendar.next("0 3 * * *", None, after) == at("2026-01-11T03:00:00+00:00")
    localtime.symlink_to(zones / BERLIN)
    assert calendar.next("0 3 * * *", None, after) == at("2026-01-11T03:00:00+01:00")
    localtime.unlink()
    (zones / "Nowhere").touch()
    localtime.symlink_to(zones / "Nowhere")
    assert calendar.next("0 3 * * *", None, after) == at("2026-01-11T03:00:00+00:00")


def test_zones_are_told_from_other_things() -> None:
    assert CALENDAR.fault_of_zone(BERLIN) is None
    assert CALENDAR.fault_of_zone("UTC") is None
    for zone in ["", ".", "..", "../UTC", "/usr/share/zoneinfo/UTC", "Europe", "Mars/Olympus", "UTC\0", "é" * 500]:
        assert CALENDAR.fault_of_zone(zone), zone


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("0123456789*/,-# LW"), max_size=60))
def test_whatever_is_given_is_a_cron_expression_or_is_not(text: str) -> None:
    if CALENDAR.fault_of_cron(text) is None:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        coming = CALENDAR.next(text, "UTC", now)
        assert coming is None or coming > now - timedelta(seconds=1)
