"""The driver, against a real server."""

import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from uuid import UUID

import psutil
import psycopg
import pytest
import trio
from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from trio.testing import wait_all_tasks_blocked

from appliance.core.errors import Unavailable
from appliance.store.cluster import Cluster
from appliance.store.database import Database, open_database
from appliance.store.embedded import embedded_server
from appliance.store.errors import EmbeddedServerError, StoreError
from appliance.store.statement import Statement

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

ONE = Statement(text("SELECT 1"))
PROCESS = Statement(text("SELECT pg_backend_pid()"))
SLEEP = Statement(text("SELECT pg_sleep(3600)"))
BROKEN = Statement(text("SELECT 1 / 0"))
MAKE = Statement(text("CREATE TABLE words (word text)"))
ADD = Statement(text("INSERT INTO words VALUES (:word)").bindparams(bindparam("word", type_=Text)))
COUNT = Statement(text("SELECT count(*) FROM words"))
SETTING = Statement(text("SELECT current_setting(:name)").bindparams(bindparam("name", type_=Text)))

kinds = Table(
    "kinds",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("number", Integer),
    Column("name", Text),
    Column("at", DateTime(timezone=True)),
    Column("sheet", JSONB),
    Column("data", LargeBinary),
    Column("names", ARRAY(Text)),
)
MAKE_KINDS = Statement(
    text(
        "CREATE TABLE kinds (id uuid PRIMARY KEY, number int, name text, at timestamptz, sheet jsonb, data bytea,"
        " names text[])"
    )
)
A_KIND = {
    "id": UUID(int=7),
    "number": -1,
    "name": "Édith",
    "at": datetime(2026, 2, 28, 23, 30, tzinfo=timezone(timedelta(hours=-2))),
    "sheet": {"a": [1, None, "ü"]},
    "data": b"\x00\xff",
    "names": ["x", "y"],
}


@pytest.fixture
async def words(database: Database) -> Callable[[], Awaitable[int]]:
    async with database.begin() as connection:
        await connection.execute(MAKE)

    async def count() -> int:
        async with database.begin() as connection:
            number: int = await connection.fetch_value(COUNT)
            return number

    return count


async def test_values_come_back_as_they_went_in_by_statement_and_by_copy(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(MAKE_KINDS)
        await connection.execute(Statement(insert(kinds)), **A_KIND)
        await connection.copy("kinds", list(A_KIND), [tuple({**A_KIND, "id": UUID(int=8)}.values())])
        rows = await connection.fetch(Statement(select(kinds).order_by(kinds.c.id)))
        assert [row["id"].int for row in rows] == [7, 8]
        for row in rows:
            assert {**dict(row.items()), "id": A_KIND["id"]} == A_KIND
            assert row["at"].tzinfo == UTC


async def test_a_row_is_none_when_there_is_none(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.fetch_row(Statement(text("SELECT 1 WHERE false"))) is None
        row = await connection.fetch_row(Statement(text("SELECT 1 AS one, 'two' AS two")))
        assert row is not None
        assert (row["one"], row[1], list(row.keys())) == (1, "two", ["one", "two"])


async def test_what_is_done_is_there_after_the_block(database: Database, words: Callable[[], Awaitable[int]]) -> None:
    async with database.begin() as connection:
        await connection.execute(ADD, word="a")
    assert await words() == 1


async def test_an_error_rolls_back_and_leaves_as_itself(
    database: Database, words: Callable[[], Awaitable[int]]
) -> None:
    async def work() -> None:
        async with database.begin() as connection:
            await connection.execute(ADD, word="a")
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert await words() == 0


async def test_an_error_leaves_the_database_as_itself(database_url: str) -> None:
    with pytest.raises(KeyError):
        async with open_database(database_url):
            raise KeyError


async def test_cancellation_rolls_back(database: Database, words: Callable[[], Awaitable[int]]) -> None:
    with trio.CancelScope() as scope:
        async with database.begin() as connection:
            await connection.execute(ADD, word="a")
            scope.cancel()
    assert scope.cancelled_caught
    assert await words() == 0


async def test_a_swallowed_error_is_not_taken_for_a_commit(
    database: Database, words: Callable[[], Awaitable[int]]
) -> None:
    async def work() -> None:
        async with database.begin() as connection:
            await connection.execute(ADD, word="a")
            with pytest.raises(Exception, match="division by zero"):
                await connection.execute(BROKEN)

    with pytest.raises(RuntimeError, match="rolled back"):
        await work()
    assert await words() == 0


async def test_a_cancelled_statement_is_cancelled_on_the_server_and_its_connection_is_clean(
    database_url: str, eventually: Eventually
) -> None:
    with psycopg.connect(database_url, autocommit=True) as witness:

        def sleepers() -> int:
            row = witness.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE '%pg_sleep(3600)%'"
                " AND pid <> pg_backend_pid()"
            ).fetchone()
            assert row is not None
            return int(row[0])

        async with open_database(database_url, connections=1) as database:
            async with trio.open_nursery() as nursery:

                async def sleep() -> None:
                    async with database.begin() as connection:
                        await connection.fetch(SLEEP)

                nursery.start_soon(sleep)
                await eventually(lambda: sleepers() == 1)
                nursery.cancel_scope.cancel()
            assert sleepers() == 0
            async with database.begin() as connection:
                assert await connection.fetch_value(ONE) == 1


async def test_when_every_connection_is_taken_one_waits_and_then_is_refused(database_url: str) -> None:
    async with open_database(database_url, connections=1, patience=0.2) as database, database.begin():
        with pytest.raises(Unavailable, match="busy"):
            await database.ping()


async def test_a_connection_given_back_goes_to_the_one_who_waits(database_url: str) -> None:
    async with (
        open_database(database_url, connections=1) as database,
        trio.open_nursery() as nursery,
        database.begin(),
    ):
        nursery.start_soon(database.ping)
        await wait_all_tasks_blocked()


async def test_a_transaction_that_is_over_takes_no_more_statements(database: Database) -> None:
    async with database.begin() as connection:
        await connection.fetch(ONE)
    with pytest.raises(RuntimeError, match="over"):
        await connection.fetch(ONE)


async def test_of_two_that_wait_for_each_other_one_is_refused(database: Database) -> None:
    refused: list[Unavailable] = []
    both = [trio.Event(), trio.Event()]
    lock = Statement(text("SELECT pg_advisory_xact_lock(:number)").bindparams(bindparam("number", type_=Integer)))

    async def take(first: int, second: int) -> None:
        try:
            async with database.begin() as connection:
                await connection.execute(lock, number=first)
                both[first].set()
                await both[second].wait()
                await connection.execute(lock, number=second)
        except Unavailable as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, 0, 1)
        nursery.start_soon(take, 1, 0)
    assert len(refused) == 1


async def test_a_statement_has_a_time_limit_of_its_transaction(database: Database) -> None:
    with pytest.raises(Unavailable, match="too long"):
        async with database.begin(seconds=0.05) as connection:
            await connection.fetch(SLEEP)
    async with database.begin(seconds=120) as connection:
        assert await connection.fetch_value(SETTING, name="statement_timeout") == "2min"
    async with database.begin() as connection:
        assert await connection.fetch_value(SETTING, name="statement_timeout") == "30s"


async def test_connections_that_the_server_cut_off_are_passed_over(database_url: str) -> None:
    async with open_database(database_url) as database:
        async with database.begin(), database.begin(), database.begin():
            pass
        with psycopg.connect(database_url, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async with database.begin() as connection:
            assert await connection.fetch_value(ONE) == 1


async def test_losing_the_server_within_a_transaction_is_unavailable(database: Database, database_url: str) -> None:
    async def work() -> None:
        async with database.begin() as connection:
            _terminate(database_url, await connection.fetch_value(PROCESS))
            await connection.fetch_value(ONE)

    with pytest.raises(Unavailable):
        await work()
    await database.ping()


async def test_losing_the_server_before_the_commit_is_not_taken_for_one(database: Database, database_url: str) -> None:
    async def work() -> None:
        async with database.begin() as connection:
            _terminate(database_url, await connection.fetch_value(PROCESS))

    with pytest.raises(Unavailable, match="did not confirm"):
        await work()
    await database.ping()


async def test_a_server_that_hangs_is_unavailable_and_the_connection_is_dropped(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as url, open_database(url, patience=0.5) as database:
        async with database.begin() as connection:
            process = psutil.Process(await connection.fetch_value(PROCESS))
        process.suspend()
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await database.ping()
            await database.ping()  # over another connection
        finally:
            process.resume()


async def test_connections_that_nobody_needs_are_closed(database_url: str, eventually: Eventually) -> None:
    with psycopg.connect(database_url, autocommit=True) as witness:

        def connections() -> int:
            row = witness.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            assert row is not None
            return int(row[0])

        async with open_database(database_url, idle=0.1) as database:
            async with database.begin(), database.begin(), database.begin():
                assert connections() == 3
            await eventually(lambda: connections() == 0)
            await database.ping()


async def test_it_reconnects_when_the_server_is_back(tmp_path: Path) -> None:
    async with trio.open_nursery() as nursery:
        async with embedded_server(tmp_path) as url:
            database = await nursery.start(_keep_open, url)
            async with database.begin(), database.begin():
                pass
        with pytest.raises(Unavailable):
            await database.ping()
        async with embedded_server(tmp_path):
            for _ in range(3):
                await database.ping()
        nursery.cancel_scope.cancel()


async def test_it_reconnects_after_the_server_was_killed(tmp_path: Path) -> None:
    opened: list[Database] = []
    async with trio.open_nursery() as nursery:

        async def serve_until_killed() -> None:
            async with embedded_server(tmp_path) as url:
                database: Database = await nursery.start(_keep_open, url)
                opened.append(database)
                async with database.begin(), database.begin():
                    pass
                process = Cluster(tmp_path / "postgres").running()
                assert process is not None
                os.kill(process, signal.SIGKILL)
                await trio.sleep_forever()

        with pytest.raises(EmbeddedServerError):
            await serve_until_killed()
        async with embedded_server(tmp_path):
            for _ in range(3):
                await opened[0].ping()
        nursery.cancel_scope.cancel()


def _terminate(url: str, process: int) -> None:
    with psycopg.connect(url, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


async def _keep_open(url: str, *, task_status: trio.TaskStatus[Database]) -> None:
    async with open_database(url) as database:
        task_status.started(database)
        await trio.sleep_forever()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@/none?host=/nowhere",
        "postgresql://postgres@127.0.0.1:1/none",
    ],
)
async def test_no_server_is_unavailable_and_the_message_says_why(url: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached: .+"):
        async with open_database(url):
            pass


async def test_a_server_that_accepts_and_says_nothing_is_unavailable() -> None:
    async with trio.open_nursery() as nursery:

        async def say_nothing(_stream: trio.SocketStream) -> None:
            await trio.sleep_forever()

        listeners = await nursery.start(partial(trio.serve_tcp, say_nothing, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with pytest.raises(Unavailable, match="does not answer"):
            async with open_database(f"postgresql://nobody@127.0.0.1:{port}/none", patience=0.2):
                pass
        nursery.cancel_scope.cancel()


async def test_a_database_that_does_not_exist_is_named(database_url: str) -> None:
    with pytest.raises(Unavailable, match="nobody_made_this"):
        async with open_database(database_url.replace("/test_", "/nobody_made_this_")):
            pass


async def test_what_is_no_url_is_refused_for_good() -> None:
    with pytest.raises(StoreError, match="no address"):
        async with open_database("http://127.0.0.1/"):
            pass


def test_a_statement_wants_exactly_its_values() -> None:
    statement = Statement(select(kinds.c.id).where(kinds.c.name == bindparam("name"), kinds.c.number == 5))
    assert statement.parameters == {"name"}
    assert statement.arguments({"name": "x"}) == ["x", 5]
    with pytest.raises(TypeError, match="Missing values: \\['name'\\]"):
        statement.arguments({})
    with pytest.raises(TypeError, match="unknown values: \\['nam'\\]"):
        statement.arguments({"name": "x", "nam": "y"})


def test_a_statement_without_a_fixed_text_is_refused() -> None:
    defaults = Table("defaults", MetaData(), Column("id", Integer, default=lambda: 1), Column("name", Text))
    with pytest.raises(ValueError, match="varying list"):
        Statement(select(kinds.c.id).where(kinds.c.id.in_(bindparam("ids"))))
    with pytest.raises(ValueError, match="column default"):
        Statement(insert(defaults).values(name=bindparam("name")))
