"""``core.ports.Media``: a plan becomes a status, headers and bytes."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import msgspec
import trio

from appliance.core.catalogue import MediaFile
from appliance.core.errors import BadRequest
from appliance.core.playback import Plan, TranscodePlan
from appliance.core.ports import Conditions, MediaReply
from appliance.stream import raw
from appliance.stream.cache import Transcodes, Wanted, name_of
from appliance.stream.content import disposition
from appliance.stream.messages import Recipe
from appliance.stream.opening import OpenFile
from appliance.stream.ranges import BODILESS, Representation, Selection, Span, select, select_unsized
from appliance.stream.sizes import exact_size, output_rate, promises

_Selected = tuple[Selection, AsyncIterator[bytes] | None]


class StreamedMedia:
    """Raw files, and transcodes out of the cache."""

    def __init__(self, transcodes: Transcodes, limiter: trio.CapacityLimiter) -> None:
        """``limiter`` bounds the threads that read disks."""
        self._transcodes = transcodes
        self._limiter = limiter
        self.open_now = 0
        """How many are open: for each, somebody listens."""

    @asynccontextmanager
    async def open(self, plan: Plan, conditions: Conditions, *, attachment: bool = False) -> AsyncIterator[MediaReply]:
        """See ``core.ports.Media``. Also raises ``BadRequest`` for an offset past the end of the track."""
        file = plan.track.file
        suffix = plan.profile.suffix if isinstance(plan, TranscodePlan) else None
        extra = (("Content-Disposition", disposition(file.path, suffix)),) if attachment else ()
        async with raw.opened(file.root, file.path, self._limiter) as source:
            selected = (
                self._transcoded(plan, source, conditions)
                if isinstance(plan, TranscodePlan)
                else self._raw(file, source, conditions)
            )
            async with selected as (selection, body):
                self.open_now += 1
                try:
                    yield MediaReply(status=selection.status, headers=(*selection.headers, *extra), body=body)
                finally:
                    self.open_now -= 1

    @asynccontextmanager
    async def _raw(self, file: MediaFile, source: OpenFile, conditions: Conditions) -> AsyncIterator[_Selected]:
        representation = Representation(
            size=source.size,
            content_type=file.content_type,
            etag=f'"{file.id.hex}-{source.size:x}-{source.mtime_ns:x}"',
            modified=source.mtime_ns / 1e9,
        )
        selection = select(representation, conditions)
        body = _assembled(selection.body, lambda span: raw.read(source.descriptor, span, self._limiter))
        async with aclosing(body):
            yield selection, None if conditions.head or selection.status in BODILESS else body

    @asynccontextmanager
    async def _transcoded(
        self, plan: TranscodePlan, source: OpenFile, conditions: Conditions
    ) -> AsyncIterator[_Selected]:
        wanted = _wanted(plan, source, self._transcodes.largest_bytes)
        # Both are the same number when both are known: equal names mean equal bytes.
        size = exact_size(wanted.recipe) or self._transcodes.size_of(wanted.name)
        etag = f'"{wanted.name}"'
        if size is None:
            selection = select_unsized(etag, plan.profile.content_type, conditions)
        else:
            selection = select(Representation(size=size, content_type=plan.profile.content_type, etag=etag), conditions)
        if not selection.body:
            yield selection, None
            return
        async with (
            self._transcodes.opened(wanted, source, _first(selection.body)) as transcode,
            aclosing(_assembled(selection.body, transcode.read)) as body,
        ):
            yield selection, body


def _wanted(plan: TranscodePlan, source: OpenFile, largest_bytes: int) -> Wanted:
    """The exact number of samples, and with it the size, is promised where the catalogue knows this very file.

    And where that much could be kept: what a file claims of itself promises nothing beyond it.
    """
    track, file = plan.track, plan.track.file
    if plan.offset_ms >= track.duration_ms > 0:
        raise BadRequest("The track has ended by then.")
    rate = output_rate(plan.profile.codec, file.sample_rate)
    remaining_ms = max(0, track.duration_ms - plan.offset_ms)
    as_scanned = (source.size, source.mtime_ns) == (file.size, file.mtime_ns)
    promised_ms = remaining_ms if as_scanned and promises(plan.profile.codec) else 0
    recipe = Recipe(
        codec=plan.profile.codec.value,
        bit_rate=plan.profile.bit_rate,
        sample_rate=rate,
        offset_ms=plan.offset_ms,
        samples=promised_ms * rate // 1000,
    )
    if (exact_size(recipe) or 0) > largest_bytes:
        recipe = msgspec.structs.replace(recipe, samples=0)
    return Wanted(name_of(file.id, source, recipe), recipe, remaining_ms)


def _first(parts: tuple[bytes | Span, ...]) -> int:
    return min(part.start for part in parts if isinstance(part, Span))


async def _assembled(
    parts: tuple[bytes | Span, ...], read: Callable[[Span], AsyncGenerator[bytes, None]]
) -> AsyncGenerator[bytes, None]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        async with aclosing(read(part)) as pieces:
            async for piece in pieces:
                yield piece
