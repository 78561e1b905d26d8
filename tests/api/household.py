"""A household whose people may not all hear everything, behind both interfaces, on a real database.

Two libraries: the parlour, which is for all, and the attic, which is not for Cy. Whatever is called in the attic has
``CLOSED`` in its name, and every row that it brought into the database is known.
"""

import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import psycopg
import trio
from quart import Response
from werkzeug.datastructures import Headers

from appliance.api.app import make_app
from appliance.api.event_streams import EventStreams
from appliance.api.exchange import App
from appliance.api.health import Check, Health
from appliance.api.metrics import Metrics
from appliance.api.services import Services
from appliance.core.accounts import Accounts, Role
from appliance.core.jobs import JobKinds
from appliance.core.ports import Machine, Store
from appliance.core.ports import MusicFolders as Folders
from appliance.core.schedules import Timetable
from appliance.core.setup import Setup, Terms
from appliance.core.sheet import Fault, Sheet, Tags
from appliance.core.throttle import Throttle
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.kinds import KINDS
from appliance.store.database import open_database
from appliance.store.tables import metadata
from appliance.vault import FileVault
from tests.api.subsonic.asked import AskedCovers, AskedMedia, WatchedStore
from tests.store.sheets import bring_in, picture, sheet

PASSWORD = "sesame & coriander"
#: In the name of everything that is only in the attic.
CLOSED = "verboten"
PARLOUR, ATTIC = 1, 2
PEOPLE: dict[str, tuple[Role, tuple[int, ...] | None]] = {
    "root": (Role.ADMIN, None),
    "ada": (Role.MEMBER, None),
    "bo": (Role.MEMBER, None),
    "cy": (Role.MEMBER, (PARLOUR,)),
    "guy": (Role.GUEST, None),
}


class Music(msgspec.Struct, frozen=True):
    """Something of each kind, as ids."""

    artist: UUID
    album: UUID
    track: UUID
    others: tuple[UUID, ...]
    """Tracks besides."""


class Estate(msgspec.Struct, frozen=True):
    """What is in the database, and in each of its copies."""

    parlour: Music
    attic: Music
    closed: dict[str, frozenset[UUID]]
    """The ids of whatever came with the attic, by table."""
    tokens: dict[str, str]
    """Of each person's session."""

    @property
    def everything_closed(self) -> frozenset[UUID]:
        return frozenset().union(*self.closed.values())


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def names(self, id_: UUID) -> bool:
        """Whether it holds this id, however it is spelled."""
        return str(id_).encode() in self.body or id_.hex.encode() in self.body


class Household:
    """The server as its people use it."""

    def __init__(self, app: App, store: Store, estate: Estate, url: str) -> None:
        self.app = app
        self.store = store
        self.estate = estate
        self.url = url

    async def rest(
        self, who: str | None, method: str, path: str, body: object = None, query: dict[str, Any] | None = None
    ) -> Answer:
        """A request below ``/api/v1``."""
        head = {} if who is None else {"Authorization": f"Bearer {self.estate.tokens[who]}"}
        given: dict[str, Any] = {} if body is None else {"json": msgspec.to_builtins(body)}
        asked = f"/api/v1{path}?{urlencode(query or {}, doseq=True)}"
        return await self._ask(method, asked, Headers(head), given)

    async def subsonic(self, who: str | None, endpoint: str, **parameters: Any) -> Answer:
        """A call of an endpoint below ``/rest``, as JSON where there is an envelope."""
        asked = f"/rest/{endpoint}?{urlencode(_credentials(who) | {'f': 'json'} | parameters, doseq=True)}"
        return await self._ask("GET", asked, Headers(), {})

    async def _ask(self, method: str, asked: str, headers: Headers, given: dict[str, Any]) -> Answer:
        with trio.fail_after(20):
            response: Response = await self.app.test_client(use_cookies=False).open(
                asked, method=method, headers=headers, **given
            )
            data = await response.get_data(as_text=False)
        assert isinstance(data, bytes)
        return Answer(response.status_code, data)

    def keep_from_the_attic(self, who: str) -> None:
        """From now on they may see the parlour only."""
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE users SET libraries = %s WHERE key = %s", [[PARLOUR], who])

    def logged(self, log: str, who: str) -> set[UUID]:
        """Of what ``likes``, ``ratings`` or ``plays`` tell that this person left something on it."""
        column = "track_id" if log == "plays" else "item_id"
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                f"SELECT {column} FROM {log} WHERE user_id = (SELECT id FROM users WHERE key = %s)",  # noqa: S608
                [who],
            )
            return {id_ for (id_,) in rows}


def _credentials(who: str | None) -> dict[str, str]:
    if who is None:
        return {}
    token = hashlib.md5(f"{PASSWORD}s".encode(), usedforsecurity=False).hexdigest()
    return {"u": who, "t": token, "s": "s", "v": "1.16.1", "c": "tests"}


@asynccontextmanager
async def open_household(url: str, estate: Estate) -> AsyncIterator[Household]:
    async with open_database(url) as database, trio.open_nursery() as nursery:
        store = WatchedStore(database)
        app = make_app(_services(store), await _health(store, nursery), Metrics())
        yield Household(app, store, estate, url)
        nursery.cancel_scope.cancel()


async def found_household(url: str) -> Estate:
    """Bring everything into an empty database."""
    async with open_database(url) as database, trio.open_nursery() as nursery:
        store = WatchedStore(database)
        services = _services(store)
        tokens = {}
        async with store.begin() as work:
            for name, (role, libraries) in PEOPLE.items():
                user = await services.accounts.create(work, name, PASSWORD, role, libraries=libraries)
                tokens[name] = await services.accounts.open_session(work, user)
            (parlour,) = await work.libraries.settle([b"/srv/Parlour"])
        await bring_in(store, parlour, [*_songs("Lea", "Open", "Air", 3), *_songs("Mixed Voices", "Matinee", "Air", 2)])
        before = _ids(url)
        async with store.begin() as work:
            parlour, attic = await work.libraries.settle([b"/srv/Parlour", f"/srv/{CLOSED}".encode()])
        await bring_in(
            store,
            attic,
            [
                *_songs(f"{CLOSED} singer", f"{CLOSED} album", f"{CLOSED} genre", 3, closed=True),
                # By somebody who is in the parlour as well, and of a genre that is.
                *_songs("Mixed Voices", f"{CLOSED} soirée", "Air", 2, closed=True),
            ],
            faults=[Fault(path=f"{CLOSED}/broken.mp3".encode(), reason=f"There is no {CLOSED} sound in it.")],
        )
        assert (parlour.number, attic.number) == (PARLOUR, ATTIC)
        closed = {table: frozenset(ids - before[table]) for table, ids in _ids(url).items()}
        music = {name: _music(url, name) for name in ("Lea", f"{CLOSED} singer")}
        nursery.cancel_scope.cancel()
    return Estate(music["Lea"], music[f"{CLOSED} singer"], closed, tokens)


def _services(store: WatchedStore) -> Services:
    throttle = Throttle(lambda: 0.0)  # time stands still
    accounts = Accounts(FileVault(bytes(32)), throttle)
    terms = Terms(by_page=True, music_folder=None)
    setup = Setup(terms, accounts, throttle, folders=cast("Folders", None), machine=cast("Machine", None))
    return Services(
        store=store,
        accounts=accounts,
        setup=setup,
        media=AskedMedia(store),
        covers=AskedCovers(store),
        folders=cast("Folders", None),
        timetable=Timetable(JobKinds(KINDS), CronCalendar()),
        events=EventStreams(store),
        version="0.1.0-test",
    )


async def _health(store: Store, nursery: trio.Nursery) -> Health:
    async def answers() -> str:
        await store.ping()
        return "answers"

    health = Health([Check("database", required=True, probe=answers)])
    await nursery.start(health.run)
    return health


def _songs(artist: str, album: str, genre: str, count: int, *, closed: bool = False) -> list[Sheet]:
    word = f"{CLOSED} " if closed else ""
    return [
        sheet(
            f"{artist}/{album}/{number}.mp3",
            f"{artist} {album} {number}",
            Tags(
                title=f"{word}song {number} of {album}",
                artists=(artist,),
                album=album,
                album_artists=(artist,),
                disc_number=1,
                disc_title=f"{word}disc",
                track_number=number,
                genres=(genre,),
                moods=(f"{word}mood",),
                release_date="1999" if closed else "2001",
                label=f"{word}label",
                comment=f"{word}comment",
                lyrics=f"[00:01.00] {word}lyrics",
                isrc="USSM18300073",
            ),
            picture=picture(album, f"{artist}/{album}/cover.png"),
        )
        for number in range(1, count + 1)
    ]


def _ids(url: str) -> dict[str, set[UUID]]:
    """Of every row of every table that has one."""
    with psycopg.connect(url) as connection:
        return {
            table.name: {id_ for (id_,) in connection.execute(f"SELECT id FROM {table.name}")}  # noqa: S608
            for table in metadata.sorted_tables
            if "id" in table.c and table.c.id.type.python_type is UUID
        }


def _music(url: str, artist: str) -> Music:
    """What there is of an artist who has one album."""
    with psycopg.connect(url) as connection:
        rows: Sequence[tuple[UUID, UUID, UUID]] = connection.execute(
            "SELECT artists.id, albums.id, tracks.id FROM artists"
            " JOIN albums ON artists.id = albums.artist_ids[1] JOIN tracks ON tracks.album_id = albums.id"
            " WHERE artists.name = %s ORDER BY tracks.track_number",
            [artist],
        ).fetchall()
    (artist_id, album_id, track_id), *others = rows
    return Music(artist_id, album_id, track_id, tuple(itertools.chain(other[2] for other in others)))
