"""In which libraries an artist or a track can be played.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SORTED: tuple[tuple[str, str, list[Any], str], ...] = (
    ("ix_artists_sort", "artists", ["sort_name", "id"], "track_count > 0 OR album_count > 0 OR credit_count > 0"),
    ("ix_albums_title", "albums", ["sort_title", "id"], "track_count > 0"),
    ("ix_albums_artist", "albums", ["artist_sort", "sort_title", "id"], "track_count > 0"),
    (
        "ix_albums_newest",
        "albums",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        "track_count > 0",
    ),
    ("ix_albums_year", "albums", ["year", "sort_title", "id"], "track_count > 0"),
    ("ix_tracks_title", "tracks", ["sort_title", "id"], "file_id IS NOT NULL"),
)


def upgrade() -> None:
    for table in ("artists", "tracks"):
        numbers = postgresql.ARRAY(sa.Integer())
        op.add_column(table, sa.Column("libraries", numbers, server_default=sa.text("'{}'"), nullable=False))
    op.execute(
        """
        UPDATE tracks SET libraries = found.numbers
        FROM (
            SELECT files.track_id, array_agg(DISTINCT libraries.number ORDER BY libraries.number) AS numbers
            FROM files JOIN libraries ON libraries.id = files.library_id
            WHERE files.missing_since IS NULL
            GROUP BY files.track_id
        ) AS found
        WHERE tracks.id = found.track_id
        """
    )
    # The next scan counts them anew.
    op.execute("UPDATE artists SET stale = true")
    for name, table, columns, where in _SORTED:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns, postgresql_include=["libraries"], postgresql_where=sa.text(where))
    for table in ("albums", "tracks"):
        op.create_index(f"ix_{table}_cover", table, ["cover_id"], postgresql_where=sa.text("cover_id IS NOT NULL"))
