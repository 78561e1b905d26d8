"""Tracks, read: each with its album's name and the file that plays it."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import ArtistRef, Item, MediaFile, Track, TrackFilter, TrackOrder, Window
from appliance.core.credits import Part, TrackCredit
from appliance.core.errors import NotFound
from appliance.core.lyrics import Lyrics, read_lyrics
from appliance.store.database import Connection, Row
from appliance.store.narrowing import asked, conditions_on
from appliance.store.playable import PLAYABLE, best_first
from appliance.store.scope import LIBRARIES, WITHIN, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import albums, artists, files, libraries, moods, track_artists, track_credits, tracks

_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)
#: The best of a track's files within some libraries.
_file_within = (
    select(files)
    .join(libraries, libraries.c.id == files.c.library_id)
    .where(files.c.track_id == tracks.c.id, files.c.missing_since.is_(None), libraries.c.number == func.any(LIBRARIES))
    .order_by(*best_first(files))
    .limit(1)
    .lateral("file_within")
)


def select_tracks() -> Select[Any]:
    """The columns that ``track_of`` reads. Only playable tracks: the others have no file to join."""
    return _select(files, tracks.join(files, files.c.id == tracks.c.file_id))


def select_tracks_within() -> Select[Any]:
    """The same of tracks as some libraries know them: with the best file there, and none without one."""
    return _select(_file_within, tracks.join(_file_within, literal_column("true")))


def _select(files: FromClause, playable: FromClause) -> Select[Any]:
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
        playable.join(albums, albums.c.id == tracks.c.album_id).join(libraries, libraries.c.id == files.c.library_id)
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


_BY_ID = tracks.c.id == bindparam("id", type_=Uuid)
_GET = Question(select_tracks().where(_BY_ID), select_tracks_within().where(_BY_ID))
_BY_IDS = tracks.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
_MANY = Question(select_tracks().where(_BY_IDS), select_tracks_within().where(_BY_IDS))
_BY_ALBUM = tracks.c.album_id == bindparam("album_id", type_=Uuid)
_IN_ORDER = (
    tracks.c.disc_number.asc().nulls_first(),
    tracks.c.track_number.asc().nulls_last(),
    tracks.c.sort_title,
    tracks.c.id,
)
_OF_ALBUM = Question(
    select_tracks().where(_BY_ALBUM).order_by(*_IN_ORDER),
    select_tracks_within().where(_BY_ALBUM).order_by(*_IN_ORDER),
)

_CREDITS = Statement(
    select(track_credits.c.track_id, track_credits.c.role, artists.c.id, artists.c.name, track_credits.c.detail)
    .join(artists, artists.c.id == track_credits.c.artist_id)
    .where(track_credits.c.track_id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(track_credits.c.track_id, track_credits.c.position)
)
_LYRICS = Question.narrowed(
    select(tracks.c.lyrics, tracks.c.lyrics_language).where(_BY_ID, PLAYABLE[Item.TRACK]), Item.TRACK
)

_ARTIST = bindparam("artist", type_=Uuid)
_moods = select(moods.c.name).where(moods.c.key == func.any(bindparam("moods", type_=ARRAY(Text))))
_CONDITIONS = conditions_on(tracks, WITHIN[Item.TRACK]) | {
    # The second condition is that of the index.
    "moods": tracks.c.moods.overlap(func.array(_moods.scalar_subquery(), type_=ARRAY(Text)))
    & (tracks.c.moods != literal_column("'{}'")),
    "artist": tracks.c.id.in_(
        union(
            select(track_artists.c.track_id).where(track_artists.c.artist_id == _ARTIST),
            select(track_credits.c.track_id).where(track_credits.c.artist_id == _ARTIST),
        )
    ),
    "album": tracks.c.album_id == bindparam("album", type_=Uuid),
}
_ORDERED: dict[TrackOrder, tuple[Column[Any], ...]] = {
    TrackOrder.TITLE: (tracks.c.sort_title,),
    TrackOrder.ARTIST: (tracks.c.artist_sort, tracks.c.album_sort),
    TrackOrder.ALBUM: (tracks.c.album_sort, tracks.c.album_id, tracks.c.disc_number, tracks.c.track_number),
    TrackOrder.YEAR: (tracks.c.year, tracks.c.sort_title),
    TrackOrder.DURATION: (tracks.c.duration_ms,),
    TrackOrder.OLDEST: (tracks.c.created_at,),
    TrackOrder.BPM: (tracks.c.bpm,),
}
_TURNED_ROUND = {
    TrackOrder.TITLE_DESCENDING: TrackOrder.TITLE,
    TrackOrder.ARTIST_DESCENDING: TrackOrder.ARTIST,
    TrackOrder.ALBUM_DESCENDING: TrackOrder.ALBUM,
    TrackOrder.YEAR_DESCENDING: TrackOrder.YEAR,
    TrackOrder.DURATION_DESCENDING: TrackOrder.DURATION,
    TrackOrder.NEWEST: TrackOrder.OLDEST,
    TrackOrder.BPM_DESCENDING: TrackOrder.BPM,
}
_THE_OTHER_WAY = _TURNED_ROUND | {upwards: downwards for downwards, upwards in _TURNED_ROUND.items()}
#: What a track may lack; in an order by it such a track has no place.
_MAY_LACK = {TrackOrder.YEAR: tracks.c.year, TrackOrder.BPM: tracks.c.bpm}


def _ids(conditions: frozenset[str]) -> Select[Any]:
    return select(tracks.c.id).where(tracks.c.file_id.is_not(None), *(_CONDITIONS[name] for name in sorted(conditions)))


@cache
def _listing(order: TrackOrder, conditions: frozenset[str]) -> Statement:
    """Each compiled when it is first asked for."""
    return Statement(_sorted(order, conditions).limit(_LIMIT).offset(_OFFSET))


def _sorted(order: TrackOrder, conditions: frozenset[str]) -> Select[Any]:
    if order is TrackOrder.RANDOM:
        return _ids(conditions).order_by(func.random())
    upwards = _TURNED_ROUND.get(order, order)
    columns = (*_ORDERED[upwards], tracks.c.id)
    ids = _having(upwards, conditions)
    return ids.order_by(*columns) if upwards is order else ids.order_by(*(column.desc() for column in columns))


def _having(order: TrackOrder, conditions: frozenset[str]) -> Select[Any]:
    """The tracks that have a place in the order."""
    lacking = _MAY_LACK.get(order)
    ids = _ids(conditions)
    return ids if lacking is None else ids.where(lacking.is_not(None))


@cache
def _counting(order: TrackOrder, conditions: frozenset[str]) -> Statement:
    """How many the list has in this order."""
    ids = _having(_TURNED_ROUND.get(order, order), conditions)
    return Statement(select(func.count()).select_from(ids.subquery()))


class Tracks:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def get(self, track_id: UUID) -> Track:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=track_id, **bounds)
        if row is None:
            raise NotFound(f"There is no track {track_id}, or none of its files is here now.")
        return track_of(row)

    async def many(self, ids: Sequence[UUID]) -> list[Track]:
        bounds = self._scope.bounds
        found = {row[0]: row for row in await self._connection.fetch(_MANY.within(bounds), ids=list(ids), **bounds)}
        return [track_of(found[id_]) for id_ in ids if id_ in found]

    async def of_album(self, album_id: UUID) -> list[Track]:
        bounds = self._scope.bounds
        rows = await self._connection.fetch(_OF_ALBUM.within(bounds), album_id=album_id, **bounds)
        return [track_of(row) for row in rows]

    async def random(self, narrow: TrackFilter, limit: int) -> list[Track]:
        values = asked(narrow, self._scope)
        return await self._listed(TrackOrder.RANDOM, values, Window(limit))

    async def of_genre(self, genre: str, window: Window, library: int | None = None) -> list[Track]:
        values = asked(TrackFilter(genres=(genre,), library=library), self._scope)
        return await self._listed(TrackOrder.TITLE, values, window)

    async def page(
        self, narrow: TrackFilter, window: Window, order: TrackOrder = TrackOrder.TITLE
    ) -> tuple[list[Track], int]:
        values = asked(narrow, self._scope)
        total: int = await self._connection.fetch_value(_counting(order, frozenset(values)), **values)
        if order is TrackOrder.RANDOM or window.offset <= total // 2:
            return await self._listed(order, values, window), total
        # Nearer to the end: an index is walked from whichever end is nearer.
        left = min(window.limit, max(0, total - window.offset))
        back = Window(left, max(0, total - window.offset - left))
        listed = await self._listed(_THE_OTHER_WAY[order], values, back)
        return listed[::-1], total

    async def credits(self, ids: Sequence[UUID]) -> dict[UUID, tuple[TrackCredit, ...]]:
        found: dict[UUID, list[TrackCredit]] = {}
        for track_id, role, artist_id, name, detail in await self._connection.fetch(_CREDITS, ids=list(ids)):
            found.setdefault(track_id, []).append(TrackCredit(Part(role), ArtistRef(artist_id, name), detail))
        return {track_id: tuple(credited) for track_id, credited in found.items()}

    async def lyrics(self, track_id: UUID) -> Lyrics | None:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_LYRICS.within(bounds), id=track_id, **bounds)
        if row is None:
            raise NotFound(f"There is no track {track_id}, or none of its files is here now.")
        text, language = row
        return None if text is None else read_lyrics(text, language)

    async def _listed(self, order: TrackOrder, values: dict[str, Any], window: Window) -> list[Track]:
        statement = _listing(order, frozenset(values))
        ids = await self._connection.fetch(statement, limit=window.limit, offset=window.offset, **values)
        return await self.many([id_ for (id_,) in ids])
