"""The audit log."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Text, Uuid, bindparam, delete, func, insert, select

from appliance.core.audit import Action, AuditFilter, Entry
from appliance.core.catalogue import Window
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import audit

_MOMENT = DateTime(timezone=True)
_LATEST = (audit.c.happened_at.desc(), audit.c.id.desc())
_ADD = Statement(insert(audit).values({column.name: bindparam(column.name, type_=column.type) for column in audit.c}))
_FORGET_OLD = Statement(delete(audit).where(audit.c.happened_at < bindparam("before", type_=_MOMENT)))
_OLDEST_KEPT = select(audit.c.happened_at).order_by(*_LATEST).offset(bindparam("most", type_=Integer)).limit(1)
_FORGET_MANY = Statement(delete(audit).where(audit.c.happened_at <= _OLDEST_KEPT.scalar_subquery()))
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "action": audit.c.action == bindparam("action", type_=Text),
    "actor_id": audit.c.actor_id == bindparam("actor_id", type_=Uuid),
    "subject_id": audit.c.subject_id == bindparam("subject_id", type_=Uuid),
    "since": audit.c.happened_at >= bindparam("since", type_=_MOMENT),
    "until": audit.c.happened_at < bindparam("until", type_=_MOMENT),
}


@cache
def _count(asked: frozenset[str]) -> Statement:
    """How many entries there are of those that a filter asks for, by the names of its conditions."""
    return Statement(select(func.count()).select_from(audit).where(*(_CONDITIONS[name] for name in sorted(asked))))


@cache
def _page(asked: frozenset[str]) -> Statement:
    """A page of the same, latest first."""
    return Statement(
        select(*audit.c)
        .where(*(_CONDITIONS[name] for name in sorted(asked)))
        .order_by(*_LATEST)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


def _entry(row: Any) -> Entry:
    values = dict(zip(audit.c.keys(), row, strict=True))
    return Entry(**values | {"action": Action(values["action"]), "fields": tuple(values["fields"])})


class Audit:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, entry: Entry) -> None:
        await self._connection.execute(
            _ADD,
            id=entry.id,
            happened_at=entry.happened_at,
            action=entry.action.value,
            network=entry.network,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            subject_id=entry.subject_id,
            subject_name=entry.subject_name,
            fields=list(entry.fields),
        )

    async def forget(self, before: datetime, most: int) -> None:
        await self._connection.execute(_FORGET_OLD, before=before)
        await self._connection.execute(_FORGET_MANY, most=most)

    async def page(self, narrow: AuditFilter, window: Window) -> tuple[list[Entry], int]:
        values = _asked(narrow)
        asked = frozenset(values)
        total = await self._connection.fetch_value(_count(asked), **values)
        rows = await self._connection.fetch(_page(asked), **values, limit=window.limit, offset=window.offset)
        return [_entry(row) for row in rows], total


def _asked(narrow: AuditFilter) -> dict[str, Any]:
    """What the filter asks for, by the name of its condition."""
    values = {name: getattr(narrow, name) for name in _CONDITIONS}
    return {name: value for name, value in values.items() if value is not None}
