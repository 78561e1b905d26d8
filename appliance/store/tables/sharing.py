"""What goes out of the house, links that anybody may open, and what comes in from the Internet, stations and podcasts.

What is shared is kept as ids alone: it is looked up, for its owner, each time somebody opens the link. A podcast's
``feed_url`` and a station's ``stream_url`` are unique, and short enough for that (``core.addresses``).
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
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

from appliance.store.tables.base import metadata, moment

shares = Table(
    "shares",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("item_ids", ARRAY(Uuid), nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    moment("expires_at", nullable=True),
    Column("visit_limit", Integer),
    Column("visit_count", Integer, nullable=False, server_default=text("0")),
    moment("visited_at", nullable=True),
    moment("created_at"),
    CheckConstraint("kind IN ('album', 'track', 'tracks', 'playlist')", name="kind"),
    CheckConstraint("visit_count >= 0 AND visit_limit >= 1", name="visits"),
    Index("ix_shares_of_user", "user_id", desc("created_at"), desc("id")),
    Index("ix_shares_newest", desc("created_at"), desc("id")),
)

radio_stations = Table(
    "radio_stations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text(collation="C"), nullable=False, unique=True),
    Column("stream_url", Text, nullable=False, unique=True),
    Column("home_page_url", Text),
    Column("created_by", ForeignKey("users.id", ondelete="SET NULL"), index=True),
    moment("created_at"),
)

podcasts = Table(
    "podcasts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("feed_url", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("sort_title", Text(collation="C"), nullable=False),
    Column("description", Text),
    Column("image_url", Text),
    Column("state", Text, nullable=False, server_default="new"),
    Column("message", Text),
    Column("keep_newest", Integer, nullable=False, server_default=text("0")),
    moment("fetched_at", nullable=True),
    Column("created_by", ForeignKey("users.id", ondelete="SET NULL"), index=True),
    moment("created_at"),
    CheckConstraint("state IN ('new', 'ok', 'error')", name="state"),
    CheckConstraint("keep_newest >= 0", name="keep_newest"),
    Index("ix_podcasts_title", "sort_title", "id"),
)

podcast_episodes = Table(
    "podcast_episodes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("podcast_id", ForeignKey("podcasts.id", ondelete="CASCADE"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    moment("published_at", nullable=True),
    Column("duration_ms", BigInteger),
    Column("enclosure_url", Text),
    Column("enclosure_type", Text),
    Column("enclosure_size", BigInteger),
    Column("state", Text, nullable=False, server_default="known"),
    Column("message", Text),
    Column("track_id", ForeignKey("tracks.id", ondelete="SET NULL"), index=True),
    moment("created_at"),
    CheckConstraint("state IN ('known', 'queued', 'downloaded', 'deleted', 'error')", name="state"),
    Index("uq_podcast_episodes_guid", "podcast_id", "guid", unique=True),
    Index("ix_podcast_episodes_newest", "podcast_id", desc("published_at").nulls_last(), desc("id")),
    Index("ix_podcast_episodes_state", "podcast_id", "state", desc("published_at").nulls_last(), desc("id")),
)
