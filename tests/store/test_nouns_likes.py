"""Likes and ratings one by one: whatever arrives when, and however often, the same counts in the end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Item, Library, Window
from appliance.core.errors import BadRequest, Conflict, Forbidden, NotFound
from appliance.core.ids import new_id
from appliance.core.likes import add_like, take_like_back
from appliance.core.listening import LikeEvent, RatingEvent, TimeOrder, Told, like, rate
from appliance.core.ratings import add_rating, take_rating_back
from appliance.store.unit_of_work import PostgresStore
from tests.store.events import NOON, at
from tests.store.sheets import album_of, bring_in

ALL = Window(500)


@pytest.fixture
async def tracks(store: PostgresStore, library: Library) -> list[UUID]:
    return [decision.track_id for decision in await bring_in(store, library, album_of(3))]


@pytest.fixture
def user(user_id: UUID) -> User:
    return User(id=user_id, name="Ana", role=Role.MEMBER, created_at=NOON)


#: What happens to one of three things in one of a few minutes (so that many happen at once), as a number from 0 to 5.
happenings = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 5), st.uuids(version=4)),
    max_size=12,
    unique_by=lambda one: one[3],
)
#: The same as devices send it: in any order, cut anywhere, some of it again.
interleavings = happenings.flatmap(
    lambda told: st.tuples(
        st.just(told),
        st.permutations(told).flatmap(
            lambda order: st.lists(st.sampled_from(order), max_size=6).map(lambda again: [*order, *again])
        )
        if told
        else st.just([]),
    )
)
Happening = tuple[int, int, int, UUID]


def latest(happened: Sequence[Happening], things: Sequence[UUID]) -> dict[UUID, tuple[UUID, int]]:
    """Of each thing the id and number of what counts: the latest, of those that happened at once the highest id."""
    order = sorted(happened, key=lambda one: (one[1], one[3]))
    standing = {things[thing]: (id_, number) for thing, _, number, id_ in order}
    return {thing: (id_, number) for thing, (id_, number) in standing.items() if number > 0}


async def test_any_interleaving_gives_the_same_likes_and_ratings(store: PostgresStore, user: User) -> None:
    async def tell(arriving: Sequence[Happening], things: Sequence[UUID]) -> None:
        for thing, minute, number, id_ in arriving:
            # Its own transaction for each, as devices send them.
            async with store.begin() as work:
                event = {"id": id_, "user_id": user.id, "item": Item.TRACK, "item_id": things[thing]}
                times = {"happened_at": at(minute), "recorded_at": NOON}
                await work.likes.add(LikeEvent(**event, **times, liked=number > 0))  # type: ignore[arg-type]
                await work.ratings.add(RatingEvent(**event, **times, rating=number))  # type: ignore[arg-type]

    async def standing(things: Sequence[UUID]) -> list[dict[UUID, tuple[UUID, int]]]:
        async with store.begin() as work:
            likes, liked = await work.likes.page(user.id, TimeOrder.NEWEST, ALL)
            ratings, rated = await work.ratings.page(user.id, TimeOrder.OLDEST, ALL)
            marks = await work.listening.marks(user.id, Item.TRACK, things)
        assert (liked, rated) == (len(likes), len(ratings))
        mine = [rating for rating in ratings if rating.item_id in things]
        assert {thing: mark.rating for thing, mark in marks.items()} == {one.item_id: one.rating for one in mine}
        assert {thing for thing, mark in marks.items() if mark.liked_at} == {
            one.item_id for one in likes if one.item_id in things
        }
        return [
            {one.item_id: (one.id, 1) for one in likes if one.item_id in things},
            {one.item_id: (one.id, one.rating) for one in mine},
        ]

    @settings(max_examples=40)
    @given(interleavings)
    def check(told: tuple[list[Happening], list[Happening]]) -> None:
        happened, arriving = told
        # Fresh things and ids for each example, in the same order of ids, since the log is never emptied.
        fresh = dict(zip(sorted(one[3] for one in happened), sorted(new_id() for _ in happened), strict=True))
        things = [new_id() for _ in range(3)]
        trio.from_thread.run(tell, [(*one[:3], fresh[one[3]]) for one in arriving], things)
        expected = latest([(*one[:3], fresh[one[3]]) for one in happened], things)
        likes, ratings = trio.from_thread.run(standing, things)
        assert ratings == expected
        assert likes == {thing: (id_, 1) for thing, (id_, _) in expected.items()}

    await trio.to_thread.run_sync(check)


async def test_a_like_and_its_end_at_the_same_moment_are_settled_by_their_ids(
    store: PostgresStore, user: User, tracks: list[UUID]
) -> None:
    for track, backwards in ((tracks[0], False), (tracks[1], True)):
        low, high = sorted((new_id(), new_id()))
        events = [
            LikeEvent(
                id=id_, user_id=user.id, item=Item.TRACK, item_id=track, liked=liked, happened_at=NOON, recorded_at=NOON
            )
            for id_, liked in ((low, True), (high, False))
        ]
        for event in reversed(events) if backwards else events:
            async with store.begin() as work:
                assert await work.likes.add(event)
    async with store.begin() as work:
        assert await work.likes.page(user.id, TimeOrder.NEWEST, ALL) == ([], 0)


async def test_what_was_starred_by_an_app_can_be_read_and_taken_back(
    store: PostgresStore, user: User, tracks: list[UUID]
) -> None:
    async with store.begin() as work:
        await like(work, user, [(Item.TRACK, track) for track in tracks], liked=True)
        await rate(work, user, Item.TRACK, tracks[0], 4)
    async with store.begin() as work:
        likes, total = await work.likes.page(user.id, TimeOrder.NEWEST, Window(2))
        assert ([one.item for one in likes], total) == ([Item.TRACK] * 2, 3)
        await take_like_back(work, user, likes[0].id)
        [rating], _ = await work.ratings.page(user.id, TimeOrder.NEWEST, ALL, Item.TRACK)
        await take_rating_back(work, user, rating.id)
        assert await work.ratings.page(user.id, TimeOrder.NEWEST, ALL, Item.ALBUM) == ([], 0)
    async with store.begin() as work:
        left, _ = await work.likes.page(user.id, TimeOrder.NEWEST, ALL)
        assert {one.item_id for one in left} == set(tracks) - {likes[0].item_id}
        assert await work.listening.marks(user.id, Item.TRACK, [likes[0].item_id]) == {}


@pytest.mark.parametrize("rating", [-1, 0, 6, 2**63])
async def test_a_rating_is_a_number_from_1_to_5(
    store: PostgresStore, user: User, tracks: list[UUID], rating: int
) -> None:
    async with store.begin() as work:
        with pytest.raises(BadRequest, match="from 1 to 5"):
            await add_rating(work, user, Item.TRACK, tracks[0], rating, told=Told())
        assert await work.ratings.page(user.id, TimeOrder.NEWEST, ALL) == ([], 0)


async def test_the_same_told_again_is_answered_as_it_was_recorded_and_another_is_refused(
    store: PostgresStore, user: User, tracks: list[UUID]
) -> None:
    told = Told(id=new_id(), happened_at=at(1))
    async with store.begin() as work:
        rated = await add_rating(work, user, Item.TRACK, tracks[0], 4, told=told)
        assert await add_rating(work, user, Item.TRACK, tracks[0], 4, told=told) == rated
        liked = await add_like(work, user, Item.TRACK, tracks[0], told=told)  # another log
        assert await add_like(work, user, Item.TRACK, tracks[0], told=told) == liked
        for track, rating in ((tracks[0], 5), (tracks[1], 4)):
            with pytest.raises(Conflict):
                await add_rating(work, user, Item.TRACK, track, rating, told=told)
        with pytest.raises(Conflict):
            await add_like(work, user, Item.TRACK, tracks[1], told=told)
        assert await work.likes.page(user.id, TimeOrder.NEWEST, ALL) == ([liked], 1)
        assert await work.ratings.page(user.id, TimeOrder.NEWEST, ALL) == ([rated], 1)


async def test_guests_say_nothing(store: PostgresStore, user_id: UUID, tracks: list[UUID]) -> None:
    guest = User(id=user_id, name="Ana", role=Role.GUEST, created_at=NOON)
    async with store.begin() as work:
        with pytest.raises(Forbidden):
            await add_like(work, guest, Item.TRACK, tracks[0], told=Told())
        with pytest.raises(Forbidden):
            await take_like_back(work, guest, new_id())
        with pytest.raises(Forbidden):
            await add_rating(work, guest, Item.TRACK, tracks[0], 3, told=Told())
        with pytest.raises(Forbidden):
            await take_rating_back(work, guest, new_id())


async def test_what_a_user_may_not_see_cannot_be_liked(store: PostgresStore, user_id: UUID, tracks: list[UUID]) -> None:
    stranger = User(id=user_id, name="Ana", role=Role.MEMBER, created_at=NOON, libraries=())
    async with store.begin() as everything:
        work = everything.seen_by(stranger)
        with pytest.raises(NotFound):
            await add_like(work, stranger, Item.TRACK, tracks[0], told=Told())
        with pytest.raises(NotFound):
            await add_rating(work, stranger, Item.TRACK, tracks[0], 3, told=Told())


async def test_two_who_send_the_same_at_once_are_both_answered_the_same(
    store: PostgresStore, user: User, tracks: list[UUID]
) -> None:
    told = Told(id=new_id(), happened_at=datetime.now(UTC) - timedelta(hours=1))
    answers: list[LikeEvent] = []

    async def send() -> None:
        async with store.begin() as work:
            answers.append(await add_like(work, user, Item.TRACK, tracks[0], told=told))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(send)
    assert len(answers) == 6
    assert len(set(answers)) == 1
