"""Libraries: the root folders of music."""

import os
from collections.abc import Sequence

from sqlalchemy import LargeBinary, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from appliance.core.catalogue import LIBRARIES_CHANNEL, Library
from appliance.core.ids import new_id
from appliance.core.text import clean
from appliance.store.database import Connection
from appliance.store.presence import presence_changed
from appliance.store.statement import Statement
from appliance.store.tables import files, libraries
from appliance.store.tidy import tidy
from appliance.store.turns import Turn, take_turns

_ROOTS = bindparam("roots", type_=ARRAY(LargeBinary))

_ALL = Statement(
    select(libraries.c.id, libraries.c.number, libraries.c.name, libraries.c.root)
    .where(libraries.c.active)
    .order_by(libraries.c.number)
)
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
_CHOOSE = Statement(update(libraries).where(libraries.c.active != _IN_USE).values(active=_IN_USE))
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
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> list[Library]:
        rows = await self._connection.fetch(_ALL)
        return [Library(id=id_, number=number, name=name, root=root) for id_, number, name, root in rows]

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        wanted = list(dict.fromkeys(roots))
        await take_turns(self._connection, Turn.CATALOGUE)
        known = {root for (root,) in await self._connection.fetch(_KNOWN_ROOTS, roots=wanted)}
        for root in wanted:
            if root not in known:
                name = clean(os.path.basename(root).decode(errors="replace")) or "Music"
                await self._connection.execute(_ADD, id=new_id(), name=name, root=root)
        await self._connection.execute(_CHOOSE, roots=wanted)
        if await presence_changed(self._connection, await self._connection.fetch(_SET_ASIDE)):
            await tidy(self._connection)
        await self._connection.execute(_NOTIFY)
        by_root = {library.root: library for library in await self.all()}
        return [by_root[root] for root in wanted]
