"""Events: told on commit, read in one order by everybody, forgotten from the oldest on."""

from contextlib import suppress
from uuid import UUID

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.core import jobs
from appliance.core.accounts import Role, User
from appliance.core.events import CHANNEL, Cursor, Event, Reading, Told
from appliance.core.ids import new_id
from appliance.core.jobs import JobKind
from appliance.core.ports import Store
from appliance.core.scanning import ScanKind
from appliance.core.schedules import EARLIEST
from appliance.store.unit_of_work import PostgresStore
from tests.store.test_nouns_jobs import sql


def person(role: Role = Role.MEMBER, user_id: UUID | None = None) -> User:
    return User(id=user_id or new_id(), name="Ana", role=role, created_at=EARLIEST)


ANA, BO, ADMIN, GUEST = person(), person(), person(Role.ADMIN), person(Role.GUEST)


async def tell(store: Store, *events: Event) -> None:
    async with store.begin() as work:
        await work.events.add(*events)


async def cursor(store: Store) -> Cursor:
    async with store.begin() as work:
        return await work.events.cursor()


async def read(store: Store, after: Cursor, user: User = ANA, limit: int = 100) -> Reading:
    async with store.begin() as work:
        return await work.events.read(user, after, limit)


async def played(store: Store, after: Cursor, user: User = ANA) -> list[UUID]:
    return [who(told) for told in (await read(store, after, user)).events]


def who(told: Told) -> UUID:
    return UUID(told.data["user_id"])


def playing(user: User = ANA) -> Event:
    return Event.of_now_playing(user.id)


async def test_what_was_told_after_a_cursor_is_read_once_and_in_order(store: PostgresStore) -> None:
    await tell(store, playing(BO))
    begun = await cursor(store)
    await tell(store, playing(ANA), playing(BO))
    await tell(store, playing(ADMIN))
    first = await read(store, begun)
    assert [who(told) for told in first.events] == [ANA.id, BO.id, ADMIN.id]
    assert not first.more
    assert not first.lost
    assert (await read(store, first.cursor)).events == []
    assert await played(store, first.events[0].cursor) == [BO.id, ADMIN.id]


async def test_a_long_list_is_read_in_pieces(store: PostgresStore) -> None:
    begun = await cursor(store)
    await tell(store, *(playing() for _ in range(7)))
    seen, after, more = 0, begun, True
    while more:
        piece = await read(store, after, limit=3)
        seen, after, more = seen + len(piece.events), piece.cursor, piece.more
    assert seen == 7


async def test_what_is_rolled_back_was_never_told(store: PostgresStore) -> None:
    begun = await cursor(store)
    with suppress(KeyError):
        async with store.begin() as work:
            await work.events.add(playing())
            raise KeyError
    await tell(store, playing(BO))
    assert await played(store, begun) == [BO.id]


async def test_a_transaction_that_began_earlier_and_commits_later_is_not_skipped(store: PostgresStore) -> None:
    begun = await cursor(store)
    async with store.begin() as early:
        await early.events.add(playing(ANA))
        await tell(store, playing(BO))
        waiting = await read(store, begun)
        assert waiting.events == []
        assert waiting.waiting
    after = await read(store, waiting.cursor)
    assert [who(told) for told in after.events] == [ANA.id, BO.id]
    assert not after.waiting


async def test_a_reader_who_never_waits_and_writers_in_any_order_agree(store: PostgresStore) -> None:
    begun = await cursor(store)
    told = [new_id() for _ in range(60)]
    seen: list[UUID] = []
    done = trio.Event()

    async def write(ids: list[UUID]) -> None:
        for number, id_ in enumerate(ids):
            async with store.begin() as work:
                await work.events.add(Event.of_now_playing(id_))
                for _ in range(number % 7):
                    await trio.lowlevel.checkpoint()

    async def follow() -> None:
        after, finished = begun, False
        while not finished:
            finished = done.is_set()
            reading = await read(store, after)
            seen.extend(who(each) for each in reading.events)
            after = reading.cursor

    async with trio.open_nursery() as reading:
        reading.start_soon(follow)
        async with trio.open_nursery() as writing:
            for start in range(3):
                writing.start_soon(write, told[start::3])
        done.set()
    assert sorted(seen) == sorted(told)
    assert [who(each) for each in (await read(store, begun)).events] == seen


async def test_each_sees_what_is_theirs_and_everybodys(store: PostgresStore, user_id: UUID) -> None:
    begun = await cursor(store)
    owner = person(user_id=user_id)
    async with store.begin() as work:
        scan = await work.scans.request(ScanKind.QUICK)
        server = await jobs.enqueue(work, JobKind(name="noop", lane="light"))
        own = await jobs.enqueue(work, JobKind(name="noop", lane="light"), user=owner)
    seen = {
        user.id: [UUID(told.data["id"]) for told in (await read(store, begun, user)).events]
        for user in (owner, ANA, GUEST, ADMIN)
    }
    assert seen == {
        owner.id: [scan.id, own.id],
        ANA.id: [scan.id],
        GUEST.id: [scan.id],
        ADMIN.id: [scan.id, server.id, own.id],
    }


async def test_the_cursor_moves_on_past_what_is_not_for_us(store: PostgresStore) -> None:
    begun = await cursor(store)
    async with store.begin() as work:
        await jobs.enqueue(work, JobKind(name="noop", lane="light"))
    reading = await read(store, begun)
    assert reading.events == []
    assert reading.cursor > begun


async def test_who_listens_is_woken_on_commit_by_the_transactions_number(store: PostgresStore) -> None:
    async with store.listen(CHANNEL) as wakes:
        async with store.begin() as work:
            await work.events.add(playing())
            await work.events.add(playing())
            await wait_all_tasks_blocked()
        with trio.fail_after(10):
            number = int(await anext(wakes))
    assert number < (await read(store, Cursor(0, 0))).horizon


async def test_a_cursor_that_is_not_covered_is_told_so(store: PostgresStore, database_url: str) -> None:
    old = await cursor(store)
    assert (await read(store, old)).lost, "nothing is kept yet that would show that nothing is lost"
    await tell(store, *(playing() for _ in range(3)))
    covered = (await read(store, old)).cursor
    assert not (await read(store, covered)).lost
    sql(database_url, "TRUNCATE events")
    assert (await read(store, covered)).lost
    await tell(store, playing())
    assert (await read(store, covered)).lost


@pytest.mark.parametrize("foreign", [Cursor(10**17, 1), Cursor(0, 0), Cursor(10**18 - 1, 10**18 - 1)])
async def test_a_cursor_of_another_database_is_lost(store: PostgresStore, foreign: Cursor) -> None:
    await tell(store, playing())
    assert (await read(store, foreign)).lost


async def test_events_are_forgotten_from_the_oldest_on_and_the_last_is_kept(
    store: PostgresStore, database_url: str
) -> None:
    begun = await cursor(store)
    for _ in range(6):
        await tell(store, playing())
    first = (await read(store, begun)).events[0].cursor
    async with store.begin() as work:
        assert await work.events.forget(days=3, most=4) == 2
        assert await work.events.forget(days=3, most=4) == 0
    assert len((await read(store, begun)).events) == 4
    assert (await read(store, first)).lost
    # The third of the four is old; the one before it, whatever it claims, goes with it.
    sql(
        database_url,
        "UPDATE events SET created_at = now() - interval '9 days'"
        " WHERE (xid, id) = (SELECT xid, id FROM events ORDER BY xid, id LIMIT 1 OFFSET 1)",
    )
    async with store.begin() as work:
        assert await work.events.forget(days=3, most=100) == 2
    sql(database_url, "UPDATE events SET created_at = now() - interval '9 days'")
    async with store.begin() as work:
        assert await work.events.forget(days=3, most=100) == 1
    last = await read(store, begun)
    assert len(last.events) == 1
    assert not (await read(store, last.cursor)).lost


async def test_events_of_another_database_are_dropped_at_the_start(store: PostgresStore, database_url: str) -> None:
    await tell(store, playing())
    sql(database_url, "UPDATE events SET xid = xid + 100000000")
    assert (await read(store, Cursor(0, 0))).waiting
    async with store.begin() as work:
        await work.events.settle()
    assert not (await read(store, Cursor(0, 0))).waiting


def test_a_cursor_is_read_as_it_is_written() -> None:
    assert Cursor.parse(str(Cursor(12, 34))) == Cursor(12, 34)
    for text in ["", "1", "1-", "-1", "1-2-3", "a-b", "1" * 19 + "-1", "1-1\n", "٣-٤", " 1-1", "0x1-2"]:
        assert Cursor.parse(text) is None, text
