"""What is shown of the music in lists that are not lists of music: histories, queues, likes."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.schemas import ArtistDisplay, CoverId, Duration, Id
from appliance.core.catalogue import Item, Track
from appliance.core.ports import UnitOfWork


class TrackMention(msgspec.Struct, frozen=True, kw_only=True):
    """A track, as far as a list shows it."""

    id: Id
    title: Annotated[str, Meta(description="Its name.", examples=["So What"])]
    artist_display: ArtistDisplay
    album_id: Id
    album_title: Annotated[str, Meta(description="Name of its album.", examples=["Kind of Blue"])]
    duration_ms: Duration
    cover_id: CoverId

    @classmethod
    def of(cls, track: Track) -> "TrackMention":
        return cls(
            id=track.id,
            title=track.title,
            artist_display=track.artist_display,
            album_id=track.album_id,
            album_title=track.album_title,
            duration_ms=track.duration_ms,
            cover_id=track.cover_id,
        )


class ItemMention(msgspec.Struct, frozen=True, kw_only=True):
    """An artist, an album or a track, as far as a list shows it."""

    name: Annotated[str, Meta(description="Of the artist, or the title.", examples=["So What"])]
    artist_display: Annotated[
        str | None, Meta(description="The credit as printed; null for an artist.", examples=["Miles Davis"])
    ]
    cover_id: CoverId


TRACK_EXAMPLE = {
    "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00",
    "title": "So What",
    "artist_display": "Miles Davis",
    "album_id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03",
    "album_title": "Kind of Blue",
    "duration_ms": 562_000,
    "cover_id": None,
}
TrackShown = Annotated[
    TrackMention | None,
    Meta(description="What is shown of it; null while it cannot be played.", examples=[TRACK_EXAMPLE]),
]
ItemShown = Annotated[
    ItemMention | None,
    Meta(
        description="What is shown of it; null while it is not there.",
        examples=[{"name": "So What", "artist_display": "Miles Davis", "cover_id": None}],
    ),
]


async def tracks_mentioned(work: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, TrackMention]:
    """Those of the tracks that can be played, by id."""
    return {track.id: TrackMention.of(track) for track in await work.tracks.many(list(dict.fromkeys(ids)))}


async def items_mentioned(work: UnitOfWork, items: Iterable[tuple[Item, UUID]]) -> dict[tuple[Item, UUID], ItemMention]:
    """Those of the things that are there, by kind and id."""
    shown: dict[tuple[Item, UUID], ItemMention] = {}
    wanted: dict[Item, list[UUID]] = {}
    for item, item_id in items:
        wanted.setdefault(item, []).append(item_id)
    for artist in await work.artists.many(wanted[Item.ARTIST]) if Item.ARTIST in wanted else ():
        shown[Item.ARTIST, artist.id] = ItemMention(name=artist.name, artist_display=None, cover_id=artist.cover_id)
    for album in await work.albums.many(wanted[Item.ALBUM]) if Item.ALBUM in wanted else ():
        shown[Item.ALBUM, album.id] = ItemMention(
            name=album.title, artist_display=album.artist_display, cover_id=album.cover_id
        )
    for track in await work.tracks.many(wanted[Item.TRACK]) if Item.TRACK in wanted else ():
        shown[Item.TRACK, track.id] = ItemMention(
            name=track.title, artist_display=track.artist_display, cover_id=track.cover_id
        )
    return shown
