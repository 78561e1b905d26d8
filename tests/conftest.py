"""A real PostgreSQL for every test that asks for one."""

import queue
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest
import trio
from hypothesis import settings

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    import trio_asyncio  # noqa: F401 - on import it derives from a class that Python 3.14 takes away; once suffices

from appliance.store.database import Database, open_database
from appliance.store.embedded import embedded_server
from appliance.store.migrate import migrate
from tests.databases import at, copied
from tests.measuring import MEASURED

# Imported for what it withholds, before anything starts a process.
assert isinstance(MEASURED, dict)

# An example takes as long as it takes: on a busy machine, or under coverage, a deadline fails what is right.
settings.register_profile("tonearm", deadline=None)
settings.load_profile("tonearm")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One embedded server for the whole session, in a thread of its own; the URL of its first database, empty."""
    started: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    stop = trio.Event()
    tokens: list[trio.lowlevel.TrioToken] = []

    async def serve() -> None:
        tokens.append(trio.lowlevel.current_trio_token())
        async with embedded_server(tmp_path_factory.mktemp("postgres")) as url:
            started.put(url)
            await stop.wait()

    def run() -> None:
        try:
            trio.run(serve)
        except BaseException as error:  # noqa: BLE001 - it is raised where the session waits
            started.put(error)

    thread = threading.Thread(target=run, name="postgres")
    thread.start()
    url = started.get()
    if isinstance(url, BaseException):
        raise url
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # these databases need not survive anything
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        tokens[0].run_sync_soon(stop.set)
        thread.join()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a database that is migrated, and copied for each test."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_tonearm")
    trio.run(migrate, at(postgres_url, "template_tonearm"))
    return "template_tonearm"


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    with copied(postgres_url, "template1") as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A database of the test's own with the schema of this release."""
    with copied(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened."""
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until something is so that makes no event (another process, the file system); at most 20 seconds."""

    async def eventually(condition: Callable[[], bool]) -> None:
        with trio.fail_after(20):
            while not condition():  # noqa: ASYNC110 - see above: it makes no event
                await trio.sleep(0.01)

    return eventually
