"""Playlists, their entries, and smart playlists.

An entry that is removed stays, as a tombstone, in its place: edits that come late may name it. Ranks compare by bytes.
"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from appliance.store.tables.base import metadata, moment

VISIBILITY = "visibility IN ('private', 'household', 'collaborative')"


def _owned(table: str) -> list[Any]:
    """What things have that somebody makes and may show to the household, with the orders in which they are listed."""
    shown = text("visibility <> 'private'")
    return [
        Column("id", Uuid, primary_key=True),
        Column("owner_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("name", Text, nullable=False),
        Column("sort_name", Text(collation="C"), nullable=False),
        Column("comment", Text, nullable=False),
        Column("visibility", Text, nullable=False),
        moment("created_at"),
        moment("updated_at"),
        CheckConstraint(VISIBILITY, name="visibility"),
        Index(f"ix_{table}_own_name", "owner_id", "sort_name", "id"),
        Index(f"ix_{table}_own_updated", "owner_id", "updated_at", "id"),
        Index(f"ix_{table}_shown_name", "sort_name", "id", postgresql_where=shown),
        Index(f"ix_{table}_shown_updated", "updated_at", "id", postgresql_where=shown),
    ]


playlists = Table(
    "playlists",
    metadata,
    *_owned("playlists"),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
    Column("duration_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("search", Text, nullable=False, server_default=""),
    Index("ix_playlists_search", text("array_to_tsvector(string_to_array(search, ' '))"), postgresql_using="gin"),
)

playlist_entries = Table(
    "playlist_entries",
    metadata,
    # The id is the client's own: it says nothing outside its playlist.
    Column("playlist_id", ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("track_id", ForeignKey("tracks.id"), nullable=False, index=True),
    Column("rank", Text(collation="C"), nullable=False),
    Column("added_by", ForeignKey("users.id", ondelete="SET NULL")),
    moment("added_at"),
    moment("placed_at"),
    moment("removed_at", nullable=True),
    Index("ix_playlist_entries_order", "playlist_id", "rank", "id", postgresql_where=text("removed_at IS NULL")),
    Index("ix_playlist_entries_removed", "playlist_id", "rank", "id", postgresql_where=text("removed_at IS NOT NULL")),
)

smart_playlists = Table(
    "smart_playlists",
    metadata,
    *_owned("smart_playlists"),
    Column("selection", JSONB, nullable=False),
)
