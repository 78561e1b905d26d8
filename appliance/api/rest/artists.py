"""``/artists``."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from appliance.api.rest.marks import MarksRead, MarksShown, marks_on
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import CoverId, CreatedAt, Id
from appliance.core.artists import LONGEST_NAME, MOST_ALIASES, call_artist, sort_artist_by
from appliance.core.catalogue import Artist, Item
from appliance.core.credits import Part

_Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


class ArtistRead(msgspec.Struct, frozen=True, kw_only=True):
    """An artist."""

    id: Id
    name: Annotated[str, Meta(description="The artist's name.", examples=["Miles Davis"])]
    sort_name: Annotated[str, Meta(description="Folded; lists are ordered by it.", examples=["davis, miles"])]
    album_count: Annotated[int, Meta(description="Albums of the artist's own that can be played.", examples=[12])]
    roles: Annotated[
        list[Part],
        Meta(
            description="What else the artist does on tracks that can be played: see a track's `credits`.",
            examples=[["arranger", "composer"]],
        ),
    ]
    aliases: Annotated[
        list[str], Meta(description="Other names by which the artist is found.", examples=[["The Prince of Darkness"]])
    ]
    track_count: Annotated[int, Meta(description="Tracks that the artist performs and can be played.", examples=[97])]
    cover_id: CoverId
    musicbrainz_id: Annotated[
        str | None, Meta(description="MusicBrainz artist.", examples=["561d854a-6a28-4aa7-8c99-323e6ce46c2a"])
    ]
    created_at: CreatedAt
    marks: MarksShown

    @classmethod
    def of(cls, artist: Artist, marks: MarksRead) -> "ArtistRead":
        return cls(
            id=artist.id,
            name=artist.name,
            sort_name=artist.sort_name,
            album_count=artist.album_count,
            roles=[Part(role) for role in artist.roles],
            aliases=list(artist.aliases),
            track_count=artist.track_count,
            cover_id=artist.cover_id,
            musicbrainz_id=artist.musicbrainz_id,
            created_at=artist.created_at,
            marks=marks,
        )


async def artists_shown(call: Call[Any, Any], artists: Sequence[Artist]) -> list[ArtistRead]:
    """The artists, with what is kept apart from them."""
    marks = await marks_on(call, Item.ARTIST, [artist.id for artist in artists])
    return [ArtistRead.of(artist, marks[artist.id]) for artist in artists]


async def _shown(call: Call[Any, Any]) -> Reply:
    """The artist that the path names."""
    (artist,) = await artists_shown(call, [await call.work.artists.get(call.item)])
    return Reply(artist)


class ArtistPage(Page[ArtistRead], frozen=True):
    """One page of artists."""


class ArtistUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change."""

    sort_name: Annotated[
        _Name | msgspec.UnsetType | None,
        Meta(
            description="By what the artist is sorted, whatever files say; null lets the files say it again.",
            examples=["Davis, Miles"],
        ),
    ] = msgspec.UNSET
    aliases: Annotated[
        Annotated[tuple[_Name, ...], Meta(max_length=MOST_ALIASES)] | msgspec.UnsetType,
        Meta(
            description="All the names by which the artist is found beside the artist's own.",
            examples=[["The Prince of Darkness"]],
        ),
    ] = msgspec.UNSET


class ArtistSorting(StrEnum):
    """By what artists can be sorted."""

    NAME = "name"


class ArtistList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which artists."""

    sorting: Annotated[
        tuple[ArtistSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["name"]]),
    ] = (ArtistSorting.NAME,)


async def listing(call: Call[ArtistList, Nothing]) -> Reply:
    """One page of the artists of whom something can be played."""
    artists, total = await call.work.artists.page(call.query.window())
    return Reply(call.query.of(await artists_shown(call, artists), total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One artist."""
    return await _shown(call)


async def update(call: Call[Nothing, ArtistUpdate]) -> Reply:
    """Say how an artist is sorted and found."""
    wanted = call.body
    if wanted.sort_name is not msgspec.UNSET:
        await sort_artist_by(call.work, call.item, wanted.sort_name)
    if wanted.aliases is not msgspec.UNSET:
        await call_artist(call.work, call.item, wanted.aliases)
    return await _shown(call)


OPERATIONS = (
    Operation(
        name="list_artists",
        method="GET",
        path="/artists/",
        tag="Library",
        summary="List artists",
        description="Artists of whom something can be played now.",
        handle=listing,
        query=ArtistList,
        answer=ArtistPage,
    ),
    Operation(
        name="read_artist",
        method="GET",
        path="/artists/{id}",
        tag="Library",
        summary="Read an artist",
        handle=read,
        answer=ArtistRead,
    ),
    Operation(
        name="update_artist",
        method="PATCH",
        path="/artists/{id}",
        tag="Library",
        summary="Say how an artist is sorted and found",
        description="For the whole household. It stands against every scan; the files stay as they are.",
        handle=update,
        body=ArtistUpdate,
        answer=ArtistRead,
        access=Access.ADMINISTRATORS,
    ),
)
