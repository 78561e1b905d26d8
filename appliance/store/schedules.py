"""Schedules: changed by people, and by whoever runs what is due."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Integer, Text, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.schedules import Schedule
from appliance.core.text import fold
from appliance.store.database import Connection, Row
from appliance.store.statement import Statement
from appliance.store.tables import schedules
from appliance.store.turns import Turn, take_turns

_COLUMNS = (
    schedules.c.id,
    schedules.c.name,
    schedules.c.kind,
    schedules.c.payload,
    schedules.c.cron,
    schedules.c.time_zone,
    schedules.c.enabled,
    schedules.c.origin,
    schedules.c.next_run_at,
    schedules.c.last_run_at,
    schedules.c.created_at,
)
_ID = bindparam("schedule_id", type_=schedules.c.id.type)
_SET = {column.name: bindparam(f"{column.name}_value", type_=column.type) for column in (*_COLUMNS, schedules.c.key)}

_ADD = Statement(insert(schedules).values(_SET).on_conflict_do_nothing().returning(schedules.c.id))
_IS_TAKEN = Statement(
    select(schedules.c.id).where(schedules.c.key == bindparam("key", type_=Text), schedules.c.id != _ID)
)
_UPDATE = Statement(schedules.update().where(schedules.c.id == _ID).values(_SET))
_MOVE_ON = Statement(
    schedules.update()
    .where(schedules.c.id == _ID)
    .values(
        next_run_at=bindparam("next", type_=DateTime(timezone=True)),
        last_run_at=bindparam("last", type_=DateTime(timezone=True)),
    )
)
_REMOVE = Statement(delete(schedules).where(schedules.c.id == _ID))
_GET = Statement(select(*_COLUMNS).where(schedules.c.id == _ID))
_LOCK = Statement(select(*_COLUMNS).where(schedules.c.id == _ID).with_for_update())
_PAGE = Statement(
    select(*_COLUMNS)
    .order_by(schedules.c.key)
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_COUNT = Statement(select(func.count()).select_from(schedules))
_ENABLED = Statement(select(*_COLUMNS).where(schedules.c.enabled).order_by(schedules.c.id))
_CLAIM = Statement(
    select(*_COLUMNS).where(schedules.c.id == _ID, schedules.c.enabled).with_for_update(skip_locked=True)
)


def _schedule(row: Any) -> Schedule:
    return Schedule(**dict(row.items()))


class Schedules:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, schedule: Schedule) -> bool:
        return await self._connection.fetch_row(_ADD, **_values(schedule)) is not None

    async def update(self, schedule: Schedule) -> bool:
        # Names are changed one after another, so that the second of two sees the first one's.
        await take_turns(self._connection, Turn.SCHEDULES)
        if await self._connection.fetch_row(_IS_TAKEN, key=_key(schedule), schedule_id=schedule.id) is not None:
            return False
        await self._connection.execute(_UPDATE, schedule_id=schedule.id, **_values(schedule))
        return True

    async def move_on(self, schedule: Schedule) -> None:
        await self._connection.execute(
            _MOVE_ON, schedule_id=schedule.id, next=schedule.next_run_at, last=schedule.last_run_at
        )

    async def remove(self, schedule_id: UUID) -> None:
        await self._connection.execute(_REMOVE, schedule_id=schedule_id)

    async def get(self, schedule_id: UUID) -> Schedule:
        return self._there(await self._connection.fetch_row(_GET, schedule_id=schedule_id), schedule_id)

    async def lock(self, schedule_id: UUID) -> Schedule:
        return self._there(await self._connection.fetch_row(_LOCK, schedule_id=schedule_id), schedule_id)

    async def page(self, window: Window) -> tuple[list[Schedule], int]:
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [_schedule(row) for row in rows], await self._connection.fetch_value(_COUNT)

    async def enabled(self) -> list[Schedule]:
        return [_schedule(row) for row in await self._connection.fetch(_ENABLED)]

    async def claim(self, schedule_id: UUID) -> Schedule | None:
        row = await self._connection.fetch_row(_CLAIM, schedule_id=schedule_id)
        return None if row is None else _schedule(row)

    @staticmethod
    def _there(row: Row | None, schedule_id: UUID) -> Schedule:
        if row is None:
            raise NotFound(f"There is no schedule {schedule_id}.")
        return _schedule(row)


def _key(schedule: Schedule) -> str:
    return fold(schedule.name)


def _values(schedule: Schedule) -> dict[str, Any]:
    values = {f"{name}_value": value for name, value in msgspec.structs.asdict(schedule).items()}
    return values | {"key_value": _key(schedule)}
