"""Transcodes, made once: served while they grow, kept when they are whole, one job for all who want the same."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from importlib.metadata import version
from typing import Final
from uuid import UUID

import msgspec
import structlog
import trio

from appliance.core.errors import MediaFault, TonearmError, Unavailable
from appliance.stream.failures import Failures
from appliance.stream.messages import Ended, Grown, Recipe
from appliance.stream.opening import OpenFile
from appliance.stream.ranges import EVERYTHING, Span
from appliance.stream.raw import read_piece
from appliance.stream.shelf import Draft, Shelf
from appliance.stream.sizes import exact_size
from appliance.stream.transcoder import Order, Transcoder

#: A job that nobody listens to any more is finished from here on, since what is left is cheaper than to begin again.
_WORTH_FINISHING: Final = 0.5
#: Another encoder makes other bytes: its results have other names, and other entity tags.
_ENCODER: Final = f"tonearm 1, PyAV {version('av')}"
#: The catalogue's duration may be off by this much without anybody being told.
_NOTABLE_MS: Final = 1000

_log = structlog.get_logger(__name__)


class Wanted(msgspec.Struct, frozen=True):
    """A transcode, as it is known before it is made."""

    name: str
    """Of the entry; equal names mean equal bytes."""
    recipe: Recipe
    duration_ms: int
    """Of the result, as far as known."""


def name_of(file_id: UUID, source: OpenFile, recipe: Recipe) -> str:
    """The name under which the result is kept: a digest of everything that its bytes depend on."""
    facts = (_ENCODER, str(file_id), source.size, source.mtime_ns, recipe)
    return f"{blake2b(msgspec.json.encode(facts), digest_size=16).hexdigest()}.{recipe.codec}"


class Transcode:
    """A result to read: whole, or still growing."""

    def __init__(self, descriptor: int, growth: "_Growth | None", limiter: trio.CapacityLimiter) -> None:
        self._descriptor = descriptor
        self._growth = growth
        self._limiter = limiter

    async def read(self, span: Span) -> AsyncGenerator[bytes, None]:
        """The bytes of a span, waiting for those that are still to come. Raises what ended the job.

        ``EVERYTHING`` ends with the result. Any other span raises ``MediaGone`` where the result ends before it: what
        was promised in a header must be cut, not padded.
        """
        position = span.start
        while position < span.stop:
            there = await self._there(position)
            if there <= position and span == EVERYTHING:
                return
            stop = min(span.stop, max(there, position + 1))
            piece = await read_piece(self._descriptor, position, stop, self._limiter)
            position += len(piece)
            yield piece

    async def _there(self, position: int) -> int:
        """How many bytes there are, once there are some after ``position`` or no more will come."""
        if self._growth is None:
            return os.fstat(self._descriptor).st_size
        return await self._growth.beyond(position)


class _Growth:
    """How far one job is, who listens to it, and how it ended."""

    def __init__(self, wanted: Wanted, draft: Draft) -> None:
        self._duration_ms = wanted.duration_ms
        self._news = trio.Event()
        self.written = 0
        self._position_ms = 0
        self._fault: TonearmError | None = None
        self.draft = draft
        self.job = trio.CancelScope()
        self._listeners = 0
        self.is_whole = False

    def grown(self, report: Grown) -> None:
        self.written = report.size
        self._position_ms = report.position_ms
        self._tell()

    def complete(self, size: int) -> None:
        self.written = size
        self.is_whole = True
        self._tell()

    def fail(self, fault: TonearmError) -> None:
        """Nothing more will come. Means nothing when it is whole, or has failed before."""
        self._fault = self._fault or fault
        self._tell()

    @property
    def _is_worth_finishing(self) -> bool:
        return self.is_whole or self._position_ms >= _WORTH_FINISHING * self._duration_ms > 0

    def join(self) -> int:
        """One more listens; returns a descriptor of its own."""
        self._listeners += 1
        return os.dup(self.draft.descriptor)

    def part(self) -> bool:
        """One less. Whether the job was given up for it."""
        self._listeners -= 1
        given_up = not self._listeners and not self._is_worth_finishing
        if given_up:
            self.job.cancel()
        return given_up

    async def beyond(self, position: int) -> int:
        """Wait until there are bytes after ``position``, or no more will come; returns how many there are in all."""
        while self.written <= position and not self.is_whole:
            if self._fault is not None:
                # A new one for each listener: an exception that is raised twice gathers both their tracebacks.
                raise type(self._fault)(*self._fault.args)
            await self._news.wait()
        return self.written

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()


class Transcodes:
    """The cache before the transcoder."""

    def __init__(
        self, shelf: Shelf, transcoder: Transcoder, nursery: trio.Nursery, limiter: trio.CapacityLimiter
    ) -> None:
        self._shelf = shelf
        self._transcoder = transcoder
        self._nursery = nursery
        self._limiter = limiter
        self._growing: dict[str, _Growth] = {}
        self._opening = trio.Lock()
        self._failures = Failures()

    @property
    def largest_bytes(self) -> int:
        """No result can be larger."""
        return self._shelf.limit_bytes

    def size_of(self, name: str) -> int | None:
        """Bytes of a result that is whole; None of any other."""
        return self._shelf.size_of(name)

    @asynccontextmanager
    async def opened(self, wanted: Wanted, source: OpenFile, position: int) -> AsyncIterator[Transcode]:
        """The result, from the cache or from a job that has begun to give bytes; ``position`` is the first one wanted.

        Leaving the block ends the job when nobody else listens and less than half of it is done. Raises ``Busy``,
        ``MediaFault`` or ``Unavailable``.
        """
        async with self._opening:
            # One at a time, so that two who ask at once do not both find nothing and begin.
            growth = self._growing.get(wanted.name)
            descriptor = None if growth else await self._shelf.open(wanted.name)
            if descriptor is None:
                growth = growth or await self._begin(wanted, source, position)
                descriptor = growth.join()
        try:
            if growth is not None:
                await growth.beyond(0)
            yield Transcode(descriptor, growth, self._limiter)
        finally:
            os.close(descriptor)
            if growth is not None and growth.part():
                self._forget(wanted.name, growth)

    async def _begin(self, wanted: Wanted, source: OpenFile, position: int) -> _Growth:
        self._failures.check(wanted.name, position)
        growth = _Growth(wanted, await self._shelf.draft(wanted.name))
        self._growing[wanted.name] = growth
        self._nursery.start_soon(self._make, wanted, growth, os.dup(source.descriptor))
        return growth

    async def _make(self, wanted: Wanted, growth: _Growth, source: int) -> None:
        order = Order(source, growth.draft.descriptor, wanted.recipe, wanted.duration_ms, growth.grown)
        try:
            with growth.job:
                ended = await self._transcoder.run(order)
                _tell_differences(wanted, ended)
                # Whole for those who listen, before the disk has it.
                growth.complete(ended.size)
                await self._shelf.put(wanted.name, growth.draft)
        except TonearmError as fault:
            if isinstance(fault, MediaFault):
                self._failures.remember(wanted.name, fault, growth.written)
            growth.fail(fault)
        finally:
            growth.fail(Unavailable("The server is stopping."))
            self._forget(wanted.name, growth)
            os.close(source)
            growth.draft.close()

    def _forget(self, name: str, growth: _Growth) -> None:
        if self._growing.get(name) is growth:
            del self._growing[name]


def _tell_differences(wanted: Wanted, ended: Ended) -> None:
    if max(ended.silence_ms, ended.surplus_ms) > _NOTABLE_MS:
        _log.warning(
            "the catalogue's duration is wrong",
            transcode=wanted.name,
            silence_ms=ended.silence_ms,
            surplus_ms=ended.surplus_ms,
        )
    promised = exact_size(wanted.recipe)
    if promised not in {None, ended.size}:
        _log.error("a transcode has not the promised size", transcode=wanted.name, promised=promised, size=ended.size)
