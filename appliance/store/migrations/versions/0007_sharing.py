"""Shares, radio stations, podcasts and their episodes.

Revision ID: 0007
Revises: 0006
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NEWEST: list[Any] = [sa.literal_column("published_at DESC NULLS LAST"), sa.literal_column("id DESC")]


def upgrade() -> None:
    _shares()
    _radio_stations()
    _podcasts()
    _podcast_episodes()


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visit_limit", sa.Integer(), nullable=True),
        sa.Column("visit_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('album', 'track', 'tracks', 'playlist')", name=op.f("ck_shares_kind")),
        sa.CheckConstraint("visit_count >= 0 AND visit_limit >= 1", name=op.f("ck_shares_visits")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shares_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("code", name=op.f("uq_shares_code")),
    )
    newest: list[Any] = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index("ix_shares_of_user", "shares", ["user_id", *newest])
    op.create_index("ix_shares_newest", "shares", newest)


def _radio_stations() -> None:
    op.create_table(
        "radio_stations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("stream_url", sa.Text(), nullable=False),
        sa.Column("home_page_url", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_radio_stations_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radio_stations")),
        sa.UniqueConstraint("key", name=op.f("uq_radio_stations_key")),
        sa.UniqueConstraint("stream_url", name=op.f("uq_radio_stations_stream_url")),
    )
    op.create_index(op.f("ix_radio_stations_created_by"), "radio_stations", ["created_by"])


def _podcasts() -> None:
    op.create_table(
        "podcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("sort_title", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("keep_newest", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('new', 'ok', 'error')", name=op.f("ck_podcasts_state")),
        sa.CheckConstraint("keep_newest >= 0", name=op.f("ck_podcasts_keep_newest")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_podcasts_created_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_podcasts")),
        sa.UniqueConstraint("feed_url", name=op.f("uq_podcasts_feed_url")),
    )
    op.create_index(op.f("ix_podcasts_created_by"), "podcasts", ["created_by"])
    op.create_index("ix_podcasts_title", "podcasts", ["sort_title", "id"])


def _podcast_episodes() -> None:
    op.create_table(
        "podcast_episodes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("podcast_id", sa.Uuid(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("enclosure_url", sa.Text(), nullable=True),
        sa.Column("enclosure_type", sa.Text(), nullable=True),
        sa.Column("enclosure_size", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="known", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("track_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('known', 'queued', 'downloaded', 'deleted', 'error')", name=op.f("ck_podcast_episodes_state")
        ),
        sa.ForeignKeyConstraint(
            ["podcast_id"], ["podcasts.id"], name=op.f("fk_podcast_episodes_podcast_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_podcast_episodes_track_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_podcast_episodes")),
    )
    op.create_index(op.f("ix_podcast_episodes_track_id"), "podcast_episodes", ["track_id"])
    op.create_index("uq_podcast_episodes_guid", "podcast_episodes", ["podcast_id", "guid"], unique=True)
    op.create_index("ix_podcast_episodes_newest", "podcast_episodes", ["podcast_id", *_NEWEST])
    op.create_index("ix_podcast_episodes_state", "podcast_episodes", ["podcast_id", "state", *_NEWEST])
