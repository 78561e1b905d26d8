"""What listeners leave behind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Item, Marks

if TYPE_CHECKING:
    from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent


class Listening(Protocol):
    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        """Those of the items that do not exist (missing ones exist)."""
        ...

    async def add_likes(self, events: Sequence["LikeEvent"]) -> None: ...

    async def add_ratings(self, events: Sequence["RatingEvent"]) -> None: ...

    async def add_plays(self, events: Sequence["PlayEvent"]) -> None:
        """Append; a play of the same user, track, client and time is already there and is left alone."""
        ...

    async def marks(self, user_id: UUID, item: Item, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        """What the user left on these; an id without any mark is absent. An album's plays are its tracks'."""
        ...

    async def liked(self, user_id: UUID, item: Item, library: int | None = None) -> list[UUID]:
        """What the user likes now and can be played, latest first."""
        ...
