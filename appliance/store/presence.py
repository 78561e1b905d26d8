"""Which file plays a track, as files come and go."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, cast, column, func, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from appliance.store.database import Connection, Row
from appliance.store.playable import best_first
from appliance.store.stale import mark_stale
from appliance.store.statement import Statement
from appliance.store.tables import files, libraries, tracks

_given = (
    func.unnest(bindparam("tracks", type_=ARRAY(Uuid))).table_valued(column("id", Uuid)).render_derived(name="given")
)
_found = (
    select(
        func.array_agg(aggregate_order_by(files.c.id, *best_first(files)), type_=ARRAY(Uuid)).label("files"),
        func.array_agg(aggregate_order_by(libraries.c.number.distinct(), libraries.c.number)).label("libraries"),
    )
    .join(libraries, libraries.c.id == files.c.library_id)
    .where(files.c.track_id == _given.c.id, files.c.missing_since.is_(None))
    .lateral("found")
)
_chosen = (
    select(
        _given.c.id,
        _found.c.files[1].label("file_id"),
        func.coalesce(_found.c.libraries, cast(literal_column("'{}'"), ARRAY(Integer))).label("libraries"),
    )
    .select_from(_given.join(_found, literal_column("true")))
    .subquery("chosen")
)
_CHOOSE_FILES = Statement(
    update(tracks)
    .where(
        tracks.c.id == _chosen.c.id,
        tuple_(tracks.c.file_id, tracks.c.libraries).is_distinct_from(tuple_(_chosen.c.file_id, _chosen.c.libraries)),
    )
    .values(file_id=_chosen.c.file_id, libraries=_chosen.c.libraries)
)


async def choose_files(connection: Connection, track_ids: Sequence[UUID]) -> None:
    """Give each track the best file that is present, or none, and tell in which libraries it can be played."""
    await connection.execute(_CHOOSE_FILES, tracks=list(track_ids))


async def presence_changed(connection: Connection, rows: Sequence[Row]) -> int:
    """Follow up on files that went missing or came back. ``rows``: the track of each; returns how many there are."""
    touched: list[UUID] = list({track_id for (track_id,) in rows})
    if touched:
        await choose_files(connection, touched)
        await mark_stale(connection, touched)
    return len(rows)
