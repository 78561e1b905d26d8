"""Bookmarks: one row for each user and track."""

from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import BigInteger, Integer, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from appliance.core.bookmarks import Bookmark
from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.listening import TimeOrder
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import bookmarks

_USER = bindparam("user_id", type_=Uuid)
_OWN = (bookmarks.c.user_id == _USER, bookmarks.c.id == bindparam("id", type_=Uuid))
_put = insert(bookmarks).values({column.name: bindparam(column.name, type_=column.type) for column in bookmarks.c})
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=[bookmarks.c.user_id, bookmarks.c.track_id],
        set_={name: _put.excluded[name] for name in ("position_ms", "comment", "changed_at")},
    ).returning(*bookmarks.c)
)
_GET = Statement(select(*bookmarks.c).where(*_OWN))
_REMOVE = Statement(delete(bookmarks).where(*_OWN).returning(bookmarks.c.id))
_PAGES = {
    order: Statement(
        select(*bookmarks.c)
        .where(bookmarks.c.user_id == _USER)
        .order_by(*columns)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=BigInteger))
    )
    for order, columns in (
        (TimeOrder.NEWEST, (bookmarks.c.changed_at.desc(), bookmarks.c.id.desc())),
        (TimeOrder.OLDEST, (bookmarks.c.changed_at, bookmarks.c.id)),
    )
}
_COUNT = Statement(select(func.count()).select_from(bookmarks).where(bookmarks.c.user_id == _USER))


def _bookmark(row: Row) -> Bookmark:
    return Bookmark(**dict(row.items()))


def _none(bookmark_id: UUID) -> NotFound:
    return NotFound(f"There is no bookmark {bookmark_id}.")


class Bookmarks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, bookmark: Bookmark) -> Bookmark:
        (row,) = await self._connection.fetch(_PUT, **asdict(bookmark))
        return _bookmark(row)

    async def get(self, user_id: UUID, bookmark_id: UUID) -> Bookmark:
        row = await self._connection.fetch_row(_GET, user_id=user_id, id=bookmark_id)
        if row is None:
            raise _none(bookmark_id)
        return _bookmark(row)

    async def page(self, user_id: UUID, order: TimeOrder, window: Window) -> tuple[list[Bookmark], int]:
        rows = await self._connection.fetch(_PAGES[order], user_id=user_id, limit=window.limit, offset=window.offset)
        total: int = await self._connection.fetch_value(_COUNT, user_id=user_id)
        return [_bookmark(row) for row in rows], total

    async def remove(self, user_id: UUID, bookmark_id: UUID) -> None:
        if await self._connection.fetch_value(_REMOVE, user_id=user_id, id=bookmark_id) is None:
            raise _none(bookmark_id)
