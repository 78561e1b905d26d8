"""Signs of life for systemd: given only while the event loop runs and the database answers."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import trio

from appliance.core.errors import TonearmError
from appliance.host.notify import Notifier
from appliance.host.status import Activity, status_line

#: Seconds between two looks where systemd does not watch: only its status line is kept up to date.
_UNWATCHED: Final = 15.0

_log = structlog.stdlib.get_logger(__name__)


class Watchdog:
    """A service of the supervisor: whoever is hung, or has lost the database for good, is started anew by systemd.

    Four looks within the time that systemd allows, and a look may last as long as the pause after it: so a sign is
    given at least twice within that time, and a slow answer or two cost nothing.
    """

    def __init__(
        self,
        notifier: Notifier,
        seconds: float | None,
        *,
        ping: Callable[[], Awaitable[None]],
        activity: Callable[[], Awaitable[Activity]],
    ) -> None:
        """``seconds``: within which systemd wants a sign, None when it does not watch.

        ``ping`` returns when the database answers, and raises a ``TonearmError`` when it does not; ``activity`` tells
        what the server does, and may raise the same.
        """
        self._notifier = notifier
        self._watched = seconds is not None
        self._pause = seconds / 4 if seconds is not None else _UNWATCHED
        self._ping = ping
        self._activity = activity

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until cancelled; returns at once where nobody wants to be told."""
        task_status.started()
        while self._notifier.heard:
            with trio.move_on_after(self._pause) as patience:
                await self._look()
            if patience.cancelled_caught:
                self._silent("It takes too long.")
            await trio.sleep(self._pause)

    async def _look(self) -> None:
        try:
            await self._ping()
        except TonearmError as error:
            self._silent(str(error))
            return
        # What a cancelled ping leaves is no answer: this line is not reached then.
        if self._watched:
            self._notifier.watchdog()
        try:
            self._notifier.status(status_line(await self._activity()))
        except TonearmError:
            _log.debug("What the server does could not be asked", exc_info=True)

    def _silent(self, error: str) -> None:
        _log.warning("The database does not answer; systemd is given no sign of life", error=error)
        self._notifier.status("Waiting for the database.")
