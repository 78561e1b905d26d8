"""Plays, one at a time, and histories. Whole sets are counted and appended in ``listening.py``."""

from functools import cache
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import BigInteger, DateTime, Integer, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.listening import ContextKind, PlayEvent, TimeOrder
from appliance.core.plays import PlayFilter
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import plays

_USER = bindparam("user_id", type_=Uuid)
_ID = bindparam("id", type_=Uuid)
_ADD = Statement(
    insert(plays)
    .values({column.name: bindparam(column.name, type_=column.type) for column in plays.c})
    .on_conflict_do_nothing()
    .returning(plays.c.id)
)
_BY_ID = Statement(select(*plays.c).where(plays.c.id == _ID))
_THE_SAME = Statement(
    select(*plays.c).where(
        *(
            column == bindparam(column.name, type_=column.type)
            for column in (plays.c.user_id, plays.c.track_id, plays.c.client, plays.c.happened_at)
        )
    )
)
_GET = Statement(select(*plays.c).where(plays.c.user_id == _USER, plays.c.id == _ID))
_CONDITIONS = {
    "track_id": plays.c.track_id == bindparam("track_id", type_=Uuid),
    "from_time": plays.c.happened_at >= bindparam("from_time", type_=DateTime(timezone=True)),
    "to_time": plays.c.happened_at < bindparam("to_time", type_=DateTime(timezone=True)),
}
_ORDERS = {
    TimeOrder.NEWEST: (plays.c.happened_at.desc(), plays.c.id.desc()),
    TimeOrder.OLDEST: (plays.c.happened_at, plays.c.id),
}
_OPPOSITE = {TimeOrder.NEWEST: TimeOrder.OLDEST, TimeOrder.OLDEST: TimeOrder.NEWEST}


def _ids(conditions: frozenset[str]) -> Select[Any]:
    # Of its id and time alone an index answers, so that a page far back need not touch what is in front of it.
    return select(plays.c.id, plays.c.happened_at).where(
        plays.c.user_id == _USER, *(_CONDITIONS[name] for name in sorted(conditions))
    )


@cache
def _listing(conditions: frozenset[str], order: TimeOrder) -> Statement:
    page = (
        _ids(conditions)
        .order_by(*_ORDERS[order])
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=BigInteger))
        .subquery("page")
    )
    return Statement(select(*plays.c).join(page, page.c.id == plays.c.id).order_by(*_ORDERS[order]))


@cache
def _counting(conditions: frozenset[str]) -> Statement:
    return Statement(select(func.count()).select_from(_ids(conditions).subquery()))


def _event(row: Row) -> PlayEvent:
    values = dict(row.items())
    kind = values["context_kind"]
    return PlayEvent(**values | {"context_kind": None if kind is None else ContextKind(kind)})


class Plays:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, event: PlayEvent) -> bool:
        return await self._connection.fetch_value(_ADD, **asdict(event)) is not None

    async def like(self, event: PlayEvent) -> PlayEvent:
        row = await self._connection.fetch_row(_BY_ID, id=event.id) or await self._connection.fetch_row(
            _THE_SAME,
            user_id=event.user_id,
            track_id=event.track_id,
            client=event.client,
            happened_at=event.happened_at,
        )
        if row is None:
            raise NotFound(f"There is no play {event.id}.")
        return _event(row)

    async def get(self, user_id: UUID, play_id: UUID) -> PlayEvent:
        row = await self._connection.fetch_row(_GET, user_id=user_id, id=play_id)
        if row is None:
            raise NotFound(f"There is no play {play_id}.")
        return _event(row)

    async def page(
        self, user_id: UUID, narrow: PlayFilter, order: TimeOrder, window: Window
    ) -> tuple[list[PlayEvent], int]:
        values = {name: value for name, value in asdict(narrow).items() if value is not None} | {"user_id": user_id}
        conditions = frozenset(values) - {"user_id"}
        total: int = await self._connection.fetch_value(_counting(conditions), **values)
        limit = max(0, min(window.limit, total - window.offset))
        behind = max(0, total - window.offset - limit)
        if window.offset <= behind:
            rows = await self._connection.fetch(
                _listing(conditions, order), limit=limit, offset=window.offset, **values
            )
            return [_event(row) for row in rows], total
        # What is skipped is read all the same: so from the nearer end.
        page = _listing(conditions, _OPPOSITE[order])
        rows = await self._connection.fetch(page, limit=limit, offset=behind, **values)
        return [_event(row) for row in reversed(rows)], total
