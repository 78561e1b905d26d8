"""Where the pictures are."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, select

from appliance.core.catalogue import Artwork, Item
from appliance.core.errors import NotFound
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import albums, artists, artworks, libraries, tracks

_ID = bindparam("id", type_=Uuid)


def _artworks() -> Select[Any]:
    return select(
        artworks.c.id,
        artworks.c.identity,
        artworks.c.source,
        libraries.c.root,
        artworks.c.path,
        artworks.c.media_type,
        artworks.c.size,
    ).join(libraries, libraries.c.id == artworks.c.library_id)


_GET = Statement(_artworks().where(artworks.c.id == _ID))
_COVER = {
    Item.ARTIST: Statement(select(artists.c.cover_id).where(artists.c.id == _ID)),
    Item.ALBUM: Statement(select(albums.c.cover_id).where(albums.c.id == _ID)),
    Item.TRACK: Statement(
        select(func.coalesce(tracks.c.cover_id, albums.c.cover_id))
        .join(albums, albums.c.id == tracks.c.album_id)
        .where(tracks.c.id == _ID)
    ),
}


class Artworks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, artwork_id: UUID) -> Artwork:
        row = await self._connection.fetch_row(_GET, id=artwork_id)
        if row is None:
            raise NotFound(f"There is no picture {artwork_id}.")
        id_, identity, source, root, path, media_type, size = row
        return Artwork(id=id_, identity=identity, source=source, root=root, path=path, media_type=media_type, size=size)

    async def of(self, item: Item, item_id: UUID) -> Artwork | None:
        row = await self._connection.fetch_row(_COVER[item], id=item_id)
        if row is None:
            raise NotFound(f"There is no {item} {item_id}.")
        return None if row[0] is None else await self.get(row[0])
