"""Recounts what is marked stale: each statement is one set, so that a scan of any size ends with the same few.

Albums first, since artists take their cover from them. Genres are few and counted whole, and written only where
a number really changed.
"""

from sqlalchemy import text

from appliance.store.database import Connection
from appliance.store.statement import Statement

_ALBUMS = Statement(
    text(
        """
        WITH stale AS (SELECT id FROM albums WHERE stale),
        counted AS (
            SELECT stale.id,
                   count(tracks.id) FILTER (WHERE tracks.file_id IS NOT NULL) AS track_count,
                   coalesce(sum(tracks.duration_ms) FILTER (WHERE tracks.file_id IS NOT NULL), 0) AS duration_ms,
                   (array_agg(tracks.cover_id
                              ORDER BY artworks.source = 'folder' DESC,
                                       tracks.disc_number, tracks.track_number, tracks.id)
                       FILTER (WHERE tracks.file_id IS NOT NULL AND tracks.cover_id IS NOT NULL))[1] AS cover_id,
                   coalesce(jsonb_object_agg(tracks.disc_number, tracks.disc_title
                                             ORDER BY tracks.disc_number, tracks.track_number, tracks.id)
                       FILTER (WHERE tracks.file_id IS NOT NULL
                               AND tracks.disc_number IS NOT NULL AND tracks.disc_title IS NOT NULL), '{}')
                       AS disc_titles
            FROM stale
            LEFT JOIN tracks ON tracks.album_id = stale.id
            LEFT JOIN artworks ON artworks.id = tracks.cover_id
            GROUP BY stale.id
        ),
        shelved AS (
            SELECT stale.id, array_agg(DISTINCT number ORDER BY number) AS libraries
            FROM stale JOIN tracks ON tracks.album_id = stale.id CROSS JOIN unnest(tracks.libraries) AS number
            GROUP BY stale.id
        ),
        styled AS (
            SELECT album_id, array_agg(name ORDER BY times DESC, name COLLATE "C") AS genres
            FROM (
                SELECT tracks.album_id, genres.name, count(*) AS times
                FROM stale
                JOIN tracks ON tracks.album_id = stale.id AND tracks.file_id IS NOT NULL
                JOIN track_genres ON track_genres.track_id = tracks.id
                JOIN genres ON genres.id = track_genres.genre_id
                GROUP BY tracks.album_id, genres.name
            ) AS each_genre
            GROUP BY album_id
        )
        UPDATE albums
        SET track_count = counted.track_count,
            duration_ms = counted.duration_ms,
            libraries = coalesce(shelved.libraries, '{}'),
            cover_id = counted.cover_id,
            disc_titles = counted.disc_titles,
            genres = coalesce(styled.genres, '{}'),
            stale = false
        FROM counted
        LEFT JOIN styled ON styled.album_id = counted.id
        LEFT JOIN shelved ON shelved.id = counted.id
        WHERE albums.id = counted.id
        """
    )
)
#: What is repeated to be sorted by: since it was written, others may have told the album or the artist another name.
_SORTED = tuple(
    Statement(text(statement))
    for statement in (
        """
        UPDATE tracks SET album_sort = albums.sort_title FROM albums
        WHERE albums.stale AND tracks.album_id = albums.id AND tracks.album_sort <> albums.sort_title
        """,
        """
        UPDATE tracks SET artist_sort = artists.sort_name
        FROM artists JOIN track_artists ON track_artists.artist_id = artists.id AND track_artists.position = 0
        WHERE artists.stale AND tracks.id = track_artists.track_id AND tracks.artist_sort <> artists.sort_name
        """,
        """
        UPDATE albums SET artist_sort = artists.sort_name
        FROM artists JOIN album_artists ON album_artists.artist_id = artists.id AND album_artists.position = 0
        WHERE artists.stale AND albums.id = album_artists.album_id AND albums.artist_sort <> artists.sort_name
        """,
    )
)
_ARTISTS = Statement(
    text(
        """
        WITH stale AS (SELECT id FROM artists WHERE stale),
        performed AS (
            SELECT stale.id, count(tracks.id) AS track_count
            FROM stale
            LEFT JOIN track_artists ON track_artists.artist_id = stale.id
            LEFT JOIN tracks ON tracks.id = track_artists.track_id AND tracks.file_id IS NOT NULL
            GROUP BY stale.id
        ),
        credited AS (
            SELECT stale.id, count(DISTINCT tracks.id) AS credit_count,
                   array_agg(DISTINCT track_credits.role ORDER BY track_credits.role) AS roles
            FROM stale
            JOIN track_credits ON track_credits.artist_id = stale.id
            JOIN tracks ON tracks.id = track_credits.track_id AND tracks.file_id IS NOT NULL
            GROUP BY stale.id
        ),
        headed AS (
            SELECT stale.id, count(albums.id) AS album_count,
                   (array_agg(albums.cover_id ORDER BY albums.year DESC NULLS LAST, albums.id)
                       FILTER (WHERE albums.cover_id IS NOT NULL))[1] AS cover_id
            FROM stale
            LEFT JOIN album_artists ON album_artists.artist_id = stale.id
            LEFT JOIN albums ON albums.id = album_artists.album_id AND albums.track_count > 0
            GROUP BY stale.id
        ),
        shelved AS (
            SELECT id, array_agg(DISTINCT number ORDER BY number) AS libraries
            FROM (
                SELECT stale.id, unnest(tracks.libraries) AS number
                FROM stale
                JOIN track_artists ON track_artists.artist_id = stale.id
                JOIN tracks ON tracks.id = track_artists.track_id
                UNION
                SELECT stale.id, unnest(tracks.libraries)
                FROM stale
                JOIN track_credits ON track_credits.artist_id = stale.id
                JOIN tracks ON tracks.id = track_credits.track_id
                UNION
                SELECT stale.id, unnest(albums.libraries)
                FROM stale
                JOIN album_artists ON album_artists.artist_id = stale.id
                JOIN albums ON albums.id = album_artists.album_id
            ) AS each_library
            GROUP BY id
        )
        UPDATE artists
        SET track_count = performed.track_count,
            album_count = headed.album_count,
            credit_count = coalesce(credited.credit_count, 0),
            roles = coalesce(credited.roles, '{}'),
            libraries = coalesce(shelved.libraries, '{}'),
            cover_id = headed.cover_id,
            stale = false
        FROM performed
        JOIN headed ON headed.id = performed.id
        LEFT JOIN credited ON credited.id = performed.id
        LEFT JOIN shelved ON shelved.id = performed.id
        WHERE artists.id = performed.id
        """
    )
)
_GENRES = Statement(
    text(
        """
        UPDATE genres
        SET track_count = counted.track_count, album_count = counted.album_count
        FROM (
            SELECT genres.id, count(tracks.id) AS track_count, count(DISTINCT tracks.album_id) AS album_count
            FROM genres
            LEFT JOIN track_genres ON track_genres.genre_id = genres.id
            LEFT JOIN tracks ON tracks.id = track_genres.track_id AND tracks.file_id IS NOT NULL
            GROUP BY genres.id
        ) AS counted
        WHERE genres.id = counted.id
          AND (genres.track_count, genres.album_count) IS DISTINCT FROM (counted.track_count, counted.album_count)
        """
    )
)
_LIBRARIES = Statement(
    text(
        """
        UPDATE libraries
        SET file_count = counted.file_count, missing_count = counted.missing_count,
            track_count = counted.track_count, size = counted.size
        FROM (
            SELECT libraries.id,
                   count(files.id) FILTER (WHERE files.missing_since IS NULL) AS file_count,
                   count(files.id) FILTER (WHERE files.missing_since IS NOT NULL) AS missing_count,
                   count(DISTINCT files.track_id) FILTER (WHERE files.missing_since IS NULL) AS track_count,
                   coalesce(sum(files.size) FILTER (WHERE files.missing_since IS NULL), 0) AS size
            FROM libraries
            LEFT JOIN files ON files.library_id = libraries.id
            GROUP BY libraries.id
        ) AS counted
        WHERE libraries.id = counted.id
          AND (libraries.file_count, libraries.missing_count, libraries.track_count, libraries.size)
              IS DISTINCT FROM (counted.file_count, counted.missing_count, counted.track_count, counted.size)
        """
    )
)


async def tidy(connection: Connection) -> None:
    """Refresh every stale album and artist, the genres and the libraries."""
    for statement in (*_SORTED, _ALBUMS, _ARTISTS, _GENRES, _LIBRARIES):
        await connection.execute(statement)
