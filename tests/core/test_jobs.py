"""The rules of jobs: how long a failed one waits, when it is dead, what a stop costs."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import jobs
from appliance.core.errors import NotUsable
from appliance.core.ids import new_id
from appliance.core.jobs import Job, JobKind, JobKinds, JobProgress, JobState
from appliance.core.schedules import EARLIEST


def running(attempts: int, most_attempts: int = 5) -> Job:
    return Job(
        id=new_id(),
        kind="dig",
        lane="heavy",
        priority=0,
        state=JobState.RUNNING,
        payload={},
        key=None,
        attempts=attempts,
        most_attempts=most_attempts,
        run_at=EARLIEST,
        progress=JobProgress(),
        message=None,
        requested_by=None,
        created_at=EARLIEST,
    )


@given(st.integers(1, 2**31 - 1), st.floats(0, 1))
def test_a_failed_job_waits_longer_each_time_and_never_for_long(attempts: int, chance: float) -> None:
    delay = jobs.retry_delay(attempts, chance)
    assert jobs.FIRST_DELAY / 2 <= delay <= jobs.LONGEST_DELAY
    assert delay <= jobs.retry_delay(attempts, 0) <= jobs.retry_delay(attempts + 1, 0)


def test_the_delay_doubles_until_it_is_an_hour() -> None:
    assert [jobs.retry_delay(attempts, 0).total_seconds() for attempts in (1, 2, 3, 9, 10, 1000)] == [
        10, 20, 40, 2560, 3600, 3600
    ]  # fmt: skip


def test_what_failed_together_comes_back_apart() -> None:
    assert len({jobs.failed(running(3), "No.").delay for _ in range(50)}) > 40


@pytest.mark.parametrize(("attempts", "state"), [(1, JobState.QUEUED), (4, JobState.QUEUED), (5, JobState.DEAD)])
def test_a_job_is_dead_when_it_failed_as_often_as_it_may(attempts: int, state: JobState) -> None:
    for ending in (jobs.failed(running(attempts), "No."), jobs.lost(running(attempts))):
        assert (ending.state, ending.attempts, ending.attempt) == (state, attempts, attempts)
        assert (ending.delay > timedelta(0)) == (state is JobState.QUEUED)
        assert ending.message


def test_a_stop_costs_neither_an_attempt_nor_time() -> None:
    ending = jobs.handed_back(running(5))
    assert (ending.state, ending.attempts, ending.attempt, ending.delay) == (JobState.QUEUED, 4, 5, timedelta(0))


def test_what_is_told_of_an_end_is_bounded_and_can_be_kept() -> None:
    assert jobs.done(running(1), None).message is None
    message = jobs.failed(running(1), "\0" + "x" * 10_000).message
    assert message is not None
    assert len(message) == 1000
    assert "\0" not in message


class Depth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    metres: int


def test_kinds_are_known_by_name_and_those_by_hand_take_what_they_say() -> None:
    kinds = JobKinds(
        [JobKind(name="dig", lane="heavy", payload=Depth, by_hand=True), JobKind(name="rest", lane="light")]
    )
    assert "dig" in kinds
    assert "fly" not in kinds
    assert kinds["rest"].lane == "light"
    assert kinds.by_hand("dig", {"metres": 3}).name == "dig"
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("fly", {}, "kind"),
        ("rest", {}, "kind"),
        ("dig", {}, "payload"),
        ("dig", {"metres": "3"}, "payload"),
        ("dig", {"metres": 3, "x": 1}, "payload"),
    ]
    for name, payload, field in wrong:
        with pytest.raises(NotUsable) as refused:
            kinds.by_hand(name, payload)
        assert [fault.field for fault in refused.value.faults] == [field]
