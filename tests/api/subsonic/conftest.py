"""The house for each test, and what its answers are held to."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import trio

from tests.api.subsonic.house import House, furnish_house, open_house, survey_house
from tests.api.subsonic.world import CAME, World
from tests.databases import Copy, at


class Furnished(NamedTuple):
    """A database with the house in it, to copy, and what is in all of its copies."""

    template: str
    world: World


@pytest.fixture(scope="session")
def furnished(postgres_url: str, postgres_template: str) -> Furnished:
    name = "template_house"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    url = at(postgres_url, name)
    trio.run(furnish_house, url)
    with psycopg.connect(url) as connection:
        connection.execute(CAME)
    return Furnished(name, trio.run(survey_house, url))


@pytest.fixture(scope="session")
def house_copy(postgres_url: str, furnished: Furnished) -> Iterator[Copy]:
    copy = Copy(postgres_url, furnished.template)
    yield copy
    copy.drop()


@pytest.fixture
def house_url(house_copy: Copy) -> str:
    """The house's database, as if no test had been before."""
    return house_copy.url()


@pytest.fixture
async def house(house_url: str, furnished: Furnished) -> AsyncIterator[House]:
    async with open_house(house_url, furnished.world) as house:
        yield house


def find_specification() -> Path | None:
    """The folder with OpenSubsonic's OpenAPI files, where there is one."""
    named = os.environ.get("TONEARM_OPENSUBSONIC_SPEC")
    path = Path(named) if named else Path(__file__).parents[4] / "shared" / "opensubsonic"
    return path if (path / "openapi.json").is_file() else None


@pytest.fixture
def specification() -> Path | None:
    return find_specification()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the answers were held to: a header would only be printed for a conftest at the tests' root."""
    found = find_specification()
    absent = "absent; the Subsonic answers were held to the tests' own list of required fields alone"
    terminalreporter.write_line(f"OpenSubsonic specification: {found or absent}")
