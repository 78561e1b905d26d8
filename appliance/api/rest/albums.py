"""``/albums``."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

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
from appliance.core.catalogue import Album, AlbumFilter, AlbumOrder


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
    created_at: CreatedAt

    @classmethod
    def of(cls, album: Album) -> "AlbumRead":
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
            created_at=album.created_at,
        )


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
    )
    order = _ORDERS[wanted.sorting[0]]
    albums = await call.work.albums.list(order, narrow, wanted.window(), call.caller.user.id)
    return Reply(wanted.of([AlbumRead.of(album) for album in albums], await call.work.albums.count(narrow)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One album."""
    return Reply(AlbumRead.of(await call.work.albums.get(call.item)))


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
