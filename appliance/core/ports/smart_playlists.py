"""Smart playlists, kept and evaluated."""

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Window

if TYPE_CHECKING:
    from appliance.core.playlists import PlaylistFilter, PlaylistOrder
    from appliance.core.smart_playlists import SmartPlaylist
    from appliance.core.smart_rules import Selection


class SmartPlaylists(Protocol):
    """Whoever reads names the user who asks: what is private to somebody else is not there for them."""

    async def add(self, playlist: "SmartPlaylist") -> bool:
        """False when the id is taken."""
        ...

    async def owns(self, user_id: UUID, playlist_id: UUID) -> bool: ...

    async def get(self, playlist_id: UUID, user_id: UUID) -> "SmartPlaylist":
        """Raises ``NotFound``."""
        ...

    async def hold(self, playlist_id: UUID, user_id: UUID) -> "SmartPlaylist":
        """The same; until the end of the transaction nobody else changes it."""
        ...

    async def page(
        self, user_id: UUID, narrow: "PlaylistFilter", order: "PlaylistOrder", window: Window, *, descending: bool
    ) -> tuple[list["SmartPlaylist"], int]:
        """The user's own and what others show, and how many there are in all."""
        ...

    async def describe(self, playlist: "SmartPlaylist") -> None:
        """Write all but its owner."""
        ...

    async def remove(self, playlist_id: UUID) -> None: ...

    async def choose(self, selection: "Selection", user_id: UUID, window: Window) -> tuple[list[UUID], int]:
        """Of the tracks that the selection has for this user now, one page; and how many there are in all."""
        ...
