"""One batch of decisions becomes rows: first what it names (artists, genres, pictures, albums), then tracks and files.

New rows go in by COPY; changed ones by COPY into a temporary table and one UPDATE, which writes only what differs.
The caller holds the catalogue's lock, so that what was looked up stays true until the commit.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.core.library import Decision, Verdict
from appliance.core.shelving import ArtistDraft
from appliance.core.sheet import Picture
from appliance.core.text import fold, words
from appliance.store.database import Connection
from appliance.store.merge_albums import AlbumMerge
from appliance.store.merge_rows import FILE_COLUMNS, TRACK_COLUMNS, file_row, track_row
from appliance.store.presence import choose_files
from appliance.store.stale import mark_stale
from appliance.store.staging import Staging
from appliance.store.statement import Statement
from appliance.store.tables import artists, artworks, files, genres, track_artists, track_genres, tracks

_KEYS = bindparam("keys", type_=ARRAY(Text))
_TRACKS = bindparam("tracks", type_=ARRAY(Uuid))

_ARTISTS = Statement(select(artists.c.key, artists.c.id).where(artists.c.key == func.any(_KEYS)))
_GENRES = Statement(select(genres.c.key, genres.c.id).where(genres.c.key == func.any(_KEYS)))
_ARTWORKS = Statement(
    select(artworks.c.identity, artworks.c.id, artworks.c.library_id, artworks.c.path).where(
        artworks.c.identity == func.any(bindparam("identities", type_=ARRAY(LargeBinary)))
    )
)
_MOVE_ARTWORKS = Statement(
    text(
        """
        UPDATE artworks SET library_id = :library_id, path = given.path, source = given.source
        FROM unnest(CAST(:ids AS uuid[]), CAST(:paths AS bytea[]), CAST(:sources AS text[])) AS given(id, path, source)
        WHERE artworks.id = given.id
        """
    ).bindparams(bindparam("library_id", type_=Uuid))
)
_DISPLACE = Statement(
    text(
        """
        UPDATE files SET missing_since = now()
        FROM unnest(CAST(:ids AS uuid[]), CAST(:paths AS bytea[])) AS given(id, path)
        WHERE files.library_id = :library_id AND files.path = given.path AND files.id <> given.id
          AND files.missing_since IS NULL
        RETURNING files.track_id
        """
    ).bindparams(bindparam("library_id", type_=Uuid))
)
_UNLINK_ARTISTS = Statement(delete(track_artists).where(track_artists.c.track_id == func.any(_TRACKS)))
_UNLINK_GENRES = Statement(delete(track_genres).where(track_genres.c.track_id == func.any(_TRACKS)))


_TRACKS_CHANGED = Staging(
    tracks, TRACK_COLUMNS, also="updated_at = now()", condition="tracks.metadata_status <> 'manual'"
)
_FILES_CHANGED = Staging(files, FILE_COLUMNS)


class Merge:
    """Writes one batch."""

    def __init__(self, connection: Connection, library: Library, decisions: Sequence[Decision]) -> None:
        self._connection = connection
        self._library = library
        self._decisions = decisions
        self._added = [d for d in decisions if d.verdict is Verdict.NEW]
        self._kept = [d for d in decisions if d.verdict in {Verdict.SAME, Verdict.MOVED}]
        self._copies = [d for d in decisions if d.verdict is Verdict.COPY]

    async def run(self) -> None:
        """Everything, in the order in which rows refer to each other."""
        named = [*self._added, *self._kept]
        artist_ids = await self._artist_ids(named)
        genre_ids = await self._genre_ids(named)
        artwork_ids = await self._artwork_ids(named)
        touched = [decision.track_id for decision in self._decisions]
        # Before and after: an artist or album that loses a track has to be counted again as well.
        await mark_stale(self._connection, touched)
        album_ids = await AlbumMerge(self._connection, artist_ids).run(named, self._kept)
        displaced = await self._displace()
        await self._write_tracks(album_ids, artist_ids, artwork_ids)
        await self._write_files()
        await self._link(named, artist_ids, genre_ids)
        await choose_files(self._connection, [*touched, *displaced])
        await mark_stale(self._connection, [*touched, *displaced])

    async def _artist_ids(self, named: Iterable[Decision]) -> dict[str, UUID]:
        drafts: dict[str, ArtistDraft] = {}
        for decision in named:
            for draft in (*decision.draft.artists, *decision.draft.album.artists):
                drafts.setdefault(draft.key, draft)
        known: dict[str, UUID] = dict(await self._pairs(_ARTISTS, drafts))
        rows = [
            (new_id(), key, draft.name, draft.sort_name, draft.musicbrainz_id, " ".join(words(draft.name)))
            for key, draft in drafts.items()
            if key not in known
        ]
        columns = ("id", "key", "name", "sort_name", "musicbrainz_id", "search")
        await self._connection.copy("artists", columns, rows)
        return known | {row[1]: row[0] for row in rows}

    async def _genre_ids(self, named: Iterable[Decision]) -> dict[str, UUID]:
        names: dict[str, str] = {}
        for decision in named:
            for genre in decision.draft.genres:
                names.setdefault(fold(genre), genre)
        known: dict[str, UUID] = dict(await self._pairs(_GENRES, names))
        rows = [(new_id(), key, name) for key, name in names.items() if key not in known]
        await self._connection.copy("genres", ("id", "key", "name"), rows)
        return known | {row[1]: row[0] for row in rows}

    async def _pairs(self, statement: Statement, keys: Iterable[str]) -> Sequence[tuple[str, UUID]]:
        return [(key, id_) for key, id_ in await self._connection.fetch(statement, keys=list(keys))]

    async def _artwork_ids(self, named: Iterable[Decision]) -> dict[bytes, UUID]:
        pictures: dict[bytes, Picture] = {}
        for decision in named:
            if picture := decision.sheet.picture:
                pictures.setdefault(picture.identity, picture)
        rows = await self._connection.fetch(_ARTWORKS, identities=list(pictures))
        known: dict[bytes, UUID] = {identity: id_ for identity, id_, _, _ in rows}
        # The same picture was read again just now: its bytes surely are where it was read.
        moved = [
            (id_, pictures[identity])
            for identity, id_, library_id, path in rows
            if (library_id, path) != (self._library.id, pictures[identity].path)
        ]
        if moved:
            await self._connection.execute(
                _MOVE_ARTWORKS,
                library_id=self._library.id,
                ids=[id_ for id_, _ in moved],
                paths=[picture.path for _, picture in moved],
                sources=[picture.source for _, picture in moved],
            )
        added = [
            (new_id(), identity, self._library.id, picture.path, picture.source, picture.media_type, picture.size)
            for identity, picture in pictures.items()
            if identity not in known
        ]
        columns = ("id", "identity", "library_id", "path", "source", "media_type", "size")
        await self._connection.copy("artworks", columns, added)
        return known | {row[1]: row[0] for row in added}

    async def _displace(self) -> list[UUID]:
        """Take the rows that stand at a decision's path, and are not its own, out of the way."""
        rows = await self._connection.fetch(
            _DISPLACE,
            library_id=self._library.id,
            ids=[decision.file_id for decision in self._decisions],
            paths=[decision.sheet.path for decision in self._decisions],
        )
        return [track_id for (track_id,) in rows]

    async def _write_tracks(
        self, album_ids: dict[str, UUID], artist_ids: dict[str, UUID], artwork_ids: dict[bytes, UUID]
    ) -> None:
        added = [track_row(decision, album_ids, artist_ids, artwork_ids) for decision in self._added]
        await self._connection.copy("tracks", TRACK_COLUMNS, added)
        # Two files of one track may be in the batch: the one that was decided last tells the tags.
        kept = {d.track_id: track_row(d, album_ids, artist_ids, artwork_ids) for d in self._kept}
        await _TRACKS_CHANGED.write(self._connection, list(kept.values()))

    async def _write_files(self) -> None:
        added = [file_row(decision, self._library.id) for decision in (*self._added, *self._copies)]
        await self._connection.copy("files", FILE_COLUMNS, added)
        await _FILES_CHANGED.write(self._connection, [file_row(decision, self._library.id) for decision in self._kept])

    async def _link(self, named: Iterable[Decision], artist_ids: dict[str, UUID], genre_ids: dict[str, UUID]) -> None:
        kept = [decision.track_id for decision in self._kept]
        if kept:
            await self._connection.execute(_UNLINK_ARTISTS, tracks=kept)
            await self._connection.execute(_UNLINK_GENRES, tracks=kept)
        latest = {decision.track_id: decision.draft for decision in named}
        await self._connection.copy(
            "track_artists",
            ("track_id", "position", "artist_id"),
            [
                (track_id, position, artist_ids[artist.key])
                for track_id, draft in latest.items()
                for position, artist in enumerate(draft.artists)
            ],
        )
        await self._connection.copy(
            "track_genres",
            ("track_id", "position", "genre_id"),
            [
                (track_id, position, genre_ids[key])
                for track_id, draft in latest.items()
                for position, key in enumerate(dict.fromkeys(fold(genre) for genre in draft.genres))
            ],
        )
