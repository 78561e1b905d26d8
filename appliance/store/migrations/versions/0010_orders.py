"""In which orders tracks are listed, and how moods are spelled.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ORDERS = {
    "ix_tracks_artist": ["artist_sort", "album_sort", "id"],
    "ix_tracks_album": ["album_sort", "album_id", "disc_number", "track_number", "id"],
    "ix_tracks_year": ["year", "sort_title", "id"],
    "ix_tracks_duration": ["duration_ms", "id"],
    "ix_tracks_created": ["created_at", "id"],
    "ix_tracks_bpm": ["bpm", "id"],
}


def upgrade() -> None:
    for name in ("artist_sort", "album_sort"):
        op.add_column("tracks", sa.Column(name, sa.Text(collation="C"), server_default="", nullable=False))
    op.execute(
        """
        UPDATE tracks SET artist_sort = coalesce(artists.sort_name, ''), album_sort = albums.sort_title
        FROM albums, tracks AS each_track LEFT JOIN artists ON artists.id = each_track.artist_ids[1]
        WHERE albums.id = tracks.album_id AND each_track.id = tracks.id
        """
    )
    for name, columns in _ORDERS.items():
        op.create_index(
            name,
            "tracks",
            columns,
            postgresql_include=["libraries"],
            postgresql_where=sa.text("file_id IS NOT NULL"),
        )
    op.create_index("ix_files_listed", "files", ["id"], postgresql_include=["library_id", "missing_since"])
    op.create_table(
        "moods",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_moods")),
    )
    # Nearly as the next full scan folds them.
    op.execute(
        """
        INSERT INTO moods (key, name)
        SELECT DISTINCT ON (left(lower(name), 200)) left(lower(name), 200), name
        FROM tracks CROSS JOIN unnest(tracks.moods) AS name ORDER BY 1, 2
        """
    )
    op.create_index(
        "ix_tracks_moods", "tracks", ["moods"], postgresql_using="gin", postgresql_where=sa.text("moods <> '{}'")
    )
