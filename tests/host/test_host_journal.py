"""What reaches journald: over its own protocol, at its own address, in a mount namespace where that address is ours."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.host.journal import fields, open_journal

#: Takes the place of journald in a namespace of its own: whoever runs tests may have a journald, and keeps it.
EAR = """
import json, os, socket, subprocess, sys
os.makedirs("/run/systemd/journal", exist_ok=True)
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind("/run/systemd/journal/socket")
ear.settimeout(20)
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
entries = []
ear.setblocking(False)
while True:
    try:
        data, ancillary, *_ = ear.recvmsg(1 << 20, socket.CMSG_SPACE(64))
    except BlockingIOError:
        break
    if not data:  # too large for a datagram: in a file that is handed over
        descriptor = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
        data = os.pread(descriptor, 1 << 24, 0)
    entries.append(data.hex())
print(json.dumps(entries))
"""


def entries(program: str) -> list[dict[str, list[str]]]:
    """What a program logged, as journald would understand it (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    mount = 'mount -t tmpfs tmpfs /run && exec "$@"'
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    run = subprocess.run(
        [*unshare, "sh", "-c", mount, "sh", sys.executable, "-c", EAR, program],
        check=True,
        capture_output=True,
        text=True,
    )
    return [parsed(bytes.fromhex(entry)) for entry in json.loads(run.stdout)]


def parsed(data: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:  # a value with newlines comes after its length
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found.setdefault(name.decode(), []).append(value.decode())
        data = rest
    return found


LOGGED = """
import logging, structlog
from appliance.host.journal import open_journal
from appliance.logs import configure
configure("info", "journal", journal=open_journal())
log = structlog.stdlib.get_logger("appliance.ours")
"""


@pytest.mark.usefixtures("systemd_python")
def test_an_entry_carries_what_is_bound_to_its_request() -> None:
    (entry,) = entries(
        LOGGED
        + """
with structlog.contextvars.bound_contextvars(request_id="abc", job="scan"):
    log.warning("The disk is nearly full", free=12, folder="/srv/My music")
"""
    )
    assert entry["MESSAGE"][0].startswith("The disk is nearly full free=12 folder='/srv/My music' ")
    assert set(entry["MESSAGE"][0].split()[-2:]) == {"request_id=abc", "job=scan"}
    assert {name: values for name, values in entry.items() if name != "MESSAGE"} == {
        "PRIORITY": ["4"],
        "SYSLOG_IDENTIFIER": ["tonearm"],
        "LOGGER": ["appliance.ours"],
        "REQUEST_ID": ["abc"],
        "JOB": ["scan"],
        "FREE": ["12"],
        "FOLDER": ["/srv/My music"],
    }


@pytest.mark.usefixtures("systemd_python")
def test_an_exception_comes_with_its_traceback_and_libraries_are_heard_too() -> None:
    ours, theirs = entries(
        LOGGED
        + """
try:
    int("the needle jumped")
except ValueError:
    log.exception("A service crashed", service="scanner")
    logging.getLogger("somebody.else").exception("it %s", "broke")
"""
    )
    assert ours["MESSAGE"][0].startswith("A service crashed service=scanner\nTraceback (most recent call last):\n")
    assert ours["MESSAGE"][0].endswith("ValueError: invalid literal for int() with base 10: 'the needle jumped'")
    assert (ours["PRIORITY"], ours["SERVICE"]) == (["3"], ["scanner"])
    assert theirs["MESSAGE"][0].startswith("it broke\nTraceback")
    assert theirs["LOGGER"] == ["somebody.else"]


@pytest.mark.usefixtures("systemd_python")
def test_a_megabyte_is_one_entry_and_what_is_no_utf_8_stops_nothing() -> None:
    large, odd = entries(LOGGED + 'log.info("x" * 1_000_000)\nlog.info("odd", name="a\\udcffb\\0c")')
    assert large["MESSAGE"] == ["x" * 1_000_000]
    assert odd["NAME"] == ["a\\udcffb\0c"]


def as_text(event: dict[str, Any]) -> dict[str, str]:
    return dict(field.decode().split("=", 1) for field in fields(event))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("message", "TONEARM_MESSAGE"),
        ("priority", "TONEARM_PRIORITY"),
        ("syslog_identifier", "TONEARM_SYSLOG_IDENTIFIER"),
        ("code_line", "TONEARM_CODE_LINE"),
        ("_pid", "TONEARM_PID"),
        ("2fast", "TONEARM_2FAST"),
        ("größe-in mb", "GR_SSE_IN_MB"),
        ("x" * 100, "X" * 64),
        ("messages", "MESSAGES"),
    ],
)
def test_nothing_that_is_bound_takes_the_place_of_a_field_of_journald_s(key: str, name: str) -> None:
    entry = as_text({"event": "hello", "level": "info", "logger": "ours", key: "value"})
    assert entry[name] == "value"
    assert entry["PRIORITY"] == "6"
    assert entry["SYSLOG_IDENTIFIER"] == "tonearm"
    assert entry["MESSAGE"] == f"hello {key}=value"


def test_two_keys_of_one_name_are_told_once_and_nothing_is_told_of_nothing() -> None:
    entry = fields({"event": "hello", "a-b": 1, "a_b": 2, "message": None})
    assert [field for field in entry if field.startswith(b"A_B=")] == [b"A_B=1"]
    assert entry[0] == b"MESSAGE=hello a-b=1 a_b=2"


@pytest.mark.parametrize(
    ("level", "priority"), [("debug", "7"), ("info", "6"), ("warning", "4"), ("error", "3"), ("critical", "2")]
)
def test_each_level_has_syslog_s_number(level: str, priority: str) -> None:
    assert as_text({"event": "hello", "level": level})["PRIORITY"] == priority


def test_where_no_journald_listens_there_is_no_journal(tmp_path: Path) -> None:
    assert open_journal(str(tmp_path / "nothing")) is None


def test_without_systemd_python_the_log_is_json_lines() -> None:
    program = 'import sys\nsys.modules["systemd"] = None\n' + LOGGED + 'log.warning("hello", files=3)\n'
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    line = json.loads(run.stderr)
    assert (line["event"], line["level"], line["files"]) == ("hello", "warning", 3)
