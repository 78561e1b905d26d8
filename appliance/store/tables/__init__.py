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
    genre_aliases,
    genres,
    libraries,
    moods,
    release_groups,
    track_artists,
    track_credits,
    track_genres,
    tracks,
)
from appliance.store.tables.jobs import events, jobs, schedules
from appliance.store.tables.listening import bookmarks, likes, now_playing, plays, queues, ratings
from appliance.store.tables.people import audit, devices, invitations, sessions, settings, users
from appliance.store.tables.playlists import playlist_entries, playlists, smart_playlists
from appliance.store.tables.scans import scans
from appliance.store.tables.search import search_trigrams, search_words
from appliance.store.tables.sharing import podcast_episodes, podcasts, radio_stations, shares

__all__ = [
    "CATALOGUE",
    "album_artists",
    "albums",
    "artists",
    "artworks",
    "audit",
    "bookmarks",
    "devices",
    "events",
    "faults",
    "files",
    "genre_aliases",
    "genres",
    "invitations",
    "jobs",
    "libraries",
    "likes",
    "metadata",
    "moods",
    "now_playing",
    "playlist_entries",
    "playlists",
    "plays",
    "podcast_episodes",
    "podcasts",
    "queues",
    "radio_stations",
    "ratings",
    "release_groups",
    "scans",
    "schedules",
    "search_trigrams",
    "search_words",
    "sessions",
    "settings",
    "shares",
    "smart_playlists",
    "track_artists",
    "track_credits",
    "track_genres",
    "tracks",
    "users",
]
