"""The stream room as one service: what ``compose`` opens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trio

from appliance.core.errors import Unavailable
from appliance.core.ports import Covers, Media, Offload
from appliance.stream.artwork import KeptCovers
from appliance.stream.cache import Transcodes
from appliance.stream.media import StreamedMedia
from appliance.stream.shelf import Shelf
from appliance.stream.transcoder import Patience, Transcoder, open_transcoder

#: Threads that read files for listeners; more would only queue at the disk.
_READERS: Final = 8
#: The part of the cache that pictures may have: one in so many.
_ARTWORK_SHARE: Final = 8


class Stream:
    """Audio and pictures out, and how the room is doing."""

    def __init__(
        self, media: StreamedMedia, covers: Covers, transcoder: Transcoder, shelves: tuple[Shelf, ...]
    ) -> None:
        self._media = media
        self.covers = covers
        self._transcoder = transcoder
        self._shelves = shelves

    @property
    def media(self) -> Media:
        """What is played."""
        return self._media

    @property
    def listeners(self) -> int:
        """Answers with audio that are being sent."""
        return self._media.open_now

    @property
    def busy_workers(self) -> int:
        """Transcoder processes that are at a job."""
        return self._transcoder.busy_workers

    @property
    def warm_workers(self) -> int:
        """Transcoder processes that could begin a job at once."""
        return self._transcoder.warm_workers

    @property
    def cache_bytes(self) -> int:
        """Bytes of whole transcodes and pictures on disk."""
        return sum(shelf.size for shelf in self._shelves)

    async def check(self) -> None:
        """For readiness: raises ``Unavailable`` while not one transcoder process lives."""
        await trio.lowlevel.checkpoint()
        if not self.busy_workers and not self.warm_workers:
            raise Unavailable("No transcoder process is running. Music is played as it is meanwhile.")


@asynccontextmanager
async def open_stream(
    *, cache_dir: Path, cache_bytes: int, workers: int, offload: Offload, patience: Patience | None = None
) -> AsyncIterator[Stream]:
    """Open the room. ``cache_bytes`` bounds what is kept below ``cache_dir``; ``workers`` the transcodes at a time.

    Returns before the workers are warm: a first listener waits for one (see ``check``). Leaving the block ends every
    job and process. Raises ``Unavailable`` when the folder cannot be used.
    """
    limiter = trio.CapacityLimiter(_READERS)
    transcodes = Shelf(cache_dir / "transcodes", cache_bytes - cache_bytes // _ARTWORK_SHARE)
    artwork = Shelf(cache_dir / "artwork", cache_bytes // _ARTWORK_SHARE)
    for shelf in (transcodes, artwork):
        await shelf.load()
    async with open_transcoder(workers, transcodes.limit_bytes, patience) as pool, trio.open_nursery() as jobs:
        media = StreamedMedia(Transcodes(transcodes, pool, jobs, limiter), limiter)
        try:
            yield Stream(media, KeptCovers(artwork, offload), pool, (transcodes, artwork))
        finally:
            jobs.cancel_scope.cancel()
