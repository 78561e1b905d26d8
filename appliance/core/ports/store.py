"""The database, and one transaction on it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from appliance.core.ports.catalogue import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Genres,
    Libraries,
    Search,
    Tracks,
)
from appliance.core.ports.listening import Listening
from appliance.core.ports.people import Sessions, Users
from appliance.core.ports.scanning import Scans


class UnitOfWork(Protocol):
    """One transaction on one connection."""

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
    def genres(self) -> Genres: ...
    @property
    def search(self) -> Search: ...
    @property
    def listening(self) -> Listening: ...
    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def scans(self) -> Scans: ...
    @property
    def artworks(self) -> Artworks: ...


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
