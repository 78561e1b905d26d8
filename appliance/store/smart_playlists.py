"""Smart playlists: kept as data, and evaluated (``smart_selection``) for whoever asks."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Text, Uuid, bindparam, delete, func, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.playlists import PlaylistFilter, PlaylistOrder
from appliance.core.smart_playlists import SmartPlaylist
from appliance.core.smart_rules import Selection
from appliance.core.text import sort_key
from appliance.store.database import Connection, Row
from appliance.store.owned import DESCRIBED, OwnedRows, described
from appliance.store.scope import Scope
from appliance.store.smart_selection import is_shuffled, statement_of
from appliance.store.statement import Statement
from appliance.store.tables import smart_playlists

_ROWS = OwnedRows(smart_playlists, smart_playlists.c.selection)
_COLUMNS = {
    PlaylistOrder.NAME: smart_playlists.c.sort_name.name,
    PlaylistOrder.UPDATED: smart_playlists.c.updated_at.name,
}

_ID = bindparam("id", type_=Uuid)
_DESCRIPTION = {
    **{name: bindparam(f"new_{name}", type_=Text) for name in ("name", "sort_name", "comment", "visibility")},
    "selection": bindparam("new_selection", type_=JSONB),
}
_ADD = Statement(
    insert(smart_playlists)
    .values(
        id=_ID,
        owner_id=bindparam("owner_id", type_=Uuid),
        created_at=bindparam("created_at", type_=DateTime(timezone=True)),
        updated_at=bindparam("updated_at", type_=DateTime(timezone=True)),
        **_DESCRIPTION,
    )
    .on_conflict_do_nothing(index_elements=[smart_playlists.c.id])
    .returning(smart_playlists.c.id)
)
_DESCRIBE = Statement(
    update(smart_playlists).where(smart_playlists.c.id == _ID).values(updated_at=func.now(), **_DESCRIPTION)
)
_REMOVE = Statement(delete(smart_playlists).where(smart_playlists.c.id == _ID))
#: What is found of a large library is sorted in memory, not on a card.
_ROOM = Statement(text("SELECT set_config('work_mem', '32MB', true)"))


class SmartPlaylists:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def add(self, playlist: SmartPlaylist) -> bool:
        added = await self._connection.fetch_value(
            _ADD,
            id=playlist.id,
            owner_id=playlist.owner.id,
            created_at=playlist.created_at,
            updated_at=playlist.updated_at,
            **_description(playlist),
        )
        return added is not None

    async def owns(self, user_id: UUID, playlist_id: UUID) -> bool:
        return await _ROWS.owns(self._connection, playlist_id, user_id)

    async def get(self, playlist_id: UUID, user_id: UUID) -> SmartPlaylist:
        return _found(await _ROWS.get(self._connection, playlist_id, user_id), playlist_id)

    async def hold(self, playlist_id: UUID, user_id: UUID) -> SmartPlaylist:
        return _found(await _ROWS.hold(self._connection, playlist_id, user_id), playlist_id)

    async def page(
        self, user_id: UUID, narrow: PlaylistFilter, order: PlaylistOrder, window: Window, *, descending: bool
    ) -> tuple[list[SmartPlaylist], int]:
        rows, total = await _ROWS.page(
            self._connection,
            user_id,
            _COLUMNS[order],
            window,
            descending=descending,
            owner=narrow.owner,
            visibility=narrow.visibility,
        )
        return [_playlist(row) for row in rows], total

    async def describe(self, playlist: SmartPlaylist) -> None:
        await self._connection.execute(_DESCRIBE, id=playlist.id, **_description(playlist))

    async def remove(self, playlist_id: UUID) -> None:
        await self._connection.execute(_REMOVE, id=playlist_id)

    async def choose(self, selection: Selection, user_id: UUID, window: Window) -> tuple[list[UUID], int]:
        bounds = self._scope.bounds
        statement = statement_of(selection, bounds)
        most = selection.limit
        limit = window.limit if most is None else max(0, min(window.limit, most - window.offset))
        given: dict[str, Any] = {"limit": limit, "offset": window.offset, **bounds}
        if "user_id" in statement.parameters:
            given["user_id"] = user_id
        if is_shuffled(selection):
            given["seed"] = selection.seed
        await self._connection.execute(_ROOM)
        [(total, ids)] = await self._connection.fetch(statement, **given)
        return ids, total if most is None else min(total, most)


def _description(playlist: SmartPlaylist) -> dict[str, Any]:
    return {
        "new_name": playlist.name,
        "new_sort_name": sort_key(playlist.name),
        "new_comment": playlist.comment,
        "new_visibility": playlist.visibility.value,
        "new_selection": msgspec.to_builtins(playlist.selection),
    }


def _found(row: Row | None, playlist_id: UUID) -> SmartPlaylist:
    if row is None:
        raise NotFound(f"There is no smart playlist {playlist_id}.")
    return _playlist(row)


def _playlist(row: Row) -> SmartPlaylist:
    return SmartPlaylist(**described(row), selection=msgspec.convert(row[DESCRIBED], Selection))
