"""Credits, release groups, aliases, libraries that people add, what is counted of a library.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _credits()
    _release_groups()
    _aliases()
    _libraries()
    op.add_column("tracks", sa.Column("lyrics_language", sa.Text(), nullable=True))


def _many(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _credits() -> None:
    op.create_table(
        "track_credits",
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name=op.f("fk_track_credits_artist_id")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_credits_track_id")),
        sa.PrimaryKeyConstraint("track_id", "position", name=op.f("pk_track_credits")),
    )
    op.create_index(op.f("ix_track_credits_artist_id"), "track_credits", ["artist_id"], unique=False)
    op.add_column("artists", sa.Column("credit_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("artists", _many("roles"))


def _release_groups() -> None:
    op.create_table(
        "release_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_groups")),
        sa.UniqueConstraint("key", name=op.f("uq_release_groups_key")),
    )
    op.add_column("albums", sa.Column("release_group_id", sa.Uuid(), nullable=True))
    op.add_column("albums", _many("types"))
    for name in ("label", "catalog_number", "country", "edition"):
        op.add_column("albums", sa.Column(name, sa.Text(), nullable=True))
    # As the next full scan would have it (core/shelving.py); albums of MusicBrainz without a group wait for that.
    op.execute(
        """
        INSERT INTO release_groups (id, key, title)
        SELECT gen_random_uuid(), key, min(title)
        FROM (
            SELECT coalesce('mb' || chr(31) || musicbrainz_release_group_id, key) AS key, title FROM albums
            WHERE musicbrainz_release_group_id IS NOT NULL OR musicbrainz_release_id IS NULL
        ) AS grouped
        GROUP BY key
        """
    )
    op.execute(
        """
        UPDATE albums SET release_group_id = release_groups.id FROM release_groups
        WHERE release_groups.key = coalesce('mb' || chr(31) || musicbrainz_release_group_id, albums.key)
        """
    )
    op.create_index(op.f("ix_albums_release_group_id"), "albums", ["release_group_id"], unique=False)
    op.create_foreign_key(op.f("fk_albums_release_group_id"), "albums", "release_groups", ["release_group_id"], ["id"])


def _aliases() -> None:
    op.add_column("artists", _many("aliases"))
    op.add_column("artists", _many("manual"))
    op.create_table(
        "genre_aliases",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("genre_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["genre_id"], ["genres.id"], name=op.f("fk_genre_aliases_genre_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_genre_aliases")),
    )
    op.create_index(op.f("ix_genre_aliases_genre_id"), "genre_aliases", ["genre_id"], unique=False)


def _libraries() -> None:
    op.add_column("libraries", sa.Column("origin", sa.Text(), server_default="settings", nullable=False))
    op.create_check_constraint(op.f("ck_libraries_origin"), "libraries", "origin IN ('settings', 'person')")
    for name in ("file_count", "missing_count", "track_count"):
        op.add_column("libraries", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("libraries", sa.Column("size", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute(
        """
        UPDATE libraries
        SET file_count = counted.file_count, missing_count = counted.missing_count,
            track_count = counted.track_count, size = counted.size
        FROM (
            SELECT library_id,
                   count(*) FILTER (WHERE missing_since IS NULL) AS file_count,
                   count(*) FILTER (WHERE missing_since IS NOT NULL) AS missing_count,
                   count(DISTINCT track_id) FILTER (WHERE missing_since IS NULL) AS track_count,
                   coalesce(sum(size) FILTER (WHERE missing_since IS NULL), 0) AS size
            FROM files GROUP BY library_id
        ) AS counted
        WHERE libraries.id = counted.library_id
        """
    )
