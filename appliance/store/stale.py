"""Which counts are out of date. ``tidy`` refreshes what is marked here; the marks survive a crash between the two."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, union, update
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, artists, track_artists, track_credits, tracks

_TRACKS = bindparam("tracks", type_=ARRAY(Uuid))
_albums = select(tracks.c.album_id).where(tracks.c.id == func.any(_TRACKS))

_ALBUMS = Statement(update(albums).where(~albums.c.stale, albums.c.id.in_(_albums)).values(stale=True))
#: One set of both, not two conditions joined by OR: those would be tried on every artist there is.
_artists = union(
    select(track_artists.c.artist_id).where(track_artists.c.track_id == func.any(_TRACKS)),
    select(track_credits.c.artist_id).where(track_credits.c.track_id == func.any(_TRACKS)),
    select(album_artists.c.artist_id).where(album_artists.c.album_id.in_(_albums)),
)
_ARTISTS = Statement(update(artists).where(~artists.c.stale, artists.c.id.in_(_artists)).values(stale=True))
_CREDITED = Statement(
    update(artists)
    .where(
        ~artists.c.stale,
        artists.c.id.in_(
            select(album_artists.c.artist_id).where(
                album_artists.c.album_id == func.any(bindparam("albums", type_=ARRAY(Uuid)))
            )
        ),
    )
    .values(stale=True)
)


async def mark_credited(connection: Connection, album_ids: Sequence[UUID]) -> None:
    """Mark the artists of these albums, as they are linked now."""
    await connection.execute(_CREDITED, albums=list(album_ids))


async def mark_stale(connection: Connection, track_ids: Sequence[UUID]) -> None:
    """Mark the albums of these tracks, and the artists on either, as they are linked now."""
    await connection.execute(_ALBUMS, tracks=list(track_ids))
    await connection.execute(_ARTISTS, tracks=list(track_ids))
