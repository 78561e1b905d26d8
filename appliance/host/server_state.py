"""How the server on this machine is, asked over its own door.

By hand, since the console lives as long as the machine and should be small: ``http.client`` alone is six megabytes.
"""

import json
import socket
from typing import Any, Final, NamedTuple

#: Seconds. While the server starts, systemd holds its socket, so that connecting works and nothing answers.
_PATIENCE: Final = 3.0
_LARGEST: Final = 262_144


class ServerState(NamedTuple):
    answers: bool
    """Whether it serves."""
    failing: dict[str, str]
    """By the name of a check of ``/health/ready``: what it says of what is not well."""
    open_for_setup: bool


SILENCE: Final = ServerState(answers=False, failing={}, open_for_setup=False)


def server_state(port: int, *, patience: float = _PATIENCE) -> ServerState:
    """How the server is, after at most twice ``patience`` seconds. Raises nothing: silence is a state."""
    ready = _get(port, "/health/ready", patience)
    if ready is None:
        return SILENCE
    setup = _get(port, "/api/v1/setup/", patience) or {}
    return ServerState(answers=True, failing=_failing(ready), open_for_setup=setup.get("needed") is True)


def _failing(ready: dict[str, Any]) -> dict[str, str]:
    checks = ready.get("checks")
    return {
        str(name): str(check.get("message", ""))
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and check.get("status") != "ok"
    }


def _get(port: int, path: str, patience: float) -> dict[str, Any] | None:
    """The JSON object at ``path``; None when there is no such answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode())
            answer = b""
            while (part := connection.recv(65_536)) and len(answer) < _LARGEST:
                answer += part
    except OSError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] not in ([b"200"], [b"503"]):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
