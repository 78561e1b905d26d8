"""What stands in for calls that would change the machine that the tests run on, and remembers them."""

import base64
import errno
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from appliance.host.calls import Calls


class Hostnamed:
    """What systemd-hostnamed does to a machine's files, and when it says so."""

    def __init__(self, etc: Path) -> None:
        self._file = etc / "hostname"

    def answers(self, name: str) -> None:
        self._file.write_text(f"{name}\n")

    def is_done_before_it_says_so(self, name: str) -> None:
        self.answers(name)
        self.is_late(name)

    def is_late(self, name: str) -> None:
        """It may rename the machine yet, when nobody waits for it any more."""
        raise TimeoutError(errno.ETIMEDOUT, f"hostnamectl hostname {name} did not answer")


def nobody(name: str) -> None:
    """No systemd-hostnamed, as early in a boot."""
    raise OSError(errno.EIO, f"Failed to connect to bus to set {name}")


class Recorder:
    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []
        self.refusals: set[str] = set()
        """What is refused from now on."""
        self.hostnamed: Callable[[str], None] = nobody

    def calls(self) -> Calls:
        return Calls(
            ask_hostnamed=self._ask_hostnamed,
            set_host_name=lambda name: self._take("set_host_name", name),
            set_clock=lambda moment: self._take("set_clock", moment),
            announce=lambda: self._take("announce", None),
            open_ssh=lambda: self._take("open_ssh", None),
        )

    def _ask_hostnamed(self, name: str) -> None:
        self._take("ask_hostnamed", name)
        self.hostnamed(name)

    def _take(self, what: str, value: str | datetime | None) -> None:
        if what in self.refusals:
            raise PermissionError(1, "Operation not permitted")
        self.asked.append((what, value))


def public_key(kind: str = "ssh-ed25519", comment: str = "ada@laptop") -> str:
    """A key as ``ssh-keygen`` writes it; nobody has its other half."""
    parts = [kind.encode(), os.urandom(32)]
    blob = b"".join(len(part).to_bytes(4) + part for part in parts)
    return f"{kind} {base64.b64encode(blob).decode()} {comment}"
