"""Playlists, their entries, smart playlists.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_owned(
        "playlists",
        sa.Column("track_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    _create_owned("smart_playlists", sa.Column("selection", postgresql.JSONB(), nullable=False))
    op.create_table(
        "playlist_entries",
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Text(collation="C"), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["playlist_id"], ["playlists.id"], name=op.f("fk_playlist_entries_playlist_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_playlist_entries_track_id")),
        sa.ForeignKeyConstraint(
            ["added_by"], ["users.id"], name=op.f("fk_playlist_entries_added_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("playlist_id", "id", name=op.f("pk_playlist_entries")),
    )
    op.create_index(op.f("ix_playlist_entries_track_id"), "playlist_entries", ["track_id"])
    for name, condition in (("order", "removed_at IS NULL"), ("removed", "removed_at IS NOT NULL")):
        op.create_index(
            f"ix_playlist_entries_{name}",
            "playlist_entries",
            ["playlist_id", "rank", "id"],
            postgresql_where=sa.text(condition),
        )


def _create_owned(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *columns,
        sa.CheckConstraint(
            "visibility IN ('private', 'household', 'collaborative')", name=op.f(f"ck_{table}_visibility")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f(f"fk_{table}_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for name, column in (("name", "sort_name"), ("updated", "updated_at")):
        op.create_index(f"ix_{table}_own_{name}", table, ["owner_id", column, "id"])
        op.create_index(
            f"ix_{table}_shown_{name}", table, [column, "id"], postgresql_where=sa.text("visibility <> 'private'")
        )
