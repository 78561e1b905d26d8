"""The door for the server: ``tonearm host machine``, started by systemd for each connection to its socket. Root.

One line of JSON comes in (``core.machine.MachineWishes``), one goes out: by field, what could not be done. Whoever
knocks has less power than this process, so that nothing that they say is believed.
"""

import os
import select
import time
from typing import Final

import msgspec

from appliance.core.machine import MachineWishes
from appliance.host.changes import Changes

#: Bytes.
LONGEST_LINE: Final = 16_384
#: Seconds in which the whole line must have come.
_PATIENCE: Final = 10.0
UNREADABLE: Final = "request"
"""The field of an answer to what is no request."""


def serve_one(changes: Changes, *, incoming: int = 0, outgoing: int = 1, patience: float = _PATIENCE) -> int:
    """Answer one request, from one file descriptor to another; returns the exit status."""
    line = _line(incoming, time.monotonic() + patience)
    reply = answer(line, changes) if line is not None else {UNREADABLE: "No request came, or one that is too long."}
    try:
        os.write(outgoing, msgspec.json.encode(reply) + b"\n")
    except OSError:
        return 1  # whoever asked is gone
    return 0


def answer(line: bytes, changes: Changes) -> dict[str, str]:
    """Do what the line asks; returns by field what could not be done."""
    try:
        wishes = msgspec.json.decode(line, type=MachineWishes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return {UNREADABLE: f"This is no request: {error}."}
    return changes.apply(wishes)


def _line(source: int, deadline: float) -> bytes | None:
    """What comes before the first newline, or the end; None when that is too long or too late."""
    line = b""
    while b"\n" not in line:
        readable, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(source, LONGEST_LINE) if readable else None
        if part is None or len(line) + len(part) > LONGEST_LINE:
            return None
        if not part:
            break
        line += part
    return line.partition(b"\n")[0] or None
