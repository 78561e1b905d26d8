"""Artists, read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Artist, Item, Window
from appliance.core.errors import NotFound
from appliance.store.database import Connection, Row
from appliance.store.playable import PLAYABLE
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, artists


def select_artists() -> Select[Any]:
    """The columns that ``artist_of`` reads."""
    return select(
        artists.c.id,
        artists.c.name,
        artists.c.sort_name,
        artists.c.album_count,
        artists.c.track_count,
        artists.c.cover_id,
        artists.c.musicbrainz_id,
        artists.c.created_at,
    )


def artist_of(row: Row) -> Artist:
    """A row of ``select_artists``."""
    id_, name, sort_name, album_count, track_count, cover_id, musicbrainz_id, created_at = row
    return Artist(
        id=id_,
        name=name,
        sort_name=sort_name,
        album_count=album_count,
        track_count=track_count,
        cover_id=cover_id,
        musicbrainz_id=musicbrainz_id,
        created_at=created_at,
    )


_GET = Statement(select_artists().where(artists.c.id == bindparam("id", type_=Uuid)))
_MANY = Statement(select_artists().where(artists.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))))
_ALBUM_ARTISTS = Statement(
    select_artists().where(artists.c.album_count > 0).order_by(artists.c.sort_name, artists.c.id)
)
_ALBUM_ARTISTS_IN = Statement(
    select_artists()
    .where(
        artists.c.album_count > 0,
        select(albums.c.id)
        .join(album_artists, album_artists.c.album_id == albums.c.id)
        .where(
            album_artists.c.artist_id == artists.c.id,
            albums.c.track_count > 0,
            bindparam("library", type_=Integer) == func.any(albums.c.libraries),
        )
        .exists(),
    )
    .order_by(artists.c.sort_name, artists.c.id)
)
_PAGE = Statement(
    select_artists()
    .where(PLAYABLE[Item.ARTIST])
    .order_by(artists.c.sort_name, artists.c.id)
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_COUNT = Statement(select(func.count()).select_from(artists).where(PLAYABLE[Item.ARTIST]))


class Artists:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, artist_id: UUID) -> Artist:
        row = await self._connection.fetch_row(_GET, id=artist_id)
        if row is None:
            raise NotFound(f"There is no artist {artist_id}.")
        return artist_of(row)

    async def many(self, ids: Sequence[UUID]) -> list[Artist]:
        found = {row[0]: row for row in await self._connection.fetch(_MANY, ids=list(ids))}
        return [artist_of(found[id_]) for id_ in ids if id_ in found]

    async def album_artists(self, library: int | None = None) -> list[Artist]:
        if library is None:
            rows = await self._connection.fetch(_ALBUM_ARTISTS)
        else:
            rows = await self._connection.fetch(_ALBUM_ARTISTS_IN, library=library)
        return [artist_of(row) for row in rows]

    async def page(self, window: Window) -> tuple[list[Artist], int]:
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [artist_of(row) for row in rows], await self._connection.fetch_value(_COUNT)
