"""Where the pictures are."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, or_, select

from appliance.core.catalogue import Artwork, Item
from appliance.core.errors import NotFound
from appliance.store.artists import cover_within
from appliance.store.database import Connection
from appliance.store.scope import WITHIN, Question, Scope
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


#: A picture is seen by whoever may see something that it belongs to; one may belong to many.
_shown = or_(
    *(
        select(table.c.id).where(table.c.cover_id == artworks.c.id, WITHIN[item]).exists()
        for item, table in ((Item.ALBUM, albums), (Item.TRACK, tracks))
    )
)
_GET = Question(_artworks().where(artworks.c.id == _ID), _artworks().where(artworks.c.id == _ID, _shown))
_COVER = {
    Item.ARTIST: Question(
        select(artists.c.cover_id).where(artists.c.id == _ID),
        select(cover_within()).where(artists.c.id == _ID, WITHIN[Item.ARTIST]),
    ),
    Item.ALBUM: Question.narrowed(select(albums.c.cover_id).where(albums.c.id == _ID), Item.ALBUM),
    Item.TRACK: Question.narrowed(
        select(func.coalesce(tracks.c.cover_id, albums.c.cover_id))
        .join(albums, albums.c.id == tracks.c.album_id)
        .where(tracks.c.id == _ID),
        Item.TRACK,
    ),
}


class Artworks:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def get(self, artwork_id: UUID) -> Artwork:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=artwork_id, **bounds)
        if row is None:
            raise NotFound(f"There is no picture {artwork_id}.")
        id_, identity, source, root, path, media_type, size = row
        return Artwork(id=id_, identity=identity, source=source, root=root, path=path, media_type=media_type, size=size)

    async def of(self, item: Item, item_id: UUID) -> Artwork | None:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_COVER[item].within(bounds), id=item_id, **bounds)
        if row is None:
            raise NotFound(f"There is no {item} {item_id}.")
        return None if row[0] is None else await self.get(row[0])
