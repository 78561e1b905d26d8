"""Open sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, LargeBinary, Text, Uuid, bindparam, delete, func, insert, select

from appliance.core.accounts import Session, User
from appliance.core.catalogue import Window
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import sessions, users
from appliance.store.users import USER_COLUMNS, user_of

_HASH = bindparam("token_hash", type_=LargeBinary)
_OWNER = bindparam("owner", type_=Uuid)
_OPEN = Statement(
    insert(sessions).values(
        token_hash=_HASH,
        user_id=bindparam("user_id", type_=Uuid),
        expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
        agent=bindparam("agent", type_=Text),
    )
)
_FORGET_EXPIRED = Statement(delete(sessions).where(sessions.c.expires_at < func.now()))
_USER_OF = Statement(
    select(*USER_COLUMNS)
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(sessions.c.token_hash == _HASH, sessions.c.expires_at > bindparam("now", type_=DateTime(timezone=True)))
)
_CLOSE = Statement(delete(sessions).where(sessions.c.token_hash == _HASH))
_OPEN_ONES = (sessions.c.user_id == _OWNER, sessions.c.expires_at > func.now())
_COUNT = Statement(select(func.count()).select_from(sessions).where(*_OPEN_ONES))
_PAGE = Statement(
    select(sessions.c.id, sessions.c.agent, sessions.c.created_at, sessions.c.expires_at, sessions.c.token_hash)
    .where(*_OPEN_ONES)
    .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_END = Statement(
    delete(sessions)
    .where(sessions.c.id == bindparam("session_id", type_=Uuid), sessions.c.user_id == _OWNER)
    .returning(sessions.c.id)
)
_END_ALL = Statement(
    delete(sessions).where(
        sessions.c.user_id == _OWNER, sessions.c.token_hash.is_distinct_from(bindparam("but", type_=LargeBinary))
    )
)


class Sessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime, agent: str = "") -> None:
        await self._connection.execute(_FORGET_EXPIRED)
        await self._connection.execute(
            _OPEN, token_hash=token_hash, user_id=user_id, expires_at=expires_at, agent=agent
        )

    async def user(self, token_hash: bytes, now: datetime) -> User | None:
        row = await self._connection.fetch_row(_USER_OF, token_hash=token_hash, now=now)
        return None if row is None else user_of(row)

    async def remove(self, token_hash: bytes) -> None:
        await self._connection.execute(_CLOSE, token_hash=token_hash)

    async def page(self, user_id: UUID, window: Window) -> tuple[list[Session], int]:
        total = await self._connection.fetch_value(_COUNT, owner=user_id)
        rows = await self._connection.fetch(_PAGE, owner=user_id, limit=window.limit, offset=window.offset)
        found = [
            Session(id=id_, agent=agent, created_at=created_at, expires_at=expires_at, token_hash=token_hash)
            for id_, agent, created_at, expires_at, token_hash in rows
        ]
        return found, total

    async def end(self, session_id: UUID, user_id: UUID) -> bool:
        return await self._connection.fetch_value(_END, session_id=session_id, owner=user_id) is not None

    async def remove_of(self, user_id: UUID, *, but: bytes | None) -> None:
        await self._connection.execute(_END_ALL, owner=user_id, but=but)
