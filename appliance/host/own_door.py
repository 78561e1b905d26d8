"""Asking the server on this machine, over its own door.

By hand, since the console lives as long as the machine and should be small: ``http.client`` alone is six megabytes.
"""

import json
import socket
from typing import Any, Final, NamedTuple

_LARGEST: Final = 262_144


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    """Of JSON; empty where there is none."""


def ask(port: int, what: str, *, patience: float, body: bytes = b"", token: str = "") -> Answer | None:
    """The answer to ``what``, such as ``GET /health/ready``; None when there is none that can be understood.

    ``patience``: seconds for which the server may be silent. ``body``: JSON. ``token``: of a session.
    """
    lines = [f"{what} HTTP/1.0", "Host: 127.0.0.1", "Accept: application/json"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            answer = b""
            while (part := connection.recv(65_536)) and len(answer) < _LARGEST:
                answer += part
    except OSError:
        return None
    return _understood(answer)


def _understood(answer: bytes) -> Answer | None:
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        status = int(head.split(b" ", 2)[1])
        value = json.loads(body or b"{}")
    except (IndexError, ValueError, RecursionError):
        return None
    return Answer(status, value) if isinstance(value, dict) else None
