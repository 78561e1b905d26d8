"""What stands in for calls that would change the machine that the tests run on, and remembers them."""

import base64
import os
from datetime import datetime

from appliance.host.calls import Calls


class Recorder:
    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []
        self.refusals: set[str] = set()
        """What is refused from now on."""
        self.hostnamed = False
        """Whether systemd-hostnamed answers."""

    def calls(self) -> Calls:
        return Calls(
            ask_hostnamed=self._ask_hostnamed,
            set_host_name=lambda name: self._take("set_host_name", name),
            set_clock=lambda moment: self._take("set_clock", moment),
            announce=lambda: self._take("announce", None),
            open_ssh=lambda: self._take("open_ssh", None),
        )

    def _ask_hostnamed(self, name: str) -> bool:
        if self.hostnamed:
            self._take("ask_hostnamed", name)
        return self.hostnamed

    def _take(self, what: str, value: str | datetime | None) -> None:
        if what in self.refusals:
            raise PermissionError(1, "Operation not permitted")
        self.asked.append((what, value))


def public_key(kind: str = "ssh-ed25519", comment: str = "ada@laptop") -> str:
    """A key as ``ssh-keygen`` writes it; nobody has its other half."""
    parts = [kind.encode(), os.urandom(32)]
    blob = b"".join(len(part).to_bytes(4) + part for part in parts)
    return f"{kind} {base64.b64encode(blob).decode()} {comment}"
