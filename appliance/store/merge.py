"""One batch of decisions becomes rows: first what it names (artists, genres, pictures, albums), then tracks and files.

New rows go in by COPY; changed ones by COPY into a temporary table and one UPDATE, which writes only what differs.
The caller holds the catalogue's lock, so that what was looked up stays true until the commit.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Library
from appliance.core.library import Decision, Verdict
from appliance.store.database import Connection
from appliance.store.merge_albums import AlbumMerge
from appliance.store.merge_links import ARTISTS, CREDITS, GENRES, Link
from appliance.store.merge_names import artist_ids_of, artwork_ids_of, genre_refs_of, mood_names_of
from appliance.store.merge_rows import FILE_COLUMNS, TRACK_COLUMNS, Named, file_row, genres_of, track_row
from appliance.store.presence import choose_files
from appliance.store.staging import Staging
from appliance.store.stale import mark_stale
from appliance.store.statement import Statement
from appliance.store.tables import files, tracks

_TRACKS = bindparam("tracks", type_=ARRAY(Uuid))

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
        told = await self._told()
        new = {decision.track_id: decision.file_id for decision in self._added}
        known = [track_id for track_id in told.rows if track_id not in new]

        # All that touches a track that is known: its row, its links, its files.
        displaced = await self._displace()
        retagged = await _TRACKS_CHANGED.stage(self._connection, [told.rows[id_] for id_ in known])
        reperformed = await ARTISTS.differing(self._connection, told.performers, known)
        recredited = await CREDITS.differing(self._connection, told.credits, known)
        restyled = await GENRES.differing(self._connection, told.styles, known)
        refiled = await self._stage_files()
        copied = [decision.track_id for decision in self._copies]
        changed = list({*displaced, *retagged, *reperformed, *recredited, *restyled, *refiled, *copied})

        # Before and after: an artist or album that loses a track has to be counted again as well.
        await mark_stale(self._connection, changed)
        here = [self._library.number]
        rows = [(*told.rows[track_id], file_id, here) for track_id, file_id in new.items()]
        await self._connection.copy("tracks", (*TRACK_COLUMNS, "file_id", "libraries"), rows)
        if retagged:
            await _TRACKS_CHANGED.write(self._connection)
        await self._connection.copy("files", FILE_COLUMNS, self._file_rows([*self._added, *self._copies]))
        if refiled:
            await _FILES_CHANGED.write(self._connection)
        await ARTISTS.relink(self._connection, told.performers, new, reperformed)
        await CREDITS.relink(self._connection, told.credits, new, recredited)
        await GENRES.relink(self._connection, told.styles, new, restyled)
        await choose_files(self._connection, changed)
        await mark_stale(self._connection, [*changed, *new])

    async def _told(self) -> "_Told":
        """What the batch tells of its tracks, with the names in it looked up, or made."""
        telling = await self._telling()
        named = [*self._added, *telling]
        artists = await artist_ids_of(self._connection, named)
        genres = await genre_refs_of(self._connection, named)
        moods = await mood_names_of(self._connection, named)
        artworks = await artwork_ids_of(self._connection, self._library, named)
        albums = await AlbumMerge(self._connection, artists).run(named, telling)
        names = Named(albums, artists, genres, moods, artworks)
        # Two files of one track may be in the batch: the one that was decided last tells the tags.
        return _Told(
            rows={d.track_id: track_row(d, names) for d in named},
            performers={d.track_id: [(artists[artist.key],) for artist in d.draft.artists] for d in named},
            credits={
                d.track_id: [(credit.role, artists[credit.artist.key], credit.detail) for credit in d.draft.credits]
                for d in named
            },
            styles={d.track_id: [(genre.id,) for genre in genres_of(d.draft, genres)] for d in named},
        )

    async def _telling(self) -> list[Decision]:
        """Those kept whose tags count: what was corrected by hand stays as it is, whatever its file says."""
        kept = [decision.track_id for decision in self._kept]
        manual = {id_ for (id_,) in await self._connection.fetch(_MANUAL, tracks=kept)} if kept else set()
        return [decision for decision in self._kept if decision.track_id not in manual]

    async def _displace(self) -> list[UUID]:
        """Take the rows that stand at a decision's path, and are not its own, out of the way; returns their tracks."""
        rows = await self._connection.fetch(
            _DISPLACE,
            library_id=self._library.id,
            ids=[decision.file_id for decision in self._decisions],
            paths=[decision.sheet.path for decision in self._decisions],
        )
        return [track_id for (track_id,) in rows]

    async def _stage_files(self) -> list[UUID]:
        """Stage the rows of the files that are kept; returns the tracks of those that differ."""
        track_of = {decision.file_id: decision.track_id for decision in self._kept}
        return [track_of[id_] for id_ in await _FILES_CHANGED.stage(self._connection, self._file_rows(self._kept))]

    def _file_rows(self, decisions: Iterable[Decision]) -> list[tuple[object, ...]]:
        return [file_row(decision, self._library.id) for decision in decisions]


class _Told(NamedTuple):
    """What a batch tells of its tracks, each by the track's id."""

    rows: dict[UUID, tuple[object, ...]]
    performers: dict[UUID, list[Link]]
    """The artists, in the order of the credit."""
    credits: dict[UUID, list[Link]]
    """Who else had a part in it: role, artist, detail."""
    styles: dict[UUID, list[Link]]
    """The genres, in the order of the tags."""
