"""Wrong guesses cost, and only those who make them."""

import ipaddress

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.core.errors import TooManyAttempts
from appliance.core.throttle import Throttle, network_block

HOME, AWAY = "203.0.113.5", "198.51.100.7"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def tried(throttle: Throttle, name: str, network: str, times: int) -> int:
    """How many of so many wrong attempts were looked at."""
    looked_at = 0
    for _ in range(times):
        try:
            throttle.check(name, network)
        except TooManyAttempts:
            continue
        throttle.failed(name, network)
        looked_at += 1
    return looked_at


def seconds_to_wait(throttle: Throttle) -> int:
    try:
        throttle.check("ana", HOME)
    except TooManyAttempts as refusal:
        return refusal.retry_after
    return 0


def test_ten_wrong_attempts_on_one_account_are_looked_at(throttle: Throttle) -> None:
    assert tried(throttle, "ana", HOME, 100) == 10


def test_an_account_is_one_however_its_name_is_spelt(throttle: Throttle) -> None:
    assert tried(throttle, "ana", HOME, 5) + tried(throttle, "ÁNA", HOME, 100) == 10


def test_ten_thousand_wrong_attempts_of_one_network_are_refused_after_thirty(throttle: Throttle) -> None:
    assert sum(tried(throttle, f"user {number}", HOME, 1) for number in range(10_000)) == 30


def test_changing_the_address_within_a_slash_64_does_not_help(throttle: Throttle) -> None:
    assert sum(tried(throttle, f"user {host}", f"2001:db8:1:2::{host:x}", 1) for host in range(1, 1000)) == 30
    throttle.check("user", "2001:db8:1:3::1")


def test_a_mapped_address_is_the_address_itself(throttle: Throttle) -> None:
    assert tried(throttle, "ana", HOME, 5) + tried(throttle, "ana", f"::ffff:{HOME}", 100) == 10


def test_a_stranger_cannot_lock_the_owner_out(throttle: Throttle) -> None:
    tried(throttle, "ana", AWAY, 1000)
    throttle.check("ana", HOME)


def test_a_moment_after_the_last_attempt_there_is_no_further_one(throttle: Throttle, clock: Clock) -> None:
    tried(throttle, "ana", HOME, 10)
    clock.now += 0.5
    with pytest.raises(TooManyAttempts) as caught:
        throttle.check("ana", HOME)
    assert caught.value.retry_after == 30
    assert "30 seconds" in str(caught.value)


def test_one_attempt_more_every_thirty_seconds(throttle: Throttle, clock: Clock) -> None:
    tried(throttle, "ana", HOME, 100)
    clock.now += 30
    assert tried(throttle, "ana", HOME, 100) == 1
    clock.now += 90
    assert tried(throttle, "ana", HOME, 100) == 3


@given(st.lists(st.floats(0, 100), min_size=20, max_size=60))
def test_who_waits_as_long_as_told_is_looked_at(pauses: list[float]) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for pause in pauses:
        clock.now += pause
        if wait := seconds_to_wait(throttle):
            clock.now += wait + 1e-6  # what adding up seconds as floats may lose
            throttle.check("ana", HOME)
        throttle.failed("ana", HOME)


def test_success_forgives_the_account_and_not_the_network(throttle: Throttle) -> None:
    tried(throttle, "ana", HOME, 9)
    throttle.succeeded("ana", HOME)
    assert tried(throttle, "ana", HOME, 100) == 10
    assert tried(throttle, "bo", HOME, 100) == 10
    assert tried(throttle, "cy", HOME, 100) == 1


def test_success_of_somebody_unknown_to_it_is_no_matter(throttle: Throttle) -> None:
    throttle.succeeded("ana", HOME)
    throttle.check("ana", HOME)


def test_it_remembers_boundedly_and_forgets_the_oldest(throttle: Throttle) -> None:
    tried(throttle, "ana", HOME, 10)
    for number in range(3_332):  # three buckets each, of ten thousand
        tried(throttle, "x" * 1000, str(ipaddress.IPv4Address(number)), 1)
    assert tried(throttle, "ana", HOME, 1) == 0
    for name in "vwxyz":
        tried(throttle, name, AWAY, 1)
    assert tried(throttle, "ana", HOME, 100) == 10


def test_names_that_differ_only_far_behind_what_a_name_may_be_count_together(throttle: Throttle) -> None:
    assert sum(tried(throttle, "x" * 1_000_000 + str(number), HOME, 1) for number in range(20)) == 10


@pytest.mark.parametrize(
    ("address", "block"),
    [
        (HOME, HOME),
        (f"::ffff:{HOME}", HOME),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a unix socket", "a unix socket"),
    ],
)
def test_the_network_that_one_person_is_taken_to_own(address: str, block: str) -> None:
    assert network_block(address) == block


def test_an_account_that_was_at_home_there_is_not_locked_out_by_its_network(throttle: Throttle) -> None:
    throttle.succeeded("ana", HOME)
    assert sum(tried(throttle, f"user {number}", HOME, 1) for number in range(100)) == 30
    throttle.check("ana", HOME)
    with pytest.raises(TooManyAttempts):
        throttle.check("bo", HOME)


def test_an_account_at_home_is_still_held_to_its_own_attempts(throttle: Throttle) -> None:
    throttle.succeeded("ana", HOME)
    assert tried(throttle, "ana", HOME, 100) == 10


def test_who_is_at_home_is_remembered_within_bounds(throttle: Throttle) -> None:
    throttle.succeeded("ana", HOME)
    for number in range(10_000):
        throttle.succeeded(f"user {number}", HOME)
    assert sum(tried(throttle, f"stranger {number}", HOME, 1) for number in range(100)) == 30
    with pytest.raises(TooManyAttempts):
        throttle.check("ana", HOME)


def test_an_app_with_an_old_password_stops_itself_and_not_the_other_app(throttle: Throttle) -> None:
    for _ in range(10):
        throttle.failed("ana", HOME, "old phone")
    with pytest.raises(TooManyAttempts):
        throttle.check("ana", HOME, "old phone")
    throttle.check("ana", HOME, "new phone")


def test_an_app_that_changes_its_name_gets_no_more_than_thirty(throttle: Throttle) -> None:
    looked_at = 0
    for number in range(100):
        try:
            throttle.check("ana", HOME, f"app {number}")
        except TooManyAttempts:
            continue
        throttle.failed("ana", HOME, f"app {number}")
        looked_at += 1
    assert looked_at == 30


def test_the_owner_s_success_gives_a_guesser_no_new_attempts(throttle: Throttle) -> None:
    for number in range(30):
        throttle.failed("ana", HOME, f"guess {number}")
    throttle.succeeded("ana", HOME, "phone")
    with pytest.raises(TooManyAttempts):
        throttle.check("ana", HOME, "another guess")
