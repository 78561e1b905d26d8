"""How long, and for what, a failure is held against a file."""

import pytest
import trio.testing

from appliance.core.errors import MediaFault
from appliance.stream.failures import Failures


async def test_a_failure_is_remembered_with_its_reason_for_five_minutes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    failures = Failures()
    failures.remember("a.opus", MediaFault("It is broken."), 0)
    failures.check("b.opus", 0)
    autojump_clock.jump(299)
    with pytest.raises(MediaFault, match=r"^It is broken\.$"):
        failures.check("a.opus", 0)
    autojump_clock.jump(1)
    failures.check("a.opus", 0)


async def test_what_came_before_a_failure_may_be_asked_for_again() -> None:
    failures = Failures()
    failures.remember("a.opus", MediaFault("It is cut."), 1000)
    failures.check("a.opus", 999)
    with pytest.raises(MediaFault):
        failures.check("a.opus", 1000)


async def test_of_too_many_failures_the_oldest_is_forgotten() -> None:
    failures = Failures()
    for number in (*range(1000), 0, 1000):
        failures.remember(f"{number}.opus", MediaFault("It is broken."), 0)
    failures.check("1.opus", 0)
    for number in (0, 2, 1000):
        with pytest.raises(MediaFault):
            failures.check(f"{number}.opus", 0)
