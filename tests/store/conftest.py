"""The store, its libraries and its users, on a database of the test's own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.store.database import Database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresStore]:
    async with open_listener(database) as listener:
        yield PostgresStore(database, listener)


@pytest.fixture
async def library(store: PostgresStore) -> Library:
    async with store.begin() as work:
        [library] = await work.libraries.settle([b"/music"])
    return library


@pytest.fixture
async def user_id(store: PostgresStore) -> UUID:
    user = User(id=new_id(), name="Ana", role=Role.MEMBER, created_at=datetime.now(UTC))
    async with store.begin() as work:
        assert await work.users.add(Account(user=user, password_hash="none", app_secret=None))
    return user.id
