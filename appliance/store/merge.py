"""One batch of decisions becomes rows: first what it names (artists, genres, pictures, albums), then tracks and files.

New rows go in by COPY; changed ones by COPY into a temporary table and one UPDATE, which writes only what differs.
The caller holds the catalogue's lock, so that what was looked up stays true until the commit.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.core.library import Decision, Verdict
from appliance.core.sheet import Picture
from appliance.core.shelving import ArtistDraft
from appliance.core.text import genre_key, words
from appliance.store.database import Connection
from appliance.store.merge_albums import AlbumMerge
from appliance.store.merge_links import ARTISTS, GENRES
from appliance.store.merge_rows import FILE_COLUMNS, TRACK_COLUMNS, GenreRef, file_row, genre_keys, track_row
from appliance.store.presence import choose_files
from appliance.store.staging import Staging
from appliance.store.stale import mark_stale
from appliance.store.statement import Statement
from appliance.store.tables import artists, artworks, files, genres, tracks

_KEYS = bindparam("keys", type_=ARRAY(Text))
_TRACKS = bindparam("tracks", type_=ARRAY(Uuid))

_KNOWN_ARTISTS = Statement(select(artists.c.key, artists.c.id).where(artists.c.key == func.any(_KEYS)))
_KNOWN_GENRES = Statement(select(genres.c.key, genres.c.id, genres.c.name).where(genres.c.key == func.any(_KEYS)))
_KNOWN_ARTWORKS = Statement(
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
_MANUAL = Statement(select(tracks.c.id).where(tracks.c.id == func.any(_TRACKS), tracks.c.metadata_status == "manual"))
_TRACKS_CHANGED = Staging(tracks, TRACK_COLUMNS, also="updated_at = now()")
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
        telling = await self._telling()
        named = [*self._added, *telling]
        artist_ids = await self._artist_ids(named)
        genre_refs = await self._genre_refs(named)
        artwork_ids = await self._artwork_ids(named)
        album_ids = await AlbumMerge(self._connection, artist_ids).run(named, telling)
        displaced = await self._displace()

        # Two files of one track may be in the batch: the one that was decided last tells the tags.
        rows = {d.track_id: track_row(d, album_ids, artist_ids, genre_refs, artwork_ids) for d in named}
        credits_ = {d.track_id: [artist_ids[artist.key] for artist in d.draft.artists] for d in named}
        styles = {d.track_id: [genre_refs[key].id for key in genre_keys(d.draft)] for d in named}
        new = {d.track_id: d.file_id for d in self._added}
        kept = [track_id for track_id in rows if track_id not in new]
        retagged = await _TRACKS_CHANGED.stage(self._connection, [rows[id_] for id_ in kept])
        refiled = await _FILES_CHANGED.stage(
            self._connection, [file_row(decision, self._library.id) for decision in self._kept]
        )
        track_of = {decision.file_id: decision.track_id for decision in self._kept}
        recredited = await ARTISTS.differing(self._connection, credits_, kept)
        restyled = await GENRES.differing(self._connection, styles, kept)
        copied = [decision.track_id for decision in self._copies]
        changed = list({*retagged, *(track_of[id_] for id_ in refiled), *recredited, *restyled, *copied, *displaced})

        # Before and after: an artist or album that loses a track has to be counted again as well.
        await mark_stale(self._connection, changed)
        await self._connection.copy(
            "tracks", (*TRACK_COLUMNS, "file_id"), [(*rows[id_], file_id) for id_, file_id in new.items()]
        )
        if retagged:
            await _TRACKS_CHANGED.write(self._connection)
        await self._connection.copy(
            "files", FILE_COLUMNS, [file_row(decision, self._library.id) for decision in (*self._added, *self._copies)]
        )
        if refiled:
            await _FILES_CHANGED.write(self._connection)
        for links, wanted, differing in ((ARTISTS, credits_, recredited), (GENRES, styles, restyled)):
            await links.unlink(self._connection, differing)
            await links.link(self._connection, wanted, [*new, *differing])
        await choose_files(self._connection, changed)
        await mark_stale(self._connection, [*changed, *new])

    async def _telling(self) -> list[Decision]:
        """Those kept whose tags count: what was corrected by hand stays as it is, whatever its file says."""
        kept = [decision.track_id for decision in self._kept]
        manual = {id_ for (id_,) in await self._connection.fetch(_MANUAL, tracks=kept)} if kept else set()
        return [decision for decision in self._kept if decision.track_id not in manual]

    async def _artist_ids(self, named: Iterable[Decision]) -> dict[str, UUID]:
        drafts: dict[str, ArtistDraft] = {}
        for decision in named:
            for draft in (*decision.draft.artists, *decision.draft.album.artists):
                drafts.setdefault(draft.key, draft)
        known: dict[str, UUID] = {
            row[0]: row[1] for row in await self._connection.fetch(_KNOWN_ARTISTS, keys=list(drafts))
        }
        rows = [
            (new_id(), key, draft.name, draft.sort_name, draft.musicbrainz_id, " ".join(words(draft.name)))
            for key, draft in drafts.items()
            if key not in known
        ]
        columns = ("id", "key", "name", "sort_name", "musicbrainz_id", "search")
        await self._connection.copy("artists", columns, rows)
        return known | {row[1]: row[0] for row in rows}

    async def _genre_refs(self, named: Iterable[Decision]) -> dict[str, GenreRef]:
        names: dict[str, str] = {}
        for decision in named:
            for genre in decision.draft.genres:
                names.setdefault(genre_key(genre), genre)
        rows = await self._connection.fetch(_KNOWN_GENRES, keys=list(names))
        known = {key: GenreRef(id_, name) for key, id_, name in rows}
        added = {key: GenreRef(new_id(), name) for key, name in names.items() if key not in known}
        await self._connection.copy("genres", ("key", "id", "name"), [(key, *genre) for key, genre in added.items()])
        return known | added

    async def _artwork_ids(self, named: Iterable[Decision]) -> dict[bytes, UUID]:
        pictures: dict[bytes, Picture] = {}
        for decision in named:
            if picture := decision.sheet.picture:
                pictures.setdefault(picture.identity, picture)
        rows = await self._connection.fetch(_KNOWN_ARTWORKS, identities=list(pictures))
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
