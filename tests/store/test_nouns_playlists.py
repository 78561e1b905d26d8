"""Playlists as they are kept: any edits give what a plain list gives, and what is long stays quick and right."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import trio
from hypothesis import HealthCheck, given, settings

from appliance.core import playlists
from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Library, Window
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import new_id
from appliance.core.playlist_order import Changes, Insert, Move, Operation, Remove
from appliance.core.playlists import MOST_ENTRIES, Draft, Playlist, PlaylistFilter, PlaylistOrder
from appliance.core.ports import UnitOfWork
from appliance.core.ranks import spread
from appliance.core.visibility import Visibility
from appliance.store.database import open_database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore
from tests.core.test_playlist_order import PlainList, batches
from tests.store.sheets import album_of, bring_in
from tests.store.test_query_plans import plans_of, read_whole

ALL = Window(500)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresStore]:
    """The store in a run of its own, as each example of a property has one."""
    async with open_database(url) as database, open_listener(database) as listener:
        yield PostgresStore(database, listener)


async def member(store: PostgresStore, name: str) -> User:
    user = User(id=new_id(), name=name, role=Role.MEMBER, created_at=datetime.now(UTC))
    async with store.begin() as work:
        assert await work.users.add(Account(user=user, password_hash="none", app_secret=None))
    return user


@pytest.fixture
async def user(store: PostgresStore) -> User:
    return await member(store, "Bea")


@pytest.fixture
async def tracks(store: PostgresStore, library: Library) -> list[UUID]:
    return [decision.track_id for decision in await bring_in(store, library, album_of(3))]


@pytest.fixture
async def playlist(store: PostgresStore, user: User) -> Playlist:
    async with store.begin() as work:
        return await playlists.create(work, user, Draft(name="Mine"))


async def seen(work: UnitOfWork, playlist: Playlist, window: Window = ALL) -> list[UUID]:
    return [entry.id for entry in await work.playlists.entries(playlist.id, window)]


@pytest.fixture
def house(database_url: str) -> tuple[User, list[UUID]]:
    """Somebody, and some tracks."""

    async def build() -> tuple[User, list[UUID]]:
        async with opened(database_url) as store:
            async with store.begin() as work:
                [library] = await work.libraries.settle([b"/music"])
            return await member(store, "Bea"), [one.track_id for one in await bring_in(store, library, album_of(3))]

    return trio.run(build)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=batches)
def test_any_edits_give_what_a_plain_list_gives(
    database_url: str, house: tuple[User, list[UUID]], batches: list[list[Operation]]
) -> None:
    user, tracks = house

    async def edit() -> None:
        plain = PlainList()
        async with opened(database_url) as store:
            async with store.begin() as work:
                playlist = await playlists.create(work, user, Draft(name="Any"))
            for batch in batches:
                real = [Insert(op.id, tracks[0], op.after) if isinstance(op, Insert) else op for op in batch]
                for operation in real:
                    plain.apply(operation)
                async with store.begin() as work:
                    edited = await playlists.operate(work, user, playlist.id, real)
                    assert await seen(work, playlist) == plain.seen
                    assert edited.track_count == len(plain.seen)

    trio.run(edit)


async def test_editors_at_once_take_turns_and_both_keep_their_work(
    store: PostgresStore, user: User, playlist: Playlist, tracks: Sequence[UUID]
) -> None:
    made = [[new_id() for _ in range(5)] for _ in range(4)]

    async def type_in(ids: Sequence[UUID]) -> None:
        for id_ in ids:
            async with store.begin() as work:
                await playlists.operate(work, user, playlist.id, [Insert(id_, tracks[0], None)])

    async with trio.open_nursery() as nursery:
        for ids in made:
            nursery.start_soon(type_in, ids)
    async with store.begin() as work:
        found = await seen(work, playlist)
        assert sorted(found) == sorted(id_ for ids in made for id_ in ids)
        assert (await work.playlists.get(playlist.id, user.id)).track_count == 20
    for ids in made:
        assert [id_ for id_ in found if id_ in ids] == ids[::-1]


async def test_ranks_that_grow_long_are_made_anew_in_the_same_order(
    store: PostgresStore, user: User, playlist: Playlist, tracks: Sequence[UUID], database_url: str
) -> None:
    """Whoever squeezes in between the last two again and again makes them longer and longer."""
    ids = [new_id() for _ in range(500)]
    order, low = ids[:2], 0
    batch: list[Operation] = [Insert(ids[0], tracks[0]), Insert(ids[1], tracks[0])]
    for turn, id_ in enumerate(ids[2:]):
        batch.append(Insert(id_, tracks[0], order[low]))
        order.insert(low + 1, id_)
        low += turn % 2
    longest = []
    for part in (batch[:100], batch[100:], [Remove(ids[3])]):
        async with store.begin() as work:
            await playlists.operate(work, user, playlist.id, part)
        with psycopg.connect(database_url) as connection:
            longest += connection.execute("SELECT max(length(rank)) FROM playlist_entries").fetchall()
    assert longest[0][0] > 50
    assert longest[1:] == [(3,), (3,)]
    async with store.begin() as work:
        assert await seen(work, playlist) == [id_ for id_ in order if id_ != ids[3]]


@pytest.fixture
async def full(store: PostgresStore, user: User, playlist: Playlist, tracks: Sequence[UUID]) -> Playlist:
    """With as many entries as a playlist may have."""
    inserted = {new_id(): (tracks[0], rank) for rank in spread(MOST_ENTRIES)}
    async with store.begin() as work:
        await work.playlists.apply(playlist.id, user.id, Changes(inserted, {}, frozenset(), MOST_ENTRIES))
        return await work.playlists.get(playlist.id, user.id)


async def test_a_full_playlist_takes_no_more_and_its_tombstones_are_bounded(
    store: PostgresStore, user: User, full: Playlist, tracks: Sequence[UUID], database_url: str
) -> None:
    assert full.track_count == MOST_ENTRIES
    async with store.begin() as work:
        assert len(await seen(work, full, Window(500, MOST_ENTRIES - 10))) == 10
        with pytest.raises(Conflict, match="100,000"):
            await playlists.operate(work, user, full.id, [Insert(new_id(), tracks[0])])
        [last, *_] = await seen(work, full, Window(1, MOST_ENTRIES - 1))
        await playlists.operate(work, user, full.id, [Remove(last), Insert(new_id(), tracks[0], last)])
        gone = await seen(work, full, Window(10_500))
        assert (await work.playlists.get(full.id, user.id)).track_count == MOST_ENTRIES
        for start in range(0, len(gone), 1000):
            await playlists.operate(work, user, full.id, [Remove(id_) for id_ in gone[start : start + 1000]])
        assert (await work.playlists.get(full.id, user.id)).track_count == MOST_ENTRIES - 10_500
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT count(*) FROM playlist_entries WHERE removed_at IS NOT NULL").fetchall()
    assert kept == [(10_000,)]


async def test_no_long_playlist_is_read_whole_for_a_page_or_for_where_entries_stand(
    store: PostgresStore, user: User, full: Playlist, database_url: str
) -> None:
    ids = frozenset(entry.id for entry in await _entries(store, full, Window(100)))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE playlist_entries")

    async def ask(work: UnitOfWork) -> None:
        await work.playlists.entries(full.id, Window(50, 5000))
        await work.playlists.places(full.id, ids)
        await work.playlists.get(full.id, user.id)

    plans = await plans_of(database_url, ask)
    assert [found for found in read_whole(plans) if found.startswith("playlist")] == []


async def _entries(store: PostgresStore, playlist: Playlist, window: Window) -> list[playlists.Entry]:
    async with store.begin() as work:
        return await work.playlists.entries(playlist.id, window)


async def test_what_a_user_made_goes_with_them_and_what_they_added_elsewhere_stays(
    store: PostgresStore, user: User, tracks: Sequence[UUID], database_url: str
) -> None:
    other = await member(store, "Cem")
    async with store.begin() as work:
        own = await playlists.create(work, other, Draft(name="Theirs", track_ids=(tracks[0],)))
        shared = await playlists.create(work, user, Draft(name="Ours", visibility=Visibility.COLLABORATIVE))
        await playlists.operate(work, other, shared.id, [Insert(new_id(), tracks[1]), Move(new_id())])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM users WHERE id = %s", [other.id])
    async with store.begin() as work:
        with pytest.raises(NotFound):
            await work.playlists.get(own.id, other.id)
        [entry] = await work.playlists.entries(shared.id, ALL)
        assert (entry.track_id, entry.added_by) == (tracks[1], None)
        found, total = await work.playlists.page(user.id, PlaylistFilter(), PlaylistOrder.NAME, ALL, descending=False)
        assert ([one.id for one in found], total) == ([shared.id], 1)
