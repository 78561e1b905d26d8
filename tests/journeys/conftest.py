"""Servers that the journeys share; those that write have their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.first_start import FirstStart, start_first
from tests.journeys.household import furnish
from tests.journeys.server import Server


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstStart]:
    """A newcomer's first start, with no music and no settings: the demo library is written and served."""
    with start_first(tmp_path_factory.mktemp("newcomer") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def demo(first_start: FirstStart) -> Server:
    """The same server. Tests that use it only read."""
    return first_start.server


@pytest.fixture(scope="session")
def household_music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the kind that people have."""
    folder = tmp_path_factory.mktemp("household") / "Müsic"
    furnish(folder)
    return folder


@pytest.fixture(scope="session")
def household(household_music: Path) -> Iterator[Server]:
    """A server over it, scanned. Tests that use it only read."""
    with Server(household_music.parent / "data", household_music) as server:
        server.until_scanned()
        yield server
