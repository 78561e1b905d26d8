"""Genres, read."""

from sqlalchemy import collate, select

from appliance.core.catalogue import Genre
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import genres

_ALL = Statement(
    select(genres.c.id, genres.c.name, genres.c.album_count, genres.c.track_count)
    .where(genres.c.track_count > 0)
    .order_by(collate(genres.c.key, "C"))
)


class Genres:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> list[Genre]:
        rows = await self._connection.fetch(_ALL)
        return [Genre(id=id_, name=name, album_count=albums, track_count=tracks) for id_, name, albums, tracks in rows]
