"""LISTEN: what other transactions say on commit, their processes included."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
import trio

from appliance.core.errors import Unavailable
from appliance.store.database import Database, Ear
from appliance.store.plainly import plainly

_log = structlog.stdlib.get_logger(__name__)

INBOX_SIZE = 64
"""How many payloads wait for a listener before they are summed up."""
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
PING_SECONDS = 60.0
"""How often a silent connection is tried: the far end of a network may vanish without a word."""

SOMETHING = ""
"""The payload that means: look for yourself, something may have happened."""


class _Inbox:
    """The payloads for one listener."""

    def __init__(self) -> None:
        self._send, self.receive = trio.open_memory_channel[str](INBOX_SIZE)

    def put(self, payload: str) -> None:
        try:
            self._send.send_nowait(payload)
        except trio.WouldBlock:
            # One SOMETHING says as much as all that was not read in time.
            with suppress(trio.WouldBlock):
                while True:
                    self.receive.receive_nowait()
            self._send.send_nowait(SOMETHING)


class Listener:
    """All channels over one connection of its own. Made by ``open_listener``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._inboxes: defaultdict[str, set[_Inbox]] = defaultdict(set)
        self._ear: Ear | None = None

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """The payloads notified on ``channel`` from now on.

        An empty payload (``SOMETHING``) stands for what was missed: it comes after a reconnect, and in place of what a
        slow listener left unread. While the database is away there is nothing to hear, and no error.
        """
        inbox = _Inbox()
        self._inboxes[channel].add(inbox)
        try:
            if self._ear is not None:
                with suppress(Unavailable):  # then the ear is closed, and the next one takes this channel up
                    await self._ear.listen(channel)
            yield inbox.receive
        finally:
            self._inboxes[channel].discard(inbox)  # a channel once listened to stays so: they are few

    async def ping(self) -> None:
        """Return when the database answers. Raises ``Unavailable``.

        It waits for nobody: not for one of the connections that transactions share, and not for the disk.
        """
        if self._ear is None:
            raise Unavailable("The database does not answer.")
        await self._ear.ping()

    async def _run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep an ear open. ``started`` after the first attempt, however it went."""
        waiting = True
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self._database.ear(self._deliver) as ear:
                    await self._attend(ear)
                    if waiting:
                        task_status.started()
                        waiting = False
                    pause = FIRST_PAUSE_SECONDS
                    await self._stay(ear)
            except Unavailable as error:
                _log.debug("not listening to the database", reason=str(error), again_in_seconds=pause)
            finally:
                self._ear = None
            if waiting:
                task_status.started()
                waiting = False
            await trio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _attend(self, ear: Ear) -> None:
        """Take up every channel, and tell its listeners to look for what they missed."""
        self._ear = ear
        for channel in list(self._inboxes):
            await ear.listen(channel)
            self._deliver(channel, SOMETHING)

    async def _stay(self, ear: Ear) -> None:
        """Return when the connection is lost."""
        while True:
            with trio.move_on_after(PING_SECONDS):
                await ear.closed()
                return
            await ear.ping()

    def _deliver(self, channel: str, payload: str) -> None:
        for inbox in self._inboxes[channel]:
            inbox.put(payload)


@asynccontextmanager
async def open_listener(database: Database) -> AsyncIterator[Listener]:
    """Listen for as long as the block runs; reconnects by itself."""
    listener = Listener(database)
    async with plainly(trio.open_nursery()) as nursery:
        await nursery.start(listener._run)  # noqa: SLF001 - the other half of the same thing
        try:
            yield listener
        finally:
            nursery.cancel_scope.cancel()
