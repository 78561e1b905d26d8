"""What goes out of the house and what comes in from the Internet: shares, radio stations, podcasts."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Window

if TYPE_CHECKING:
    from appliance.core.podcasts import Episode, EpisodeState, Podcast
    from appliance.core.radio_stations import RadioStation
    from appliance.core.shares import Share


class Shares(Protocol):
    async def add(self, share: "Share") -> None: ...

    async def get(self, share_id: UUID) -> "Share | None":
        """Anybody's."""
        ...

    async def change(self, share: "Share") -> "Share":
        """Write its description, its end and its limit; visits that are counted meanwhile stay. Raises ``NotFound``."""
        ...

    async def remove(self, share_id: UUID) -> None: ...

    async def page(self, user_id: UUID | None, window: Window) -> tuple[list["Share"], int]:
        """Latest first, and how many in all. ``user_id``: only this owner's."""
        ...

    async def visit(self, code: str, now: datetime) -> "Share | None":
        """The share that this code opens, with this visit counted; None where it opens nothing (any more).

        However many come at once, no more are let in than the limit allows.
        """
        ...

    async def open(self, code: str, now: datetime, *, visited_since: datetime) -> "Share | None":
        """The same without counting. Of one whose visits are limited: only if it was visited since then."""
        ...


class RadioStations(Protocol):
    async def lock(self) -> None:
        """Wait until no other transaction is naming stations; held to the end of this one."""
        ...

    async def twin(self, station: "RadioStation") -> "RadioStation | None":
        """Another station that has this one's name, folded, or its stream's address."""
        ...

    async def add(self, station: "RadioStation") -> None:
        """Its name and address must be its own: ask for a ``twin`` first, under the lock."""
        ...

    async def change(self, station: "RadioStation") -> None:
        """The same holds as for ``add``."""
        ...

    async def remove(self, station_id: UUID) -> None:
        """Raises ``NotFound``."""
        ...

    async def get(self, station_id: UUID) -> "RadioStation":
        """Raises ``NotFound``."""
        ...

    async def page(self, window: Window) -> tuple[list["RadioStation"], int]:
        """By name, and how many in all."""
        ...


class Podcasts(Protocol):
    async def add(self, podcast: "Podcast") -> bool:
        """False when there is one with its feed."""
        ...

    async def told(self, podcast: "Podcast") -> None:
        """Write what an attempt to fetch its feed has told: title, description, picture, state, message, when."""
        ...

    async def keep(self, podcast_id: UUID, newest: int) -> "Podcast":
        """So many of the newest episodes are to be here. Raises ``NotFound``."""
        ...

    async def remove(self, podcast_id: UUID) -> None:
        """With its episodes; tracks that some of them have become stay. Raises ``NotFound``."""
        ...

    async def get(self, podcast_id: UUID) -> "Podcast":
        """Raises ``NotFound``."""
        ...

    async def page(self, window: Window) -> tuple[list["Podcast"], int]:
        """By title, and how many in all."""
        ...

    async def merge(self, podcast_id: UUID, episodes: Sequence["Episode"]) -> int:
        """Write what a feed tells of its episodes, each named once, as a set. Returns how many are new.

        One that is known by its ``guid`` keeps its id, its state, its message and its track.
        """
        ...

    async def episode(self, episode_id: UUID) -> "Episode":
        """Raises ``NotFound``."""
        ...

    async def episodes(
        self, podcast_id: UUID, state: "EpisodeState | None", window: Window
    ) -> tuple[list["Episode"], int]:
        """Newest first, undated ones last, and how many in all. ``state``: only those in this one."""
        ...
