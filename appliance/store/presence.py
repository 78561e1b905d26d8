"""Which file plays a track, as files come and go."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from appliance.store.database import Connection, Row
from appliance.store.stale import mark_stale
from appliance.store.statement import Statement

_CHOOSE_FILES = Statement(
    text(
        """
        UPDATE tracks SET file_id = best.file_id
        FROM (
            SELECT given.id, (
                SELECT files.id FROM files
                WHERE files.track_id = given.id AND files.missing_since IS NULL
                ORDER BY files.bit_depth DESC NULLS LAST, files.sample_rate * (files.bit_depth IS NOT NULL)::int DESC,
                         files.bit_rate DESC, files.id
                LIMIT 1
            ) AS file_id
            FROM unnest(CAST(:tracks AS uuid[])) AS given(id)
        ) AS best
        WHERE tracks.id = best.id AND tracks.file_id IS DISTINCT FROM best.file_id
        """
    )
)


async def choose_files(connection: Connection, track_ids: Sequence[UUID]) -> None:
    """Give each track the best file that is present, lossless before lossy, then the finer one; or none."""
    await connection.execute(_CHOOSE_FILES, tracks=list(track_ids))


async def presence_changed(connection: Connection, rows: Sequence[Row]) -> int:
    """Follow up on files that went missing or came back. ``rows``: the track of each; returns how many there are."""
    touched: list[UUID] = list({track_id for (track_id,) in rows})
    if touched:
        await choose_files(connection, touched)
        await mark_stale(connection, touched)
    return len(rows)
