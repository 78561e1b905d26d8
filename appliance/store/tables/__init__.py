"""The tables, one file for each part.

Times are UTC; durations are milliseconds; paths are bytes, since file names need not be text.

A migration under ``migrations/versions`` makes each of them; a test holds these pages against a migrated database.
"""

from appliance.store.tables.base import metadata
from appliance.store.tables.catalogue import (
    CATALOGUE,
    album_artists,
    albums,
    artists,
    artworks,
    faults,
    files,
    genres,
    libraries,
    track_artists,
    track_genres,
    tracks,
)
from appliance.store.tables.listening import likes, plays, ratings
from appliance.store.tables.people import sessions, users
from appliance.store.tables.scans import scans

__all__ = [
    "CATALOGUE",
    "album_artists",
    "albums",
    "artists",
    "artworks",
    "faults",
    "files",
    "genres",
    "libraries",
    "likes",
    "metadata",
    "plays",
    "ratings",
    "scans",
    "sessions",
    "track_artists",
    "track_genres",
    "tracks",
    "users",
]
