"""Audio and pictures out, and the processes that make them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import msgspec

from appliance.core.catalogue import Artwork
from appliance.core.playback import Plan

T = TypeVar("T")


class Offload(Protocol):
    """Worker processes for short jobs that parse what strangers made: confined, killable, limited in memory."""

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        """Call ``job`` (importable, picklable arguments and result) in a worker process.

        Cancellation kills the worker. Raises ``MediaFault`` when the job takes over ``seconds`` or its process dies
        (killed for memory, crashed); an exception of the job itself comes through as it is.
        """
        ...


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of a request for media that decide which bytes are sent (RFC 9110 sections 13 and 14)."""

    head: bool = False
    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None


class MediaReply(msgspec.Struct, frozen=True, kw_only=True):
    """Status, headers and bytes of a media response, ready to be sent by an adapter that knows none of it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes] | None
    """None for HEAD, 304 and 416."""


class Media(Protocol):
    """Audio out."""

    def open(
        self, plan: Plan, conditions: Conditions, *, attachment: bool = False
    ) -> AbstractAsyncContextManager[MediaReply]:
        """Carry out a plan. Leaving the block frees the file or the worker within a second.

        ``attachment``: the reply carries a Content-Disposition with the file's name (a download). Raises
        ``MediaGone`` (no such file now), ``MediaFault`` (cannot be decoded), ``Busy`` (no worker within reach),
        ``Unavailable`` (the cache's disk is full, or the server is stopping) or ``BadRequest`` (an offset past the
        end).
        """
        ...


class Cover(msgspec.Struct, frozen=True):
    """A picture to send."""

    media_type: str
    etag: str
    """Strong, with its quotes."""
    data: bytes


class Covers(Protocol):
    """Cover art out."""

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        """The picture, at most ``size`` pixels wide and high (bounded to 16…2048); None is the original.

        No artwork, or one that cannot be read any more, gives the placeholder, resized the same. Raises
        ``MediaFault`` only when not even that can be made.
        """
        ...
