"""What systemd is told of us, by ``sd_notify(3)``. Where nobody listens, telling does nothing."""

from collections.abc import Callable

import structlog

_log = structlog.stdlib.get_logger(__name__)

Send = Callable[[str], bool]
"""Sends one message; False when nobody asked to be told. Raises ``OSError`` when it cannot be delivered."""


class Notifier:
    """Tells systemd how the server is. Nothing that happens here is worth failing for."""

    def __init__(self, send: Send | None) -> None:
        """``send``: None where there is no systemd."""
        self._send = send
        self._status = ""

    @property
    def heard(self) -> bool:
        """Whether somebody listened, as far as is known."""
        return self._send is not None

    def ready(self) -> None:
        """The server accepts requests."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The server ends, because it was asked to."""
        self._tell("STOPPING=1")

    def watchdog(self) -> None:
        """The server is well; this is awaited every ``settings.watchdog_seconds()``."""
        self._tell("WATCHDOG=1")

    def status(self, line: str) -> None:
        """What ``systemctl status`` shows: one plain line. The same as before is not told again."""
        line = " ".join(line.split())
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def _tell(self, message: str) -> None:
        if self._send is None:
            return
        try:
            if self._send(message):
                return
        except OSError as error:
            # Whoever listens may do so again: systemd restarts itself when it is upgraded.
            _log.debug("systemd was not told", message=message, error=str(error))
            return
        self._send = None
        _log.debug("Nobody asked to be told how the server is")


def open_notifier() -> Notifier:
    """The notifier of this process, by systemd-python; one that does nothing where that is missing."""
    try:
        from systemd.daemon import notify  # noqa: PLC0415 - on a PC it need not be there
    except ImportError:
        _log.debug("systemd-python is missing, so that systemd is told nothing")
        return Notifier(None)
    return Notifier(notify)
