"""What systemd is told by a server that really runs."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.server import ADMIN, PASSWORD, Server

pytestmark = pytest.mark.usefixtures("systemd_python")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Systemd]":
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(120)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield Systemd(listener)


class Systemd:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def until_told(self, message: bytes) -> None:
        """Fails when it is not told for two minutes."""
        while self._listener.recv(4096) != message:
            pass


def test_ready_means_that_whoever_was_named_may_sign_in(tmp_path: Path, systemd: Systemd) -> None:
    """Whoever waits for READY erases the password that the boot partition had."""
    server = Server(tmp_path / "data", setup="page", music_home=str(tmp_path / "music"))
    try:
        systemd.until_told(b"READY=1")
        signed_in = httpx.post(f"{server.url}/api/v1/sessions/", json={"name": ADMIN, "password": PASSWORD})
        assert signed_in.status_code == 201
        server.stop()
        systemd.until_told(b"STOPPING=1")
    finally:
        server.kill()
