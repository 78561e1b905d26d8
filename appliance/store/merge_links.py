"""The links of tracks to artists and genres: an ordered list for each track, rewritten only where it differs."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import track_artists, track_genres


class Links:
    """One table of links."""

    def __init__(self, table: Table, column: str) -> None:
        """``column``: the one that names what the track is linked to."""
        given = table.c.track_id == func.any(bindparam("tracks", type_=ARRAY(Uuid)))
        self._name = table.name
        self._columns = ("track_id", "position", column)
        self._linked = Statement(
            select(table.c.track_id, table.c[column]).where(given).order_by(table.c.track_id, table.c.position)
        )
        self._unlink = Statement(delete(table).where(given))

    async def differing(
        self, connection: Connection, wanted: Mapping[UUID, Sequence[UUID]], tracks: Sequence[UUID]
    ) -> list[UUID]:
        """Those of ``tracks`` that are not linked to just what is wanted for them, in that order."""
        if not tracks:
            return []
        linked: dict[UUID, list[UUID]] = {track_id: [] for track_id in tracks}
        for track_id, other_id in await connection.fetch(self._linked, tracks=list(tracks)):
            linked[track_id].append(other_id)
        return [track_id for track_id in tracks if linked[track_id] != wanted[track_id]]

    async def relink(
        self,
        connection: Connection,
        wanted: Mapping[UUID, Sequence[UUID]],
        new: Iterable[UUID],
        differing: Sequence[UUID],
    ) -> None:
        """Link the tracks to what is wanted for them: the ``new`` ones, and those ``differing``, whose links go."""
        if differing:
            await connection.execute(self._unlink, tracks=list(differing))
        links = [
            (track_id, place, other) for track_id in (*new, *differing) for place, other in enumerate(wanted[track_id])
        ]
        await connection.copy(self._name, self._columns, links)


ARTISTS = Links(track_artists, "artist_id")
GENRES = Links(track_genres, "genre_id")
