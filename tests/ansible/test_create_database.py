"""The card's database cluster is made whole or not at all, whatever interrupts that."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ansible.conftest import FILES

CREATE = FILES / "create-database"
Command = Callable[[], list[str | Path]]


@pytest.fixture
def create(programs: Path, somebody: list[str], place: Path) -> Command:
    def command() -> list[str | Path]:
        return [*somebody, "env", f"TONEARM_POSTGRESQL={programs}", CREATE, place / "17"]

    return command


def ask(place: Path, programs: Path, somebody: list[str], database: str, question: str) -> str:
    """By single-user mode, whose answer is ``\\t 1: name = "value"\\t(…)`` for each row."""
    told = subprocess.run(
        [*somebody, programs / "postgres", "--single", "-D", place / "17", "-c", "exit_on_error=on", database],
        input=question + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def test_a_cluster_with_checksums_a_role_and_its_database(
    create: Command, place: Path, programs: Path, somebody: list[str]
) -> None:
    subprocess.run(create(), check=True)
    assert [path.name for path in place.iterdir()] == ["17"]
    check: list[str | Path] = [*somebody, programs / "pg_checksums", "--check", "-D", place / "17"]
    subprocess.run(check, check=True, capture_output=True)
    owner = "SELECT rolname, rolsuper, rolcreatedb, rolpassword FROM pg_authid a JOIN pg_database d ON datdba = a.oid"
    answer = ask(place, programs, somebody, "tonearm", f"{owner} WHERE datname = 'tonearm'")
    assert 'rolname = "tonearm"' in answer
    assert 'rolsuper = "f"' in answer
    assert 'rolcreatedb = "f"' in answer
    assert "rolpassword = " not in answer  # NULL: nobody gets in by one
    assert 'server_encoding = "UTF8"' in ask(place, programs, somebody, "tonearm", "SHOW server_encoding")


def test_the_second_time_nothing_is_done(create: Command, place: Path) -> None:
    subprocess.run(create(), check=True)
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    subprocess.run(create(), check=True)
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


# From the first file on until single-user mode writes the database: each a state that a power cut can leave.
@pytest.mark.parametrize(
    "seen", ["PG_VERSION", "global/pg_control", "base/5/PG_VERSION", "postmaster.pid", "base/?????"]
)
def test_killed_at_any_point_it_leaves_nothing_that_looks_whole(
    create: Command, place: Path, programs: Path, somebody: list[str], seen: str
) -> None:
    making = subprocess.Popen(create(), start_new_session=True)
    deadline = time.monotonic() + 120
    while not any((place / "17.new").glob(seen)):
        assert making.poll() is None, f"it was done before {seen} was seen"
        assert time.monotonic() < deadline
    os.killpg(making.pid, signal.SIGKILL)
    making.wait()
    assert not (place / "17").exists()
    subprocess.run(create(), check=True)
    assert [path.name for path in place.iterdir()] == ["17"]
    roles = "SELECT count(*) AS n FROM pg_roles WHERE rolname = 'tonearm'"
    assert 'n = "1"' in ask(place, programs, somebody, "tonearm", roles)


def test_without_room_it_says_so_and_leaves_nothing_that_looks_whole(create: Command, place: Path) -> None:
    limit = f"ulimit -f 4096; exec {' '.join(str(part) for part in create())}"  # no file beyond 2 to 4 MB: as if full
    told = subprocess.run(["sh", "-c", limit], capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert told.stderr
    assert not (place / "17").exists()
    subprocess.run(create(), check=True)
