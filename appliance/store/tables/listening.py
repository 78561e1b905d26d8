"""What listeners leave behind: logs, which are only appended to, and what is true of a listener at this moment.

``recorded_at`` tells, beside what a device's clock claimed, when the server heard of it.
"""

from sqlalchemy import (
    BigInteger,
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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.store.tables.base import NONE, metadata, moment

likes = Table(
    "likes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("item", Text, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("item IN ('artist', 'album', 'track')", name="item"),
    Index(
        "ix_likes_state",
        "user_id",
        "item",
        "item_id",
        desc("happened_at"),
        desc("id"),
        postgresql_include=["liked"],
    ),
)

ratings = Table(
    "ratings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("item", Text, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("item IN ('artist', 'album', 'track')", name="item"),
    CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
    Index(
        "ix_ratings_state",
        "user_id",
        "item",
        "item_id",
        desc("happened_at"),
        desc("id"),
        postgresql_include=["rating"],
    ),
)

plays = Table(
    "plays",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("track_id", ForeignKey("tracks.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("heard_ms", Integer),
    Column("device_id", Uuid),
    Column("context_kind", Text),
    Column("context_id", Uuid),
    Index("uq_plays_event", "user_id", "track_id", "client", "happened_at", unique=True),
    Index("ix_plays_time", "user_id", desc("happened_at"), desc("id")),
    Index("ix_plays_track_time", "user_id", "track_id", desc("happened_at"), desc("id")),
)

#: Told again with every track, and worth nothing after a while: not logged, so that it does not wear the card.
now_playing = Table(
    "now_playing",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), nullable=False),
    Column("client", Text, nullable=False),
    Column("position_ms", Integer, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)

#: ``track_ids`` is one value, since a queue is changed as a whole, and stays where it is when only the position moves.
queues = Table(
    "queues",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("track_ids", ARRAY(Uuid), nullable=False, server_default=NONE),
    Column("current_index", Integer),
    Column("position_ms", Integer, nullable=False, server_default=text("0")),
    Column("changed_by", Text, nullable=False, server_default=""),
    Column("device_id", Uuid),
    moment("changed_at", nullable=True),
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position_ms", Integer, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("uq_bookmarks_track", "user_id", "track_id", unique=True),
    Index("ix_bookmarks_time", "user_id", desc("changed_at"), desc("id")),
)
