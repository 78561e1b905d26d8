"""What is playing now: one row for each user, which expires by itself."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import DateTime, Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from appliance.core.now_playing import Playing
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import now_playing, users

_OWN = now_playing.c.user_id == bindparam("user_id", type_=Uuid)
_FRESH = now_playing.c.expires_at > bindparam("now", type_=DateTime(timezone=True))
_added = insert(now_playing).values(
    {column.name: bindparam(column.name, type_=column.type) for column in now_playing.c}
)
_PUT = Statement(
    _added.on_conflict_do_update(
        index_elements=[now_playing.c.user_id],
        set_={column.name: _added.excluded[column.name] for column in now_playing.c},
    )
)
_CURRENT = Statement(
    select(users.c.name.label("user_name"), *now_playing.c)
    .join(users, users.c.id == now_playing.c.user_id)
    .where(_FRESH)
    .order_by(now_playing.c.told_at.desc(), now_playing.c.id)
)
_OF = Statement(select(*now_playing.c).where(_OWN, _FRESH))
_REMOVE = Statement(delete(now_playing).where(_OWN).returning(now_playing.c.id))


class NowPlaying:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, playing: Playing) -> None:
        await self._connection.execute(_PUT, **asdict(playing))

    async def current(self, now: datetime) -> list[tuple[Playing, str]]:
        rows = [dict(row.items()) for row in await self._connection.fetch(_CURRENT, now=now)]
        names = [row.pop("user_name") for row in rows]
        return [(Playing(**row), name) for row, name in zip(rows, names, strict=True)]

    async def of(self, user_id: UUID, now: datetime) -> Playing | None:
        row = await self._connection.fetch_row(_OF, user_id=user_id, now=now)
        return None if row is None else Playing(**dict(row.items()))

    async def remove(self, user_id: UUID) -> bool:
        return await self._connection.fetch_value(_REMOVE, user_id=user_id) is not None
