"""Invitations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, Uuid, bindparam, delete, func, insert, select, update

from appliance.core.accounts import Role
from appliance.core.catalogue import Window
from appliance.core.invitations import Invitation
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import invitations

_COLUMNS = (
    invitations.c.id,
    invitations.c.user_id,
    invitations.c.name,
    invitations.c.role,
    invitations.c.libraries,
    invitations.c.created_at,
    invitations.c.expires_at,
    invitations.c.accepted_at,
)
_ID = bindparam("invitation_id", type_=Uuid)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_GOOD = (invitations.c.accepted_at.is_(None), invitations.c.expires_at > _NOW)
_ADD = Statement(
    insert(invitations).values({column.name: bindparam(column.name, type_=column.type) for column in invitations.c})
)
_GET = Statement(select(*_COLUMNS).where(invitations.c.id == _ID))
_COUNT = Statement(select(func.count()).select_from(invitations))
_PAGE = Statement(
    select(*_COLUMNS)
    .order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_BY_CODE = Statement(
    select(*_COLUMNS).where(invitations.c.code_hash == bindparam("code_hash", type_=LargeBinary), *_GOOD)
)
_TAKE = Statement(
    update(invitations).where(invitations.c.id == _ID, *_GOOD).values(accepted_at=_NOW).returning(invitations.c.id)
)
_REMOVE = Statement(delete(invitations).where(invitations.c.id == _ID))
_REMOVE_OF = Statement(
    delete(invitations).where(
        invitations.c.user_id == bindparam("user_id", type_=Uuid), invitations.c.accepted_at.is_(None)
    )
)
_FORGET = Statement(
    delete(invitations).where(invitations.c.expires_at < bindparam("before", type_=DateTime(timezone=True)))
)


def _invitation(row: Any) -> Invitation:
    return Invitation(
        id=row[0],
        user_id=row[1],
        name=row[2],
        role=Role(row[3]),
        libraries=None if row[4] is None else tuple(row[4]),
        created_at=row[5],
        expires_at=row[6],
        accepted_at=row[7],
    )


class Invitations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, invitation: Invitation, code_hash: bytes) -> None:
        await self._connection.execute(
            _ADD,
            id=invitation.id,
            user_id=invitation.user_id,
            code_hash=code_hash,
            name=invitation.name,
            role=invitation.role.value,
            libraries=None if invitation.libraries is None else list(invitation.libraries),
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            accepted_at=invitation.accepted_at,
        )

    async def get(self, invitation_id: UUID) -> Invitation | None:
        row = await self._connection.fetch_row(_GET, invitation_id=invitation_id)
        return None if row is None else _invitation(row)

    async def page(self, window: Window) -> tuple[list[Invitation], int]:
        total = await self._connection.fetch_value(_COUNT)
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [_invitation(row) for row in rows], total

    async def by_code(self, code_hash: bytes, now: datetime) -> Invitation | None:
        row = await self._connection.fetch_row(_BY_CODE, code_hash=code_hash, now=now)
        return None if row is None else _invitation(row)

    async def take(self, invitation_id: UUID, now: datetime) -> bool:
        return await self._connection.fetch_value(_TAKE, invitation_id=invitation_id, now=now) is not None

    async def remove(self, invitation_id: UUID) -> None:
        await self._connection.execute(_REMOVE, invitation_id=invitation_id)

    async def remove_of(self, user_id: UUID) -> None:
        await self._connection.execute(_REMOVE_OF, user_id=user_id)

    async def forget(self, before: datetime) -> None:
        await self._connection.execute(_FORGET, before=before)
