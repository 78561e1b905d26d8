"""What listeners leave behind: logs.

``recorded_at`` tells, beside what a device's clock claimed, when the server heard of it.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    desc,
)

from appliance.store.tables.base import metadata

likes = Table(
    "likes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("item", Text, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("item IN ('artist', 'album', 'track')", name="item"),
    Index("ix_likes_state", "user_id", "item", "item_id", desc("happened_at"), desc("id")),
)

ratings = Table(
    "ratings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("item", Text, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("item IN ('artist', 'album', 'track')", name="item"),
    CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
    Index("ix_ratings_state", "user_id", "item", "item_id", desc("happened_at"), desc("id")),
)

plays = Table(
    "plays",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("track_id", ForeignKey("tracks.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("uq_plays_event", "user_id", "track_id", "client", "happened_at", unique=True),
)
