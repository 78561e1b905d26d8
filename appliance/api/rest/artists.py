"""``/artists``."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import CoverId, CreatedAt, Id
from appliance.core.catalogue import Artist


class ArtistRead(msgspec.Struct, frozen=True, kw_only=True):
    """An artist."""

    id: Id
    name: Annotated[str, Meta(description="The artist's name.", examples=["Miles Davis"])]
    sort_name: Annotated[str, Meta(description="Folded; lists are ordered by it.", examples=["davis, miles"])]
    album_count: Annotated[int, Meta(description="Albums of the artist's own that can be played.", examples=[12])]
    track_count: Annotated[int, Meta(description="Tracks that the artist performs and can be played.", examples=[97])]
    cover_id: CoverId
    musicbrainz_id: Annotated[
        str | None, Meta(description="MusicBrainz artist.", examples=["561d854a-6a28-4aa7-8c99-323e6ce46c2a"])
    ]
    created_at: CreatedAt

    @classmethod
    def of(cls, artist: Artist) -> "ArtistRead":
        return cls(
            id=artist.id,
            name=artist.name,
            sort_name=artist.sort_name,
            album_count=artist.album_count,
            track_count=artist.track_count,
            cover_id=artist.cover_id,
            musicbrainz_id=artist.musicbrainz_id,
            created_at=artist.created_at,
        )


class ArtistPage(Page[ArtistRead], frozen=True):
    """One page of artists."""


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
    return Reply(call.query.of([ArtistRead.of(artist) for artist in artists], total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One artist."""
    return Reply(ArtistRead.of(await call.work.artists.get(call.item)))


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
)
