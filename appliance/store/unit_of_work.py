"""The nouns on one connection, and the store that hands them out."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from appliance.core.accounts import User
from appliance.core.ports import UnitOfWork
from appliance.store.albums import Albums
from appliance.store.artists import Artists
from appliance.store.artworks import Artworks
from appliance.store.audit import Audit
from appliance.store.bookmarks import Bookmarks
from appliance.store.catalogue import Catalogue
from appliance.store.database import VACUUM_SECONDS, Connection, Database
from appliance.store.devices import Devices
from appliance.store.events import Events
from appliance.store.files import Files
from appliance.store.genres import Genres
from appliance.store.household import HouseholdSettings
from appliance.store.invitations import Invitations
from appliance.store.jobs import Jobs
from appliance.store.libraries import Libraries
from appliance.store.likes import Likes
from appliance.store.listener import Listener
from appliance.store.listening import Listening
from appliance.store.now_playing import NowPlaying
from appliance.store.playlists import Playlists
from appliance.store.plays import Plays
from appliance.store.podcasts import Podcasts
from appliance.store.queues import Queues
from appliance.store.radio_stations import RadioStations
from appliance.store.ratings import Ratings
from appliance.store.scans import Scans
from appliance.store.schedules import Schedules
from appliance.store.scope import EVERYTHING, Scope
from appliance.store.search import Search
from appliance.store.sessions import Sessions
from appliance.store.shares import Shares
from appliance.store.smart_playlists import SmartPlaylists
from appliance.store.tables import CATALOGUE, search_trigrams, search_words
from appliance.store.tracks import Tracks
from appliance.store.users import Users
from appliance.store.vocabulary import Vocabulary


class Work:
    """``core.ports.UnitOfWork`` on PostgreSQL: every noun speaks on the same connection, in the same transaction."""

    def __init__(self, connection: Connection, scope: Scope = EVERYTHING) -> None:
        self._connection = connection
        self.libraries = Libraries(connection, scope)
        self.catalogue = Catalogue(connection)
        self.artists = Artists(connection, scope)
        self.albums = Albums(connection, scope)
        self.tracks = Tracks(connection, scope)
        self.files = Files(connection, scope)
        self.genres = Genres(connection, scope)
        self.search = Search(connection, scope)
        self.listening = Listening(connection, scope)
        self.likes = Likes(connection)
        self.ratings = Ratings(connection)
        self.plays = Plays(connection)
        self.now_playing = NowPlaying(connection)
        self.queues = Queues(connection)
        self.bookmarks = Bookmarks(connection)
        self.users = Users(connection)
        self.sessions = Sessions(connection)
        self.devices = Devices(connection)
        self.invitations = Invitations(connection)
        self.audit = Audit(connection)
        self.household = HouseholdSettings(connection)
        self.scans = Scans(connection, scope)
        self.jobs = Jobs(connection)
        self.schedules = Schedules(connection)
        self.events = Events(connection)
        self.artworks = Artworks(connection, scope)
        self.playlists = Playlists(connection)
        self.smart_playlists = SmartPlaylists(connection, scope)
        self.radio_stations = RadioStations(connection)
        self.shares = Shares(connection)
        self.podcasts = Podcasts(connection)

    def seen_by(self, user: User) -> "Work":
        return self if user.libraries is None else Work(self._connection, Scope.of(user))


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
        async with self._database.begin(seconds=VACUUM_SECONDS) as connection:
            await Vocabulary(connection).forget()
        await self._database.vacuum((*CATALOGUE, search_words, search_trigrams))

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        return self._listener.listen(channel)
