"""``core.ports.Covers``: pictures made smaller once, in a worker process, and kept."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Final

import trio

from appliance.core.catalogue import Artwork
from appliance.core.errors import MediaFault, MediaGone, Unavailable
from appliance.core.ports import Cover, Offload
from appliance.stream.cover_jobs import Place, Rendition, original, placeholder, resized
from appliance.stream.shelf import Shelf

#: The sizes that are made, in pixels; those that apps ask for are among them. A wish is rounded down to one, so that
#: few are kept and none is larger than was asked for.
STEPS: Final = (
    *(16, 32, 48, 64, 96, 128, 160, 200, 256, 300, 320, 400, 450, 500, 512, 600, 640, 800, 1000, 1024),
    *(1200, 1500, 2048),
)
#: The placeholder's size where the original is asked for.
_PLACEHOLDER: Final = 1024
#: Another way of making them gives other names.
_MAKER: Final = "1"
_SECONDS: Final = 20.0
#: So many pictures are remembered as unreadable, until the next start, and are not tried again.
_MEMORY: Final = 4096


def step_of(size: int) -> int:
    """The largest size made that is not larger than ``size``; the smallest for less."""
    return STEPS[max(0, bisect_right(STEPS, size) - 1)]


class KeptCovers:
    """Covers out of music files and folders, through a cache on disk."""

    def __init__(self, shelf: Shelf, offload: Offload) -> None:
        self._shelf = shelf
        self._offload = offload
        self._making: dict[str, trio.Lock] = {}
        self._unreadable: OrderedDict[bytes, None] = OrderedDict()

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        """See ``core.ports.Covers``."""
        if artwork is not None and artwork.identity not in self._unreadable:
            try:
                return await self._of(artwork, size)
            except MediaGone:
                # It may be back the next time: a disk that is plugged in again.
                pass
            except MediaFault:
                self._unreadable[artwork.identity] = None
                if len(self._unreadable) > _MEMORY:
                    self._unreadable.popitem(last=False)
        step = step_of(_PLACEHOLDER if size is None else size)
        return _cover("image/jpeg", await self._kept(f"placeholder-{step}-{_MAKER}.jpg", placeholder, step))

    async def _of(self, artwork: Artwork, size: int | None) -> Cover:
        place = Place(artwork.source, artwork.root, artwork.path, artwork.identity)
        if size is None:
            rendition = await self._offload.run(original, place, seconds=_SECONDS)
            return _cover(rendition.media_type, rendition.data)
        step = step_of(size)
        return _cover(
            "image/jpeg", await self._kept(f"{artwork.identity.hex()}-{step}-{_MAKER}.jpg", resized, place, step)
        )

    async def _kept(self, name: str, job: Callable[..., Rendition], *arguments: object) -> bytes:
        """The entry, made by ``job`` when there is none; those who ask for the same meanwhile wait for it."""
        lock = self._making.setdefault(name, trio.Lock())
        try:
            async with lock:
                data = await self._shelf.read(name)
                if data is None:
                    rendition = await self._offload.run(job, *arguments, seconds=_SECONDS)
                    data = rendition.data
                    if rendition.is_meant:
                        await self._keep(name, data)
                return data
        finally:
            if not lock.locked():
                self._making.pop(name, None)

    async def _keep(self, name: str, data: bytes) -> None:
        # A full disk costs time, not covers: it is made again the next time.
        with suppress(Unavailable):
            await self._shelf.write(name, data)


def _cover(media_type: str, data: bytes) -> Cover:
    return Cover(media_type, f'"{blake2b(data, digest_size=16).hexdigest()}"', data)
