"""A large household, made in the database itself: music that nobody has to own, and years of listening to it.

No file of it exists, so that nothing of it can be played; whatever only reads the database answers as if it did.
"""

from typing import Final

import psycopg

TRACKS: Final = 100_000
"""Ten to an album, two albums to an artist."""
USERS: Final = 50
"""Each with 2,000 plays, 500 likes and 300 ratings."""

_MAKE: Final = """
CREATE FUNCTION pg_temp.some_time(what text) RETURNS timestamptz LANGUAGE sql
AS $$ SELECT now() - abs(hashtext(what)) % (900 * 24 * 3600) * interval '1 second' $$;
INSERT INTO genres (id, key, name, track_count, album_count)
SELECT gen_random_uuid(), 'genre ' || n, 'Genre ' || n, :tracks / 200, :tracks / 2000 FROM generate_series(0, 199) AS n;
INSERT INTO moods (key, name) VALUES ('calm', 'Calm'), ('wild', 'Wild'), ('blue', 'Blue');
INSERT INTO artists (id, key, name, sort_name, search, album_count, track_count, libraries, stale)
SELECT gen_random_uuid(), 'artist ' || n, word || ' ' || n, lower(word) || ' ' || n, lower(word) || ' ' || n,
       2, 20, ARRAY[(SELECT min(number) FROM libraries)], false
FROM generate_series(0, :tracks / 20 - 1) AS n
CROSS JOIN LATERAL (SELECT (ARRAY['Ember', 'Tidal', 'Hollow', 'Velvet', 'Northern', 'Paper', 'Salt', 'Lunar',
                                  'Copper', 'Quiet'])[1 + n % 10] AS word) AS words;
INSERT INTO albums (id, key, title, sort_title, artist_display, artist_sort, artist_ids, artist_names, compilation,
                    year, search, track_count, duration_ms, genres, libraries, stale, created_at)
SELECT gen_random_uuid(), 'album ' || n, 'Record ' || n, 'record ' || md5(n::text), artists.name, artists.sort_name,
       ARRAY[artists.id], ARRAY[artists.name], false, 1950 + n % 75,
       'record ' || md5(n::text) || ' ' || artists.search, 10, 2400000, ARRAY['Genre ' || n % 200], artists.libraries,
       false, now() - n * interval '1 minute'
FROM generate_series(0, :tracks / 10 - 1) AS n JOIN artists ON artists.key = 'artist ' || n / 2;
INSERT INTO album_artists SELECT id, 0, artist_ids[1] FROM albums;
INSERT INTO tracks (id, album_id, file_id, place, title, sort_title, artist_display, artist_ids, artist_names, genres,
                    moods, disc_number, track_number, duration_ms, year, search, libraries, created_at)
SELECT gen_random_uuid(), albums.id, gen_random_uuid(), 'place ' || n, 'Song ' || n, 'song ' || md5(n::text),
       albums.artist_display, albums.artist_ids, albums.artist_names, albums.genres,
       ARRAY[(ARRAY['Calm', 'Wild', 'Blue'])[1 + n % 3]], 1, 1 + n % 10, 120000 + n % 300000, albums.year,
       'song ' || md5(n::text) || ' ' || albums.search, albums.libraries, albums.created_at
FROM generate_series(0, :tracks - 1) AS n JOIN albums ON albums.key = 'album ' || n / 10;
INSERT INTO track_artists SELECT id, 0, artist_ids[1] FROM tracks;
INSERT INTO track_genres SELECT tracks.id, 0, genres.id FROM tracks JOIN genres ON genres.name = tracks.genres[1];
INSERT INTO files (id, track_id, library_id, path, size, mtime_ns, identity, suffix, codec, duration_ms, bit_rate,
                   sample_rate, channels)
SELECT file_id, id, (SELECT id FROM libraries ORDER BY number LIMIT 1), convert_to(place, 'UTF8'), 5000000, 1,
       decode(md5(title), 'hex'), 'mp3', 'mp3', duration_ms, 192, 44100, 2 FROM tracks;
INSERT INTO users (id, name, key, role, password_hash)
SELECT gen_random_uuid(), 'User ' || n, 'user ' || n, 'member', 'none' FROM generate_series(1, :users - 1) AS n;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'track', tracks.id, true, moment, moment
FROM users JOIN tracks ON hashtext(tracks.place || users.key) % (:tracks / 500) = 0
CROSS JOIN LATERAL pg_temp.some_time(users.key || tracks.place) AS moment;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'album', albums.id, true, moment, moment
FROM users JOIN albums ON hashtext(albums.key || users.key) % (:tracks / 1000) = 0
CROSS JOIN LATERAL pg_temp.some_time(users.key || albums.key) AS moment;
INSERT INTO ratings (id, user_id, item, item_id, rating, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'track', tracks.id, 1 + abs(hashtext(users.key || tracks.place)) % 5, moment, moment
FROM users JOIN tracks ON hashtext(tracks.place || 'rated' || users.key) % (:tracks / 300) = 0
CROSS JOIN LATERAL pg_temp.some_time(users.key || tracks.place) AS moment;
INSERT INTO plays (id, user_id, track_id, client, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, tracks.id, 'app', moment, moment
FROM users JOIN tracks ON hashtext(tracks.place || 'played' || users.key) % (:tracks / 1000) = 0
CROSS JOIN generate_series(1, 2) AS n
CROSS JOIN LATERAL pg_temp.some_time(users.key || tracks.place || n) AS moment
"""


def fill(url: str, *, tracks: int = TRACKS, users: int = USERS) -> None:
    """Make it in a database that has a library and nothing in it yet. ``url``: of a server that runs.

    ``tracks`` is a multiple of 20. Takes about half a minute for ``TRACKS``.
    """
    made = _MAKE.replace(":tracks", str(tracks)).replace(":users", str(users))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in made.split(";\n"):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")
