"""Plays one by one, and histories: whatever is sent when, and however often, each is there once."""

from datetime import timedelta
from itertools import islice
from uuid import UUID

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Item, Library, Window
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import new_id
from appliance.core.listening import PlayEvent, TimeOrder, Told, heard
from appliance.core.plays import Heard, PlayFilter, add_play, history
from appliance.store.unit_of_work import PostgresStore
from tests.store.events import NOON, at
from tests.store.sheets import album_of, bring_in

ANY = PlayFilter()
ALL = Window(500)


@pytest.fixture
async def tracks(store: PostgresStore, library: Library) -> list[UUID]:
    return [decision.track_id for decision in await bring_in(store, library, album_of(3))]


@pytest.fixture
def user(user_id: UUID) -> User:
    return User(id=user_id, name="Ana", role=Role.MEMBER, created_at=NOON)


plays = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["app", "radio"])), min_size=1, max_size=8
)


async def test_any_interleaving_gives_the_same_history(store: PostgresStore, user: User, tracks: list[UUID]) -> None:
    """Each may come with an id of its own, without one, or by the older way of several at once."""
    days = iter(range(10_000))

    async def tell(day: timedelta, arriving: list[tuple[int, int, str, int]]) -> None:
        own = [new_id() for _ in range(3)]
        for track, minute, client, way in arriving:
            async with store.begin() as work:
                if way == 0:
                    await heard(work, user, [(tracks[track], at(minute) + day)], client)
                else:
                    told = Told(id=own[track] if way == 1 else None, happened_at=at(minute) + day)
                    first = await add_play(work, user, Heard(track_id=tracks[track], client=client), told)
                    assert await add_play(work, user, Heard(track_id=tracks[track], client=client), told) == first

    async def told(day: timedelta) -> list[tuple[UUID, int, str]]:
        async with store.begin() as work:
            narrow = PlayFilter(from_time=at(0) + day, to_time=at(60) + day)
            page, total = await history(work, user, narrow, TimeOrder.OLDEST, ALL)
        assert total == len(page)
        return [(play.track_id, (play.happened_at - at(0) - day) // timedelta(minutes=1), play.client) for play in page]

    @settings(max_examples=40)
    @given(plays.flatmap(lambda happened: st.tuples(st.just(happened), st.permutations(happened * 2))), st.data())
    def check(
        told_and_arriving: tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]], data: st.DataObject
    ) -> None:
        happened, arriving = told_and_arriving
        day = timedelta(days=-next(days))
        # An own id is for one event: the first of its track, if the client gives ids at all.
        ways = {one: data.draw(st.sampled_from([0, 2])) for one in happened}
        for track in range(3):
            for one in islice((one for one in happened if one[0] == track), 1):
                ways[one] = data.draw(st.sampled_from([0, 1, 2]))
        trio.from_thread.run(tell, day, [(*one, ways[one]) for one in arriving])
        assert sorted(trio.from_thread.run(told, day)) == sorted(
            {(tracks[track], minute, client) for track, minute, client in happened}
        )

    await trio.to_thread.run_sync(check)


@pytest.mark.parametrize("order", TimeOrder)
async def test_a_page_is_the_same_from_whichever_end_it_is_read(
    store: PostgresStore, user: User, tracks: list[UUID], order: TimeOrder
) -> None:
    async with store.begin() as work:
        for number in range(11):
            await heard(work, user, [(tracks[number % 3], at(number // 2))], "app")
        listed, total = await history(work, user, ANY, order, ALL)
        assert total == 11
        assert listed == sorted(listed, key=lambda play: (play.happened_at, play.id), reverse=order is TimeOrder.NEWEST)
        for limit in (1, 2, 3, 5, 11, 12):
            for offset in range(14):
                page, _ = await history(work, user, ANY, order, Window(limit, offset))
                assert page == listed[offset : offset + limit]


async def test_a_play_is_counted_as_an_app_s(store: PostgresStore, user: User, tracks: list[UUID]) -> None:
    async with store.begin() as work:
        await add_play(work, user, Heard(track_id=tracks[0]), Told(happened_at=at(3)))
        marks = await work.listening.marks(user.id, Item.TRACK, tracks)
    assert (marks[tracks[0]].play_count, marks[tracks[0]].last_played_at) == (1, at(3))


async def test_an_id_of_another_play_is_refused(store: PostgresStore, user: User, tracks: list[UUID]) -> None:
    async with store.begin() as work:
        made = await add_play(work, user, Heard(track_id=tracks[0]), Told(happened_at=at(1)))
        with pytest.raises(Conflict):
            await add_play(work, user, Heard(track_id=tracks[1]), Told(id=made.id, happened_at=at(1)))
        assert await history(work, user, ANY, TimeOrder.NEWEST, ALL) == ([made], 1)


async def test_what_was_never_recorded_is_not_found(store: PostgresStore, user: User, tracks: list[UUID]) -> None:
    async with store.begin() as work:
        never = PlayEvent(
            id=new_id(), user_id=user.id, track_id=tracks[0], client="app", happened_at=NOON, recorded_at=NOON
        )
        with pytest.raises(NotFound):
            await work.plays.like(never)
        with pytest.raises(NotFound):
            await work.plays.get(user.id, never.id)


async def test_what_a_user_may_not_see_cannot_be_heard(store: PostgresStore, user_id: UUID, tracks: list[UUID]) -> None:
    stranger = User(id=user_id, name="Ana", role=Role.MEMBER, created_at=NOON, libraries=())
    async with store.begin() as everything:
        with pytest.raises(NotFound):
            await add_play(everything.seen_by(stranger), stranger, Heard(track_id=tracks[0]), Told())


async def test_two_who_send_the_same_at_once_are_both_answered_the_same(
    store: PostgresStore, user: User, tracks: list[UUID]
) -> None:
    answers: list[PlayEvent] = []

    async def send() -> None:
        async with store.begin() as work:
            answers.append(await add_play(work, user, Heard(track_id=tracks[0], client="app"), Told(happened_at=NOON)))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(send)
    assert len(answers) == 6
    assert len(set(answers)) == 1
