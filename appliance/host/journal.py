"""Structured logs to systemd's journal: each bound value is a field of its own, to be asked for by ``journalctl``."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Where journald listens (``systemd-journald.service(8)``).
SOCKET: Final = "/run/systemd/journal/socket"
#: syslog's severities, by the names that structlog gives.
_PRIORITIES: Final = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
#: What journald and ``journalctl`` give a meaning to (``systemd.journal-fields(7)``).
_RESERVED: Final = re.compile(
    r"(?:MESSAGE|MESSAGE_ID|PRIORITY|ERRNO|DOCUMENTATION|TID|UNIT|INVOCATION_ID|EXCEPTION)\Z|"
    r"(?:CODE|SYSLOG|OBJECT|COREDUMP|USER)_"
)
_LONGEST_NAME: Final = 64
#: Told by the fields of the line itself, by journald's own clock and by PRIORITY.
_TOLD: Final = frozenset({"event", "level", "timestamp", "exception", "logger"})

Event = Mapping[str, Any]
"""One event of structlog's: ``event``, ``level``, ``logger``, maybe ``exception``, and what is bound to it."""


class Journal:
    """A sink for ``appliance.logs``."""

    def __init__(self, send: Callable[..., object]) -> None:
        """``send`` takes fields as ``b"NAME=value"``."""
        self._send = send

    def __call__(self, event: Event, /) -> None:
        """Write one entry. Raises ``OSError`` when journald refuses it; one that is away loses it silently."""
        self._send(*fields(event))


def fields(event: Event) -> list[bytes]:
    """The entry of an event, as ``NAME=value``.

    MESSAGE is for whoever reads: the event, what is bound to it, and the traceback, since ``journalctl`` shows no more.
    """
    bound = {key: _text(value) for key, value in event.items() if key not in _TOLD and value is not None}
    message = " ".join([_text(event.get("event", "")), *(f"{key}={_quoted(text)}" for key, text in bound.items())])
    if exception := event.get("exception"):
        message += f"\n{exception}"
    entry = {
        "MESSAGE": message,
        "PRIORITY": str(_PRIORITIES.get(event.get("level", "info"), 6)),
        "SYSLOG_IDENTIFIER": "tonearm",
        "LOGGER": _text(event.get("logger", "tonearm")),
    }
    for key, text in bound.items():
        entry.setdefault(_name(key), text)
    return [f"{name}=".encode() + text.encode(errors="backslashreplace") for name, text in entry.items()]


def open_journal(socket: str = SOCKET) -> Journal | None:
    """The journal of this machine; None where there is none, or where systemd-python is missing."""
    try:
        from systemd.journal import sendv  # noqa: PLC0415 - on a PC it need not be there
    except ImportError:
        return None
    return Journal(sendv) if os.path.exists(socket) else None


def _name(key: str) -> str:
    """``request_id`` as journald takes it: capitals, digits and underscores, a capital first."""
    name = re.sub(r"[^A-Z0-9_]", "_", key.upper())
    if _RESERVED.match(name) or not name[:1].isalpha():
        name = f"TONEARM_{name.lstrip('_')}"
    return name[:_LONGEST_NAME]


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return repr(text) if re.search(r"\s", text) or not text else text
