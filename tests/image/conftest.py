"""Tests of what makes the card run with all others; those that start it (boot/) only when they are given one."""

from pathlib import Path

import pytest

_BOOT = Path(__file__).with_name("boot")
_NOT_BOOTED = "tests/image/boot is not part of this run, and no card was started: make image-test ARCH=amd64"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """``make image-test`` names a card; that is how it is told from a run of everything."""
    return True if collection_path == _BOOT and config.getoption("--image", None) is None else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--image", None) is None:
        terminalreporter.line(_NOT_BOOTED)
