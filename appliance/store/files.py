"""Files, read: those that are there, and those that are missing."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.files import FileFilter, HeldFile
from appliance.store.database import Connection, Row
from appliance.store.scope import LIBRARIES, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import files, libraries

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_ID = bindparam("id", type_=Uuid)
#: A file of a library that is not in use is there for nobody.
_WITHIN = files.c.library_id.in_(
    select(libraries.c.id).where(libraries.c.active, libraries.c.number == func.any(LIBRARIES))
)
_IN_USE = files.c.library_id.in_(select(libraries.c.id).where(libraries.c.active))


def _select() -> Select[Any]:
    return select(
        files.c.id,
        files.c.track_id,
        libraries.c.number,
        files.c.path,
        files.c.size,
        files.c.mtime_ns,
        files.c.identity,
        files.c.suffix,
        files.c.codec,
        files.c.duration_ms,
        files.c.bit_rate,
        files.c.sample_rate,
        files.c.channels,
        files.c.bit_depth,
        files.c.missing_since,
        files.c.created_at,
    ).join(libraries, libraries.c.id == files.c.library_id)


def _file(row: Row) -> HeldFile:
    return HeldFile(
        id=row[0],
        track_id=row[1],
        library_number=row[2],
        path=row[3],
        size=row[4],
        mtime_ns=row[5],
        identity=row[6],
        suffix=row[7],
        codec=row[8],
        duration_ms=row[9],
        bit_rate=row[10],
        sample_rate=row[11],
        channels=row[12],
        bit_depth=row[13],
        missing_since=row[14],
        created_at=row[15],
    )


_GET = Question(_select().where(files.c.id == _ID, _IN_USE), _select().where(files.c.id == _ID, _WITHIN))
_MANY = Statement(_select().where(files.c.id == func.any(_IDS)))
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "track": files.c.track_id == bindparam("track", type_=Uuid),
    "missing": files.c.missing_since.is_not(None),
    "present": files.c.missing_since.is_(None),
    LIBRARIES.key: _WITHIN,
}


def _ids(conditions: frozenset[str]) -> Select[Any]:
    narrowed = [_CONDITIONS[name] for name in sorted(conditions)]
    return select(files.c.id).where(*narrowed, *([] if LIBRARIES.key in conditions else [_IN_USE]))


@cache
def _listing(conditions: frozenset[str]) -> Statement:
    return Statement(
        _ids(conditions)
        .order_by(files.c.id)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


@cache
def _counting(conditions: frozenset[str]) -> Statement:
    return Statement(select(func.count()).select_from(_ids(conditions).subquery()))


class Files:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def get(self, file_id: UUID) -> HeldFile:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_GET.within(bounds), id=file_id, **bounds)
        if row is None:
            raise NotFound(f"There is no file {file_id}.")
        return _file(row)

    async def page(self, narrow: FileFilter, window: Window) -> tuple[list[HeldFile], int]:
        values: dict[str, Any] = dict(self._scope.within(narrow.library))
        if narrow.track is not None:
            values["track"] = narrow.track
        conditions = set(values)
        if narrow.missing is not None:
            conditions.add("missing" if narrow.missing else "present")
        asked = frozenset(conditions)
        total: int = await self._connection.fetch_value(_counting(asked), **values)
        rows = await self._connection.fetch(_listing(asked), limit=window.limit, offset=window.offset, **values)
        found = {row[0]: row for row in await self._connection.fetch(_MANY, ids=[id_ for (id_,) in rows])}
        return [_file(found[id_]) for (id_,) in rows], total
