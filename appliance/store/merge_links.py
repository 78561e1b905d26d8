"""The links of tracks to artists and genres: an ordered list for each track, rewritten only where it differs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import track_artists, track_credits, track_genres

Link: TypeAlias = tuple[Any, ...]
"""What one track is linked to, in the order of the columns."""


class Links:
    """One table of links."""

    def __init__(self, table: Table, *columns: str) -> None:
        """``columns``: those that name what the track is linked to, and how."""
        given = table.c.track_id == func.any(bindparam("tracks", type_=ARRAY(Uuid)))
        self._name = table.name
        self._columns = ("track_id", "position", *columns)
        self._linked = Statement(
            select(table.c.track_id, *(table.c[column] for column in columns))
            .where(given)
            .order_by(table.c.track_id, table.c.position)
        )
        self._unlink = Statement(delete(table).where(given))

    async def differing(
        self, connection: Connection, wanted: Mapping[UUID, Sequence[Link]], tracks: Sequence[UUID]
    ) -> list[UUID]:
        """Those of ``tracks`` that are not linked to just what is wanted for them, in that order."""
        if not tracks:
            return []
        linked: dict[UUID, list[Link]] = {track_id: [] for track_id in tracks}
        for track_id, *link in await connection.fetch(self._linked, tracks=list(tracks)):
            linked[track_id].append(tuple(link))
        return [track_id for track_id in tracks if linked[track_id] != wanted[track_id]]

    async def relink(
        self,
        connection: Connection,
        wanted: Mapping[UUID, Sequence[Link]],
        new: Iterable[UUID],
        differing: Sequence[UUID],
    ) -> None:
        """Link the tracks to what is wanted for them: the ``new`` ones, and those ``differing``, whose links go."""
        if differing:
            await connection.execute(self._unlink, tracks=list(differing))
        links = [
            (track_id, place, *link) for track_id in (*new, *differing) for place, link in enumerate(wanted[track_id])
        ]
        await connection.copy(self._name, self._columns, links)


ARTISTS = Links(track_artists, "artist_id")
CREDITS = Links(track_credits, "role", "artist_id", "detail")
GENRES = Links(track_genres, "genre_id")
