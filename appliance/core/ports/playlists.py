"""Playlists, kept."""

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Window

if TYPE_CHECKING:
    from appliance.core.playlist_order import Changes, Places
    from appliance.core.playlists import Entry, Playlist, PlaylistFilter, PlaylistOrder


class Playlists(Protocol):
    """Whoever reads names the user who asks: what is private to somebody else is not there for them."""

    async def add(self, playlist: "Playlist") -> bool:
        """False when the id is taken."""
        ...

    async def owns(self, user_id: UUID, playlist_id: UUID) -> bool: ...

    async def get(self, playlist_id: UUID, user_id: UUID) -> "Playlist":
        """Raises ``NotFound``."""
        ...

    async def hold(self, playlist_id: UUID, user_id: UUID) -> "Playlist":
        """The same; until the end of the transaction nobody else changes it."""
        ...

    async def page(
        self, user_id: UUID, narrow: "PlaylistFilter", order: "PlaylistOrder", window: Window, *, descending: bool
    ) -> tuple[list["Playlist"], int]:
        """The user's own and what others show, and how many there are in all."""
        ...

    async def find(self, user_id: UUID, query: str, window: Window) -> list["Playlist"]:
        """The user's own and what others show, in whose names words begin with each word of ``query``; best first.

        A query without a word finds nothing.
        """
        ...

    async def describe(self, playlist: "Playlist") -> None:
        """Write name, comment and visibility."""
        ...

    async def remove(self, playlist_id: UUID) -> None: ...

    async def entries(self, playlist_id: UUID, window: Window) -> list["Entry"]:
        """In their order; removed ones are left out."""
        ...

    async def places(self, playlist_id: UUID, ids: AbstractSet[UUID]) -> "Places":
        """Where these entries stand, and the ends of the playlist."""
        ...

    async def apply(self, playlist_id: UUID, user_id: UUID, changes: "Changes") -> None:
        """Write what an edit came to, by this user, and count anew. The oldest of very many removed are forgotten."""
        ...

    async def renumber(self, playlist_id: UUID) -> None:
        """Give every entry a short rank, in the same order."""
        ...
