"""A small library that faults strike; each test has its own copy, and its own server on it."""

import shutil
from pathlib import Path

import pytest

from tests.journeys.household import tag
from tests.journeys.recordings import record

TITLES = ["Amber", "Birch", "Cedar", "Dusk", "Ember", "Fern"]


@pytest.fixture(scope="session")
def pressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two albums of three songs."""
    folder = tmp_path_factory.mktemp("pressed")
    for number, title in enumerate(TITLES):
        suffix = "flac" if number % 2 else "mp3"
        album = "Wood" if number < 3 else "Fire"
        path = record(folder / album / f"{number} {title}.{suffix}", seconds=1.0, pitch=400 + 20 * number)
        tag(path, title=title, artist="The Trees", album=album, track=number % 3 + 1)
    return folder


@pytest.fixture
def music(pressed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pressed, tmp_path / "music")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
