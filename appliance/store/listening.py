"""Likes, ratings and plays: logs that are only ever appended to. What counts now is read from the latest event."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Table,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, distinct_on, insert

from appliance.core.catalogue import NO_MARKS, Item, Marks
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.store.database import Connection
from appliance.store.given import given, values_of
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, artists, files, libraries, likes, plays, ratings, tracks

_USER = bindparam("user_id", type_=Uuid)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_LIBRARY = bindparam("library", type_=Integer)
_TABLES = {Item.ARTIST: artists, Item.ALBUM: albums, Item.TRACK: tracks}


def latest_likes(user_id: BindParameter[UUID], item: Item) -> Subquery:
    """For each thing that the user ever liked: ``item_id``, ``liked`` and ``happened_at`` of the latest event."""
    return (
        select(likes.c.item_id, likes.c.liked, likes.c.happened_at)
        .ext(distinct_on(likes.c.item_id))
        .where(likes.c.user_id == user_id, likes.c.item == item.value)
        .order_by(likes.c.item_id, likes.c.happened_at.desc(), likes.c.id.desc())
        .subquery()
    )


def latest_ratings(user_id: BindParameter[UUID], item: Item) -> Subquery:
    """For each thing that the user ever rated: ``item_id``, ``rating`` and ``happened_at`` of the latest event."""
    return (
        select(ratings.c.item_id, ratings.c.rating, ratings.c.happened_at)
        .ext(distinct_on(ratings.c.item_id))
        .where(ratings.c.user_id == user_id, ratings.c.item == item.value)
        .order_by(ratings.c.item_id, ratings.c.happened_at.desc(), ratings.c.id.desc())
        .subquery()
    )


def _append(table: Table) -> Insert:
    rows = given(list(table.c))
    names = [column.name for column in table.c]
    return insert(table).from_select(names, select(*(rows.c[name] for name in names)))


_ADD_LIKES = Statement(_append(likes))
_ADD_RATINGS = Statement(_append(ratings))
_ADD_PLAYS = Statement(
    _append(plays).on_conflict_do_nothing(
        index_elements=[plays.c.user_id, plays.c.track_id, plays.c.client, plays.c.happened_at]
    )
)
_EXISTING = {item: Statement(select(table.c.id).where(table.c.id == func.any(_IDS))) for item, table in _TABLES.items()}


def _marks(item: Item) -> Statement:
    """All that a user left on some things, as rows of id, kind, number and time: one round trip for all kinds."""
    liked, rated = _latest(likes, likes.c.liked, item), _latest(ratings, ratings.c.rating, item)
    parts: list[Select[Any]] = [
        select(liked.c.item_id, literal_column("'like'"), literal_column("1"), liked.c.happened_at).where(
            liked.c.liked
        ),
        select(rated.c.item_id, literal_column("'rating'"), rated.c.rating, rated.c.happened_at).where(
            rated.c.rating > 0
        ),
    ]
    if item is not Item.ARTIST:
        of = plays.c.track_id if item is Item.TRACK else tracks.c.album_id
        source = plays if item is Item.TRACK else plays.join(tracks, tracks.c.id == plays.c.track_id)
        parts.append(
            select(of, literal_column("'plays'"), func.count(), func.max(plays.c.happened_at))
            .select_from(source)
            .where(plays.c.user_id == _USER, of == func.any(_IDS))
            .group_by(of)
        )
    return Statement(union_all(*parts))


def _latest(log: Table, value: ColumnElement[Any], item: Item) -> Subquery:
    """Of each of the given things, the latest event that the user left."""
    return (
        select(log.c.item_id, value, log.c.happened_at)
        .ext(distinct_on(log.c.item_id))
        .where(log.c.user_id == _USER, log.c.item == item.value, log.c.item_id == func.any(_IDS))
        .order_by(log.c.item_id, log.c.happened_at.desc(), log.c.id.desc())
        .subquery()
    )


_MARKS = {item: _marks(item) for item in Item}

_PLAYABLE = {
    Item.ARTIST: (artists.c.track_count > 0) | (artists.c.album_count > 0),
    Item.ALBUM: albums.c.track_count > 0,
    Item.TRACK: tracks.c.file_id.is_not(None),
}
_IN_LIBRARY: dict[Item, ColumnElement[bool]] = {
    Item.ARTIST: select(albums.c.id)
    .join(album_artists, album_artists.c.album_id == albums.c.id)
    .where(album_artists.c.artist_id == artists.c.id, _LIBRARY == func.any(albums.c.libraries))
    .exists(),
    Item.ALBUM: _LIBRARY == func.any(albums.c.libraries),
    Item.TRACK: select(files.c.id)
    .join(libraries, libraries.c.id == files.c.library_id)
    .where(files.c.id == tracks.c.file_id, libraries.c.number == _LIBRARY)
    .exists(),
}


def _liked(item: Item, *, narrowed: bool) -> Statement:
    latest = latest_likes(_USER, item)
    table = _TABLES[item]
    statement = (
        select(latest.c.item_id)
        .join(table, table.c.id == latest.c.item_id)
        .where(latest.c.liked, _PLAYABLE[item])
        .order_by(latest.c.happened_at.desc(), latest.c.item_id)
    )
    return Statement(statement.where(_IN_LIBRARY[item]) if narrowed else statement)


_LIKED = {(item, narrowed): _liked(item, narrowed=narrowed) for item in Item for narrowed in (False, True)}


class Listening:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        known: set[tuple[Item, UUID]] = set()
        for item, statement in _EXISTING.items():
            if ids := [item_id for kind, item_id in items if kind is item]:
                known |= {(item, id_) for (id_,) in await self._connection.fetch(statement, ids=ids)}
        return [pair for pair in items if pair not in known]

    async def add_likes(self, events: Sequence[LikeEvent]) -> None:
        await self._connection.execute(_ADD_LIKES, **values_of(list(likes.c), events))

    async def add_ratings(self, events: Sequence[RatingEvent]) -> None:
        await self._connection.execute(_ADD_RATINGS, **values_of(list(ratings.c), events))

    async def add_plays(self, events: Sequence[PlayEvent]) -> None:
        await self._connection.execute(_ADD_PLAYS, **values_of(list(plays.c), events))

    async def marks(self, user_id: UUID, item: Item, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        rows = await self._connection.fetch(_MARKS[item], user_id=user_id, ids=list(ids))
        marks: dict[UUID, Marks] = {}
        for id_, kind, number, at in rows:
            known = marks.get(id_, NO_MARKS)
            if kind == "like":
                marks[id_] = replace(known, liked_at=at)
            elif kind == "rating":
                marks[id_] = replace(known, rating=number)
            else:
                marks[id_] = replace(known, play_count=number, last_played_at=at)
        return marks

    async def liked(self, user_id: UUID, item: Item, library: int | None = None) -> list[UUID]:
        values: dict[str, object] = {"user_id": user_id}
        if library is not None:
            values["library"] = library
        return [id_ for (id_,) in await self._connection.fetch(_LIKED[item, library is not None], **values)]
