"""Root inside the machine, for looking and for breaking things, without a change to the card.

QEMU hands systemd three credentials (``systemd.system-credentials(7)``, ``systemd-debug-generator(8)``): a unit, a
drop-in that wants it, and the program that it runs (in_guest.py), which listens on a port that only this QEMU has. A
machine that is not started this way has none of it.
"""

import base64
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tests.image.boot.in_guest as program

#: How QEMU calls the port.
PORT_NAME = "tonearm.agent"
# QEMU allows 55 characters for the name of such a file; "opt/io.systemd.credentials/systemd.extra-unit." takes 46.
_UNIT_NAME = "t.service"
# Before everything that could fail, and not stopped by what did: where a boot ends in trouble, it is wanted most.
_UNIT = f"""
[Unit]
Description=Tonearm's boot tests look in
DefaultDependencies=no
IgnoreOnIsolate=yes
Conflicts=shutdown.target
Before=shutdown.target
After=systemd-udev-trigger.service
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/python3 /run/credentials/@system/{PORT_NAME}
Environment=PYTHONDONTWRITEBYTECODE=1
Restart=always
RestartSec=1
OOMScoreAdjust=-1000
"""


class Said(NamedTuple):
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class Agent:
    """The host's end of the line."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        self.boot = ""
        """Which boot of the machine's we have heard of last."""
        self.pid = 0
        """The agent's own process, which is no part of what is measured."""

    def until_booted(self, *, seconds: float) -> None:
        """Wait until it speaks up, from another boot than before."""
        before = self.boot
        self._socket.settimeout(seconds)
        while self.boot == before:
            message = self._hear()
            self.boot, self.pid = message.get("boot", self.boot), message.get("pid", self.pid)

    def ask(self, *command: str, stdin: bytes = b"", seconds: float = 60.0) -> Said:
        """Run a command inside, at most for so long."""
        number = next(self._numbers)
        request = {"id": number, "command": command, "stdin": base64.b64encode(stdin).decode(), "seconds": seconds}
        self._socket.settimeout(seconds + 30)
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while (answer := self._hear()).get("id") != number:
            pass
        out, err = (base64.b64decode(answer[name]).decode(errors="replace") for name in ("stdout", "stderr"))
        return Said(answer["status"], out, err)

    def _hear(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, "the machine's end of the line is gone"
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def credentials(folder: Path) -> Iterator[str]:
    """Arguments of QEMU that bring the agent in; its files are written to ``folder``."""
    contents = {
        f"systemd.extra-unit.{_UNIT_NAME}": _UNIT,
        # Of all units the one with the shortest name that every boot starts.
        "systemd.unit-dropin.-.mount": f"[Unit]\nWants={_UNIT_NAME}\n",
        PORT_NAME: Path(program.__file__).read_text(encoding="utf-8"),
    }
    for name, content in contents.items():
        file = folder / name
        file.write_text(content, encoding="utf-8")
        yield from ("-fw_cfg", f"name=opt/io.systemd.credentials/{name},file={file}")
