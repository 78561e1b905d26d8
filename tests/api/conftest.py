"""The household, for whatever is asked of both interfaces at once."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import trio

from tests.api.household import Estate, Household, found_household, open_household
from tests.databases import Copy, at


@pytest.fixture(scope="session")
def estate(postgres_url: str, postgres_template: str) -> Estate:
    """A database with the household in it, named ``template_household``, to be copied."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE template_household TEMPLATE {postgres_template}")
    return trio.run(found_household, at(postgres_url, "template_household"))


@pytest.fixture(scope="session")
def household_copy(postgres_url: str, estate: Estate) -> Iterator[Copy]:  # noqa: ARG001 - it makes the template
    copy = Copy(postgres_url, "template_household")
    yield copy
    copy.drop()


@pytest.fixture
async def household(household_copy: Copy, estate: Estate) -> AsyncIterator[Household]:
    async with open_household(household_copy.url(), estate) as household:
        yield household
