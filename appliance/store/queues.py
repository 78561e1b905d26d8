"""Play queues: one row for each user who ever had one."""

from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import Integer, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from appliance.core.catalogue import Window
from appliance.core.queues import LONGEST_QUEUE, PlayQueue
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import queues

_USER = bindparam("user_id", type_=Uuid)
_FIRST = bindparam("first", type_=Integer)
_GET = Statement(select(*queues.c).where(queues.c.user_id == _USER))
_MAKE = Statement(insert(queues).values(user_id=_USER).on_conflict_do_nothing())
_TAKE = Statement(select(*queues.c).where(queues.c.user_id == _USER).with_for_update())
_changes = {
    column.name: bindparam(column.name, type_=column.type)
    for column in queues.c
    if column is not queues.c.user_id and column is not queues.c.track_ids
}
_owner = queues.c.user_id == bindparam("owner", type_=Uuid)
_MOVE = Statement(update(queues).where(_owner).values(_changes))
_PUT = Statement(
    update(queues).where(_owner).values(_changes | {"track_ids": bindparam("track_ids", type_=queues.c.track_ids.type)})
)
_SLICE = Statement(
    select(
        queues.c.track_ids[_FIRST : _FIRST + bindparam("limit", type_=Integer) - 1],
        func.cardinality(queues.c.track_ids),
    ).where(queues.c.user_id == _USER)
)


def _queue(row: Row) -> PlayQueue:
    values = dict(row.items())
    return PlayQueue(**values | {"track_ids": tuple(values["track_ids"])})


class Queues:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, user_id: UUID) -> PlayQueue:
        row = await self._connection.fetch_row(_GET, user_id=user_id)
        return PlayQueue(user_id=user_id) if row is None else _queue(row)

    async def take(self, user_id: UUID) -> PlayQueue:
        await self._connection.execute(_MAKE, user_id=user_id)
        row = await self._connection.fetch_row(_TAKE, user_id=user_id)
        assert row is not None
        return _queue(row)

    async def put(self, queue: PlayQueue) -> None:
        values = asdict(queue)
        await self._connection.execute(_PUT, owner=values.pop("user_id"), **values)

    async def move(self, queue: PlayQueue) -> None:
        values = asdict(queue)
        del values["track_ids"]
        await self._connection.execute(_MOVE, owner=values.pop("user_id"), **values)

    async def entries(self, user_id: UUID, window: Window) -> tuple[list[UUID], int]:
        # PostgreSQL counts the elements of an array from 1, in 32 bits.
        first = 1 + min(window.offset, LONGEST_QUEUE)
        row = await self._connection.fetch_row(_SLICE, user_id=user_id, limit=window.limit, first=first)
        return ([], 0) if row is None else (list(row[0]), row[1])
