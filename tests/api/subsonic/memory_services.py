"""The other ports in memory: a store with transactions, a vault, sound and pictures."""

import copy
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import trio

from appliance.core.catalogue import (
    Artwork,
)
from appliance.core.errors import TonearmError
from appliance.core.playback import Plan, RawPlan
from appliance.core.ports import (
    Conditions,
    Cover,
    MediaReply,
    UnitOfWork,
)
from tests.api.subsonic.memory_work import MemoryWork
from tests.api.subsonic.world import World


class MemoryStore:
    """Transactions that roll back, one at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open = 0
        self.failure: Exception | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        if self.failure is not None:
            raise self.failure
        before = copy.copy(self.world.likes), copy.copy(self.world.ratings), copy.copy(self.world.plays)
        self.open += 1
        try:
            yield MemoryWork(self.world)
        except BaseException:
            self.world.likes, self.world.ratings, self.world.plays = before
            raise
        finally:
            self.open -= 1

    async def ping(self) -> None:
        pass

    async def answers(self) -> None:
        pass

    async def maintain(self) -> None:
        pass

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        raise NotImplementedError(channel)
        yield


class MemoryVault:
    """Hides nothing: what it keeps lives as long as a test."""

    async def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return password_hash == await self.hash(password)

    def seal(self, secret: str, owner: UUID) -> bytes:
        return owner.bytes + secret.encode()

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        return sealed[16:].decode() if sealed[:16] == owner.bytes else None


class MemoryMedia:
    """Plays one sound, in chunks, for every plan; keeps account of what is open."""

    CHUNKS = (b"fLaC", b"\0" * 5, b"end")

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.failure: TonearmError | None = None
        self.breaks: TonearmError | None = None
        self.endless = False
        self.open_now = 0
        self.asked: list[tuple[Plan, Conditions, bool]] = []
        self.transactions_seen: list[int] = []

    @asynccontextmanager
    async def open(self, plan: Plan, conditions: Conditions, *, attachment: bool = False) -> AsyncIterator[MediaReply]:
        self.asked.append((plan, conditions, attachment))
        self.transactions_seen.append(self._store.open)
        if self.failure is not None:
            raise self.failure
        self.open_now += 1
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


class MemoryCovers:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[tuple[Artwork | None, int | None]] = []

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        assert not self._store.open, "a picture is read outside the transaction"
        self.asked.append((artwork, size))
        name = "placeholder" if artwork is None else artwork.id.hex
        return Cover("image/jpeg", f'"{name}-{size}"', f"{name} {size}".encode())
