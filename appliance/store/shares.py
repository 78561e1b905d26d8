"""Shares, and the visits that are counted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, Select, Text, Uuid, bindparam, delete, func, insert, or_, select
from sqlalchemy import update as change

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.shares import Share, ShareKind
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import shares

_ID = bindparam("id", type_=Uuid)
_CODE = bindparam("code", type_=Text)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_COLUMNS = tuple(shares.c[field] for field in Share.__struct_fields__)
_UNEXPIRED = or_(shares.c.expires_at.is_(None), shares.c.expires_at > _NOW)

_ADD = Statement(insert(shares).values({column.name: bindparam(column.name, type_=column.type) for column in shares.c}))
_GET = Statement(select(*_COLUMNS).where(shares.c.id == _ID))
_CHANGE = Statement(
    change(shares)
    .where(shares.c.id == bindparam("share", type_=Uuid))
    .values(
        description=bindparam("description", type_=Text),
        expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
        visit_limit=bindparam("visit_limit", type_=Integer),
    )
    .returning(*_COLUMNS)
)
_REMOVE = Statement(delete(shares).where(shares.c.id == _ID))
#: The row is locked by the first of several at once; the others then ask the count that it left.
_VISIT = Statement(
    change(shares)
    .where(
        shares.c.code == _CODE,
        _UNEXPIRED,
        or_(shares.c.visit_limit.is_(None), shares.c.visit_count < shares.c.visit_limit),
    )
    .values(visit_count=shares.c.visit_count + 1, visited_at=_NOW)
    .returning(*_COLUMNS)
)
_OPEN = Statement(
    select(*_COLUMNS).where(
        shares.c.code == _CODE,
        _UNEXPIRED,
        or_(
            shares.c.visit_limit.is_(None),
            shares.c.visited_at > bindparam("visited_since", type_=DateTime(timezone=True)),
        ),
    )
)


def _of(columns: tuple[Any, ...], *, one: bool) -> Select[Any]:
    every = select(*columns).select_from(shares)
    return every.where(shares.c.user_id == bindparam("user_id", type_=Uuid)) if one else every


_PAGE = {
    one: Statement(
        _of(_COLUMNS, one=one)
        .order_by(shares.c.created_at.desc(), shares.c.id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=BigInteger))
    )
    for one in (False, True)
}
_COUNT = {one: Statement(_of((func.count(),), one=one)) for one in (False, True)}


def _share(row: Row) -> Share:
    values = dict(row.items())
    return Share(**values | {"kind": ShareKind(values["kind"]), "item_ids": tuple(values["item_ids"])})


class Shares:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, share: Share) -> None:
        values = {field: getattr(share, field) for field in Share.__struct_fields__}
        await self._connection.execute(_ADD, **values | {"kind": share.kind.value})

    async def get(self, share_id: UUID) -> Share | None:
        row = await self._connection.fetch_row(_GET, id=share_id)
        return None if row is None else _share(row)

    async def change(self, share: Share) -> Share:
        row = await self._connection.fetch_row(
            _CHANGE,
            share=share.id,
            description=share.description,
            expires_at=share.expires_at,
            visit_limit=share.visit_limit,
        )
        if row is None:
            raise NotFound(f"There is no share {share.id}.")
        return _share(row)

    async def remove(self, share_id: UUID) -> None:
        await self._connection.execute(_REMOVE, id=share_id)

    async def page(self, user_id: UUID | None, window: Window) -> tuple[list[Share], int]:
        one = user_id is not None
        of: dict[str, Any] = {"user_id": user_id} if one else {}
        rows = await self._connection.fetch(_PAGE[one], limit=window.limit, offset=window.offset, **of)
        return [_share(row) for row in rows], await self._connection.fetch_value(_COUNT[one], **of)

    async def visit(self, code: str, now: datetime) -> Share | None:
        row = await self._connection.fetch_row(_VISIT, code=code, now=now)
        return None if row is None else _share(row)

    async def open(self, code: str, now: datetime, *, visited_since: datetime) -> Share | None:
        row = await self._connection.fetch_row(_OPEN, code=code, now=now, visited_since=visited_since)
        return None if row is None else _share(row)
