"""The house for each test, and what its answers are held to."""

import os
from pathlib import Path

import pytest

from tests.api.subsonic.house import House, build_house


@pytest.fixture
async def house() -> House:
    return await build_house()


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
