"""Files as they are, read in large pieces off the event loop."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

from appliance.core.errors import MediaGone
from appliance.stream.opening import OpenFile, open_regular
from appliance.stream.ranges import Span

#: Bytes per read: few thread hops, and 200 slow listeners hold 50 MB between them (docs/streaming.md has the figures).
READ_BYTES: Final = 256 * 1024


@asynccontextmanager
async def opened(root: bytes, path: bytes, limiter: trio.CapacityLimiter) -> AsyncIterator[OpenFile]:
    """``open_regular`` off the event loop, closed with the block."""
    file = await trio.to_thread.run_sync(open_regular, root, path, limiter=limiter)
    try:
        yield file
    finally:
        os.close(file.descriptor)


async def read(descriptor: int, span: Span, limiter: trio.CapacityLimiter) -> AsyncGenerator[bytes, None]:
    """The bytes of a span in pieces. Raises ``MediaGone`` where the file has become too short for it.

    A reply that has promised a length must then be cut, not padded.
    """
    position = span.start
    while position < span.stop:
        piece = await read_piece(descriptor, position, span.stop, limiter)
        position += len(piece)
        yield piece


async def read_piece(descriptor: int, position: int, stop: int, limiter: trio.CapacityLimiter) -> bytes:
    """At least one byte at ``position``, at most up to ``stop``. Raises ``MediaGone`` where there is none."""
    wanted = min(READ_BYTES, stop - position)
    try:
        piece = await trio.to_thread.run_sync(os.pread, descriptor, wanted, position, limiter=limiter)
    except OSError as error:
        raise MediaGone(f"The file cannot be read any more: {error.strerror}.") from error
    if not piece:
        raise MediaGone("The file was shortened while it was being read.")
    return piece
