"""The write side of the catalogue, as ``core.ports.Catalogue`` promises it. Everything is done in sets."""

from collections.abc import Iterable, Sequence

from sqlalchemy import LargeBinary, bindparam, delete, func, select, text, union, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from appliance.core.catalogue import Library
from appliance.core.events import Event
from appliance.core.library import Decision, KnownFile, Signature
from appliance.core.ports import KnownFiles
from appliance.core.sheet import Fault
from appliance.store.database import Connection
from appliance.store.events import Events
from appliance.store.given import given, values_of
from appliance.store.merge import Merge
from appliance.store.presence import presence_changed
from appliance.store.statement import Statement
from appliance.store.tables import faults, files, tracks
from appliance.store.tidy import tidy
from appliance.store.turns import Turn, take_turns

_PATHS = bindparam("paths", type_=ARRAY(LargeBinary))
_LIBRARY = bindparam("library_id", type_=files.c.library_id.type)

_KNOWN = Statement(
    select(files.c.path, files.c.size, files.c.mtime_ns, files.c.missing_since.is_not(None))
    .where(files.c.library_id == _LIBRARY)
    # Of several rows that went missing at one path, first the one that ``_MARK_RETURNED`` would bring back.
    .order_by(files.c.missing_since.desc(), files.c.id.desc())
)
_KNOWN_FAULTS = Statement(
    select(faults.c.path, faults.c.size, faults.c.mtime_ns).where(faults.c.library_id == _LIBRARY)
)
#: Three questions, each of which an index answers; joined by OR, none would.
_recognised = union(
    *(
        select(files.c.id).where(condition)
        for condition in (
            (files.c.library_id == _LIBRARY) & (files.c.path == func.any(_PATHS)) & files.c.missing_since.is_(None),
            (files.c.library_id == _LIBRARY) & (files.c.path == func.any(_PATHS)) & files.c.missing_since.is_not(None),
            files.c.identity == func.any(bindparam("identities", type_=ARRAY(LargeBinary))),
        )
    )
).subquery()
_RECOGNISE = Statement(
    select(
        files.c.id,
        files.c.track_id,
        files.c.library_id,
        files.c.path,
        files.c.identity,
        files.c.missing_since.is_not(None),
        tracks.c.place,
    )
    .join(_recognised, _recognised.c.id == files.c.id)
    .join(tracks, tracks.c.id == files.c.track_id)
)
_MARK_MISSING = Statement(
    update(files)
    .where(files.c.library_id == _LIBRARY, files.c.path == func.any(_PATHS), files.c.missing_since.is_(None))
    .values(missing_since=func.now())
    .returning(files.c.track_id)
)
_MARK_RETURNED = Statement(
    # Of several rows that went missing at one path, the one that went last is the one that is back.
    text(
        """
        UPDATE files SET missing_since = NULL
        FROM (
            SELECT DISTINCT ON (path) id FROM files
            WHERE library_id = :library_id AND path = ANY(:paths) AND missing_since IS NOT NULL
            ORDER BY path, missing_since DESC, id DESC
        ) AS back
        WHERE files.id = back.id
          AND NOT EXISTS (
            SELECT FROM files AS here
            WHERE here.library_id = files.library_id AND here.path = files.path AND here.missing_since IS NULL
          )
        RETURNING files.track_id
        """
    ).bindparams(_LIBRARY, _PATHS)
)
_FORGET_FAULTS = Statement(delete(faults).where(faults.c.library_id == _LIBRARY, faults.c.path == func.any(_PATHS)))
_FAULT_COLUMNS = (faults.c.path, faults.c.size, faults.c.mtime_ns, faults.c.reason)
_given = given(_FAULT_COLUMNS)
_new_fault = insert(faults).from_select(
    ["library_id", *(column.name for column in _FAULT_COLUMNS)],
    select(_LIBRARY, *(_given.c[column.name] for column in _FAULT_COLUMNS)),
)
_RECORD_FAULTS = Statement(
    _new_fault.on_conflict_do_update(
        index_elements=[faults.c.library_id, faults.c.path],
        set_={
            "size": _new_fault.excluded.size,
            "mtime_ns": _new_fault.excluded.mtime_ns,
            "reason": _new_fault.excluded.reason,
            "seen_at": func.now(),
        },
    )
)


class Catalogue:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def known(self, library: Library) -> KnownFiles:
        signatures: dict[bytes, Signature] = {}
        missing: set[bytes] = set()
        for path, size, mtime_ns, is_missing in await self._connection.fetch(_KNOWN, library_id=library.id):
            if not is_missing:
                signatures[path] = Signature(size, mtime_ns)
                missing.discard(path)
            elif path not in signatures:
                signatures[path] = Signature(size, mtime_ns)
                missing.add(path)
        for path, size, mtime_ns in await self._connection.fetch(_KNOWN_FAULTS, library_id=library.id):
            signatures[path] = Signature(size, mtime_ns)
            missing.discard(path)
        return KnownFiles(signatures, missing)

    async def recognise(self, library: Library, paths: Sequence[bytes], identities: Sequence[bytes]) -> list[KnownFile]:
        # Already here: what is decided from the answer has to be true still when it is merged.
        await take_turns(self._connection, Turn.CATALOGUE)
        rows = await self._connection.fetch(
            _RECOGNISE, library_id=library.id, paths=list(paths), identities=list(identities)
        )
        return [
            KnownFile(
                id=id_,
                track_id=track_id,
                library_id=library_id,
                path=path,
                identity=identity,
                missing=missing,
                place=place,
            )
            for id_, track_id, library_id, path, identity, missing, place in rows
        ]

    async def merge(self, library: Library, decisions: Sequence[Decision], faults: Sequence[Fault]) -> None:
        await take_turns(self._connection, Turn.CATALOGUE)
        if decisions:
            await self._forget_faults(library, [decision.sheet.path for decision in decisions])
            await Merge(self._connection, library, decisions).run()
        if faults:
            await self._set_missing(library, [fault.path for fault in faults])
            await self._record(library, faults)

    async def mark_missing(self, library: Library, paths: Iterable[bytes]) -> int:
        gone = list(paths)
        await take_turns(self._connection, Turn.CATALOGUE)
        await self._forget_faults(library, gone)
        return await self._set_missing(library, gone)

    async def mark_returned(self, library: Library, paths: Iterable[bytes]) -> int:
        await take_turns(self._connection, Turn.CATALOGUE)
        back = await self._connection.fetch(_MARK_RETURNED, library_id=library.id, paths=list(paths))
        return await presence_changed(self._connection, back)

    async def tidy(self) -> None:
        await take_turns(self._connection, Turn.CATALOGUE)
        await tidy(self._connection)
        await Events(self._connection).add(Event.of_library())

    async def _set_missing(self, library: Library, paths: list[bytes]) -> int:
        gone = await self._connection.fetch(_MARK_MISSING, library_id=library.id, paths=paths)
        return await presence_changed(self._connection, gone)

    async def _forget_faults(self, library: Library, paths: list[bytes]) -> None:
        await self._connection.execute(_FORGET_FAULTS, library_id=library.id, paths=paths)

    async def _record(self, library: Library, found: Sequence[Fault]) -> None:
        latest = {fault.path: fault for fault in found}.values()
        await self._connection.execute(_RECORD_FAULTS, library_id=library.id, **values_of(_FAULT_COLUMNS, latest))
