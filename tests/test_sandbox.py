"""Confinement is tried in real processes, since it cannot be taken back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.sandbox import has_worked

_PRELUDE = """
import json, os, resource, socket, subprocess, sys, threading
from appliance.sandbox import confine

def refusal(attempt):
    try:
        attempt()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return None

listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
"""


def _run(body: str) -> Any:
    """What a process of its own says, in JSON on its last line."""
    outcome = subprocess.run(
        [sys.executable, "-c", _PRELUDE + body], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(outcome.stdout.splitlines()[-1])


def test_every_measure_but_landlock_is_allowed_everywhere() -> None:
    assert _run("print(json.dumps(confine(memory_bytes=1 << 30, cpu_seconds=100)))") in ([], ["file system"])


def test_no_file_is_changed_but_those_that_are_open(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("as it was")
    refused, *outcomes = _run(
        f"""
os.chdir({str(tmp_path)!r})
result = open("result", "w")
refused = confine(memory_bytes=1 << 30)
result.write("written")
result.close()
print(json.dumps([
    refused,
    refusal(lambda: open("kept").read()),
    refusal(lambda: open("kept", "w")),
    refusal(lambda: os.unlink("kept")),
    refusal(lambda: os.truncate("kept", 0)),
    refusal(lambda: os.rename("kept", "moved")),
    refusal(lambda: os.symlink("/", "link")),
    refusal(lambda: open("new", "w")),
    refusal(lambda: open(f"/proc/{{os.getppid()}}/mem", "rb")),
]))"""
    )
    assert (tmp_path / "result").read_text() == "written"
    assert outcomes[0] is None
    # A kernel without Landlock says so, and the transcoder tells it on.
    if "file system" not in refused:
        assert outcomes[1:] == ["PermissionError"] * 7
        assert kept.read_text() == "as it was"


def test_no_way_to_the_database() -> None:
    """Its socket lets the server's user in without a password, and its superuser starts programs."""
    said = _run(
        """
local = socket.socket(socket.AF_UNIX)
made_before = socket.socket(socket.AF_UNIX)
local.bind("\\0tonearm-" + str(os.getpid()))
local.listen()
confine(memory_bytes=1 << 30)
print(json.dumps([refusal(lambda: made_before.connect(local.getsockname()))]))"""
    )
    assert said == ["PermissionError"]


def test_no_network_but_local_pipes() -> None:
    said = _run(
        """
before = refusal(lambda: socket.create_connection(address).close())
confine(memory_bytes=1 << 30)
print(json.dumps([
    before,
    refusal(lambda: socket.create_connection(address)),
    refusal(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
    refusal(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    refusal(lambda: socket.socket(socket.AF_UNIX)),
    refusal(lambda: socket.socketpair()),
]))"""
    )
    assert said == [None, "PermissionError", "PermissionError", "PermissionError", "PermissionError", None]


def test_threads_that_ran_before_are_confined_too() -> None:
    said = _run(
        """
confined, said = threading.Event(), []
def wait_and_try():
    confined.wait()
    said.append(refusal(lambda: socket.create_connection(address)))
thread = threading.Thread(target=wait_and_try)
thread.start()
confine(memory_bytes=1 << 30)
confined.set()
thread.join()
later = threading.Thread(target=wait_and_try)
later.start()
later.join()
print(json.dumps(said))"""
    )
    assert said == ["PermissionError", "PermissionError"]


def test_memory_beyond_the_limit_is_not_given_and_the_process_lives_on() -> None:
    said = _run(
        """
confine(memory_bytes=200 << 20)
print(json.dumps([refusal(lambda: bytearray(100 << 20)), refusal(lambda: bytearray(300 << 20)), "alive"]))"""
    )
    assert said == [None, "MemoryError", "alive"]


def test_no_programs_are_started_and_nothing_is_reached_into() -> None:
    said = _run(
        """
confine(memory_bytes=1 << 30)
print(json.dumps([
    refusal(lambda: subprocess.run([sys.executable, "-c", ""])),
    resource.getrlimit(resource.RLIMIT_CORE)[1],
    os.nice(0) >= 5,
    open("/proc/self/oom_score_adj").read().strip(),
]))"""
    )
    assert said == ["PermissionError", 0, True, "500"]


def test_processor_time_runs_out() -> None:
    program = "from appliance.sandbox import confine\nconfine(memory_bytes=1 << 30, cpu_seconds=1)\nwhile True: pass"
    with pytest.raises(subprocess.CalledProcessError) as ended:
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert ended.value.returncode < 0


def test_what_the_kernel_refuses_is_named_and_the_rest_is_done() -> None:
    """A process that may open no file cannot say what it is worth when memory runs out."""
    said = _run(
        """
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
print(json.dumps([confine(memory_bytes=1 << 30), resource.getrlimit(resource.RLIMIT_DATA)[0]]))"""
    )
    assert said == [["out-of-memory score", "file system"], 1 << 30]


def test_confining_twice_is_possible() -> None:
    said = _run("print(json.dumps([confine(memory_bytes=1 << 30), confine(memory_bytes=1 << 29)]))")
    # What is done cannot be done again where it needs to write, and need not be.
    assert set(said[1]) - set(said[0]) <= {"out-of-memory score"}


def test_a_process_knows_when_it_has_worked_enough() -> None:
    assert has_worked(seconds=0)
    assert not has_worked(seconds=1e9)
