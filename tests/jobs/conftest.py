"""A database as one process sees it, and as another one does."""

from collections.abc import AsyncIterator

import pytest

from appliance.store.database import Database, open_database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore
from tests.jobs.crew import Crew, House


@pytest.fixture
def crew() -> Crew:
    return Crew()


@pytest.fixture
async def house(database: Database, database_url: str, crew: Crew) -> AsyncIterator[House]:
    async with open_listener(database) as listener:
        yield House(PostgresStore(database, listener), crew, database_url)


@pytest.fixture
async def neighbour(database_url: str, crew: Crew) -> AsyncIterator[House]:
    """The same database, as another process has it."""
    async with open_database(database_url) as database, open_listener(database) as listener:
        yield House(PostgresStore(database, listener), crew, database_url)
