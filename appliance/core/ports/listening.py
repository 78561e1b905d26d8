"""What listeners leave behind."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Item, Marks, Window

if TYPE_CHECKING:
    from appliance.core.bookmarks import Bookmark
    from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent, TimeOrder
    from appliance.core.now_playing import Playing
    from appliance.core.plays import PlayFilter
    from appliance.core.queues import PlayQueue


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


class Likes(Protocol):
    """The log of likes, and which of them count now: of each thing the latest event, if it likes."""

    async def add(self, event: "LikeEvent") -> bool:
        """Append; False when there is an event with this id already, anybody's, and nothing was appended."""
        ...

    async def event(self, event_id: UUID) -> "LikeEvent":
        """The event with this id, anybody's, whether it counts or not. Raises ``NotFound``."""
        ...

    async def latest(self, user_id: UUID, item: Item, item_id: UUID) -> datetime | None:
        """When the latest event of the user's about this thing happened."""
        ...

    async def get(self, user_id: UUID, like_id: UUID) -> "LikeEvent":
        """The user's event that likes something now. Raises ``NotFound``."""
        ...

    async def page(
        self, user_id: UUID, order: "TimeOrder", window: Window, item: Item | None = None
    ) -> tuple[list["LikeEvent"], int]:
        """What the user likes now, and how much that is in all. ``item``: only of this kind."""
        ...


class Ratings(Protocol):
    """The log of ratings, and which of them count now: of each thing the latest event, if it is not 0."""

    async def add(self, event: "RatingEvent") -> bool:
        """Append; False when there is an event with this id already, anybody's, and nothing was appended."""
        ...

    async def event(self, event_id: UUID) -> "RatingEvent":
        """The event with this id, anybody's, whether it counts or not. Raises ``NotFound``."""
        ...

    async def latest(self, user_id: UUID, item: Item, item_id: UUID) -> datetime | None:
        """When the latest event of the user's about this thing happened."""
        ...

    async def get(self, user_id: UUID, rating_id: UUID) -> "RatingEvent":
        """The user's event that rates something now. Raises ``NotFound``."""
        ...

    async def page(
        self, user_id: UUID, order: "TimeOrder", window: Window, item: Item | None = None
    ) -> tuple[list["RatingEvent"], int]:
        """What the user has rated, and how much that is in all. ``item``: only of this kind."""
        ...


class Plays(Protocol):
    async def add(self, event: "PlayEvent") -> bool:
        """Append; False when there is one with this id, or of this user, track, client and time, already."""
        ...

    async def like(self, event: "PlayEvent") -> "PlayEvent":
        """The one for which ``event`` was not appended. Raises ``NotFound``."""
        ...

    async def get(self, user_id: UUID, play_id: UUID) -> "PlayEvent":
        """Raises ``NotFound``, also for another user's."""
        ...

    async def page(
        self, user_id: UUID, narrow: "PlayFilter", order: "TimeOrder", window: Window
    ) -> tuple[list["PlayEvent"], int]:
        """Some of the user's history, and how much of it there is in all."""
        ...


class NowPlaying(Protocol):
    """Forgotten when the database crashes."""

    async def put(self, playing: "Playing") -> None:
        """Instead of what the user was listening to before."""
        ...

    async def current(self, now: datetime) -> list[tuple["Playing", str]]:
        """What has not expired by ``now``, told last first, each with its user's name. One for each user."""
        ...

    async def of(self, user_id: UUID, now: datetime) -> "Playing | None":
        """What this user is listening to; None when that has expired by ``now``."""
        ...

    async def remove(self, user_id: UUID) -> bool:
        """False when there was nothing."""
        ...


class Queues(Protocol):
    async def get(self, user_id: UUID) -> "PlayQueue":
        """Whoever has none has an empty one."""
        ...

    async def take(self, user_id: UUID) -> "PlayQueue":
        """The same, and nobody else changes it until the transaction ends."""
        ...

    async def put(self, queue: "PlayQueue") -> None:
        """Instead of the one that was taken."""
        ...

    async def move(self, queue: "PlayQueue") -> None:
        """The same, where its tracks are those of the one that was taken: they are not written anew."""
        ...

    async def entries(self, user_id: UUID, window: Window) -> tuple[list[UUID], int]:
        """Some of the queue's tracks in their order, and how many it has in all."""
        ...


class Bookmarks(Protocol):
    async def put(self, bookmark: "Bookmark") -> "Bookmark":
        """Instead of the one in this user's track, whose id and time of making it then has."""
        ...

    async def get(self, user_id: UUID, bookmark_id: UUID) -> "Bookmark":
        """Raises ``NotFound``, also for another user's."""
        ...

    async def page(self, user_id: UUID, order: "TimeOrder", window: Window) -> tuple[list["Bookmark"], int]:
        """By the time of their last change, and how many there are in all."""
        ...

    async def remove(self, user_id: UUID, bookmark_id: UUID) -> None:
        """Raises ``NotFound``, also for another user's."""
        ...
