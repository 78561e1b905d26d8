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
#: Seconds until the next look after one that found no answer.
_AGAIN: Final = 1.0
#: Seconds that the status line may take: it is for people, and holds up what systemd waits for.
_STATUS: Final = 1.0

_log = structlog.stdlib.get_logger(__name__)


class Watchdog:
    """A service of the supervisor: whoever is hung, or has lost the database for good, is started anew by systemd.

    Four looks within the time that systemd allows, and a look may last as long as the pause after it: so a sign is
    given at least twice within that time. Where there is no answer, the next look follows at once.
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

        ``ping`` returns when the database answers, however busy, and raises a ``TonearmError`` when it does not;
        ``activity`` tells what the server does, and may raise the same.
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
            answered = await self._look()
            await trio.sleep(self._pause if answered else _AGAIN)

    async def _look(self) -> bool:
        """Whether the database answered."""
        try:
            with trio.fail_after(self._pause):
                await self._ping()
        except trio.TooSlowError:
            return self._silent("It takes too long.")
        except TonearmError as error:
            return self._silent(str(error))
        if self._watched:
            self._notifier.watchdog()
        with trio.move_on_after(_STATUS):
            try:
                self._notifier.status(status_line(await self._activity()))
            except TonearmError:
                _log.debug("What the server does could not be asked", exc_info=True)
        return True

    def _silent(self, error: str) -> bool:
        _log.warning("The database does not answer; systemd is given no sign of life", error=error)
        self._notifier.status("Waiting for the database.")
        return False
