"""Devices and their secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, Text, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.accounts import SignedIn
from appliance.core.catalogue import Window
from appliance.core.devices import Device, Scope, SealedDevice
from appliance.store.database import Connection
from appliance.store.given import given
from appliance.store.statement import Statement
from appliance.store.tables import devices, users
from appliance.store.users import USER_COLUMNS, user_of

_COLUMNS = (
    devices.c.id,
    devices.c.user_id,
    devices.c.name,
    devices.c.scopes,
    devices.c.created_at,
    devices.c.last_seen_at,
)
_ID = bindparam("device_id", type_=Uuid)
_OWNER = bindparam("owner", type_=Uuid)
_ADD = Statement(
    insert(devices).values({column.name: bindparam(column.name, type_=column.type) for column in devices.c})
)
_GET = Statement(select(*_COLUMNS).where(devices.c.id == _ID))
_COUNT = Statement(select(func.count()).select_from(devices).where(devices.c.user_id == _OWNER))
_PAGE = Statement(
    select(*_COLUMNS)
    .where(devices.c.user_id == _OWNER)
    .order_by(devices.c.created_at.desc(), devices.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_BY_SECRET = Statement(
    select(*_COLUMNS, *USER_COLUMNS)
    .join(users, users.c.id == devices.c.user_id)
    .where(devices.c.secret_hash == bindparam("secret_hash", type_=LargeBinary))
)
_SEALED = Statement(
    select(*_COLUMNS, devices.c.sealed)
    .where(devices.c.user_id == _OWNER, devices.c.sealed.is_not(None))
    .order_by(devices.c.last_seen_at.desc().nulls_first(), devices.c.id)
)
_CHANGE = Statement(
    update(devices)
    .where(devices.c.id == _ID)
    .values(name=bindparam("new_name", type_=Text), scopes=bindparam("new_scopes", type_=ARRAY(Text)))
)
_SEEN = Statement(
    update(devices).where(devices.c.id == _ID).values(last_seen_at=bindparam("now", type_=DateTime(timezone=True)))
)
_REMOVE = Statement(delete(devices).where(devices.c.id == _ID))
_ALL_SEALED = Statement(select(*_COLUMNS, devices.c.sealed).where(devices.c.sealed.is_not(None)))
_GIVEN = given((devices.c.id, devices.c.sealed))
_RESEAL = Statement(update(devices).where(devices.c.id == _GIVEN.c.id).values(sealed=_GIVEN.c.sealed))


def _device(row: Any) -> Device:
    return Device(
        id=row[0],
        user_id=row[1],
        name=row[2],
        scopes=tuple(Scope(scope) for scope in row[3]),
        created_at=row[4],
        last_seen_at=row[5],
    )


class Devices:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, device: Device, secret_hash: bytes, sealed: bytes | None) -> None:
        await self._connection.execute(
            _ADD,
            id=device.id,
            user_id=device.user_id,
            name=device.name,
            scopes=[scope.value for scope in device.scopes],
            secret_hash=secret_hash,
            sealed=sealed,
            created_at=device.created_at,
            last_seen_at=device.last_seen_at,
        )

    async def get(self, device_id: UUID) -> Device | None:
        row = await self._connection.fetch_row(_GET, device_id=device_id)
        return None if row is None else _device(row)

    async def count(self, user_id: UUID) -> int:
        counted: int = await self._connection.fetch_value(_COUNT, owner=user_id)
        return counted

    async def page(self, user_id: UUID, window: Window) -> tuple[list[Device], int]:
        rows = await self._connection.fetch(_PAGE, owner=user_id, limit=window.limit, offset=window.offset)
        return [_device(row) for row in rows], await self.count(user_id)

    async def by_secret(self, secret_hash: bytes) -> SignedIn | None:
        row = await self._connection.fetch_row(_BY_SECRET, secret_hash=secret_hash)
        return None if row is None else SignedIn(user_of(tuple(row)[len(_COLUMNS) :]), _device(row))

    async def sealed(self, user_id: UUID) -> list[SealedDevice]:
        rows = await self._connection.fetch(_SEALED, owner=user_id)
        return [SealedDevice(_device(row), row[6]) for row in rows]

    async def change(self, device: Device) -> None:
        await self._connection.execute(
            _CHANGE,
            device_id=device.id,
            new_name=device.name,
            new_scopes=[scope.value for scope in device.scopes],
        )

    async def seen(self, device_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SEEN, device_id=device_id, now=now)

    async def remove(self, device_id: UUID) -> None:
        await self._connection.execute(_REMOVE, device_id=device_id)

    async def all_sealed(self) -> list[SealedDevice]:
        return [SealedDevice(_device(row), row[6]) for row in await self._connection.fetch(_ALL_SEALED)]

    async def reseal(self, sealed: Mapping[UUID, bytes]) -> None:
        await self._connection.execute(_RESEAL, id_values=list(sealed), sealed_values=list(sealed.values()))
