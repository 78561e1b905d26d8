"""Playlists: who made them, who sees them. Their entries are in ``playlist_entries``."""

from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, delete, func, update
from sqlalchemy.dialects.postgresql import insert

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.playlist_order import Changes, Places
from appliance.core.playlists import Entry, Playlist, PlaylistFilter, PlaylistOrder
from appliance.core.text import searched, sort_key, spelled
from appliance.store import playlist_entries
from appliance.store.asked import Asked, begins, holds
from appliance.store.database import Connection, Row
from appliance.store.owned import DESCRIBED, OwnedRows, described
from appliance.store.statement import Statement
from appliance.store.tables import playlists

_ROWS = OwnedRows(playlists, playlists.c.track_count, playlists.c.duration_ms)
_COLUMNS = {PlaylistOrder.NAME: playlists.c.sort_name.name, PlaylistOrder.UPDATED: playlists.c.updated_at.name}

_ID = bindparam("id", type_=Uuid)
_DESCRIBED = ("name", "sort_name", "search", "comment", "visibility")
_DESCRIPTION = {name: bindparam(f"new_{name}", type_=Text) for name in _DESCRIBED}
_ADD = Statement(
    insert(playlists)
    .values(
        id=_ID,
        owner_id=bindparam("owner_id", type_=Uuid),
        created_at=bindparam("created_at", type_=DateTime(timezone=True)),
        updated_at=bindparam("updated_at", type_=DateTime(timezone=True)),
        **_DESCRIPTION,
    )
    .on_conflict_do_nothing(index_elements=[playlists.c.id])
    .returning(playlists.c.id)
)
_DESCRIBE = Statement(update(playlists).where(playlists.c.id == _ID).values(updated_at=func.now(), **_DESCRIPTION))
_REMOVE = Statement(delete(playlists).where(playlists.c.id == _ID))

_FIND = Statement(
    _ROWS.seen.where(holds(playlists))
    .order_by(begins(playlists.c.sort_name).desc(), playlists.c.sort_name, playlists.c.id)
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)


class Playlists:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, playlist: Playlist) -> bool:
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

    async def get(self, playlist_id: UUID, user_id: UUID) -> Playlist:
        return _found(await _ROWS.get(self._connection, playlist_id, user_id), playlist_id)

    async def hold(self, playlist_id: UUID, user_id: UUID) -> Playlist:
        return _found(await _ROWS.hold(self._connection, playlist_id, user_id), playlist_id)

    async def page(
        self, user_id: UUID, narrow: PlaylistFilter, order: PlaylistOrder, window: Window, *, descending: bool
    ) -> tuple[list[Playlist], int]:
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

    async def find(self, user_id: UUID, query: str, window: Window) -> list[Playlist]:
        asked = Asked.of(spelled(query), query)
        if not asked.words or window.limit <= 0:
            return []
        values = {"asking": user_id, "limit": window.limit, "offset": window.offset, **asked.values()}
        return [_playlist(row) for row in await self._connection.fetch(_FIND, **values)]

    async def describe(self, playlist: Playlist) -> None:
        await self._connection.execute(_DESCRIBE, id=playlist.id, **_description(playlist))

    async def remove(self, playlist_id: UUID) -> None:
        await self._connection.execute(_REMOVE, id=playlist_id)

    async def entries(self, playlist_id: UUID, window: Window) -> list[Entry]:
        return await playlist_entries.page(self._connection, playlist_id, window)

    async def places(self, playlist_id: UUID, ids: AbstractSet[UUID]) -> Places:
        return await playlist_entries.places(self._connection, playlist_id, ids)

    async def apply(self, playlist_id: UUID, user_id: UUID, changes: Changes) -> None:
        await playlist_entries.apply(self._connection, playlist_id, user_id, changes)

    async def renumber(self, playlist_id: UUID) -> None:
        await playlist_entries.renumber(self._connection, playlist_id)


def _description(playlist: Playlist) -> dict[str, Any]:
    return {
        "new_name": playlist.name,
        "new_sort_name": sort_key(playlist.name),
        "new_search": searched(playlist.name),
        "new_comment": playlist.comment,
        "new_visibility": playlist.visibility.value,
    }


def _found(row: Row | None, playlist_id: UUID) -> Playlist:
    if row is None:
        raise NotFound(f"There is no playlist {playlist_id}.")
    return _playlist(row)


def _playlist(row: Row) -> Playlist:
    return Playlist(**described(row), track_count=row[DESCRIBED], duration_ms=row[DESCRIBED + 1])
