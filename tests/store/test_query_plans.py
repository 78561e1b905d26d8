"""What PostgreSQL does for each question about a large catalogue: no table that grows with the music is read whole.

The plans are those of the statements that the nouns really send, made for the values at hand and once more for any
(PostgreSQL switches to the latter when a statement has run a few times).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, Library, TrackFilter, Window
from appliance.core.library import Batch
from appliance.core.sheet import Sheet
from appliance.store.database import Connection, Database, Row
from appliance.store.statement import Statement
from appliance.store.unit_of_work import Work
from tests.store.sheets import bring, sheet, tagged

TRACKS = 20_000
"""Ten to an album, twenty albums to an artist."""
GROWING = {"tracks", "albums", "artists", "files", "track_artists", "album_artists", "track_genres", "likes", "plays"}

FILL = """
INSERT INTO libraries (id, name, root) VALUES (gen_random_uuid(), 'Music', '/music');
INSERT INTO genres (id, key, name, track_count, album_count)
SELECT gen_random_uuid(), 'genre ' || n, 'Genre ' || n, 1, 1 FROM generate_series(0, 199) AS n;
INSERT INTO artists (id, key, name, sort_name, search, album_count, track_count, stale)
SELECT gen_random_uuid(), 'artist ' || n, 'Artist ' || n, 'artist ' || n, 'artist ' || n || ' a' || n % 1000, 20, 200, false
FROM generate_series(0, %(tracks)s / 200 - 1) AS n;
INSERT INTO albums (id, key, title, sort_title, artist_display, artist_sort, artist_ids, artist_names, compilation,
                    year, search, track_count, duration_ms, genres, libraries, stale, created_at)
SELECT gen_random_uuid(), 'album ' || n, 'Album ' || n, 'album ' || md5(n::text), artists.name, artists.sort_name,
       ARRAY[artists.id], ARRAY[artists.name], false, 1950 + n %% 75, 'album w' || n %% 997 || ' n' || n, 10, 1, 
       ARRAY['Genre ' || n %% 200], ARRAY[(SELECT number FROM libraries)], false, now() - n * interval '1 minute'
FROM generate_series(0, %(tracks)s / 10 - 1) AS n JOIN artists ON artists.key = 'artist ' || n / 20;
INSERT INTO album_artists SELECT id, 0, artist_ids[1] FROM albums;
INSERT INTO tracks (id, album_id, file_id, place, title, sort_title, artist_display, artist_ids, artist_names, genres,
                    moods, disc_number, track_number, duration_ms, year, search)
SELECT gen_random_uuid(), albums.id, gen_random_uuid(), 'place ' || n, 'Track ' || n, 'track ' || md5(n::text),
       albums.artist_display, albums.artist_ids, albums.artist_names, albums.genres, '{}', 1, n %% 10, 1000,
       albums.year, 'track x' || n %% 997 || ' m' || n
FROM generate_series(0, %(tracks)s - 1) AS n JOIN albums ON albums.key = 'album ' || n / 10;
INSERT INTO track_artists SELECT id, 0, artist_ids[1] FROM tracks;
INSERT INTO track_genres SELECT tracks.id, 0, genres.id FROM tracks JOIN genres ON genres.name = tracks.genres[1];
INSERT INTO files (id, track_id, library_id, path, size, mtime_ns, identity, suffix, codec, duration_ms, bit_rate,
                   sample_rate, channels)
SELECT file_id, id, (SELECT id FROM libraries), convert_to(place, 'UTF8'), 1, 1, decode(md5(title), 'hex'), 'mp3',
       'mp3', 1000, 192, 44100, 2 FROM tracks;
INSERT INTO users (id, name, key, role, password_hash)
SELECT gen_random_uuid(), 'User ' || n, 'user ' || n, 'member', 'none' FROM generate_series(0, 9) AS n;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'track', tracks.id, true, now(), now()
FROM users JOIN tracks ON hashtext(tracks.place || users.key) %% 40 = 0;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'album', albums.id, true, now(), now()
FROM users JOIN albums ON hashtext(albums.key || users.key) %% 40 = 0;
INSERT INTO ratings (id, user_id, item, item_id, rating, happened_at, recorded_at)
SELECT gen_random_uuid(), user_id, item, item_id, 4, happened_at, recorded_at FROM likes;
INSERT INTO plays (id, user_id, track_id, client, happened_at, recorded_at)
SELECT gen_random_uuid(), user_id, item_id, 'app', happened_at, recorded_at FROM likes WHERE item = 'track'
"""


def fill(url: str, tracks: int) -> None:
    """A catalogue of ``tracks`` tracks, made in sets, and what its users left on it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (FILL % {"tracks": tracks}).split(";\n"):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


class Explained(Statement):
    """A statement's plan instead of its rows."""

    __slots__ = ()

    def __init__(self, statement: Statement, option: str) -> None:
        self.sql = f"EXPLAIN (FORMAT JSON{option}) {statement.sql}"
        self.parameters = statement.parameters
        self._order = statement._order  # noqa: SLF001
        self._fixed = statement._fixed  # noqa: SLF001


class Witness(Connection):
    """Runs everything, and keeps the plans of it."""

    __slots__ = ("_inner", "plans")

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self.plans: list[tuple[str, Any]] = []
