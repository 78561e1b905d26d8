"""The ways to reach PostgreSQL from Trio, compared in one run: the basis of docs/decisions/0002."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from statistics import median
from typing import Any, Final

import asyncpg
import msgspec
import psycopg
import trio
import trio_asyncio
from sqlalchemy import Column as SqlColumn
from sqlalchemy import DateTime, Integer, MetaData, Text, Uuid, bindparam, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from appliance.core.ports import Progress
from appliance.store.database import open_database
from appliance.store.embedded import embedded_server
from appliance.store.statement import Statement
from bench.server import scratch
from bench.table import Column, Row, Table
from bench.workbench import Workbench

_ROUNDS: Final = 7
_BATCH_SECONDS: Final = 0.25
"""For one way, in one round."""
_MANY: Final = 500

_SONGS: Final = SqlTable(
    "songs",
    MetaData(),
    SqlColumn("id", Uuid),
    SqlColumn("number", Integer),
    SqlColumn("title", Text),
    SqlColumn("artist", Text),
    SqlColumn("album", Text),
    SqlColumn("duration_ms", Integer),
    SqlColumn("bit_rate", Integer),
    SqlColumn("created_at", DateTime(timezone=True)),
)
_QUERY: Final = select(_SONGS).where(_SONGS.c.number <= bindparam("limit", type_=Integer))
_OURS: Final = Statement(_QUERY)
_PSYCOPG: Final = "SELECT * FROM songs WHERE number <= %s"
_MAKE: Final = """
    CREATE TABLE songs AS
    SELECT gen_random_uuid() AS id, n AS number, 'Title of song ' || n AS title, 'Artist ' || n % 50 AS artist,
           'Album ' || n % 100 AS album, 200000 + n AS duration_ms, 320 AS bit_rate, now() AS created_at
    FROM generate_series(1, 5000) AS n;
    CREATE INDEX ON songs (number);
    ANALYZE songs;
"""

Ask = Callable[[int], Awaitable[Any]]
"""Fetch so many rows."""


class _Way(msgspec.Struct, frozen=True):
    name: str
    one: list[float]
    many: list[float]
    """µs of a call, one figure for each round."""


def run(bench: Workbench) -> Table:
    """One row and 500 rows, within a transaction that is open, and with a transaction of their own."""
    with bench.terminal.progress("Asking PostgreSQL", "figures") as progress:
        ways = trio.run(_measured, progress)
    base = ways[0]
    return Table(
        title="database: microseconds of one call, median of seven rounds",
        columns=(Column("1 row", 0), Column("ratio", 2), Column("500 rows", 0), Column("ratio", 2)),
        rows=tuple(
            Row(
                way.name,
                (
                    median(way.one),
                    median(way.one) / median(base.one),
                    median(way.many),
                    median(way.many) / median(base.many),
                ),
            )
            for way in ways
        ),
        notes=(
            "Ratios are to the first row. The ways take turns within each round: a busy machine slows them all alike.",
        ),
    )


async def _measured(progress: Progress) -> list[_Way]:
    with scratch() as folder:
        async with embedded_server(folder) as url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(_MAKE)
            return await _compare(url, progress)


async def _compare(url: str, progress: Progress) -> list[_Way]:
    ways: dict[str, _Way] = {}
    total = _ROUNDS * 8

    def note(name: str, one: float, many: float) -> None:
        way = ways.setdefault(name, _Way(name, [], []))
        way.one.append(one)
        way.many.append(many)
        progress(sum(len(way.one) for way in ways.values()), total)

    for _ in range(_ROUNDS):
        for name, one, many in await trio.to_thread.run_sync(partial(asyncio.run, _plain(url))):
            note(name, one, many)
        async with _ours(url) as asks:
            for name, ask in asks.items():
                note(f"asyncpg on trio-asyncio (ours), {name}", await _time(ask, 1), await _time(ask, _MANY))
        async with _engine(url) as asks:
            for name, ask in asks.items():
                note(f"SQLAlchemy's engine on trio-asyncio, {name}", await _time(ask, 1), await _time(ask, _MANY))
        with psycopg.connect(url, prepare_threshold=0) as connection:
            for name, ask in _threads(connection).items():
                note(f"psycopg in threads, {name}", await _time(ask, 1), await _time(ask, _MANY))
    order = sorted(ways, key=lambda name: ("begin" in name, list(ways).index(name)))
    return [ways[name] for name in order]


async def _time(ask: Ask, rows: int) -> float:
    """µs of one call."""
    assert len(await ask(rows)) == rows
    calls = 0
    began = now = time.perf_counter()
    while now - began < _BATCH_SECONDS:
        for _ in range(10):
            await ask(rows)
        calls += 10
        now = time.perf_counter()
    return (now - began) / calls * 1e6


_FETCH: Final = "fetch"
_TRANSACTION: Final = "begin + fetch + commit"


async def _plain(url: str) -> list[tuple[str, float, float]]:
    connection: Any = await asyncpg.connect(url)
    try:

        async def fetch(rows: int) -> Any:
            return await connection.fetch(_OURS.sql, rows)

        async def transaction(rows: int) -> Any:
            async with connection.transaction():
                return await connection.fetch(_OURS.sql, rows)

        return [
            (f"asyncpg on plain asyncio, {name}", await _time(ask, 1), await _time(ask, _MANY))
            for name, ask in ((_FETCH, fetch), (_TRANSACTION, transaction))
        ]
    finally:
        await connection.close()


@asynccontextmanager
async def _ours(url: str) -> AsyncIterator[dict[str, Ask]]:
    """As the store does it."""
    async with open_database(url) as database, database.begin() as open_one:

        async def fetch(rows: int) -> Any:
            return await open_one.fetch(_OURS, limit=rows)

        async def transaction(rows: int) -> Any:
            async with database.begin() as connection:
                return await connection.fetch(_OURS, limit=rows)

        yield {_FETCH: fetch, _TRANSACTION: transaction}


@asynccontextmanager
async def _engine(url: str) -> AsyncIterator[dict[str, Ask]]:
    async with trio_asyncio.open_loop() as loop:
        engine: AsyncEngine = create_async_engine(_sqlalchemy_url(url))
        kept: AsyncConnection = await trio_asyncio.aio_as_trio(engine.connect, loop=loop)()

        async def fetch_on_asyncio(rows: int) -> Any:
            return (await kept.execute(_QUERY, {"limit": rows})).all()

        async def transaction_on_asyncio(rows: int) -> Any:
            async with engine.begin() as connection:
                return (await connection.execute(_QUERY, {"limit": rows})).all()

        yield {
            _FETCH: trio_asyncio.aio_as_trio(fetch_on_asyncio, loop=loop),
            _TRANSACTION: trio_asyncio.aio_as_trio(transaction_on_asyncio, loop=loop),
        }
        await trio_asyncio.aio_as_trio(kept.close, loop=loop)()
        await trio_asyncio.aio_as_trio(engine.dispose, loop=loop)()


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _threads(connection: "psycopg.Connection[Any]") -> dict[str, Ask]:
    """The whole transaction in one thread: the fewest hops there can be."""

    def fetched(rows: int) -> Any:
        return connection.execute(_PSYCOPG, (rows,), binary=True).fetchall()

    def transacted(rows: int) -> Any:
        with connection.transaction():
            return fetched(rows)

    connection.autocommit = True
    return {
        _FETCH: lambda rows: trio.to_thread.run_sync(fetched, rows),
        _TRANSACTION: lambda rows: trio.to_thread.run_sync(transacted, rows),
    }
