"""PostgreSQL from Trio: transactions on kept connections (why this way: docs/decisions/0002 and 0011).

The driver runs on asyncio. It is called through ``aio_as_trio``, one crossing per round trip; cancelling a Trio scope
cancels the statement on the server.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

import trio
import trio_asyncio
from sqlalchemy import Table

from appliance.core.errors import Unavailable
from appliance.store.driver import LOST, STATEMENT_SECONDS, connect, execute_or_drop, opening, refusals
from appliance.store.plainly import plainly
from appliance.store.statement import Statement

T = TypeVar("T")

ACQUIRE_SECONDS = 5.0
"""How long a transaction waits for a connection."""
GRACE_SECONDS = 2.0
"""How much longer than the server we wait for the server's own limit to strike."""
CLOSE_SECONDS = 2.0
"""How long a rollback or a farewell may take before the connection is dropped instead."""
VACUUM_SECONDS = 600.0
"""How long a vacuum may take; a Pi with a slow card and a million tracks needs minutes."""
IDLE_SECONDS = 60.0
"""After how long without use a connection is closed: each holds a process of the server."""


class Row(Protocol):
    """One row of a result: values by column name or position."""

    def __getitem__(self, key: str | int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterator[str]: ...
    def items(self) -> Iterator[tuple[str, Any]]: ...


class Connection:
    """One transaction on one connection, for one task at a time.

    Every method raises ``Unavailable`` when the server is lost or a statement takes too long; the transaction is then
    over. Cancellation cancels the statement on the server.
    """

    __slots__ = ("_driver", "_loop", "_seconds")

    def __init__(self, driver: Any, loop: trio_asyncio.TrioEventLoop, seconds: float) -> None:
        self._driver = driver
        self._loop = loop
        self._seconds = seconds + GRACE_SECONDS

    def end(self) -> None:
        """The transaction is over: whoever kept this must not speak into the next one's."""
        self._driver = _Over()

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:
        rows: list[Row] = await self._run(self._driver.fetch, statement.sql, *statement.arguments(values))
        return rows

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:
        row: Row | None = await self._run(self._driver.fetchrow, statement.sql, *statement.arguments(values))
        return row

    async def fetch_value(self, statement: Statement, /, **values: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        return await self._run(self._driver.fetchval, statement.sql, *statement.arguments(values))

    async def execute(self, statement: Statement, /, **values: Any) -> None:
        await self._run(self._driver.execute, statement.sql, *statement.arguments(values))

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
        """Append records to a table with COPY: by far the fastest way in, and deaf to ON CONFLICT."""
        await self._run(lambda: self._driver.copy_records_to_table(table, columns=columns, records=records))

    async def _run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        with refusals("The database does not answer, or takes too long."), trio.fail_after(self._seconds):
            result: T = await trio_asyncio.aio_as_trio(function, loop=self._loop)(*arguments)
            return result


class _Over:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("The transaction is over.")


class Ear:
    """A connection of its own for LISTEN, in no transaction and not one of those that are handed out.

    Every method raises ``Unavailable`` when the server does not answer, and the connection is closed then.
    """

    def __init__(self, driver: Any, loop: trio_asyncio.TrioEventLoop, deliver: Callable[[str, str], None]) -> None:
        self._driver = driver
        self._loop = loop
        self._deliver = deliver
        self._closed = trio.Event()
        self._one_at_a_time = trio.Lock()
        driver.add_termination_listener(lambda _: self._closed.set())

    async def listen(self, channel: str) -> None:
        await self._run(self._driver.add_listener, channel, self._heard)

    async def ping(self) -> None:
        await self._run(self._driver.execute, "SELECT 1")

    async def closed(self) -> None:
        """Return when the connection is lost."""
        await self._closed.wait()

    def _heard(self, _connection: Any, _pid: int, channel: str, payload: str) -> None:
        self._deliver(channel, payload)

    async def _run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        try:
            with refusals("The database does not answer."), trio.fail_after(ACQUIRE_SECONDS):
                async with self._one_at_a_time:
                    result: T = await trio_asyncio.aio_as_trio(function, loop=self._loop)(*arguments)
                return result
        except Unavailable:
            self._driver.terminate()
            raise


class Database:
    """Connections, made when they are wanted and kept for the next one. Made by ``open_database``."""

    def __init__(self, url: str, loop: trio_asyncio.TrioEventLoop, *, connections: int, patience: float) -> None:
        self._url = url
        # Unique, so that the server's list of connections tells whether this process still lives: see scans.py.
        self._name = f"tonearm-{secrets.token_hex(4)}"
        self._loop = loop
        self._patience = patience
        self._places = trio.Semaphore(connections)
        self._idle: list[tuple[Any, float]] = []
        """Each with the time of its last use, the latest last."""

    @asynccontextmanager
    async def begin(self, *, seconds: float = STATEMENT_SECONDS) -> AsyncIterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises or is cancelled.

        ``seconds``: how long each statement may take. Raises ``Unavailable`` when no connection is to be had in time,
        and when the commit is not confirmed.
        """
        with refusals("The database is busy or does not answer. Try again in a moment."):
            with trio.fail_after(self._patience):
                await self._places.acquire()
                try:
                    driver = await trio_asyncio.aio_as_trio(self._take, loop=self._loop)(seconds)
                except BaseException:
                    self._places.release()
                    raise
        connection = Connection(driver, self._loop, seconds)
        try:
            try:
                yield connection
                await trio.lowlevel.checkpoint_if_cancelled()
            except BaseException:
                with suppress(*LOST), trio.move_on_after(CLOSE_SECONDS, shield=True):
                    await trio_asyncio.aio_as_trio(self._give_back, loop=self._loop)(driver, "ROLLBACK")
                raise
            # From here on the work is complete, so that even a cancelled block waits for its commit.
            with (
                refusals("The database did not confirm the change."),
                trio.fail_after(seconds + GRACE_SECONDS, shield=True),
            ):
                done = await trio_asyncio.aio_as_trio(self._give_back, loop=self._loop)(driver, "COMMIT")
        finally:
            connection.end()
            self._places.release()
        if done != "COMMIT":
            # PostgreSQL answers COMMIT with ROLLBACK after a statement has failed, even if its error was swallowed.
            msg = "A statement of this transaction failed and its error was swallowed; everything was rolled back."
            raise RuntimeError(msg)

    async def ping(self) -> None:
        """Return when the database answers. Raises ``Unavailable``."""
        async with self.begin():
            pass

    async def vacuum(self, tables: Iterable[Table]) -> None:
        """Clear away old rows and refresh the planner's statistics; needs a connection of its own, in no transaction.

        Without it an index answers alone only after minutes, and new words of a search lie in a heap. Raises
        ``Unavailable``.
        """
        command = f"VACUUM (ANALYZE) {', '.join(table.name for table in tables)}"
        with refusals("The database does not answer, or takes too long."), trio.fail_after(VACUUM_SECONDS):
            driver = await trio_asyncio.aio_as_trio(connect, loop=self._loop)(self._url, self._name)
            try:
                await trio_asyncio.aio_as_trio(driver.execute, loop=self._loop)("SET statement_timeout = 0")
                await trio_asyncio.aio_as_trio(driver.execute, loop=self._loop)(command)
            finally:
                await self._close(driver)

    @asynccontextmanager
    async def ear(self, deliver: Callable[[str, str], None]) -> AsyncIterator[Ear]:
        """A connection for notifications; ``deliver`` is called with channel and payload, and must not block."""
        with refusals("The database does not answer."), trio.fail_after(self._patience):
            driver = await trio_asyncio.aio_as_trio(connect, loop=self._loop)(self._url, self._name)
        try:
            yield Ear(driver, self._loop, deliver)
        finally:
            await self._close(driver)

    async def _take(self, seconds: float) -> Any:
        """On asyncio: a connection with a transaction begun; those that died while they were idle are passed over."""
        begin = "BEGIN"
        if seconds != STATEMENT_SECONDS:
            begin += f"; SET LOCAL statement_timeout = {round(seconds * 1000)}"
        while self._idle:
            driver, _ = self._idle.pop()
            with suppress(*LOST):
                await execute_or_drop(driver, begin)
                return driver
        driver = await connect(self._url, self._name)
        await execute_or_drop(driver, begin)
        return driver

    async def _give_back(self, driver: Any, end: str) -> str:
        """On asyncio: end the transaction and keep the connection.

        There is nothing to reset: all we do is in transactions, and the end of one undoes SET LOCAL.
        """
        done = await execute_or_drop(driver, end)
        self._idle.append((driver, trio.current_time()))
        return done

    async def _close(self, driver: Any) -> None:
        with suppress(*LOST), trio.move_on_after(CLOSE_SECONDS, shield=True):
            await trio_asyncio.aio_as_trio(driver.close, loop=self._loop)()
        driver.terminate()

    async def warm(self) -> None:
        """Make the first connection."""
        driver = await trio_asyncio.aio_as_trio(connect, loop=self._loop)(self._url, self._name)
        self._idle.append((driver, trio.current_time()))

    async def cool(self, idle: float) -> None:
        """Run for ever, and close what nobody has needed for ``idle`` seconds."""
        while True:
            await trio.sleep(idle)
            while self._idle and self._idle[0][1] + idle <= trio.current_time():
                driver, _ = self._idle.pop(0)
                await self._close(driver)

    async def close(self) -> None:
        """Close what is idle; when nobody is within a transaction any more, that is all."""
        async with plainly(trio.open_nursery()) as nursery:  # at once: a server that hangs takes its time for each
            while self._idle:
                driver, _ = self._idle.pop()
                nursery.start_soon(self._close, driver)


@asynccontextmanager
async def open_database(
    url: str, *, connections: int = 8, patience: float = ACQUIRE_SECONDS, idle: float = IDLE_SECONDS
) -> AsyncIterator[Database]:
    """Connect. ``url``: ``postgresql://user:password@host:port/name``; ``connections``: at most so many at once.

    ``patience``: how many seconds a transaction waits for a connection; ``idle``: after how many seconds without use a
    connection is closed. Raises ``Unavailable`` when the server does not let us in (the message says why),
    ``StoreError`` when it is too old or the URL is none.
    """
    async with plainly(trio_asyncio.open_loop()) as loop, plainly(trio.open_nursery()) as nursery:
        database = Database(url, loop, connections=connections, patience=patience)
        with opening(), trio.fail_after(patience):
            await database.warm()
        nursery.start_soon(database.cool, idle)
        try:
            yield database
        finally:
            nursery.cancel_scope.cancel()
            await database.close()
