"""Artists: read, and ordered by people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Artist, Item, Window
from appliance.core.errors import NotFound
from appliance.store.database import Connection, Row
from appliance.store.playable import PLAYABLE
from appliance.store.scope import WITHIN, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, artists, track_artists, track_credits, tracks
from appliance.store.tidy import tidy
from appliance.store.turns import Turn, take_turns


def _select(
    album_count: ColumnElement[Any],
    track_count: ColumnElement[Any],
    cover_id: ColumnElement[Any],
    roles: ColumnElement[Any],
) -> Select[Any]:
    return select(
        artists.c.id,
        artists.c.name,
        artists.c.sort_name,
        album_count,
        track_count,
        cover_id,
        artists.c.musicbrainz_id,
        artists.c.created_at,
        roles,
        artists.c.aliases,
    )


def select_artists() -> Select[Any]:
    """The columns that ``artist_of`` reads."""
    return _select(artists.c.album_count, artists.c.track_count, artists.c.cover_id, artists.c.roles)


def select_artists_within() -> Select[Any]:
    """The same of an artist as some libraries know them: what is counted is counted there."""
    of_theirs = _albums_within().with_only_columns(func.count())
    performed = (
        select(func.count())
        .select_from(track_artists)
        .join(tracks, tracks.c.id == track_artists.c.track_id)
        .where(track_artists.c.artist_id == artists.c.id, PLAYABLE[Item.TRACK], WITHIN[Item.TRACK])
    )
    roles = (
        select(track_credits.c.role)
        .distinct()
        .join(tracks, tracks.c.id == track_credits.c.track_id)
        .where(track_credits.c.artist_id == artists.c.id, PLAYABLE[Item.TRACK], WITHIN[Item.TRACK])
        .order_by(track_credits.c.role)
    )
    return _select(
        of_theirs.scalar_subquery(), performed.scalar_subquery(), cover_within(), func.array(roles.scalar_subquery())
    )


def cover_within() -> ColumnElement[Any]:
    """The cover of the artist's latest album that has one within some libraries, as ``tidy`` chooses it of all."""
    return (
        _albums_within()
        .where(albums.c.cover_id.is_not(None))
        .with_only_columns(albums.c.cover_id)
        .order_by(albums.c.year.desc().nulls_last(), albums.c.id)
        .limit(1)
        .scalar_subquery()
    )


def _albums_within() -> Select[Any]:
    """The albums of the artist at hand that some libraries have."""
    return (
        select(albums.c.id)
        .join(album_artists, album_artists.c.album_id == albums.c.id)
        .where(album_artists.c.artist_id == artists.c.id, PLAYABLE[Item.ALBUM], WITHIN[Item.ALBUM])
    )


def artist_of(row: Row) -> Artist:
    """A row of ``select_artists``."""
    id_, name, sort_name, album_count, track_count, cover_id, musicbrainz_id, created_at, roles, aliases = row
    return Artist(
        id=id_,
        name=name,
        sort_name=sort_name,
        album_count=album_count,
        track_count=track_count,
        roles=tuple(roles),
        aliases=tuple(aliases),
        cover_id=cover_id,
        musicbrainz_id=musicbrainz_id,
        created_at=created_at,
    )


_IDS = artists.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
_GET = Question(
    select_artists().where(artists.c.id == bindparam("id", type_=Uuid)),
    select_artists_within().where(artists.c.id == bindparam("id", type_=Uuid), WITHIN[Item.ARTIST]),
)
_MANY = Question(select_artists().where(_IDS), select_artists_within().where(_IDS, WITHIN[Item.ARTIST]))
_sorted = select(artists.c.id).order_by(artists.c.sort_name, artists.c.id)
_ALBUM_ARTISTS = Question(
    _sorted.where(artists.c.album_count > 0),
    _sorted.where(
        artists.c.album_count > 0,
        _albums_within().exists(),
    ),
)
_playable = _sorted.where(PLAYABLE[Item.ARTIST])
_PAGE = Question.narrowed(
    _playable.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer)), Item.ARTIST
)
_COUNT = Question.narrowed(select(func.count()).select_from(artists).where(PLAYABLE[Item.ARTIST]), Item.ARTIST)

_SORT_BY = Statement(
    text(
        """
        UPDATE artists
        SET sort_name = :sort_name, stale = true,
            manual = array_remove(manual, 'sort_name') || CASE WHEN :manual THEN '{sort_name}'::text[] ELSE '{}' END
        WHERE id = :id
        """
    ).bindparams(bindparam("id", type_=Uuid), bindparam("sort_name", type_=Text), bindparam("manual", type_=Boolean))
)
_CALL = Statement(
    update(artists)
    .where(artists.c.id == bindparam("artist_id", type_=Uuid))
    .values(aliases=bindparam("given_aliases", type_=ARRAY(Text)), search=bindparam("given_search", type_=Text))
)


class Artists:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def get(self, artist_id: UUID) -> Artist:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=artist_id, **bounds)
        if row is None:
            raise NotFound(f"There is no artist {artist_id}.")
        return artist_of(row)

    async def many(self, ids: Sequence[UUID]) -> list[Artist]:
        bounds = self._scope.bounds
        found = {row[0]: row for row in await self._connection.fetch(_MANY.within(bounds), ids=list(ids), **bounds)}
        return [artist_of(found[id_]) for id_ in ids if id_ in found]

    async def album_artists(self, library: int | None = None) -> list[Artist]:
        bounds = self._scope.within(library)
        return await self._filled(_ALBUM_ARTISTS.within(bounds), bounds)

    async def page(self, window: Window) -> tuple[list[Artist], int]:
        bounds = self._scope.bounds
        values = bounds | {"limit": window.limit, "offset": window.offset}
        found = await self._filled(_PAGE.within(bounds), values)
        return found, await self._connection.fetch_value(_COUNT.within(bounds), **bounds)

    async def sort_by(self, artist_id: UUID, sort_name: str, *, manual: bool) -> None:
        await take_turns(self._connection, Turn.CATALOGUE)
        await self._connection.execute(_SORT_BY, id=artist_id, sort_name=sort_name, manual=manual)
        await tidy(self._connection)

    async def call(self, artist_id: UUID, aliases: Sequence[str], search: str) -> None:
        await self._connection.execute(_CALL, artist_id=artist_id, given_aliases=list(aliases), given_search=search)

    async def _filled(self, statement: Statement, values: dict[str, Any]) -> list[Artist]:
        return await self.many([id_ for (id_,) in await self._connection.fetch(statement, **values)])
