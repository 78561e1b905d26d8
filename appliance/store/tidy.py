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
                   coalesce(array_agg(DISTINCT libraries.number) FILTER (WHERE libraries.id IS NOT NULL), '{}')
                       AS libraries,
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
            LEFT JOIN files ON files.id = tracks.file_id
            LEFT JOIN libraries ON libraries.id = files.library_id
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
            libraries = counted.libraries,
            cover_id = counted.cover_id,
            disc_titles = counted.disc_titles,
            genres = coalesce(styled.genres, '{}'),
            stale = false
        FROM counted LEFT JOIN styled ON styled.album_id = counted.id
        WHERE albums.id = counted.id
        """
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
        headed AS (
            SELECT stale.id, count(albums.id) AS album_count,
                   (array_agg(albums.cover_id ORDER BY albums.year DESC NULLS LAST, albums.id)
                       FILTER (WHERE albums.cover_id IS NOT NULL))[1] AS cover_id
            FROM stale
            LEFT JOIN album_artists ON album_artists.artist_id = stale.id
            LEFT JOIN albums ON albums.id = album_artists.album_id AND albums.track_count > 0
            GROUP BY stale.id
        )
        UPDATE artists
        SET track_count = performed.track_count,
            album_count = headed.album_count,
            cover_id = headed.cover_id,
            stale = false
        FROM performed JOIN headed ON headed.id = performed.id
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


async def tidy(connection: Connection) -> None:
    """Refresh every stale album and artist, and the genres."""
    for statement in (_ALBUMS, _ARTISTS, _GENRES):
        await connection.execute(statement)
