"""asyncpg: how we connect, and what its errors mean. The only file that names the driver."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import asyncpg
import msgspec
import trio

from appliance.core.errors import Unavailable
from appliance.store.errors import StoreError

OLDEST_MAJOR = 15
"""The oldest PostgreSQL that Tonearm works on."""
STATEMENT_SECONDS = 30.0
"""How long one statement may take, unless its transaction asks for another limit."""

_SETTINGS: Mapping[str, str] = {
    "jit": "off",  # compiling costs more than our statements run
    "statement_timeout": str(round(STATEMENT_SECONDS * 1000)),
    "timezone": "UTC",
}

_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, start-up, statement timeout
    asyncpg.InsufficientResourcesError,  # no connections, memory or disk space left
    asyncpg.PostgresSystemError,  # an I/O error of the server
    asyncpg.TransactionRollbackError,  # a deadlock: the other one won
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, while its primary is away
    asyncpg.InternalClientError,  # the driver's confusion when a farewell arrives between two statements
)
LOST = (*_AWAY, asyncpg.InterfaceError)
"""What a connection may say that has gone under us; ``InterfaceError`` when it is closed already."""


async def connect(url: str, name: str = "tonearm") -> Any:
    """On asyncio: one connection, with our settings and codec. ``name``: what the server calls us."""
    driver = await asyncpg.connect(
        url,
        server_settings={**_SETTINGS, "application_name": name},
        statement_cache_size=256,
        max_cached_statement_lifetime=0,  # our statements are constants
    )
    try:
        major = driver.get_server_version().major
        if major < OLDEST_MAJOR:
            msg = f"Tonearm needs PostgreSQL {OLDEST_MAJOR} or later; this server is version {major}."
            raise StoreError(msg)  # noqa: TRY301
        # Only binary codecs take part in COPY. The binary form of jsonb begins with the number of its version, 1.
        await driver.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            format="binary",
            encoder=lambda value: b"\x01" + msgspec.json.encode(value),
            decoder=lambda data: msgspec.json.decode(data[1:]),
        )
    except BaseException:
        driver.terminate()
        raise
    return driver


async def execute_or_drop(driver: Any, command: str) -> str:
    """On asyncio: run a command of transactions, and give its tag; a connection that fails at it is dropped."""
    try:
        tag: str = await driver.execute(command)
    except BaseException:
        driver.terminate()
        raise
    return tag


@contextmanager
def refusals(message: str) -> Iterator[None]:
    """Turn what the driver says of a server that is lost or overtaxed into ``Unavailable``."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise Unavailable("The disk is full, so nothing new can be kept. Nothing is lost; make some room.") from error
    except (*_AWAY, trio.TooSlowError) as error:
        raise Unavailable(message) from error
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):
            raise
        raise Unavailable(message) from error


@contextmanager
def opening() -> Iterator[None]:
    """Say why the server does not let us in."""
    try:
        yield
    except ValueError as error:
        raise StoreError(f"This is no address of a PostgreSQL database: {error}") from error
    except trio.TooSlowError as error:
        raise Unavailable("The database cannot be reached: it does not answer.") from error
    except _AWAY as error:
        raise Unavailable(f"The database cannot be reached: {error}") from error
