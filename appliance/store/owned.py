"""What somebody makes and may show to the household: read for whoever asks, listed in the orders of its indexes."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Window
from appliance.core.visibility import Owner, Visibility
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import users

_ASKING = bindparam("asking", type_=Uuid)
_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)


class OwnedRows:
    """The statements on one table of such things. The rows that it gives begin with what ``described`` reads."""

    def __init__(self, table: Table, *columns: ColumnElement[Any]) -> None:
        self._table = table
        self._rows: Select[Any] = select(
            table.c.id,
            users.c.id,
            users.c.name,
            table.c.name,
            table.c.comment,
            table.c.visibility,
            table.c.created_at,
            table.c.updated_at,
            *columns,
        ).join_from(table, users, users.c.id == table.c.owner_id)
        # Not a parameter: an index has this condition, which the planner must recognise.
        self._shown = table.c.visibility != literal_column(f"'{Visibility.PRIVATE.value}'")
        seen = (table.c.owner_id == _ASKING) | self._shown
        one = self._rows.where(table.c.id == bindparam("id", type_=Uuid), seen)
        self.seen = self._rows.where(seen)
        """Every row that ``asking`` may see, to be narrowed further."""
        self._get = Statement(one)
        self._hold = Statement(one.with_for_update(of=table))
        self._owns = Statement(
            select(table.c.id).where(table.c.id == bindparam("id", type_=Uuid), table.c.owner_id == _ASKING)
        )
        self._listing = cache(self._listed)
        self._counting = cache(self._counted)

    async def get(self, connection: Connection, id_: UUID, asking: UUID) -> Row | None:
        return await connection.fetch_row(self._get, id=id_, asking=asking)

    async def hold(self, connection: Connection, id_: UUID, asking: UUID) -> Row | None:
        """The same; until the end of the transaction nobody else changes it."""
        return await connection.fetch_row(self._hold, id=id_, asking=asking)

    async def owns(self, connection: Connection, id_: UUID, asking: UUID) -> bool:
        return await connection.fetch_value(self._owns, id=id_, asking=asking) is not None

    async def page(
        self,
        connection: Connection,
        asking: UUID,
        order: str,
        window: Window,
        *,
        descending: bool,
        owner: UUID | None = None,
        visibility: tuple[Visibility, ...] = (),
    ) -> tuple[list[Row], int]:
        """``order``: the column to sort by."""
        values: dict[str, Any] = {"asking": asking}
        if owner is not None:
            values["owner"] = owner
        if visibility:
            values["visibility"] = [one.value for one in visibility]
        conditions = frozenset(values)
        total: int = await connection.fetch_value(self._counting(conditions), **values)
        listing = self._listing(conditions, order, descending)
        return await connection.fetch(listing, limit=window.limit, offset=window.offset, **values), total

    def _parts(self, conditions: frozenset[str], *columns: ColumnElement[Any]) -> list[Select[Any]]:
        """One's own, and what others show: apart, since each has an index in the order of the list."""
        table = self._table
        only: dict[str, ColumnElement[bool]] = {
            "owner": table.c.owner_id == bindparam("owner", type_=Uuid),
            "visibility": table.c.visibility == func.any(bindparam("visibility", type_=ARRAY(Text))),
        }
        narrowed = select(*columns).where(*(only[name] for name in sorted(conditions & only.keys())))
        return [
            narrowed.where(table.c.owner_id == _ASKING),
            narrowed.where(self._shown, table.c.owner_id != _ASKING),
        ]

    def _listed(self, conditions: frozenset[str], order: str, descending: bool) -> Statement:  # noqa: FBT001 - cached
        table = self._table
        found = union_all(*self._parts(conditions, table.c.id, table.c[order].label("key"))).subquery()
        page = select(found.c.id, found.c.key).limit(_LIMIT).offset(_OFFSET)
        page = page.order_by(*_turned(descending, found.c.key, found.c.id))
        shown = page.subquery("page")
        return Statement(
            self._rows.join(shown, shown.c.id == table.c.id).order_by(*_turned(descending, shown.c.key, shown.c.id))
        )

    def _counted(self, conditions: frozenset[str]) -> Statement:
        found = union_all(*self._parts(conditions, self._table.c.id)).subquery()
        return Statement(select(func.count()).select_from(found))


def _turned(descending: bool, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:  # noqa: FBT001
    return [column.desc() if descending else column.asc() for column in columns]


def described(row: Row) -> dict[str, Any]:
    """What all such things have, from a row of ``OwnedRows``."""
    return {
        "id": row[0],
        "owner": Owner(row[1], row[2]),
        "name": row[3],
        "comment": row[4],
        "visibility": Visibility(row[5]),
        "created_at": row[6],
        "updated_at": row[7],
    }


#: How many columns ``described`` reads.
DESCRIBED = 8
