"""Tracks, read: each with its album's name and the file that plays it."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import ArtistRef, MediaFile, Track, TrackFilter, Window
from appliance.core.errors import NotFound
from appliance.store.database import Connection, Row
from appliance.store.narrowing import asked, conditions_on
from appliance.store.statement import Statement
from appliance.store.tables import albums, files, libraries, tracks

_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)
_playable = tracks.join(files, files.c.id == tracks.c.file_id)


def select_tracks() -> Select[Any]:
    """The columns that ``track_of`` reads. Only playable tracks: the others have no file to join."""
    return select(
        tracks.c.id,
        tracks.c.title,
        tracks.c.sort_title,
        tracks.c.album_id,
        albums.c.title,
        tracks.c.artist_ids,
        tracks.c.artist_names,
        tracks.c.artist_display,
        albums.c.artist_ids,
        albums.c.artist_names,
        albums.c.artist_display,
        tracks.c.disc_number,
        tracks.c.track_number,
        tracks.c.duration_ms,
        tracks.c.genres,
        tracks.c.moods,
        tracks.c.release_date,
        tracks.c.original_date,
        tracks.c.year,
        tracks.c.cover_id,
        albums.c.cover_id,
        tracks.c.musicbrainz_recording_id,
        tracks.c.track_gain,
        tracks.c.track_peak,
        tracks.c.album_gain,
        tracks.c.album_peak,
        tracks.c.bpm,
        tracks.c.isrc,
        tracks.c.comment,
        tracks.c.created_at,
        files.c.id,
        libraries.c.number,
        libraries.c.root,
        files.c.path,
        files.c.size,
        files.c.mtime_ns,
        files.c.suffix,
        files.c.codec,
        files.c.bit_rate,
        files.c.sample_rate,
        files.c.channels,
        files.c.bit_depth,
    ).select_from(
        _playable.join(albums, albums.c.id == tracks.c.album_id).join(libraries, libraries.c.id == files.c.library_id)
    )


def track_of(row: Row) -> Track:
    """A row of ``select_tracks``."""
    return Track(
        id=row[0],
        title=row[1],
        sort_title=row[2],
        album_id=row[3],
        album_title=row[4],
        artists=tuple(map(ArtistRef, row[5], row[6])),
        artist_display=row[7],
        album_artists=tuple(map(ArtistRef, row[8], row[9])),
        album_artist_display=row[10],
        disc_number=row[11],
        track_number=row[12],
        duration_ms=row[13],
        genres=tuple(row[14]),
        moods=tuple(row[15]),
        release_date=row[16],
        original_date=row[17],
        year=row[18],
        cover_id=row[19] or row[20],
        musicbrainz_recording_id=row[21],
        track_gain=row[22],
        track_peak=row[23],
        album_gain=row[24],
        album_peak=row[25],
        bpm=row[26],
        isrc=row[27],
        comment=row[28],
        created_at=row[29],
        file=MediaFile(
            id=row[30],
            library_number=row[31],
            root=row[32],
            path=row[33],
            size=row[34],
            mtime_ns=row[35],
            suffix=row[36],
            codec=row[37],
            bit_rate=row[38],
            sample_rate=row[39],
            channels=row[40],
            bit_depth=row[41],
        ),
    )


_GET = Statement(select_tracks().where(tracks.c.id == bindparam("id", type_=Uuid)))
_MANY = Statement(select_tracks().where(tracks.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))))
_OF_ALBUM = Statement(
    select_tracks()
    .where(tracks.c.album_id == bindparam("album_id", type_=Uuid))
    .order_by(
        tracks.c.disc_number.asc().nulls_first(),
        tracks.c.track_number.asc().nulls_last(),
        tracks.c.sort_title,
        tracks.c.id,
    )
)

_CONDITIONS = conditions_on(
    tracks,
    # Not as everywhere: the file is joined already.
    select(libraries.c.id)
    .where(libraries.c.number == bindparam("library", type_=Integer), libraries.c.id == files.c.library_id)
    .exists(),
)


def _ids(conditions: frozenset[str]) -> Select[Any]:
    # The file's row is only needed to know its library; without that question an index answers alone.
    source = _playable if "library" in conditions else tracks
    return (
        select(tracks.c.id)
        .select_from(source)
        .where(tracks.c.file_id.is_not(None), *(_CONDITIONS[name] for name in sorted(conditions)))
    )


@cache
def _listing(conditions: frozenset[str]) -> Statement:
    return Statement(_ids(conditions).order_by(tracks.c.sort_title, tracks.c.id).limit(_LIMIT).offset(_OFFSET))


@cache
def _counting(conditions: frozenset[str]) -> Statement:
    return Statement(select(func.count()).select_from(_ids(conditions).subquery()))


@cache
def _drawing(conditions: frozenset[str]) -> Statement:
    return Statement(_ids(conditions).order_by(func.random()).limit(_LIMIT))


class Tracks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, track_id: UUID) -> Track:
        row = await self._connection.fetch_row(_GET, id=track_id)
        if row is None:
            raise NotFound(f"There is no track {track_id}, or none of its files is here now.")
        return track_of(row)

    async def many(self, ids: Sequence[UUID]) -> list[Track]:
        found = {row[0]: row for row in await self._connection.fetch(_MANY, ids=list(ids))}
        return [track_of(found[id_]) for id_ in ids if id_ in found]

    async def of_album(self, album_id: UUID) -> list[Track]:
        return [track_of(row) for row in await self._connection.fetch(_OF_ALBUM, album_id=album_id)]

    async def random(self, narrow: TrackFilter, limit: int) -> list[Track]:
        values = asked(narrow)
        ids = await self._connection.fetch(_drawing(frozenset(values)), limit=limit, **values)
        return await self.many([id_ for (id_,) in ids])

    async def of_genre(self, genre: str, window: Window, library: int | None = None) -> list[Track]:
        return await self._listed(TrackFilter(genres=(genre,), library=library), window)

    async def page(self, narrow: TrackFilter, window: Window) -> tuple[list[Track], int]:
        values = asked(narrow)
        total: int = await self._connection.fetch_value(_counting(frozenset(values)), **values)
        return await self._listed(narrow, window), total

    async def _listed(self, narrow: TrackFilter, window: Window) -> list[Track]:
        values = asked(narrow)
        ids = await self._connection.fetch(
            _listing(frozenset(values)), limit=window.limit, offset=window.offset, **values
        )
        return await self.many([id_ for (id_,) in ids])
