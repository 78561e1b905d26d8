"""Users."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Window
from appliance.core.text import fold
from appliance.store.database import Connection
from appliance.store.given import given
from appliance.store.statement import Statement
from appliance.store.tables import users
from appliance.store.turns import Turn, take_turns

USER_COLUMNS = (users.c.id, users.c.name, users.c.role, users.c.created_at, users.c.libraries)
_ACCOUNT = (*USER_COLUMNS, users.c.password_hash, users.c.app_secret)
_ID = bindparam("user_id", type_=Uuid)
_ADD = Statement(
    insert(users)
    .values({column.name: bindparam(column.name, type_=column.type) for column in users.c})
    .on_conflict_do_nothing(index_elements=[users.c.key])
    .returning(users.c.id)
)
_BY_NAME = Statement(select(*_ACCOUNT).where(users.c.key == bindparam("key", type_=Text)))
_BY_ID = Statement(select(*_ACCOUNT).where(users.c.id == _ID))
_WITHOUT = bindparam("without", type_=Uuid)
_ADMINISTRATOR = Statement(
    select(select(users.c.id).where(users.c.role == Role.ADMIN.value, users.c.id.is_distinct_from(_WITHOUT)).exists())
)
_ALL = Statement(select(*USER_COLUMNS).order_by(users.c.key))
_ROLE = bindparam("role", type_=Text)
_OF_ROLE = or_(_ROLE.is_(None), users.c.role == _ROLE)
_COUNT = Statement(select(func.count()).select_from(users).where(_OF_ROLE))
_PAGE = Statement(
    select(*USER_COLUMNS)
    .where(_OF_ROLE)
    .order_by(users.c.key)
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_CHANGE = Statement(
    update(users)
    .where(users.c.id == _ID)
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in ("name", "key", "role", "libraries")})
)
_HASH_FOR_SHARE = Statement(select(users.c.password_hash).where(users.c.id == _ID).with_for_update(read=True))
_SET_PROOF = Statement(
    update(users)
    .where(users.c.id == _ID)
    .values(
        password_hash=bindparam("hash", type_=users.c.password_hash.type),
        app_secret=bindparam("sealed", type_=users.c.app_secret.type),
    )
)
_REMOVE = Statement(delete(users).where(users.c.id == _ID))
_SEALED = Statement(select(users.c.id, users.c.app_secret).where(users.c.app_secret.is_not(None)))
_GIVEN = given((users.c.id, users.c.app_secret))
_RESEAL = Statement(update(users).where(users.c.id == _GIVEN.c.id).values(app_secret=_GIVEN.c.app_secret))


def _key(name: str) -> str:
    """The form in which names are compared; what PostgreSQL cannot store (NUL, lone surrogates) matches nobody."""
    return fold(name.replace("\0", "\ufffd").encode(errors="replace").decode())


def user_of(row: Any) -> User:
    """The user of a row that begins with ``USER_COLUMNS``."""
    libraries = None if row[4] is None else tuple(row[4])
    return User(id=row[0], name=row[1], role=Role(row[2]), created_at=row[3], libraries=libraries)


def _account(row: Any) -> Account | None:
    return None if row is None else Account(user=user_of(row), password_hash=row[5], app_secret=row[6])


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
            libraries=_numbers(user),
        )
        return added is not None

    async def by_name(self, name: str) -> Account | None:
        return _account(await self._connection.fetch_row(_BY_NAME, key=_key(name)))

    async def get(self, user_id: UUID) -> Account | None:
        return _account(await self._connection.fetch_row(_BY_ID, user_id=user_id))

    async def administrator_exists(self, without: UUID | None = None) -> bool:
        return bool(await self._connection.fetch_value(_ADMINISTRATOR, without=without))

    async def all(self) -> list[User]:
        return [user_of(row) for row in await self._connection.fetch(_ALL)]

    async def page(self, role: Role | None, window: Window) -> tuple[list[User], int]:
        wanted = None if role is None else role.value
        total = await self._connection.fetch_value(_COUNT, role=wanted)
        rows = await self._connection.fetch(_PAGE, role=wanted, limit=window.limit, offset=window.offset)
        return [user_of(row) for row in rows], total

    async def change(self, user: User) -> None:
        await self._connection.execute(
            _CHANGE,
            user_id=user.id,
            new_name=user.name,
            new_key=_key(user.name),
            new_role=user.role.value,
            new_libraries=_numbers(user),
        )

    async def still_has(self, user_id: UUID, password_hash: str) -> bool:
        return bool(await self._connection.fetch_value(_HASH_FOR_SHARE, user_id=user_id) == password_hash)

    async def set_proof(self, user_id: UUID, password_hash: str, app_secret: bytes | None) -> None:
        await self._connection.execute(_SET_PROOF, user_id=user_id, hash=password_hash, sealed=app_secret)

    async def remove(self, user_id: UUID) -> None:
        await self._connection.execute(_REMOVE, user_id=user_id)

    async def sealed(self) -> list[tuple[UUID, bytes]]:
        return [(id_, sealed) for id_, sealed in await self._connection.fetch(_SEALED)]

    async def reseal(self, sealed: Mapping[UUID, bytes]) -> None:
        await self._connection.execute(_RESEAL, id_values=list(sealed), app_secret_values=list(sealed.values()))


def _numbers(user: User) -> list[int] | None:
    return None if user.libraries is None else list(user.libraries)
