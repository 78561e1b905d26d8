"""``/genres``: what kinds of music there are, and what files call them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.genres import LONGEST_NAME, MOST_ALIASES, GenreState, update_genre

_Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


class GenreRead(msgspec.Struct, frozen=True, kw_only=True):
    """A genre."""

    id: Id
    name: Annotated[str, Meta(description="Its name.", examples=["Hip-Hop"])]
    aliases: Annotated[list[str], Meta(description="What else files call it.", examples=[["Hip Hop", "Rap"]])]
    album_count: Annotated[int, Meta(description="Albums with something of it that can be played.", examples=[34])]
    track_count: Annotated[int, Meta(description="Tracks of it that can be played.", examples=[412])]

    @classmethod
    def of(cls, state: GenreState) -> "GenreRead":
        genre = state.genre
        return cls(
            id=genre.id,
            name=genre.name,
            aliases=list(state.aliases),
            album_count=genre.album_count,
            track_count=genre.track_count,
        )


class GenrePage(Page[GenreRead], frozen=True):
    """One page of genres."""


class GenreList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which genres."""


class GenreUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change."""

    name: Annotated[
        _Name | msgspec.UnsetType,
        Meta(description="What it is called from now on; its name until now becomes an alias.", examples=["Hip-Hop"]),
    ] = msgspec.UNSET
    aliases: Annotated[
        Annotated[tuple[_Name, ...], Meta(max_length=MOST_ALIASES)] | msgspec.UnsetType,
        Meta(
            description="All that it is called in files beside its name. A genre of such a name becomes part of it.",
            examples=[["Hip Hop", "Rap"]],
        ),
    ] = msgspec.UNSET


async def listing(call: Call[GenreList, Nothing]) -> Reply:
    """One page of the genres of which something can be played."""
    states, total = await call.work.genres.page(call.query.window())
    return Reply(call.query.of([GenreRead.of(state) for state in states], total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One genre."""
    return Reply(GenreRead.of(await call.work.genres.get(call.item)))


async def update(call: Call[Nothing, GenreUpdate]) -> Reply:
    """Rename it, and fold others into it."""
    wanted = call.body
    await update_genre(
        call.work,
        call.item,
        name=None if wanted.name is msgspec.UNSET else wanted.name,
        aliases=None if wanted.aliases is msgspec.UNSET else wanted.aliases,
    )
    return Reply(GenreRead.of(await call.work.genres.get(call.item)))


OPERATIONS = (
    Operation(
        name="list_genres",
        method="GET",
        path="/genres/",
        tag="Library",
        summary="List genres",
        description="Genres of which something can be played now, by name.",
        handle=listing,
        query=GenreList,
        answer=GenrePage,
    ),
    Operation(
        name="read_genre",
        method="GET",
        path="/genres/{id}",
        tag="Library",
        summary="Read a genre",
        handle=read,
        answer=GenreRead,
    ),
    Operation(
        name="update_genre",
        method="PATCH",
        path="/genres/{id}",
        tag="Library",
        summary="Rename a genre, or fold others into it",
        description=(
            "For the whole household, on every track at once and in every scan to come; the files stay as they are. "
            "409 for a name that stands for another genre."
        ),
        handle=update,
        body=GenreUpdate,
        answer=GenreRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
)
