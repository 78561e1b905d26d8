"""Likes, ratings and plays: logs that are only ever appended to. What counts now is read from the latest event."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import (
    Column,
    ColumnElement,
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
from appliance.store.playable import PLAYABLE, TABLES
from appliance.store.scope import Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import likes, plays, ratings, tracks

_USER = bindparam("user_id", type_=Uuid)
_IDS = bindparam("ids", type_=ARRAY(Uuid))


def latest(value: Column[Any], item: Item, *only: ColumnElement[bool]) -> Subquery:
    """Of each thing of this kind, the latest event of the user's in the log of ``value`` (``liked`` or ``rating``).

    Has ``item_id``, the value and ``happened_at``. ``only``: conditions on the log, for some of the things.
    """
    log = value.table
    return (
        select(log.c.item_id, value, log.c.happened_at)
        .ext(distinct_on(log.c.item_id))
        .where(log.c.user_id == _USER, log.c.item == item.value, *only)
        .order_by(log.c.item_id, log.c.happened_at.desc(), log.c.id.desc())
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
_EXISTING = {
    item: Question.narrowed(select(table.c.id).where(table.c.id == func.any(_IDS)), item)
    for item, table in TABLES.items()
}


def _marks(item: Item) -> Statement:
    """All that a user left on some things, as rows of id, kind, number and time: one round trip for all kinds."""
    liked = latest(likes.c.liked, item, likes.c.item_id == func.any(_IDS))
    rated = latest(ratings.c.rating, item, ratings.c.item_id == func.any(_IDS))
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


_MARKS = {item: _marks(item) for item in Item}


def _liked(item: Item) -> Question:
    likings = latest(likes.c.liked, item)
    table = TABLES[item]
    return Question.narrowed(
        select(likings.c.item_id)
        .join(table, table.c.id == likings.c.item_id)
        .where(likings.c.liked, PLAYABLE[item])
        .order_by(likings.c.happened_at.desc(), likings.c.item_id),
        item,
    )


_LIKED = {item: _liked(item) for item in Item}


class Listening:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        known: set[tuple[Item, UUID]] = set()
        bounds = self._scope.bounds
        for item, question in _EXISTING.items():
            if ids := [item_id for kind, item_id in items if kind is item]:
                found = await self._connection.fetch(question.within(bounds), ids=ids, **bounds)
                known |= {(item, id_) for (id_,) in found}
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
        bounds = self._scope.within(library)
        found = await self._connection.fetch(_LIKED[item].within(bounds), user_id=user_id, **bounds)
        return [id_ for (id_,) in found]
