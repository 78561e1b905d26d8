"""Likes, ratings and plays: who may leave them, when they count as having happened, and that none is doubled."""

import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Item
from appliance.core.errors import BadRequest, Forbidden, NotFound
from appliance.core.listening import EARLIEST, TOLERANCE, believed, heard, like, rate, takes_effect
from appliance.core.ports import UnitOfWork
from tests.core.conftest import Memory

TRACK, OTHER, ALBUM, NOTHING = (UUID(int=number) for number in range(10, 14))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
any_time = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    memory.listening.items = {(Item.TRACK, TRACK), (Item.TRACK, OTHER), (Item.ALBUM, ALBUM)}
    return memory


@pytest.fixture
def guest(member: User) -> User:
    return msgspec.structs.replace(member, role=Role.GUEST)


# --- The clock rule


@given(any_time, any_time)
def test_no_clock_is_believed_further_than_the_rule_says(happened_at: datetime, now: datetime) -> None:
    if now > EARLIEST:
        assert EARLIEST <= believed(happened_at, now) <= now + TOLERANCE


@given(any_time, st.timedeltas(timedelta(), timedelta(days=300)))
def test_the_same_time_told_again_later_is_the_same_time(happened_at: datetime, later: timedelta) -> None:
    if EARLIEST <= happened_at <= NOW + TOLERANCE:
        assert believed(happened_at, NOW) == believed(happened_at, NOW + later) == happened_at


@pytest.mark.parametrize(
    "lie", [None, datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=365), NOW + TOLERANCE + timedelta(seconds=1)]
)
def test_no_time_and_a_clock_that_lies_count_as_now(lie: datetime | None) -> None:
    assert believed(lie, NOW) == NOW


@given(st.none() | any_time, st.timedeltas(-timedelta(days=365), TOLERANCE))
def test_what_happens_now_comes_after_all_that_is_known(happened_at: datetime | None, known: timedelta) -> None:
    at = takes_effect(happened_at, NOW, NOW + known)
    if happened_at is None or believed(happened_at, NOW) == NOW:
        assert at > NOW + known
        assert NOW <= at <= NOW + TOLERANCE + timedelta(microseconds=1)
    else:
        assert at == happened_at


def test_the_first_event_happens_when_it_is_told() -> None:
    assert takes_effect(None, NOW, None) == NOW
    there = NOW.astimezone(timezone(timedelta(hours=2))) - timedelta(hours=1)
    assert takes_effect(there, NOW, None) == there
    assert takes_effect(there, NOW, None).tzinfo is UTC


# --- Likes and ratings


@pytest.mark.parametrize("liked", [True, False])
async def test_likes_are_written_down_as_they_happen(
    work: UnitOfWork, memory: Memory, member: User, *, liked: bool
) -> None:
    await like(work, member, [(Item.TRACK, TRACK), (Item.ALBUM, ALBUM)], liked=liked)
    events = memory.listening.likes
    assert [(event.user_id, event.item, event.item_id, event.liked) for event in events] == [
        (member.id, Item.TRACK, TRACK, liked),
        (member.id, Item.ALBUM, ALBUM, liked),
    ]
    assert len({event.id for event in events}) == 2
    assert all(event.happened_at == event.recorded_at for event in events)


async def test_a_like_of_something_unknown_records_nothing(work: UnitOfWork, memory: Memory, member: User) -> None:
    with pytest.raises(NotFound, match=str(NOTHING)):
        await like(work, member, [(Item.TRACK, TRACK), (Item.TRACK, NOTHING)], liked=True)
    with pytest.raises(NotFound):
        await like(work, member, [(Item.ALBUM, TRACK)], liked=True)  # a track's id is no album's
    assert not memory.listening.likes


@pytest.mark.parametrize("rating", [0, 1, 5])
async def test_a_rating_is_a_number_from_0_to_5(work: UnitOfWork, memory: Memory, member: User, rating: int) -> None:
    await rate(work, member, Item.ALBUM, ALBUM, rating)
    (event,) = memory.listening.ratings
    assert (event.user_id, event.item, event.item_id, event.rating) == (member.id, Item.ALBUM, ALBUM, rating)


@pytest.mark.parametrize("rating", [-1, 6, 2**63])
async def test_any_other_rating_is_refused(work: UnitOfWork, memory: Memory, member: User, rating: int) -> None:
    with pytest.raises(BadRequest):
        await rate(work, member, Item.TRACK, TRACK, rating)
    assert not memory.listening.ratings


async def test_a_rating_of_something_unknown_is_refused(work: UnitOfWork, memory: Memory, member: User) -> None:
    with pytest.raises(NotFound):
        await rate(work, member, Item.TRACK, NOTHING, 3)
    assert not memory.listening.ratings


async def test_guests_change_nothing(work: UnitOfWork, memory: Memory, guest: User) -> None:
    with pytest.raises(Forbidden):
        await like(work, guest, [(Item.TRACK, TRACK)], liked=True)
    with pytest.raises(Forbidden):
        await rate(work, guest, Item.TRACK, TRACK, 3)
    assert not memory.listening.likes + memory.listening.ratings


# --- Plays


async def test_what_guests_hear_is_counted_as_anybody_s(work: UnitOfWork, memory: Memory, guest: User) -> None:
    await heard(work, guest, [(TRACK, None)], "app")
    (play,) = memory.listening.plays.values()
    assert (play.user_id, play.track_id, play.client, play.happened_at) == (guest.id, TRACK, "app", play.recorded_at)


@pytest.mark.parametrize("ahead", [-timedelta(days=3), timedelta(minutes=4)])
async def test_a_play_that_is_sent_again_is_recorded_once(
    work: UnitOfWork, memory: Memory, member: User, ahead: timedelta
) -> None:
    then = datetime.now(UTC) + ahead
    for _ in range(3):
        await heard(work, member, [(TRACK, then), (OTHER, then), (TRACK, then)], "app")
    assert [(play.track_id, play.happened_at) for play in memory.listening.plays.values()] == [
        (TRACK, then),
        (OTHER, then),
    ]


async def test_a_play_of_something_unknown_records_nothing(work: UnitOfWork, memory: Memory, member: User) -> None:
    with pytest.raises(NotFound):
        await heard(work, member, [(TRACK, None), (ALBUM, None)], "app")
    assert not memory.listening.plays


async def test_an_app_s_name_is_made_fit_to_be_kept(work: UnitOfWork, memory: Memory, member: User) -> None:
    await heard(work, member, [(TRACK, None)], "an\0app" + "x" * 1000)
    (play,) = memory.listening.plays.values()
    assert play.client == "an app" + "x" * 94


async def test_an_app_s_name_without_end_holds_nobody_up(work: UnitOfWork, memory: Memory, member: User) -> None:
    before = time.process_time()
    await heard(work, member, [(TRACK, None)], "\u0315\u0300" * 60_000)
    assert time.process_time() - before < 0.5
    (play,) = memory.listening.plays.values()
    assert len(play.client) == 100
