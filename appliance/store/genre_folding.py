"""One genre instead of several, on every track at once."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from appliance.store.database import Connection
from appliance.store.given import given
from appliance.store.stale import mark_stale
from appliance.store.statement import Statement
from appliance.store.tables import genre_aliases, genres, track_genres
from appliance.store.tidy import tidy

_ID = bindparam("id", type_=Uuid)
_KEYS = bindparam("keys", type_=ARRAY(Text))
_OTHERS = bindparam("others", type_=ARRAY(Uuid))

_FOLDED = Statement(select(genres.c.id).where(genres.c.key == func.any(_KEYS), genres.c.id != _ID))
#: Of several links of one track that come to be the same, the first stays.
_DROP_DOUBLES = Statement(
    text(
        """
        DELETE FROM track_genres USING (
            SELECT track_id, position, row_number() OVER (PARTITION BY track_id ORDER BY position) AS place
            FROM track_genres WHERE genre_id = :id OR genre_id = ANY(:others)
        ) AS ranked
        WHERE track_genres.track_id = ranked.track_id AND track_genres.position = ranked.position AND ranked.place > 1
        """
    ).bindparams(_ID, _OTHERS)
)
_RELINK = Statement(update(track_genres).where(track_genres.c.genre_id == func.any(_OTHERS)).values(genre_id=_ID))
_INHERIT = Statement(update(genre_aliases).where(genre_aliases.c.genre_id == func.any(_OTHERS)).values(genre_id=_ID))
_REMOVE = Statement(delete(genres).where(genres.c.id == func.any(_OTHERS)))
_RENAME = Statement(
    update(genres)
    .where(genres.c.id == _ID)
    .values(key=bindparam("given_key", type_=Text), name=bindparam("given_name", type_=Text))
)
_FORGET = Statement(delete(genre_aliases).where(genre_aliases.c.genre_id == _ID))
_ALIAS_COLUMNS = (genre_aliases.c.key, genre_aliases.c.name)
_given = given(_ALIAS_COLUMNS)
_new = insert(genre_aliases).from_select(["key", "name", "genre_id"], select(_given.c.key, _given.c.name, _ID))
_CALL = Statement(
    _new.on_conflict_do_update(index_elements=[genre_aliases.c.key], set_={"name": _new.excluded.name, "genre_id": _ID})
)
_REPEAT = Statement(
    text(
        """
        UPDATE tracks SET genres = named.genres, updated_at = now()
        FROM (
            SELECT track_genres.track_id, array_agg(genres.name ORDER BY track_genres.position) AS genres
            FROM track_genres JOIN genres ON genres.id = track_genres.genre_id
            WHERE track_genres.track_id IN (SELECT track_id FROM track_genres WHERE genre_id = :id)
            GROUP BY track_genres.track_id
        ) AS named
        WHERE tracks.id = named.track_id AND tracks.genres IS DISTINCT FROM named.genres
        RETURNING tracks.id
        """
    ).bindparams(_ID)
)


async def write_genre(connection: Connection, genre_id: UUID, key: str, name: str, aliases: Mapping[str, str]) -> None:
    """Call the genre so, and fold into it what is called by one of ``aliases`` (names by key). Set-wise throughout."""
    others = [id_ for (id_,) in await connection.fetch(_FOLDED, id=genre_id, keys=list(aliases))]
    await connection.execute(_FORGET, id=genre_id)
    if others:
        await connection.execute(_DROP_DOUBLES, id=genre_id, others=others)
        await connection.execute(_RELINK, id=genre_id, others=others)
        await connection.execute(_INHERIT, id=genre_id, others=others)
        await connection.execute(_REMOVE, others=others)
    await connection.execute(_RENAME, id=genre_id, given_key=key, given_name=name)
    if aliases:
        keys, names = list(aliases), list(aliases.values())
        await connection.execute(_CALL, id=genre_id, key_values=keys, name_values=names)
    touched = [track_id for (track_id,) in await connection.fetch(_REPEAT, id=genre_id)]
    if touched or others:
        await mark_stale(connection, touched)
        await tidy(connection)
