"""Events: written with what they tell of, read in the order of transactions, up to the oldest that is still open.

A sequence's numbers are given out before the commit, and so what commits late would be skipped by whoever has read on.
So each event has its transaction's number, and is read once every lower one has ended (the horizon): from then on
nothing can appear before it. The oldest are forgotten first and the newest never, so that a reader whose place has no
event at or before it has missed some, or the table was emptied by a crash.
"""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Integer, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from appliance.core.accounts import Role, User
from appliance.core.events import CHANNEL, Cursor, Event, EventKind, Reading, Told
from appliance.store.database import Connection
from appliance.store.statement import Statement

_HORIZON_SQL = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

_ADD = Statement(
    text(
        """
        WITH told AS (
            INSERT INTO events (kind, data, user_id, administrators)
            SELECT * FROM unnest(:kinds, :data, :user_ids, :administrators)
        )
        SELECT pg_notify(:channel, pg_current_xact_id()::text)
        """
    ).bindparams(
        bindparam("channel", CHANNEL, type_=Text),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("data", type_=ARRAY(JSONB)),
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("administrators", type_=ARRAY(Boolean)),
    )
)
_HORIZON = Statement(text(f"SELECT {_HORIZON_SQL}"))
_STANDING = Statement(
    text(
        f"""
        SELECT {_HORIZON_SQL},
            EXISTS (SELECT FROM events WHERE (xid, id) <= (:xid, :id)),
            EXISTS (SELECT FROM events WHERE xid >= {_HORIZON_SQL})
        """
    ).bindparams(bindparam("xid", type_=BigInteger), bindparam("id", type_=BigInteger))
)
_READ = Statement(
    text(
        """
        SELECT xid, id, kind, data FROM events
        WHERE (xid, id) > (:xid, :id) AND xid < :horizon AND (
            user_id = :user_id OR CASE WHEN administrators THEN :is_administrator ELSE user_id IS NULL END
        )
        ORDER BY xid, id
        LIMIT :limit
        """
    ).bindparams(
        bindparam("xid", type_=BigInteger),
        bindparam("id", type_=BigInteger),
        bindparam("horizon", type_=BigInteger),
        bindparam("user_id", type_=Uuid),
        bindparam("is_administrator", type_=Boolean),
        bindparam("limit", type_=Integer),
    )
)
# What is too old goes with all that is before it, so that no hole is left for a reader to fall into.
_FORGET = Statement(
    text(
        f"""
        DELETE FROM events
        WHERE (
            (xid, id) <= (
                SELECT xid, id FROM events WHERE created_at < now() - make_interval(days => :days)
                ORDER BY xid DESC, id DESC LIMIT 1
            )
            OR (xid, id) <= (SELECT xid, id FROM events ORDER BY xid DESC, id DESC LIMIT 1 OFFSET :most)
        )
        AND (xid, id) < (
            SELECT xid, id FROM events WHERE xid < {_HORIZON_SQL} ORDER BY xid DESC, id DESC LIMIT 1
        )
        RETURNING id
        """
    ).bindparams(bindparam("days", type_=Integer), bindparam("most", type_=Integer))
)
_SETTLE = Statement(text("DELETE FROM events WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))


class Events:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, *events: Event) -> None:
        if not events:
            return
        await self._connection.execute(
            _ADD,
            kinds=[event.kind.value for event in events],
            data=[_data(event) for event in events],
            user_ids=[event.user_id for event in events],
            administrators=[event.administrators for event in events],
        )

    async def cursor(self) -> Cursor:
        return Cursor.before(await self._connection.fetch_value(_HORIZON))

    async def read(self, user: User, after: Cursor, limit: int) -> Reading:
        # The horizon first: every transaction below it has ended by then, and what it wrote is seen by the second.
        standing = await self._connection.fetch_row(_STANDING, xid=after.xid, id=after.id)
        assert standing is not None
        horizon, is_covered, waiting = standing
        rows = await self._connection.fetch(
            _READ,
            xid=after.xid,
            id=after.id,
            horizon=horizon,
            user_id=user.id,
            is_administrator=user.role is Role.ADMIN,
            limit=limit,
        )
        events = [_told(row) for row in rows]
        more = len(events) == limit
        return Reading(
            events=events,
            cursor=events[-1].cursor if more else Cursor.before(horizon),
            horizon=horizon,
            lost=not is_covered or after.xid >= horizon,
            more=more,
            waiting=waiting,
        )

    async def forget(self, *, days: int, most: int) -> int:
        return len(await self._connection.fetch(_FORGET, days=days, most=most))

    async def settle(self) -> None:
        await self._connection.execute(_SETTLE)


def _data(event: Event) -> Any:
    return msgspec.to_builtins(event.data)


def _told(row: Any) -> Told:
    return Told(cursor=Cursor(row[0], row[1]), kind=EventKind(row[2]), data=row[3])
