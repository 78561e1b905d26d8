"""The database, and one transaction on it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from appliance.core.ports.catalogue import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Files,
    Genres,
    Libraries,
    Search,
    Tracks,
)
from appliance.core.ports.jobs import Events, Jobs, Schedules
from appliance.core.ports.listening import Bookmarks, Likes, Listening, NowPlaying, Plays, Queues, Ratings
from appliance.core.ports.people import Audit, Devices, HouseholdSettings, Invitations, Sessions, Users
from appliance.core.ports.playlists import Playlists
from appliance.core.ports.scanning import Scans
from appliance.core.ports.sharing import Podcasts, RadioStations, Shares
from appliance.core.ports.smart_playlists import SmartPlaylists

if TYPE_CHECKING:
    from appliance.core.accounts import User


class UnitOfWork(Protocol):
    """One transaction on one connection."""

    def seen_by(self, user: "User") -> "UnitOfWork":
        """The same transaction, with only the music that ``user`` may see.

        Whoever acts for somebody works with this one; the music of other libraries is not there for it.
        """
        ...

    @property
    def libraries(self) -> Libraries: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def artists(self) -> Artists: ...
    @property
    def albums(self) -> Albums: ...
    @property
    def tracks(self) -> Tracks: ...
    @property
    def files(self) -> Files: ...
    @property
    def genres(self) -> Genres: ...
    @property
    def search(self) -> Search: ...
    @property
    def listening(self) -> Listening: ...
    @property
    def playlists(self) -> Playlists: ...
    @property
    def smart_playlists(self) -> SmartPlaylists: ...
    @property
    def likes(self) -> Likes: ...
    @property
    def ratings(self) -> Ratings: ...
    @property
    def plays(self) -> Plays: ...
    @property
    def now_playing(self) -> NowPlaying: ...
    @property
    def queues(self) -> Queues: ...
    @property
    def bookmarks(self) -> Bookmarks: ...
    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def household(self) -> HouseholdSettings: ...
    @property
    def scans(self) -> Scans: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def events(self) -> Events: ...
    @property
    def artworks(self) -> Artworks: ...
    @property
    def radio_stations(self) -> RadioStations: ...
    @property
    def shares(self) -> Shares: ...
    @property
    def podcasts(self) -> Podcasts: ...


class Store(Protocol):
    """The database."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction: committed when the block ends, rolled back when it raises or is cancelled.

        Raises ``Unavailable`` when the database does not answer within a few seconds.
        """
        ...

    async def ping(self) -> None:
        """Return when there is a transaction to be had. Raises ``Unavailable``."""
        ...

    async def answers(self) -> None:
        """Return when the database answers, however many wait for a transaction. Raises ``Unavailable``."""
        ...

    async def maintain(self) -> None:
        """Let the database see to what large changes leave behind, so that answers stay quick.

        Takes seconds, or minutes where the card is slow. Raises ``Unavailable``; nothing depends on it.
        """
        ...

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The payloads notified on ``channel`` from now on.

        Survives reconnects; after one, an empty payload comes, so that a listener looks for what it missed.
        """
        ...
