"""Logs of which only the latest event of each thing counts: likes and ratings. Nothing here changes what was appended.

What stands is the latest event of each thing, where it says something (likes, rates) and does not take that back. An
index has all of a user's events by thing and time, with what they say, so that it alone tells what stands.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert

from appliance.core.catalogue import Item, Window
from appliance.core.errors import NotFound
from appliance.core.listening import LikeEvent, RatingEvent, TimeOrder
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement

EventT = TypeVar("EventT", bound=LikeEvent | RatingEvent)

_USER = bindparam("user_id", type_=Uuid)
_ID = bindparam("id", type_=Uuid)
_ITEM = bindparam("item", type_=Text)
_ITEM_ID = bindparam("item_id", type_=Uuid)


class Log(Generic[EventT]):
    """The statements on one log."""

    def __init__(self, table: Table, says: ColumnElement[bool], event_of: Callable[[Row], EventT]) -> None:
        """``says``: whether an event says something, or takes back what was said."""
        columns = table.c
        self.noun = table.name
        self.event_of = event_of
        self.add = Statement(
            insert(table)
            .values({column.name: bindparam(column.name, type_=column.type) for column in columns})
            .on_conflict_do_nothing(index_elements=[columns.id])
            .returning(columns.id)
        )
        self.event = Statement(select(*columns).where(columns.id == _ID))
        self.latest = Statement(
            select(columns.happened_at)
            .where(columns.user_id == _USER, columns.item == _ITEM, columns.item_id == _ITEM_ID)
            .order_by(columns.happened_at.desc(), columns.id.desc())
            .limit(1)
        )
        self.get = Statement(
            select(*columns).where(columns.user_id == _USER, columns.id == _ID, says, ~_followed(table))
        )
        standing = {False: _standing(table, says), True: _standing(table, says, columns.item == _ITEM)}
        self.counts = {
            of_a_kind: Statement(select(func.count()).select_from(ids)) for of_a_kind, ids in standing.items()
        }
        self.pages = {
            (of_a_kind, order): Statement(_page(table, ids, order))
            for of_a_kind, ids in standing.items()
            for order in TimeOrder
        }


def _followed(table: Table) -> ColumnElement[bool]:
    """Whether a later event of the same thing is there."""
    later = table.alias("later")
    return (
        select(later.c.id)
        .where(
            later.c.user_id == table.c.user_id,
            later.c.item == table.c.item,
            later.c.item_id == table.c.item_id,
            tuple_(later.c.happened_at, later.c.id) > tuple_(table.c.happened_at, table.c.id),
        )
        .exists()
    )


def _standing(table: Table, says: ColumnElement[bool], *only: ColumnElement[bool]) -> Subquery:
    """Id and time of all that stands."""
    columns = table.c
    latest = (
        select(columns.id, columns.happened_at, says.label("says"))
        .ext(distinct_on(columns.item, columns.item_id))
        .where(columns.user_id == _USER, *only)
        .order_by(columns.item, columns.item_id, columns.happened_at.desc(), columns.id.desc())
        .subquery("latest")
    )
    return select(latest.c.id, latest.c.happened_at).where(latest.c.says).subquery("standing")


def _page(table: Table, standing: Subquery, order: TimeOrder) -> Select[Any]:
    ids = (
        select(standing.c.id)
        .order_by(*_sorted(standing.c.happened_at, standing.c.id, order))
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=BigInteger))
        .subquery("page")
    )
    return select(*table.c).join(ids, ids.c.id == table.c.id).order_by(*_sorted(table.c.happened_at, table.c.id, order))


def _sorted(time: ColumnElement[Any], id_: ColumnElement[Any], order: TimeOrder) -> tuple[ColumnElement[Any], ...]:
    return (time.desc(), id_.desc()) if order is TimeOrder.NEWEST else (time, id_)


class Standing(Generic[EventT]):
    """``core.ports.Likes`` and ``core.ports.Ratings``, each on its log."""

    def __init__(self, connection: Connection, log: Log[EventT]) -> None:
        self._connection = connection
        self._log = log

    async def add(self, event: EventT) -> bool:
        return await self._connection.fetch_value(self._log.add, **asdict(event)) is not None

    async def event(self, event_id: UUID) -> EventT:
        return self._found(await self._connection.fetch_row(self._log.event, id=event_id), event_id)

    async def latest(self, user_id: UUID, item: Item, item_id: UUID) -> datetime | None:
        at: datetime | None = await self._connection.fetch_value(
            self._log.latest, user_id=user_id, item=item, item_id=item_id
        )
        return at

    async def get(self, user_id: UUID, event_id: UUID, /) -> EventT:
        row = await self._connection.fetch_row(self._log.get, user_id=user_id, id=event_id)
        return self._found(row, event_id)

    async def page(
        self, user_id: UUID, order: TimeOrder, window: Window, item: Item | None = None
    ) -> tuple[list[EventT], int]:
        of_a_kind = item is not None
        values: dict[str, object] = {"user_id": user_id} | ({"item": item} if of_a_kind else {})
        statement = self._log.pages[of_a_kind, order]
        rows = await self._connection.fetch(statement, limit=window.limit, offset=window.offset, **values)
        total: int = await self._connection.fetch_value(self._log.counts[of_a_kind], **values)
        return [self._log.event_of(row) for row in rows], total

    def _found(self, row: Row | None, event_id: UUID) -> EventT:
        if row is None:
            raise NotFound(f"Nothing in your {self._log.noun} has the id {event_id}.")
        return self._log.event_of(row)
