"""Scans: asked for, taken up by one process, ended; and the faults that they found.

A running scan names the database connections of the process that runs it (``application_name`` is unique to a
process, see ``database.py``). When no such connection exists any more the process is gone, killed perhaps, and the
scan is taken up again.
"""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Integer, Text, Uuid, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.events import Event
from appliance.core.ids import new_id
from appliance.core.scanning import CHANNEL, Scan, ScanCounts, ScanFault, ScanKind, ScanState
from appliance.store.database import Connection
from appliance.store.events import Events
from appliance.store.scope import LIBRARIES, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import faults, libraries, scans
from appliance.store.turns import Turn, take_turns

_COLUMNS = (
    scans.c.id,
    scans.c.kind,
    scans.c.state,
    scans.c.counts,
    scans.c.requested_at,
    scans.c.started_at,
    scans.c.finished_at,
    scans.c.message,
)
_ID = bindparam("id", type_=Uuid)
_COUNTS = bindparam("counts", type_=JSONB)
_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)

_NOTIFY = Statement(select(func.pg_notify(CHANNEL, bindparam("payload", type_=Text))))
_QUEUED = Statement(select(*_COLUMNS).where(scans.c.state == ScanState.QUEUED.value).order_by(scans.c.requested_at))
_ADD = Statement(
    insert(scans)
    .values(
        id=_ID,
        kind=bindparam("kind", type_=Text),
        state=ScanState.QUEUED.value,
        counts=text("'{}'"),
        requested_at=func.now(),
    )
    .returning(*_COLUMNS)
)
_WIDEN = Statement(update(scans).where(scans.c.id == _ID).values(kind=ScanKind.FULL.value).returning(*_COLUMNS))
_TAKE = Statement(
    text(
        """
        UPDATE scans
        SET state = 'running', instance = current_setting('application_name'), started_at = coalesce(started_at, now())
        WHERE id = (
            SELECT id FROM scans
            WHERE (
                state = 'queued'
                OR (state = 'running' AND (instance = current_setting('application_name') OR NOT EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = scans.instance
                )))
            )
            AND NOT EXISTS (
                SELECT FROM scans AS other
                JOIN pg_stat_activity ON datname = current_database() AND application_name = other.instance
                WHERE other.state = 'running' AND other.instance <> current_setting('application_name')
            )
            ORDER BY state = 'running' DESC, requested_at
            LIMIT 1
        )
        RETURNING id, kind, state, counts, requested_at, started_at, finished_at, message
        """
    )
)
_PROGRESS = Statement(
    update(scans)
    .where(scans.c.id == _ID, scans.c.state == ScanState.RUNNING.value)
    .values(counts=_COUNTS)
    .returning(*_COLUMNS)
)
_FINISH = Statement(
    update(scans)
    .where(scans.c.id == _ID, scans.c.state == ScanState.RUNNING.value)
    .values(
        state=bindparam("state", type_=Text),
        counts=_COUNTS,
        message=bindparam("message", type_=Text),
        finished_at=func.now(),
    )
    .returning(*_COLUMNS)
)
#: Folder watching makes a scan of each burst of changes; nobody reads back further than this.
_KEPT = 200
_FORGET = Statement(
    delete(scans).where(
        scans.c.finished_at.is_not(None),
        scans.c.id.not_in(select(scans.c.id).order_by(scans.c.requested_at.desc(), scans.c.id.desc()).limit(_KEPT)),
    )
)
_CANCEL = Statement(
    update(scans)
    .where(scans.c.id == _ID, scans.c.finished_at.is_(None))
    .values(state=ScanState.CANCELLED.value, finished_at=func.now())
    .returning(*_COLUMNS)
)
_GET = Statement(select(*_COLUMNS).where(scans.c.id == _ID))
_PAGE = Statement(
    select(*_COLUMNS).order_by(scans.c.requested_at.desc(), scans.c.id.desc()).limit(_LIMIT).offset(_OFFSET)
)
_COUNT = Statement(select(func.count()).select_from(scans))
_LATEST = Statement(
    select(*_COLUMNS)
    .order_by((scans.c.state == ScanState.RUNNING.value).desc(), scans.c.requested_at.desc(), scans.c.id.desc())
    .limit(1)
)
_faults = (
    select(libraries.c.number, faults.c.path, faults.c.reason, faults.c.seen_at)
    .join(libraries, libraries.c.id == faults.c.library_id)
    .order_by(libraries.c.number, faults.c.path)
    .limit(_LIMIT)
    .offset(_OFFSET)
)
_counted = select(func.count()).select_from(faults).join(libraries, libraries.c.id == faults.c.library_id)
_THERE = libraries.c.number == func.any(LIBRARIES)
_FAULTS = Question(_faults, _faults.where(_THERE))
_COUNT_FAULTS = Question(_counted, _counted.where(_THERE))


def _scan(row: Any) -> Scan:
    return Scan(
        id=row[0],
        kind=ScanKind(row[1]),
        state=ScanState(row[2]),
        counts=msgspec.convert(row[3], ScanCounts),
        requested_at=row[4],
        started_at=row[5],
        finished_at=row[6],
        message=row[7],
    )


class Scans:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def request(self, kind: ScanKind) -> Scan:
        await take_turns(self._connection, Turn.SCANS)
        queued = [_scan(row) for row in await self._connection.fetch(_QUEUED)]
        if covering := next((scan for scan in queued if scan.kind in {kind, ScanKind.FULL}), None):
            return covering
        if queued:
            # A quick scan waits already: make it the full one that is asked for now.
            return await self._told(_scan(await self._connection.fetch_row(_WIDEN, id=queued[0].id)))
        scan = _scan(await self._connection.fetch_row(_ADD, id=new_id(), kind=kind.value))
        await self._connection.execute(_NOTIFY, payload=str(scan.id))
        return await self._told(scan)

    async def take(self) -> Scan | None:
        await take_turns(self._connection, Turn.SCANS)
        row = await self._connection.fetch_row(_TAKE)
        return None if row is None else await self._told(_scan(row))

    async def progress(self, scan_id: UUID, counts: ScanCounts) -> bool:
        row = await self._connection.fetch_row(_PROGRESS, id=scan_id, counts=msgspec.to_builtins(counts))
        if row is None:
            return False
        await self._told(_scan(row))
        return True

    async def finish(self, scan_id: UUID, state: ScanState, counts: ScanCounts, message: str | None = None) -> None:
        row = await self._connection.fetch_row(
            _FINISH, id=scan_id, state=state.value, counts=msgspec.to_builtins(counts), message=message
        )
        if row is not None:
            await self._told(_scan(row))
        await self._connection.execute(_FORGET)

    async def cancel(self, scan_id: UUID) -> Scan:
        row = await self._connection.fetch_row(_CANCEL, id=scan_id)
        if row is None:
            return await self.get(scan_id)
        await self._connection.execute(_NOTIFY, payload=str(scan_id))
        return await self._told(_scan(row))

    async def _told(self, scan: Scan) -> Scan:
        """The scan, after whoever listens was told of it."""
        await Events(self._connection).add(Event.of_scan(scan))
        return scan

    async def get(self, scan_id: UUID) -> Scan:
        row = await self._connection.fetch_row(_GET, id=scan_id)
        if row is None:
            raise NotFound(f"There is no scan {scan_id}.")
        return _scan(row)

    async def page(self, window: Window) -> tuple[list[Scan], int]:
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [_scan(row) for row in rows], await self._connection.fetch_value(_COUNT)

    async def latest(self) -> Scan | None:
        row = await self._connection.fetch_row(_LATEST)
        return None if row is None else _scan(row)

    async def faults(self, window: Window) -> tuple[list[ScanFault], int]:
        bounds = self._scope.bounds
        values = {"limit": window.limit, "offset": window.offset, **bounds}
        rows = await self._connection.fetch(_FAULTS.within(bounds), **values)
        found = [
            ScanFault(library=number, path=path.decode(errors="replace"), reason=reason, seen_at=seen_at)
            for number, path, reason, seen_at in rows
        ]
        return found, await self._connection.fetch_value(_COUNT_FAULTS.within(bounds), **bounds)
