"""Albums, read. A page is found on an index alone and then filled in, so that a high offset stays cheap."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Album, AlbumFilter, AlbumOrder, ArtistRef, Item, Window
from appliance.core.errors import NotFound
from appliance.store.database import Connection, Row
from appliance.store.listening import latest
from appliance.store.narrowing import asked, conditions_on
from appliance.store.playable import PLAYABLE
from appliance.store.scope import WITHIN, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, likes, plays, ratings, tracks

_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)
_USER = bindparam("user_id", type_=Uuid)


def _select(track_count: ColumnElement[Any], duration_ms: ColumnElement[Any]) -> Select[Any]:
    return select(
        albums.c.id,
        albums.c.title,
        albums.c.sort_title,
        albums.c.artist_ids,
        albums.c.artist_names,
        albums.c.artist_display,
        track_count,
        duration_ms,
        albums.c.genres,
        albums.c.compilation,
        albums.c.release_date,
        albums.c.original_date,
        albums.c.year,
        albums.c.disc_titles,
        albums.c.cover_id,
        albums.c.musicbrainz_release_id,
        albums.c.musicbrainz_release_group_id,
        albums.c.created_at,
        albums.c.release_group_id,
        albums.c.types,
        albums.c.label,
        albums.c.catalog_number,
        albums.c.country,
        albums.c.edition,
    )


def select_albums() -> Select[Any]:
    """The columns that ``album_of`` reads."""
    return _select(albums.c.track_count, albums.c.duration_ms)


def select_albums_within() -> Select[Any]:
    """The same of an album as some libraries know it: what is counted is counted there."""
    there = select(tracks.c.id).where(tracks.c.album_id == albums.c.id, PLAYABLE[Item.TRACK], WITHIN[Item.TRACK])
    return _select(
        there.with_only_columns(func.count()).scalar_subquery(),
        there.with_only_columns(func.coalesce(func.sum(tracks.c.duration_ms), 0)).scalar_subquery(),
    )


def album_of(row: Row) -> Album:
    """A row of ``select_albums``."""
    return Album(
        id=row[0],
        title=row[1],
        sort_title=row[2],
        artists=tuple(map(ArtistRef, row[3], row[4])),
        artist_display=row[5],
        track_count=row[6],
        duration_ms=row[7],
        genres=tuple(row[8]),
        compilation=row[9],
        release_date=row[10],
        original_date=row[11],
        year=row[12],
        disc_titles={int(number): title for number, title in row[13].items()} if row[13] else {},
        cover_id=row[14],
        musicbrainz_release_id=row[15],
        musicbrainz_release_group_id=row[16],
        created_at=row[17],
        release_group_id=row[18],
        types=tuple(row[19]),
        label=row[20],
        catalog_number=row[21],
        country=row[22],
        edition=row[23],
    )


_BY_ID = albums.c.id == bindparam("id", type_=Uuid)
_GET = Question(select_albums().where(_BY_ID), select_albums_within().where(_BY_ID, WITHIN[Item.ALBUM]))
_BY_IDS = albums.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
_MANY = Question(select_albums().where(_BY_IDS), select_albums_within().where(_BY_IDS, WITHIN[Item.ALBUM]))
_OF_ARTIST = Question.narrowed(
    select(albums.c.id)
    .join(album_artists, album_artists.c.album_id == albums.c.id)
    .where(album_artists.c.artist_id == bindparam("artist_id", type_=Uuid), albums.c.track_count > 0)
    .order_by(albums.c.year.asc().nulls_last(), albums.c.sort_title, albums.c.id),
    Item.ALBUM,
)

_played = (
    select(tracks.c.album_id, func.count().label("times"), func.max(plays.c.happened_at).label("last"))
    .join(plays, plays.c.track_id == tracks.c.id)
    .where(plays.c.user_id == _USER)
    .group_by(tracks.c.album_id)
    .subquery()
)
_liked = latest(likes.c.liked, Item.ALBUM)
_rated = latest(ratings.c.rating, Item.ALBUM)
_ids = select(albums.c.id).where(albums.c.track_count > 0)

#: How each order finds its ids. The orders that are the user's own start from the user's log, not from the albums.
_ORDERED: dict[AlbumOrder, Select[Any]] = {
    AlbumOrder.TITLE: _ids.order_by(albums.c.sort_title, albums.c.id),
    AlbumOrder.ARTIST: _ids.order_by(albums.c.artist_sort, albums.c.sort_title, albums.c.id),
    AlbumOrder.NEWEST: _ids.order_by(albums.c.created_at.desc(), albums.c.id.desc()),
    AlbumOrder.YEAR: _ids.where(albums.c.year.is_not(None)).order_by(albums.c.year, albums.c.sort_title, albums.c.id),
    AlbumOrder.YEAR_DESCENDING: _ids.where(albums.c.year.is_not(None)).order_by(
        albums.c.year.desc(), albums.c.sort_title.desc(), albums.c.id.desc()
    ),
    AlbumOrder.RANDOM: _ids.order_by(func.random()),
    AlbumOrder.RECENT: _ids.join(_played, _played.c.album_id == albums.c.id).order_by(
        _played.c.last.desc(), albums.c.id
    ),
    AlbumOrder.FREQUENT: _ids.join(_played, _played.c.album_id == albums.c.id).order_by(
        _played.c.times.desc(), _played.c.last.desc(), albums.c.id
    ),
    AlbumOrder.RATED: _ids.join(_rated, _rated.c.item_id == albums.c.id)
    .where(_rated.c.rating > 0)
    .order_by(_rated.c.rating.desc(), _rated.c.happened_at.desc(), albums.c.id),
    AlbumOrder.STARRED: _ids.join(_liked, _liked.c.item_id == albums.c.id)
    .where(_liked.c.liked)
    .order_by(_liked.c.happened_at.desc(), albums.c.id),
}
_USERS_OWN = {AlbumOrder.RECENT, AlbumOrder.FREQUENT, AlbumOrder.RATED, AlbumOrder.STARRED}
_CONDITIONS = conditions_on(albums, WITHIN[Item.ALBUM]) | {
    "release_group": albums.c.release_group_id == bindparam("release_group", type_=Uuid),
    "artist": albums.c.id.in_(
        select(album_artists.c.album_id).where(album_artists.c.artist_id == bindparam("artist", type_=Uuid))
    ),
}


@cache
def _listing(order: AlbumOrder, conditions: frozenset[str]) -> Statement:
    """At most ten orders by 64 sets of conditions, each compiled when it is first asked for."""
    ids = _ORDERED[order].where(*(_CONDITIONS[name] for name in sorted(conditions)))
    return Statement(ids.limit(_LIMIT).offset(_OFFSET))


@cache
def _counting(conditions: frozenset[str]) -> Statement:
    playable = albums.c.track_count > 0
    return Statement(
        select(func.count()).select_from(albums).where(playable, *(_CONDITIONS[name] for name in sorted(conditions)))
    )


class Albums:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def get(self, album_id: UUID) -> Album:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=album_id, **bounds)
        if row is None:
            raise NotFound(f"There is no album {album_id}.")
        return album_of(row)

    async def many(self, ids: Sequence[UUID]) -> list[Album]:
        bounds = self._scope.bounds
        found = {row[0]: row for row in await self._connection.fetch(_MANY.within(bounds), ids=list(ids), **bounds)}
        return [album_of(found[id_]) for id_ in ids if id_ in found]

    async def of_artist(self, artist_id: UUID) -> list[Album]:
        bounds = self._scope.bounds
        ids = await self._connection.fetch(_OF_ARTIST.within(bounds), artist_id=artist_id, **bounds)
        return await self.many([id_ for (id_,) in ids])

    async def list(self, order: AlbumOrder, narrow: AlbumFilter, window: Window, user_id: UUID) -> "list[Album]":
        values = asked(narrow, self._scope)
        statement = _listing(order, frozenset(values))
        if order in _USERS_OWN:
            values["user_id"] = user_id
        ids = await self._connection.fetch(statement, limit=window.limit, offset=window.offset, **values)
        return await self.many([id_ for (id_,) in ids])

    async def count(self, narrow: AlbumFilter) -> int:
        values = asked(narrow, self._scope)
        total: int = await self._connection.fetch_value(_counting(frozenset(values)), **values)
        return total
