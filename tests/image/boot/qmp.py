"""QEMU's own protocol (QMP): what the test asks of the emulator, and not of the machine inside.

https://www.qemu.org/docs/master/interop/qmp-spec.html
"""

import json
import socket
from pathlib import Path
from typing import Any

#: The identifier that the card's device must have been given.
DISK = "card"
_ANSWER_SECONDS = 30.0


class Qmp:
    """A connection to one QEMU."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_SECONDS)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        assert "QMP" in json.loads(self._lines.readline())
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: object) -> Any:
        """What the command returns; events that come meanwhile are passed over."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            line = self._lines.readline()
            assert line, f"QEMU ended before it answered {command}"
            message = json.loads(line)
            assert "error" not in message, f"{command}: {message['error']}"
            if "return" in message:
                return message["return"]

    def bytes_written(self) -> int:
        """To the card since QEMU started, as its block layer counts them; restarts of the machine do not reset it."""
        (card,) = (each for each in self.execute("query-blockstats") if f"/{DISK}/" in each.get("qdev", ""))
        written: int = card["stats"]["wr_bytes"]
        return written

    def screenshot(self, path: Path) -> None:
        """What a monitor would show, as PNG."""
        self.execute("screendump", filename=str(path), format="png")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
