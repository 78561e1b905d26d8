"""The embedded server: real processes, really killed."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
import trio

from appliance.store.cluster import Cluster
from appliance.store.embedded import embedded_server
from appliance.store.errors import DataDirectoryInUse, EmbeddedServerError, WrongMajorVersion

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

HOLDER = """
import signal, sys, trio
from pathlib import Path
from appliance.store.embedded import embedded_server

# What a shell starts in the background is deaf to SIGINT, and hands that down.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def hold():
    async with embedded_server(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await trio.sleep_forever()

trio.run(hold)
"""
SOMEBODY = 65534
ROOT = os.geteuid() == 0


class Holder(NamedTuple):
    process: trio.Process
    url: str

    def family(self) -> list[psutil.Process]:
        """The guard, PostgreSQL and what that has started."""
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return children


@asynccontextmanager
async def holder(data_dir: Path, *prefix: str) -> AsyncIterator[Holder]:
    """Another process that runs an embedded server."""
    process = await trio.lowlevel.open_process(
        [*prefix, sys.executable, "-c", HOLDER, str(data_dir)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        with trio.fail_after(30):
            said = b""
            async for data in process.stdout:
                said += data
                if b"postgresql://" in said and said.endswith(b"\n"):
                    break
        yield Holder(process, said.decode().splitlines()[-1])
    finally:
        with trio.move_on_after(10, shield=True):
            if process.returncode is None:
                process.kill()
            await process.wait()
            await process.stdout.aclose()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def keep_a_word(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE words AS SELECT 'kept' AS word")


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def pid_of_postgres(data_dir: Path) -> int:
    process = Cluster(data_dir / "postgres").running()
    assert process is not None
    return process


async def test_the_first_start_makes_a_safe_cluster_that_only_its_owner_reaches(tmp_path: Path) -> None:
    said: list[str] = []
    async with embedded_server(tmp_path / "new" / "data", say=said.append) as url:
        assert ask(url, "SELECT current_database()") == "tonearm"
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT datcollate FROM pg_database WHERE datname = 'tonearm'") == "C"
        for setting in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            assert ask(url, f"SHOW {setting}") == "on", setting
        assert ask(url, "SHOW listen_addresses") == ""
        for folder in ("postgres", "run"):
            assert stat.S_IMODE((tmp_path / "new" / "data" / folder).stat().st_mode) == 0o700
    assert said == ["Preparing the database…"]


async def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    said: list[str] = []
    async with embedded_server(tmp_path) as url:
        keep_a_word(url)
    async with embedded_server(tmp_path, say=said.append) as url:
        assert ask(url, "SELECT word FROM words") == "kept"
    assert said == []


async def test_nothing_is_left_running_or_lying_about_after_the_block(tmp_path: Path) -> None:
    async with holder(tmp_path) as other:
        family = other.family()
        assert "postgres" in {process.name() for process in family}
        other.process.send_signal(signal.SIGINT)
        with trio.fail_after(30):
            await other.process.wait()
        assert alive(family) == []
    assert set(os.listdir(tmp_path)) == {"postgres", "run", "tonearm.lock"}
    assert os.listdir(tmp_path / "run") == []


async def test_an_error_or_a_cancellation_of_the_block_stops_it_and_leaves_as_itself(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        async with embedded_server(tmp_path):
            raise KeyError
    with trio.CancelScope() as scope:
        async with embedded_server(tmp_path):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert Cluster(tmp_path / "postgres").running() is None


async def test_when_its_process_is_killed_postgres_ends_and_the_next_start_has_everything(
    tmp_path: Path, eventually: Eventually
) -> None:
    async with holder(tmp_path) as victim:
        family = victim.family()
        assert "postgres" in {process.name() for process in family}
        keep_a_word(victim.url)
        victim.process.kill()
        await eventually(lambda: alive(family) == [])
    async with embedded_server(tmp_path) as url:
        assert ask(url, "SELECT word FROM words") == "kept"


async def test_a_start_just_after_the_kill_waits_for_the_old_server(tmp_path: Path) -> None:
    async with holder(tmp_path) as victim:
        keep_a_word(victim.url)
        victim.process.kill()
        await victim.process.wait()
        async with embedded_server(tmp_path) as url:
            assert ask(url, "SELECT word FROM words") == "kept"


async def test_ctrl_c_at_the_terminal_does_not_reach_postgres(tmp_path: Path) -> None:
    async with holder(tmp_path) as other:
        groups = {os.getpgid(process.pid) for process in other.family()}
        assert os.getpgid(other.process.pid) not in groups


async def test_a_server_whose_guard_was_killed_too_is_stopped_first(tmp_path: Path) -> None:
    said: list[str] = []
    async with holder(tmp_path) as victim:
        left_behind = psutil.Process(pid_of_postgres(tmp_path))
        guards = [process for process in victim.family() if "tonearm-postgres-guard" in process.cmdline()]
        assert len(guards) == 2
        keep_a_word(victim.url)
        victim.process.send_signal(signal.SIGSTOP)  # so that it does not see what happens to its guard
        for guard in guards:
            guard.kill()
        victim.process.kill()
        await victim.process.wait()
        assert alive([left_behind]) == [left_behind]
        async with embedded_server(tmp_path, say=said.append) as url:
            assert alive([left_behind]) == []
            assert ask(url, "SELECT word FROM words") == "kept"
    assert "left behind" in said[0]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_that_ends_by_itself_ends_the_block_with_an_error(
    tmp_path: Path, number: signal.Signals
) -> None:
    reached = trio.Event()

    async def serve() -> None:
        async with embedded_server(tmp_path) as url:
            keep_a_word(url)
            os.kill(pid_of_postgres(tmp_path), number)
            reached.set()
            await trio.sleep_forever()

    with trio.fail_after(20), pytest.raises(EmbeddedServerError, match="ended by itself"):
        await serve()
    assert reached.is_set()
    async with embedded_server(tmp_path) as url:
        assert ask(url, "SELECT word FROM words") == "kept"


async def test_a_stranger_with_the_number_of_the_old_server_is_left_alone(tmp_path: Path) -> None:
    async with embedded_server(tmp_path):
        pass
    async with await trio.open_file(tmp_path / "postgres" / "postmaster.pid", "w") as file:
        await file.write(f"{os.getpid()}\n{tmp_path}/postgres\n1\n5432\n{tmp_path}/run\n\n 1 1\nready\n")
    async with embedded_server(tmp_path) as url:
        assert ask(url, "SELECT 1") == 1


async def test_a_second_tonearm_on_the_same_data_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as url:
        with pytest.raises(DataDirectoryInUse, match=f"process {os.getpid()}") as refusal:
            async with embedded_server(tmp_path):
                pass
        assert "\n" not in str(refusal.value)
        assert ask(url, "SELECT 1") == 1


async def test_the_data_of_another_major_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    async with embedded_server(tmp_path):
        pass
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(WrongMajorVersion, match=r"PostgreSQL 16.*dump.*load.*docs/postgresql.md") as refusal:
        async with embedded_server(tmp_path):
            pass
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["long-" * 40, "with, comma 'and' spaces äöü"])
async def test_the_socket_finds_a_place_when_the_data_lies_deep_or_is_oddly_named(tmp_path: Path, name: str) -> None:
    async with embedded_server(tmp_path / name) as url:
        directory = Path(str(ask(url, "SHOW unix_socket_directories")))
        assert not directory.is_relative_to(tmp_path)
        assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
    assert directory.name not in os.listdir(directory.parent)


async def test_half_a_cluster_of_a_killed_start_is_cleared_away(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new-x" / "base"
    half.mkdir(parents=True)
    async with embedded_server(tmp_path) as url:
        assert ask(url, "SELECT 1") == 1
    assert not half.parent.exists()


async def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match=r"file/data cannot be written: Not a directory"):
        async with embedded_server(tmp_path / "file" / "data"):
            pass


async def test_a_disk_without_space_is_said_so_and_leaves_no_half_cluster(tmp_path: Path) -> None:
    limited = ["prlimit", f"--fsize={1 << 20}", sys.executable, "-c", HOLDER, str(tmp_path)]
    done = await trio.run_process(
        limited, capture_stdout=True, capture_stderr=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert b"EmbeddedServerError: PostgreSQL cannot be set up" in done.stderr
    assert os.listdir(tmp_path) == ["tonearm.lock"]
    async with embedded_server(tmp_path) as url:
        assert ask(url, "SELECT 1") == 1


async def test_an_ordinary_user_runs_it(tmp_path: Path) -> None:
    # Run by root, the tests become somebody who may read the checkout, wherever it lies, and owns his data.
    somebody = [
        "setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups",
        "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--",
    ]  # fmt: skip
    if ROOT:
        os.chown(tmp_path, SOMEBODY, SOMEBODY)
    async with holder(tmp_path, *(somebody if ROOT else [])) as other:
        assert ask(other.url, "SELECT 1") == 1
        owner = SOMEBODY if ROOT else os.geteuid()
        assert psutil.Process(pid_of_postgres(tmp_path)).uids().effective == owner
        assert (tmp_path / "postgres").stat().st_uid == owner
