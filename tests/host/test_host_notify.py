"""What systemd is told, over a real socket in its place; and that nothing happens where nobody listens."""

import logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from appliance.host.notify import Notifier, open_notifier


def heard(ear: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(ear.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_systemd_is_told_each_thing_in_its_words(ear: socket.socket) -> None:
    notifier = open_notifier()
    notifier.status("Starting")
    notifier.ready()
    notifier.watchdog()
    notifier.stopping()
    assert heard(ear) == ["STATUS=Starting", "READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_a_status_is_one_line_and_told_when_it_changes(ear: socket.socket) -> None:
    notifier = open_notifier()
    for line in ("Playing for Björk", "Playing for Björk", "Two\nlines\n READY=1", "Playing for Björk"):
        notifier.status(line)
    assert heard(ear) == ["STATUS=Playing for Björk", "STATUS=Two lines READY=1", "STATUS=Playing for Björk"]


def test_a_systemd_that_is_away_for_a_moment_is_told_again(ear: socket.socket, tmp_path: Path) -> None:
    notifier = open_notifier()
    (tmp_path / "notify").rename(tmp_path / "elsewhere")
    notifier.watchdog()
    (tmp_path / "elsewhere").rename(tmp_path / "notify")
    notifier.watchdog()
    assert heard(ear) == ["WATCHDOG=1"]
    assert notifier.heard


@pytest.mark.usefixtures("systemd_python")
def test_where_nobody_asked_one_quiet_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = open_notifier()
    with structlog.testing.capture_logs() as lines:
        notifier.ready()
        notifier.watchdog()
        notifier.stopping()
    assert [line["log_level"] for line in lines] == ["debug"]
    assert not notifier.heard


def test_without_systemd_python_nothing_happens_but_one_quiet_line() -> None:
    program = """
import sys
sys.modules["systemd"] = None  # as if it were not installed
from structlog.testing import capture_logs
from appliance.host.notify import open_notifier
with capture_logs() as lines:
    notifier = open_notifier()
    notifier.ready(); notifier.status("x"); notifier.watchdog(); notifier.stopping()
assert [line["log_level"] for line in lines] == ["debug"], lines
assert not notifier.heard
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_nobody_is_told_of_what_goes_wrong_above_debug() -> None:
    def refuse(_message: str) -> bool:
        raise ConnectionRefusedError(logging.DEBUG, "Connection refused")

    with structlog.testing.capture_logs() as lines:
        Notifier(refuse).ready()
    assert [line["log_level"] for line in lines] == ["debug"]
