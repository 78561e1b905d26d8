"""``/albums``."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.marks import MarksRead, MarksShown, marks_on
from appliance.api.rest.operation import Call, Nothing, Operation, Page, Reply
from appliance.api.rest.schemas import (
    ArtistDisplay,
    ArtistMentions,
    CoverId,
    CreatedAt,
    Duration,
    Genres,
    Id,
    Narrowed,
    OriginalDate,
    ReleaseDate,
    Year,
    mentions,
)
from appliance.core.catalogue import Album, AlbumFilter, AlbumOrder, Item


class AlbumRead(msgspec.Struct, frozen=True, kw_only=True):
    """An album."""

    id: Id
    title: Annotated[str, Meta(description="Its name.", examples=["Kind of Blue"])]
    artists: ArtistMentions
    artist_display: ArtistDisplay
    track_count: Annotated[int, Meta(description="Tracks that can be played.", examples=[5])]
    duration_ms: Duration
    genres: Genres
    compilation: Annotated[bool, Meta(description="Whether it gathers tracks of many artists.", examples=[False])]
    release_date: ReleaseDate
    original_date: OriginalDate
    year: Year
    disc_titles: Annotated[
        dict[str, str], Meta(description="Names of its discs, by number.", examples=[{"1": "Studio", "2": "Live"}])
    ]
    cover_id: CoverId
    musicbrainz_release_id: Annotated[
        str | None, Meta(description="MusicBrainz release.", examples=["7d0a4f9b-3d5b-4c1e-8f67-1a2b3c4d5e6f"])
    ]
    musicbrainz_release_group_id: Annotated[
        str | None, Meta(description="MusicBrainz release group.", examples=["8e8a594f-2175-38c7-a871-abb68ec363e7"])
    ]
    release_group_id: Annotated[
        UUID | None,
        Meta(
            description="The same for every edition of the album; null until a full scan has told it.",
            examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f07"],
        ),
    ]
    types: Annotated[
        list[str],
        Meta(description="What kind of release it is, as MusicBrainz has it.", examples=[["album", "live"]]),
    ]
    edition: Annotated[str | None, Meta(description="What tells it from other editions.", examples=["mono"])]
    label: Annotated[str | None, Meta(description="Who published it.", examples=["Columbia"])]
    catalog_number: Annotated[str | None, Meta(description="The label's number for it.", examples=["CL 1355"])]
    country: Annotated[
        str | None, Meta(description="Where it was released: ISO 3166-1, or `XW` and `XE`.", examples=["US"])
    ]
    created_at: CreatedAt
    marks: MarksShown

    @classmethod
    def of(cls, album: Album, marks: MarksRead) -> "AlbumRead":
        return cls(
            id=album.id,
            title=album.title,
            artists=mentions(album.artists),
            artist_display=album.artist_display,
            track_count=album.track_count,
            duration_ms=album.duration_ms,
            genres=list(album.genres),
            compilation=album.compilation,
            release_date=album.release_date,
            original_date=album.original_date,
            year=album.year,
            disc_titles={str(number): title for number, title in sorted(album.disc_titles.items())},
            cover_id=album.cover_id,
            musicbrainz_release_id=album.musicbrainz_release_id,
            musicbrainz_release_group_id=album.musicbrainz_release_group_id,
            release_group_id=album.release_group_id,
            types=list(album.types),
            edition=album.edition,
            label=album.label,
            catalog_number=album.catalog_number,
            country=album.country,
            created_at=album.created_at,
            marks=marks,
        )


async def albums_shown(call: Call[Any, Any], albums: Sequence[Album]) -> list[AlbumRead]:
    """The albums, with what is kept apart from them."""
    marks = await marks_on(call, Item.ALBUM, [album.id for album in albums])
    return [AlbumRead.of(album, marks[album.id]) for album in albums]


class AlbumPage(Page[AlbumRead], frozen=True):
    """One page of albums."""


class AlbumSorting(StrEnum):
    """By what albums can be sorted; ``-`` turns the order round."""

    TITLE = "title"
    ARTIST = "artist"
    YEAR = "year"
    YEAR_DOWN = "-year"
    CREATED_DOWN = "-created_at"


_ORDERS = {
    AlbumSorting.TITLE: AlbumOrder.TITLE,
    AlbumSorting.ARTIST: AlbumOrder.ARTIST,
    AlbumSorting.YEAR: AlbumOrder.YEAR,
    AlbumSorting.YEAR_DOWN: AlbumOrder.YEAR_DESCENDING,
    AlbumSorting.CREATED_DOWN: AlbumOrder.NEWEST,
}


class AlbumList(Narrowed, frozen=True, kw_only=True):
    """Which albums."""

    release_group: Annotated[
        UUID | None,
        Meta(description="Only editions of one album.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f07"]),
    ] = None
    artist: Annotated[
        UUID | None, Meta(description="Only of this artist's own.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f01"])
    ] = None
    sorting: Annotated[
        tuple[AlbumSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-created_at"]]),
    ] = (AlbumSorting.TITLE,)


async def listing(call: Call[AlbumList, Nothing]) -> Reply:
    """One page of the albums of which something can be played."""
    wanted = call.query
    narrow = AlbumFilter(
        library=wanted.library,
        genres=tuple(wanted.genre),
        from_year=wanted.from_year,
        to_year=wanted.to_year,
        release_group=wanted.release_group,
        artist=wanted.artist,
    )
    order = _ORDERS[wanted.sorting[0]]
    albums = await call.work.albums.list(order, narrow, wanted.window(), call.caller.user.id)
    return Reply(wanted.of(await albums_shown(call, albums), await call.work.albums.count(narrow)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One album."""
    (album,) = await albums_shown(call, [await call.work.albums.get(call.item)])
    return Reply(album)


OPERATIONS = (
    Operation(
        name="list_albums",
        method="GET",
        path="/albums/",
        tag="Library",
        summary="List albums",
        description="Albums of which something can be played now.",
        handle=listing,
        query=AlbumList,
        answer=AlbumPage,
    ),
    Operation(
        name="read_album",
        method="GET",
        path="/albums/{id}",
        tag="Library",
        summary="Read an album",
        handle=read,
        answer=AlbumRead,
    ),
)
