"""Libraries: the root folders of music."""

import os
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import LargeBinary, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from appliance.core.catalogue import LIBRARIES_CHANNEL, Library
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.libraries import LibraryState
from appliance.core.text import clean
from appliance.store.database import Connection, Row
from appliance.store.presence import presence_changed
from appliance.store.scope import LIBRARIES, Question, Scope
from appliance.store.statement import Statement
from appliance.store.tables import files, libraries
from appliance.store.tidy import tidy
from appliance.store.turns import Turn, take_turns

_ROOTS = bindparam("roots", type_=ARRAY(LargeBinary))

_active = (
    select(libraries.c.id, libraries.c.number, libraries.c.name, libraries.c.root)
    .where(libraries.c.active)
    .order_by(libraries.c.number)
)
_ALL = Question(_active, _active.where(libraries.c.number == func.any(LIBRARIES)))
_KNOWN_ROOTS = Statement(select(libraries.c.root).where(libraries.c.root == func.any(_ROOTS)))
_ADD = Statement(
    insert(libraries)
    .values(
        id=bindparam("id", type_=libraries.c.id.type),
        name=bindparam("name", type_=libraries.c.name.type),
        root=bindparam("root", type_=libraries.c.root.type),
    )
    .on_conflict_do_nothing(index_elements=[libraries.c.root])
)
_IN_USE = libraries.c.root == func.any(_ROOTS)
_CHOOSE = Statement(
    update(libraries).where(libraries.c.origin == "settings", libraries.c.active != _IN_USE).values(active=_IN_USE)
)
_ROOTS_IN_USE = Statement(select(libraries.c.root).where(libraries.c.active).order_by(libraries.c.number))
_CHOSEN = Statement(select(select(libraries.c.id).exists()))
_counted = _active.add_columns(
    libraries.c.file_count,
    libraries.c.missing_count,
    libraries.c.track_count,
    libraries.c.size,
    libraries.c.created_at,
)
_within = libraries.c.number == func.any(LIBRARIES)
_ID = libraries.c.id == bindparam("id", type_=libraries.c.id.type)
_STATES = Question(_counted, _counted.where(_within))
_STATE = Question(_counted.where(_ID), _counted.where(_ID, _within))
_PUT_TO_USE = Statement(
    update(libraries)
    .where(libraries.c.root == bindparam("given_root", type_=LargeBinary), ~libraries.c.active)
    .values(active=True, origin="person", name=func.coalesce(bindparam("given_name", type_=Text), libraries.c.name))
    .returning(libraries.c.id)
)
_ADD_BY_PERSON = Statement(
    insert(libraries)
    .values(
        id=bindparam("id", type_=libraries.c.id.type),
        name=bindparam("name", type_=libraries.c.name.type),
        root=bindparam("root", type_=libraries.c.root.type),
        origin="person",
    )
    .on_conflict_do_nothing(index_elements=[libraries.c.root])
    .returning(libraries.c.id)
)
_RENAME = Statement(update(libraries).where(_ID).values(name=bindparam("given_name", type_=Text)))
_TAKE_OUT = Statement(update(libraries).where(_ID).values(active=False, origin="person"))
_NOTIFY = Statement(select(func.pg_notify(LIBRARIES_CHANNEL, "")))
_SET_ASIDE = Statement(
    update(files)
    .where(
        files.c.library_id.in_(select(libraries.c.id).where(~libraries.c.active)),
        files.c.missing_since.is_(None),
    )
    .values(missing_since=func.now())
    .returning(files.c.track_id)
)


class Libraries:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def all(self) -> list[Library]:
        bounds = self._scope.bounds
        rows = await self._connection.fetch(_ALL.within(bounds), **bounds)
        return [Library(id=id_, number=number, name=name, root=root) for id_, number, name, root in rows]

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        wanted = list(dict.fromkeys(roots))
        await take_turns(self._connection, Turn.CATALOGUE)
        known = {root for (root,) in await self._connection.fetch(_KNOWN_ROOTS, roots=wanted)}
        for root in wanted:
            if root not in known:
                await self._connection.execute(_ADD, id=new_id(), name=_name_of(root), root=root)
        await self._connection.execute(_CHOOSE, roots=wanted)
        await self._follow_up()
        by_root = {library.root: library for library in await self.all()}
        return [by_root[root] for root in wanted if root in by_root]

    async def lock(self) -> None:
        await take_turns(self._connection, Turn.CATALOGUE)

    async def roots(self) -> list[bytes]:
        return [root for (root,) in await self._connection.fetch(_ROOTS_IN_USE)]

    async def chosen(self) -> bool:
        return bool(await self._connection.fetch_value(_CHOSEN))

    async def states(self) -> list[LibraryState]:
        bounds = self._scope.bounds
        return [_state(row) for row in await self._connection.fetch(_STATES.within(bounds), **bounds)]

    async def state(self, library_id: UUID) -> LibraryState:
        bounds = self._scope.bounds
        row = await self._connection.fetch_row(_STATE.within(bounds), id=library_id, **bounds)
        if row is None:
            raise NotFound(f"There is no library {library_id}.")
        return _state(row)

    async def add(self, root: bytes, name: str | None) -> UUID | None:
        await self.lock()
        row = await self._connection.fetch_row(_PUT_TO_USE, given_root=root, given_name=name)
        if row is None:
            row = await self._connection.fetch_row(_ADD_BY_PERSON, id=new_id(), name=name or _name_of(root), root=root)
        if row is None:
            return None
        await self._connection.execute(_NOTIFY)
        added: UUID = row[0]
        return added

    async def rename(self, library_id: UUID, name: str) -> None:
        await self.state(library_id)
        await self._connection.execute(_RENAME, id=library_id, given_name=name)

    async def remove(self, library_id: UUID) -> None:
        await self.lock()
        await self.state(library_id)
        await self._connection.execute(_TAKE_OUT, id=library_id)
        await self._follow_up()

    async def _follow_up(self) -> None:
        """Set aside the files of what is no longer in use, and tell whoever watches."""
        if await presence_changed(self._connection, await self._connection.fetch(_SET_ASIDE)):
            await tidy(self._connection)
        await self._connection.execute(_NOTIFY)


def _name_of(root: bytes) -> str:
    return clean(os.path.basename(root).decode(errors="replace")) or "Music"


def _state(row: Row) -> LibraryState:
    id_, number, name, root, file_count, missing_count, track_count, size, created_at = row
    return LibraryState(
        library=Library(id=id_, number=number, name=name, root=root),
        file_count=file_count,
        missing_count=missing_count,
        track_count=track_count,
        size=size,
        created_at=created_at,
    )
