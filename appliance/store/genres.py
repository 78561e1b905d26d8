"""Genres: read, and folded into one another."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, bindparam, collate, false, func, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Genre, Item, Window
from appliance.core.errors import NotFound
from appliance.core.genres import GenreOwner, GenreState
from appliance.store.database import Connection, Row
from appliance.store.genre_folding import write_genre
from appliance.store.playable import PLAYABLE
from appliance.store.scope import WITHIN, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import genre_aliases, genres, track_genres, tracks
from appliance.store.turns import Turn, take_turns

#: Counted at the time of asking: the counts that are kept are of all libraries together.
_counted = (
    select(
        track_genres.c.genre_id,
        func.count(tracks.c.album_id.distinct()).label("albums"),
        func.count().label("tracks"),
    )
    .join(tracks, tracks.c.id == track_genres.c.track_id)
    .where(PLAYABLE[Item.TRACK], WITHIN[Item.TRACK])
    .group_by(track_genres.c.genre_id)
    .subquery("counted")
)
_ALL = Question(
    select(genres.c.id, genres.c.name, genres.c.album_count, genres.c.track_count)
    .where(genres.c.track_count > 0)
    .order_by(collate(genres.c.key, "C")),
    select(genres.c.id, genres.c.name, _counted.c.albums, _counted.c.tracks)
    .join(_counted, _counted.c.genre_id == genres.c.id)
    .order_by(collate(genres.c.key, "C")),
)


_ID = bindparam("id", type_=Uuid)
_KEYS = bindparam("keys", type_=ARRAY(Text))
_aliases = func.array(
    select(genre_aliases.c.name)
    .where(genre_aliases.c.genre_id == genres.c.id)
    .order_by(genre_aliases.c.key)
    .scalar_subquery(),
    type_=ARRAY(Text),
)
_of_all = select(genres.c.id, genres.c.name, genres.c.album_count, genres.c.track_count, genres.c.key, _aliases)
_of_some = select(genres.c.id, genres.c.name, _counted.c.albums, _counted.c.tracks, genres.c.key, _aliases).join(
    _counted, _counted.c.genre_id == genres.c.id
)
_GET = Question(_of_all.where(genres.c.id == _ID), _of_some.where(genres.c.id == _ID))
_PAGE = Question(
    *(
        question.order_by(collate(genres.c.key, "C"))
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
        for question in (_of_all.where(genres.c.track_count > 0), _of_some)
    )
)
_COUNT = Question(
    select(func.count()).select_from(genres).where(genres.c.track_count > 0),
    select(func.count()).select_from(_counted),
)
_OWNERS = Statement(
    union_all(
        select(genres.c.key, genres.c.id, genres.c.name, false()).where(genres.c.key == func.any(_KEYS)),
        select(genre_aliases.c.key, genres.c.id, genres.c.name, true())
        .join(genres, genres.c.id == genre_aliases.c.genre_id)
        .where(genre_aliases.c.key == func.any(_KEYS)),
    )
)


class Genres:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def all(self) -> list[Genre]:
        bounds = self._scope.bounds
        rows = await self._connection.fetch(_ALL.within(bounds), **bounds)
        return [Genre(id=id_, name=name, album_count=albums, track_count=tracks) for id_, name, albums, tracks in rows]

    async def page(self, window: Window) -> tuple[list[GenreState], int]:
        bounds = self._scope.bounds
        asked = bounds | {"limit": window.limit, "offset": window.offset}
        rows = await self._connection.fetch(_PAGE.within(bounds), **asked)
        return [_state(row) for row in rows], await self._connection.fetch_value(_COUNT.within(bounds), **bounds)

    async def get(self, genre_id: UUID) -> GenreState:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=genre_id, **bounds)
        if row is None:
            raise NotFound(f"There is no genre {genre_id}.")
        return _state(row)

    async def lock(self) -> None:
        await take_turns(self._connection, Turn.CATALOGUE)

    async def owners(self, keys: Sequence[str]) -> dict[str, GenreOwner]:
        rows = await self._connection.fetch(_OWNERS, keys=list(keys))
        return {key: GenreOwner(id_, name, is_alias) for key, id_, name, is_alias in rows}

    async def write(self, genre_id: UUID, key: str, name: str, aliases: Mapping[str, str]) -> None:
        await write_genre(self._connection, genre_id, key, name, aliases)


def _state(row: Row) -> GenreState:
    id_, name, albums, tracks, key, aliases = row
    genre = Genre(id=id_, name=name, album_count=albums, track_count=tracks)
    return GenreState(genre=genre, key=key, aliases=tuple(aliases))
