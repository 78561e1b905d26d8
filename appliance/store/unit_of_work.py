"""The nouns on one connection, and the store that hands them out."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from appliance.core.ports import UnitOfWork
from appliance.store.albums import Albums
from appliance.store.artists import Artists
from appliance.store.artworks import Artworks
from appliance.store.catalogue import Catalogue
from appliance.store.database import Connection, Database
from appliance.store.genres import Genres
from appliance.store.libraries import Libraries
from appliance.store.listener import Listener
from appliance.store.listening import Listening
from appliance.store.scans import Scans
from appliance.store.search import Search
from appliance.store.tables import CATALOGUE
from appliance.store.tracks import Tracks
from appliance.store.users import Sessions, Users


class Work:
    """``core.ports.UnitOfWork`` on PostgreSQL: every noun speaks on the same connection, in the same transaction."""

    def __init__(self, connection: Connection) -> None:
        self.libraries = Libraries(connection)
        self.catalogue = Catalogue(connection)
        self.artists = Artists(connection)
        self.albums = Albums(connection)
        self.tracks = Tracks(connection)
        self.genres = Genres(connection)
        self.search = Search(connection)
        self.listening = Listening(connection)
        self.users = Users(connection)
        self.sessions = Sessions(connection)
        self.scans = Scans(connection)
        self.artworks = Artworks(connection)


class PostgresStore:
    """``core.ports.Store`` on PostgreSQL."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database = database
        self._listener = listener

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with self._database.begin() as connection:
            yield Work(connection)

    async def ping(self) -> None:
        await self._database.ping()

    async def answers(self) -> None:
        await self._listener.ping()

    async def maintain(self) -> None:
        await self._database.vacuum(CATALOGUE)

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        return self._listener.listen(channel)
