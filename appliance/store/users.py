"""Users and their sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Text, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from appliance.core.accounts import Account, Role, User
from appliance.core.text import fold
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import sessions, users
from appliance.store.turns import Turn, take_turns

_USER_COLUMNS = (users.c.id, users.c.name, users.c.role, users.c.created_at)
_ADD = Statement(
    insert(users)
    .values({column.name: bindparam(column.name, type_=column.type) for column in users.c})
    .on_conflict_do_nothing(index_elements=[users.c.key])
    .returning(users.c.id)
)
_BY_NAME = Statement(
    select(*_USER_COLUMNS, users.c.password_hash, users.c.app_secret).where(users.c.key == bindparam("key", type_=Text))
)
_ADMINISTRATOR = Statement(select(select(users.c.id).where(users.c.role == Role.ADMIN.value).exists()))
_ALL = Statement(select(*_USER_COLUMNS).order_by(users.c.key))

_HASH = bindparam("token_hash", type_=LargeBinary)
_OPEN = Statement(
    insert(sessions).values(
        token_hash=_HASH,
        user_id=bindparam("user_id", type_=Uuid),
        expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
    )
)
_FORGET_EXPIRED = Statement(delete(sessions).where(sessions.c.expires_at < func.now()))
_USER_OF = Statement(
    select(*_USER_COLUMNS)
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(sessions.c.token_hash == _HASH, sessions.c.expires_at > bindparam("now", type_=DateTime(timezone=True)))
)
_CLOSE = Statement(delete(sessions).where(sessions.c.token_hash == _HASH))


def _key(name: str) -> str:
    """The form in which names are compared; what PostgreSQL cannot store (NUL, lone surrogates) matches nobody."""
    return fold(name.replace("\0", "\ufffd").encode(errors="replace").decode())


def _user(row: Any) -> User:
    return User(id=row[0], name=row[1], role=Role(row[2]), created_at=row[3])


class Users:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        await take_turns(self._connection, Turn.USERS)

    async def add(self, account: Account) -> bool:
        user = account.user
        added = await self._connection.fetch_value(
            _ADD,
            id=user.id,
            name=user.name,
            key=_key(user.name),
            role=user.role.value,
            password_hash=account.password_hash,
            app_secret=account.app_secret,
            created_at=user.created_at,
        )
        return added is not None

    async def by_name(self, name: str) -> Account | None:
        row = await self._connection.fetch_row(_BY_NAME, key=_key(name))
        if row is None:
            return None
        return Account(user=_user(row), password_hash=row[4], app_secret=row[5])

    async def administrator_exists(self) -> bool:
        return bool(await self._connection.fetch_value(_ADMINISTRATOR))

    async def all(self) -> list[User]:
        return [_user(row) for row in await self._connection.fetch(_ALL)]


class Sessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime) -> None:
        await self._connection.execute(_FORGET_EXPIRED)
        await self._connection.execute(_OPEN, token_hash=token_hash, user_id=user_id, expires_at=expires_at)

    async def user(self, token_hash: bytes, now: datetime) -> User | None:
        row = await self._connection.fetch_row(_USER_OF, token_hash=token_hash, now=now)
        return None if row is None else _user(row)

    async def remove(self, token_hash: bytes) -> None:
        await self._connection.execute(_CLOSE, token_hash=token_hash)
