"""The name that the house finds this machine by: what Avahi announces, ``tonearm-2`` where a second box is ``tonearm``.

Asked over the system's bus, by hand: the console asks every few seconds for as long as the machine runs, and a program
started for it each time would cost more than everything else it does. Protocol: the D-Bus specification.
"""

import os
import socket
import struct
from pathlib import Path
from typing import BinaryIO, Final

#: Seconds for which the bus, or Avahi on it, may be silent.
_PATIENCE: Final = 1.0
_CALL, _RETURN, _ERROR = 1, 2, 3
#: Not to be started for the question.
_NO_AUTO_START: Final = 2
#: Codes and types of a call's header fields.
_PATH, _INTERFACE, _MEMBER, _DESTINATION = (1, b"o"), (2, b"s"), (3, b"s"), (6, b"s")
_HEADER: Final = struct.Struct("<4B3I")
_LARGEST: Final = 65_536
#: Before our answer come the bus's own, and a signal or two.
_MOST_MESSAGES: Final = 8


def announced_name(bus: Path = Path("/run/dbus/system_bus_socket"), *, patience: float = _PATIENCE) -> str | None:
    """The name without its domain; None where nobody announces one, or does not say so in time. Raises nothing."""
    greeting = f"\0AUTH EXTERNAL {str(os.getuid()).encode().hex()}\r\nBEGIN\r\n".encode()
    hello = _call(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")
    question = _call(2, "org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", "GetHostName")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience)
            connection.connect(str(bus))
            connection.sendall(greeting + hello + question)
            with connection.makefile("rb") as answers:
                return _second_answer(answers)
    except (OSError, EOFError, ValueError, struct.error):
        return None


def _second_answer(answers: BinaryIO) -> str | None:
    """The string that answers the question, after the answer to the greeting and to the hello."""
    if not answers.readline(_LARGEST).startswith(b"OK "):
        return None
    is_greeted = False
    for _ in range(_MOST_MESSAGES):
        kind, body = _message(answers)
        if kind == _ERROR:
            return None
        if kind == _RETURN and is_greeted:
            (length,) = struct.unpack_from("<I", body)
            return body[4 : 4 + length].decode() or None
        is_greeted = is_greeted or kind == _RETURN
    return None


def _message(answers: BinaryIO) -> tuple[int, bytes]:
    """Kind and body of the next one."""
    order, kind, _, _, length, _, fields = _HEADER.unpack(_exactly(answers, _HEADER.size))
    if order != ord("l") or max(length, fields) > _LARGEST:
        raise ValueError("no message of this machine's own bus")
    _exactly(answers, fields + -fields % 8)
    return kind, _exactly(answers, length)


def _exactly(answers: BinaryIO, size: int) -> bytes:
    data = answers.read(size)
    if len(data) != size:
        raise EOFError
    return data


def _call(serial: int, destination: str, path: str, interface: str, member: str) -> bytes:
    """A call without arguments."""
    fields = b""
    for (code, kind), text in (
        (_PATH, path),
        (_DESTINATION, destination),
        (_INTERFACE, interface),
        (_MEMBER, member),
    ):
        fields += bytes(-len(fields) % 8)
        fields += bytes([code, 1]) + kind + b"\0" + struct.pack("<I", len(text)) + text.encode() + b"\0"
    return _HEADER.pack(ord("l"), _CALL, _NO_AUTO_START, 1, 0, serial, len(fields)) + fields + bytes(-len(fields) % 8)
