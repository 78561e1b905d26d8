"""Sound and pictures that tell what was asked of them, and break when they are told to.

The real ones have tests of their own (tests/stream) and play in the journeys: here every request would need files
and a pool of transcoders, to answer which plan and which headers reached them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from appliance.core.catalogue import Artwork
from appliance.core.errors import TonearmError
from appliance.core.playback import Plan, RawPlan
from appliance.core.ports import Conditions, Cover, MediaReply, UnitOfWork
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore


class WatchedStore(PostgresStore):
    """The store itself; tells besides how many transactions are open."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Listener(database))
        self.database = database
        self.open = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with super().begin() as work:
            self.open += 1
            try:
                yield work
            finally:
                self.open -= 1


class AskedMedia:
    """Plays one sound, in chunks, for every plan; keeps account of what it was asked for and what is open."""

    CHUNKS = (b"fLaC", b"\0" * 5, b"end")

    def __init__(self, store: WatchedStore) -> None:
        self._store = store
        self.failure: TonearmError | None = None
        self.breaks: TonearmError | None = None
        self.endless = False
        self.open_now = 0
        self.opened = trio.Event()
        """Set by the first answer."""
        self.asked: list[tuple[Plan, Conditions, bool]] = []
        self.transactions_seen: list[int] = []

    @asynccontextmanager
    async def open(self, plan: Plan, conditions: Conditions, *, attachment: bool = False) -> AsyncIterator[MediaReply]:
        self.asked.append((plan, conditions, attachment))
        self.transactions_seen.append(self._store.open)
        if self.failure is not None:
            raise self.failure
        self.open_now += 1
        self.opened.set()
        try:
            # A nursery, as the real one has: it breaks unless it is left by the task that entered it, in order.
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                yield self._reply(plan, conditions)
                nursery.cancel_scope.cancel()
        finally:
            self.open_now -= 1

    def _reply(self, plan: Plan, conditions: Conditions) -> MediaReply:
        content_type = "audio/flac" if isinstance(plan, RawPlan) else plan.profile.content_type
        headers = [("Content-Type", content_type), ("Accept-Ranges", "bytes"), ("ETag", '"sound"')]
        if conditions.if_none_match == '"sound"':
            return MediaReply(status=304, headers=(("ETag", '"sound"'),), body=None)
        if conditions.range == "bytes=999-":
            return MediaReply(status=416, headers=(("Content-Range", "bytes */12"),), body=None)
        if conditions.range:
            headers += [("Content-Range", "bytes 0-3/12"), ("Content-Length", "4")]
            return MediaReply(status=206, headers=tuple(headers), body=self._body(self.CHUNKS[:1]))
        headers.append(("Content-Length", "12"))
        body = None if conditions.head else self._body(self.CHUNKS)
        return MediaReply(status=200, headers=tuple(headers), body=body)

    async def _body(self, chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            await trio.lowlevel.checkpoint()
            yield chunk
            if self.breaks is not None and chunk is chunks[1]:
                raise self.breaks
        if self.endless:
            await trio.sleep_forever()


class AskedCovers:
    def __init__(self, store: WatchedStore) -> None:
        self._store = store
        self.asked: list[tuple[Artwork | None, int | None]] = []

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        assert not self._store.open, "a picture is read outside the transaction"
        self.asked.append((artwork, size))
        name = "placeholder" if artwork is None else artwork.id.hex
        return Cover("image/jpeg", f'"{name}-{size}"', f"{name} {size}".encode())
