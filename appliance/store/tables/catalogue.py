"""What there is to hear.

The arrays ``artist_ids``, ``artist_names`` and ``genres`` repeat, in the order of the credit, what the link tables
say, so that a page of albums or tracks is one read without a join per row. ``stale`` marks a row whose counts and
repetitions ``Catalogue.tidy`` has still to refresh; it survives a crash, as a count in memory would not.

Some columns of ``tracks`` are kept and not read yet (label, totals, the MusicBrainz id of the track): the file
tells them now, and a release that shows them need not read every file again. ``metadata_status`` waits for whoever
corrects tags by hand; the merge obeys it already.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from appliance.store.tables.base import NONE, metadata, moment

libraries = Table(
    "libraries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, Identity(always=True), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("root", LargeBinary, nullable=False, unique=True),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    # Who decides whether it is in use: the settings at each start, or a person, whose word stands.
    Column("origin", Text, nullable=False, server_default="settings"),
    Column("file_count", Integer, nullable=False, server_default=text("0")),
    Column("missing_count", Integer, nullable=False, server_default=text("0")),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
    Column("size", BigInteger, nullable=False, server_default=text("0")),
    moment("created_at"),
    CheckConstraint("origin IN ('settings', 'person')", name="origin"),
)

artworks = Table(
    "artworks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity", LargeBinary, nullable=False, unique=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    moment("created_at"),
)

artists = Table(
    "artists",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("sort_name", Text(collation="C"), nullable=False),
    Column("musicbrainz_id", Text),
    Column("search", Text, nullable=False, server_default=""),
    Column("album_count", Integer, nullable=False, server_default=text("0")),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
    Column("credit_count", Integer, nullable=False, server_default=text("0")),
    Column("roles", ARRAY(Text), nullable=False, server_default=NONE),
    Column("aliases", ARRAY(Text), nullable=False, server_default=NONE),
    # What a person set, and no scan sets again.
    Column("manual", ARRAY(Text), nullable=False, server_default=NONE),
    Column("libraries", ARRAY(Integer), nullable=False, server_default=NONE),
    Column("cover_id", ForeignKey("artworks.id")),
    Column("stale", Boolean, nullable=False, server_default=text("true")),
    moment("created_at"),
    Index(
        "ix_artists_sort",
        "sort_name",
        "id",
        postgresql_include=["libraries"],
        postgresql_where=text("track_count > 0 OR album_count > 0 OR credit_count > 0"),
    ),
    Index("ix_artists_stale", "id", postgresql_where=text("stale")),
    Index("ix_artists_search", text("array_to_tsvector(string_to_array(search, ' '))"), postgresql_using="gin"),
)

genres = Table(
    "genres",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("album_count", Integer, nullable=False, server_default=text("0")),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
)

genre_aliases = Table(
    "genre_aliases",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("genre_id", ForeignKey("genres.id"), nullable=False, index=True),
)

release_groups = Table(
    "release_groups",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    moment("created_at"),
)


def _listed(name: str, *columns: Any) -> Index:
    """An order in which albums are listed; it answers alone for whoever may see some libraries only."""
    return Index(name, *columns, postgresql_include=["libraries"], postgresql_where=text("track_count > 0"))


albums = Table(
    "albums",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("sort_title", Text(collation="C"), nullable=False),
    Column("artist_display", Text, nullable=False),
    Column("artist_sort", Text(collation="C"), nullable=False),
    Column("artist_ids", ARRAY(Uuid), nullable=False, server_default=NONE),
    Column("artist_names", ARRAY(Text), nullable=False, server_default=NONE),
    Column("compilation", Boolean, nullable=False),
    Column("release_date", Text),
    Column("original_date", Text),
    Column("year", Integer),
    Column("musicbrainz_release_id", Text),
    Column("musicbrainz_release_group_id", Text),
    Column("release_group_id", ForeignKey("release_groups.id"), index=True),
    Column("types", ARRAY(Text), nullable=False, server_default=NONE),
    Column("label", Text),
    Column("catalog_number", Text),
    Column("country", Text),
    Column("edition", Text),
    Column("search", Text, nullable=False, server_default=""),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
    Column("duration_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("genres", ARRAY(Text), nullable=False, server_default=NONE),
    Column("libraries", ARRAY(Integer), nullable=False, server_default=NONE),
    Column("disc_titles", JSONB, nullable=False, server_default=NONE),
    Column("cover_id", ForeignKey("artworks.id")),
    Column("stale", Boolean, nullable=False, server_default=text("true")),
    moment("created_at"),
    _listed("ix_albums_title", "sort_title", "id"),
    _listed("ix_albums_artist", "artist_sort", "sort_title", "id"),
    _listed("ix_albums_newest", desc("created_at"), desc("id")),
    _listed("ix_albums_year", "year", "sort_title", "id"),
    Index("ix_albums_cover", "cover_id", postgresql_where=text("cover_id IS NOT NULL")),
    Index("ix_albums_genres", "genres", postgresql_using="gin"),
    Index("ix_albums_stale", "id", postgresql_where=text("stale")),
    Index("ix_albums_search", text("array_to_tsvector(string_to_array(search, ' '))"), postgresql_using="gin"),
)

moods = Table(
    "moods",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
)


def _played(name: str, *columns: str) -> Index:
    """An index of the tracks that can be played, in an order in which they are listed."""
    return Index(name, *columns, postgresql_include=["libraries"], postgresql_where=text("file_id IS NOT NULL"))


tracks = Table(
    "tracks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("album_id", ForeignKey("albums.id"), nullable=False, index=True),
    Column("file_id", Uuid),
    Column("libraries", ARRAY(Integer), nullable=False, server_default=NONE),
    Column("place", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("sort_title", Text(collation="C"), nullable=False),
    Column("artist_sort", Text(collation="C"), nullable=False, server_default=""),
    Column("album_sort", Text(collation="C"), nullable=False, server_default=""),
    Column("artist_display", Text, nullable=False),
    Column("artist_ids", ARRAY(Uuid), nullable=False),
    Column("artist_names", ARRAY(Text), nullable=False),
    Column("genres", ARRAY(Text), nullable=False),
    Column("moods", ARRAY(Text), nullable=False),
    Column("disc_number", Integer),
    Column("disc_total", Integer),
    Column("disc_title", Text),
    Column("track_number", Integer),
    Column("track_total", Integer),
    Column("duration_ms", BigInteger, nullable=False),
    Column("release_date", Text),
    Column("original_date", Text),
    Column("year", Integer),
    Column("cover_id", ForeignKey("artworks.id")),
    Column("musicbrainz_recording_id", Text),
    Column("musicbrainz_track_id", Text),
    Column("track_gain", Double),
    Column("track_peak", Double),
    Column("album_gain", Double),
    Column("album_peak", Double),
    Column("bpm", Integer),
    Column("isrc", Text),
    Column("label", Text),
    Column("comment", Text),
    Column("lyrics", Text),
    Column("lyrics_language", Text),
    Column("search", Text, nullable=False),
    Column("metadata_status", Text, nullable=False, server_default="tags"),
    moment("created_at"),
    moment("updated_at"),
    CheckConstraint("metadata_status IN ('tags', 'enriched', 'manual')", name="metadata_status"),
    _played("ix_tracks_title", "sort_title", "id"),
    _played("ix_tracks_artist", "artist_sort", "album_sort", "id"),
    _played("ix_tracks_album", "album_sort", "album_id", "disc_number", "track_number", "id"),
    _played("ix_tracks_year", "year", "sort_title", "id"),
    _played("ix_tracks_duration", "duration_ms", "id"),
    _played("ix_tracks_created", "created_at", "id"),
    _played("ix_tracks_bpm", "bpm", "id"),
    Index("ix_tracks_moods", "moods", postgresql_using="gin", postgresql_where=text("moods <> '{}'")),
    Index("ix_tracks_cover", "cover_id", postgresql_where=text("cover_id IS NOT NULL")),
    Index("ix_tracks_genres", "genres", postgresql_using="gin"),
    Index("ix_tracks_search", text("array_to_tsvector(string_to_array(search, ' '))"), postgresql_using="gin"),
)

files = Table(
    "files",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("track_id", ForeignKey("tracks.id"), nullable=False, index=True),
    Column("library_id", ForeignKey("libraries.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("identity", LargeBinary, nullable=False, index=True),
    Column("suffix", Text, nullable=False),
    Column("codec", Text, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("bit_rate", Integer, nullable=False),
    Column("sample_rate", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("bit_depth", Integer),
    moment("missing_since", nullable=True),
    moment("created_at"),
    Index("uq_files_present_path", "library_id", "path", unique=True, postgresql_where=text("missing_since IS NULL")),
    Index("ix_files_listed", "id", postgresql_include=["library_id", "missing_since"]),
    Index("ix_files_missing", "library_id", "path", postgresql_where=text("missing_since IS NOT NULL")),
)

faults = Table(
    "faults",
    metadata,
    Column("library_id", ForeignKey("libraries.id"), primary_key=True),
    Column("path", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    moment("seen_at"),
)

album_artists = Table(
    "album_artists",
    metadata,
    Column("album_id", ForeignKey("albums.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("artist_id", ForeignKey("artists.id"), nullable=False, index=True),
)

track_artists = Table(
    "track_artists",
    metadata,
    Column("track_id", ForeignKey("tracks.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("artist_id", ForeignKey("artists.id"), nullable=False, index=True),
)

track_credits = Table(
    "track_credits",
    metadata,
    Column("track_id", ForeignKey("tracks.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", Text, nullable=False),
    Column("artist_id", ForeignKey("artists.id"), nullable=False, index=True),
    Column("detail", Text),
)

track_genres = Table(
    "track_genres",
    metadata,
    Column("track_id", ForeignKey("tracks.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("genre_id", ForeignKey("genres.id"), nullable=False, index=True),
)

#: What a scan changes.
CATALOGUE = (
    artists,
    albums,
    tracks,
    files,
    genres,
    album_artists,
    track_artists,
    track_credits,
    track_genres,
    release_groups,
    moods,
    artworks,
    faults,
)
