"""``/…/{id}/cover``: pictures of artists, albums and tracks."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call, Nothing, Operation, Picture, Reply
from appliance.core.catalogue import Item

_PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


class CoverQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large."""

    size: Annotated[
        Annotated[int, Meta(ge=16, le=2048)] | None,
        Meta(description="At most so many pixels wide and high; without it the original is sent.", examples=[300]),
    ] = None


def _cover_of(item: Item) -> Callable[[Call[CoverQuery, Nothing]], Awaitable[Reply]]:
    async def cover(call: Call[CoverQuery, Nothing]) -> Reply:
        return Reply(picture=Picture(await call.work.artworks.of(item, call.item), call.query.size))

    return cover


OPERATIONS = tuple(
    Operation(
        name=f"read_{item}_cover",
        method="GET",
        path=f"/{item}s/{{id}}/cover",
        tag="Library",
        summary=f"Read the picture of {article} {item}",
        description=(
            "The placeholder where there is none. With a strong `ETag`; `If-None-Match` is answered 304. The original "
            "is of the type that it is, JPEG, PNG, WebP or GIF."
        ),
        handle=_cover_of(item),
        query=CoverQuery,
        pictures=_PICTURES,
        refusals=(500,),
    )
    for item, article in ((Item.ARTIST, "an"), (Item.ALBUM, "an"), (Item.TRACK, "a"))
)
