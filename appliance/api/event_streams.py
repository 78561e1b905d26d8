"""Events as server-sent events (HTML's ``text/event-stream``): open for as long as somebody listens.

A stream holds no database connection: it looks for a moment when the store says that there is news, and now and then
to see whether whoever listens still may. It reads at its listener's pace, and keeps nothing for one that is slow.
"""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager

import msgspec
import trio

from appliance.core.accounts import User
from appliance.core.errors import Busy, TonearmError, Unavailable
from appliance.core.events import CHANNEL, Cursor, EventKind, Reading, Told
from appliance.core.ports import MediaReply, Store, UnitOfWork

CONTENT_TYPE = "text/event-stream"
#: Seconds without an event after which a sign of life is sent.
HEARTBEAT = 15.0
#: Streams in all, and of one user.
MOST, MOST_OF_ONE = 100, 10
#: Seconds between two looks of one stream, however much happens.
_GAP = 0.1
#: Seconds before a look at events that wait for an older transaction, or for a database that is away.
_SOON, _LATER = 0.25, 2.0
_EVENTS_AT_ONCE = 200
#: Milliseconds that a browser waits before it connects again.
_RETRY = 3000
_HEADERS = (
    ("Content-Type", f"{CONTENT_TYPE}; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # nginx would keep events until it has enough of them
)

Again = Callable[[UnitOfWork], Awaitable[User]]
"""Who listens, as they are now. Raises a refusal once they may not any more."""


class EventStreams:
    """All streams of this process."""

    def __init__(
        self, store: Store, *, heartbeat: float = HEARTBEAT, most: int = MOST, most_of_one: int = MOST_OF_ONE
    ) -> None:
        self._store = store
        self.heartbeat = heartbeat
        self._most = most
        self._most_of_one = most_of_one
        self._open: Counter[object] = Counter()
        self._waits: set[trio.CancelScope] = set()
        self._closed = False

    def close(self) -> None:
        """End every stream, and open no more: the server stops."""
        self._closed = True
        for wait in self._waits:
            wait.cancel()

    @asynccontextmanager
    async def open(self, user: User, after: str | None, again: Again) -> AsyncIterator[MediaReply]:
        """What ``user`` may know, from now on, or from where they left off: ``after`` is the last id that they got.

        Raises ``Busy`` over the limits, ``Unavailable`` when the server stops or the database does not answer.
        """
        with self._place(user):
            async with self._store.listen(CHANNEL) as wakes:
                async with self._store.begin() as work:
                    now = await work.events.cursor()
                place = now if after is None else Cursor.parse(after)
                stream = _Stream(self, wakes, again, place or now)
                body = stream.chunks(begins=after is None, resets=place is None)
                async with aclosing(body):
                    yield MediaReply(status=200, headers=_HEADERS, body=body)

    @contextmanager
    def _place(self, user: User) -> Iterator[None]:
        if self._closed:
            raise Unavailable("The server stops.")
        if self._open.total() >= self._most or self._open[user.id] >= self._most_of_one:
            raise Busy("There are too many open event streams. Close some.", retry_after=30)
        self._open[user.id] += 1
        try:
            yield
        finally:
            self._open[user.id] -= 1

    async def read(self, again: Again, after: Cursor) -> Reading:
        """What comes next, for whoever it is now."""
        async with self._store.begin() as work:
            user = await again(work)
            return await work.events.read(user, after, _EVENTS_AT_ONCE)

    async def pause(self, seconds: float, wakes: AsyncIterator[str] | None = None, known: int = 0) -> bool:
        """Wait; False once the streams are to end.

        With ``wakes`` no longer than until a transaction past ``known`` tells of events.
        """
        with trio.move_on_after(seconds) as wait:
            self._waits.add(wait)
            try:
                if self._closed:
                    return False
                if wakes is None:
                    await trio.sleep_forever()
                else:
                    async for number in wakes:
                        if not number or int(number) >= known:
                            break
            finally:
                self._waits.discard(wait)
        return not self._closed


class _Stream:
    """One of them."""

    def __init__(self, streams: EventStreams, wakes: AsyncIterator[str], again: Again, place: Cursor) -> None:
        self._streams = streams
        self._wakes = wakes
        self._again = again
        self._place = place
        self._will_look_anew = False
        self._sent_at = trio.current_time()

    async def chunks(self, *, begins: bool, resets: bool) -> AsyncGenerator[bytes, None]:
        """Text to be sent, until the stream has to end.

        ``begins``: the listener has seen nothing yet, and looks at everything by itself. ``resets``: it is told to.
        """
        self._will_look_anew = begins or resets
        yield _block(f"retry: {_RETRY}", f"id: {self._place}" if begins else "")
        if resets:
            yield self._reset()
        while True:
            try:
                reading = await self._streams.read(self._again, self._place)
            except Unavailable:
                if not await self._streams.pause(_LATER):
                    return
                continue
            except TonearmError:
                return  # the session has ended: whoever connects again is told so
            if text := self._news(reading):
                self._sent_at = trio.current_time()
                yield text
            if not await self._until_news(reading):
                return

    def _news(self, reading: Reading) -> bytes:
        """What to send of it; nothing where there is nothing new, and a sign of life is not due."""
        if reading.lost and not self._will_look_anew:
            self._place = Cursor.before(reading.horizon)
            self._will_look_anew = True
            return self._reset()
        # While no event is kept at or before our place, nothing shows that none was lost; we have said so once.
        self._will_look_anew = reading.lost
        self._place = reading.cursor
        if reading.events:
            return b"".join(map(_event, reading.events))
        is_due = trio.current_time() >= self._sent_at + self._streams.heartbeat
        return _block(":", f"id: {self._place}") if is_due else b""

    def _reset(self) -> bytes:
        return _event(Told(cursor=self._place, kind=EventKind.RESET, data={}))

    async def _until_news(self, reading: Reading) -> bool:
        """Wait until there may be something to send; False when the stream ends."""
        if not await self._streams.pause(0 if reading.more else _GAP):
            return False
        if reading.more:
            return True
        rest = max(0.0, self._sent_at + self._streams.heartbeat - trio.current_time())
        seconds = min(rest, _SOON) if reading.waiting else rest
        return await self._streams.pause(seconds, self._wakes, reading.horizon)


def _event(told: Told) -> bytes:
    data = msgspec.json.encode(told.data).decode()
    return _block(f"id: {told.cursor}", f"event: {told.kind}", f"data: {data}")


def _block(*lines: str) -> bytes:
    return ("\n".join(line for line in lines if line) + "\n\n").encode()
