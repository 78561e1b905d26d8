"""Histories with device and context, what is playing, queues, bookmarks.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LATEST: list[str | sa.ColumnElement[object]] = [sa.literal_column("happened_at DESC"), sa.literal_column("id DESC")]


def upgrade() -> None:
    for table, says in (("likes", "liked"), ("ratings", "rating")):
        op.drop_index(f"ix_{table}_state", table_name=table)
        op.create_index(f"ix_{table}_state", table, ["user_id", "item", "item_id", *_LATEST], postgresql_include=[says])
    op.add_column("plays", sa.Column("heard_ms", sa.Integer(), nullable=True))
    op.add_column("plays", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("plays", sa.Column("context_kind", sa.Text(), nullable=True))
    op.add_column("plays", sa.Column("context_id", sa.Uuid(), nullable=True))
    op.create_index("ix_plays_time", "plays", ["user_id", *_LATEST], unique=False)
    op.create_index("ix_plays_track_time", "plays", ["user_id", "track_id", *_LATEST], unique=False)
    op.create_table(
        "now_playing",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("position_ms", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_now_playing_track_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_now_playing_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_now_playing")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "queues",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("track_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("current_index", sa.Integer(), nullable=True),
        sa.Column("position_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_queues_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_queues")),
    )
    op.create_table(
        "bookmarks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("position_ms", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_bookmarks_track_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookmarks_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookmarks")),
    )
    op.create_index(op.f("ix_bookmarks_track_id"), "bookmarks", ["track_id"], unique=False)
    op.create_index("uq_bookmarks_track", "bookmarks", ["user_id", "track_id"], unique=True)
    op.create_index(
        "ix_bookmarks_time",
        "bookmarks",
        ["user_id", sa.literal_column("changed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
