"""The Subsonic API in front of a house of music, as a client calls it."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import msgspec
from quart import Response
from quart_trio import QuartTrio
from sqlalchemy import Table, select

from appliance.api.event_streams import EventStreams
from appliance.api.media_response import MediaConnection
from appliance.api.services import Services
from appliance.api.subsonic import blueprint
from appliance.core.accounts import Accounts, User
from appliance.core.catalogue import Window
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.ports import MusicFolders
from appliance.core.scanning import Scan
from appliance.core.schedules import Timetable
from appliance.core.setup import Setup, Terms
from appliance.core.throttle import Throttle
from appliance.store import tables
from appliance.store.database import open_database
from appliance.store.statement import Statement
from appliance.vault import FileVault
from tests.api.subsonic.asked import AskedCovers, AskedMedia, WatchedStore
from tests.api.subsonic.world import PASSWORD, World, furnish, look_around

T = TypeVar("T", bound=msgspec.Struct)

#: What the house was furnished under, its copies can be opened with.
VAULT_KEY = bytes(32)


class House:
    """The API as a client calls it. Parameters may be lists: then they are repeated."""

    def __init__(
        self, app: QuartTrio, store: WatchedStore, world: World, media: AskedMedia, covers: AskedCovers
    ) -> None:
        self.app = app
        self.store = store
        self.world = world
        self.media = media
        self.covers = covers

    def user(self, name: str) -> User:
        return next(user for user in self.world.users if user.name == name)

    async def likes(self) -> list[LikeEvent]:
        """The whole log, the first event first; so are the others."""
        return await self._log(tables.likes, LikeEvent)

    async def ratings(self) -> list[RatingEvent]:
        return await self._log(tables.ratings, RatingEvent)

    async def plays(self) -> list[PlayEvent]:
        return await self._log(tables.plays, PlayEvent)

    async def _log(self, table: Table, kind: type[T]) -> list[T]:
        statement = Statement(select(table).order_by(table.c.happened_at, table.c.id))
        async with self.store.database.begin() as connection:
            rows = await connection.fetch(statement)
        return [kind(**{field: row[field] for field in kind.__struct_fields__}) for row in rows]

    async def scans(self) -> list[Scan]:
        """The latest first."""
        async with self.store.begin() as work:
            scans, _ = await work.scans.page(Window(100))
        return scans

    def credentials(self, user: str = "ada") -> dict[str, str]:
        token = hashlib.md5(f"{PASSWORD}s".encode(), usedforsecurity=False).hexdigest()
        return {"u": user, "t": token, "s": "s", "v": "1.16.1", "c": "tests"}

    async def send(
        self,
        path: str,
        parameters: dict[str, Any] | None = None,
        *,
        method: str = "GET",
        form: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        client: str = "192.0.2.1",
    ) -> Response:
        """A bare request below ``/rest``."""
        query = urlencode(parameters or {}, doseq=True)
        scope = {"client": (client, 4711)}
        head = dict(headers or {})
        data = None
        if form is not None:
            method = "POST"
            data = urlencode(form, doseq=True).encode()
            head["Content-Type"] = "application/x-www-form-urlencoded"
        return await getattr(self.app.test_client(), method.lower())(  # type: ignore[no-any-return]
            f"/rest/{path}?{query}", headers=head, data=data, scope_base=scope
        )

    async def answer(self, path: str, user: str = "ada", **parameters: Any) -> dict[str, Any]:
        """The content of a JSON envelope, whatever its status."""
        response = await self.send(path, self.credentials(user) | {"f": "json"} | parameters)
        assert response.content_type == "application/json"
        content = json.loads(await response.get_data(as_text=False))["subsonic-response"]
        assert isinstance(content, dict)
        return content

    async def ok(self, path: str, user: str = "ada", **parameters: Any) -> Any:
        """What a call answers, out of its envelope and its element."""
        content = await self.answer(path, user, **parameters)
        assert content["status"] == "ok", content
        rest = [value for key, value in content.items() if key not in ENVELOPE]
        return rest[0] if rest else None

    async def code(self, path: str, user: str = "ada", **parameters: Any) -> int:
        """The error code that a call answers."""
        content = await self.answer(path, user, **parameters)
        assert content["status"] == "failed", content
        assert content["error"]["message"]
        code = content["error"]["code"]
        assert isinstance(code, int)
        return code

    async def xml(self, path: str, user: str = "ada", **parameters: Any) -> ET.Element:
        """The root of an XML answer."""
        response = await self.send(path, self.credentials(user) | parameters)
        assert response.content_type == "text/xml; charset=utf-8"
        return ET.fromstring(await response.get_data(as_text=False))  # noqa: S314  # our own answer


ENVELOPE = {"status", "version", "type", "serverVersion", "openSubsonic"}


def build_house(store: WatchedStore, world: World) -> House:
    """The API in front of a store that holds ``world``. Nobody has guessed at a password yet, and time stands still."""
    throttle = Throttle(lambda: 0.0)
    accounts = Accounts(FileVault(VAULT_KEY), throttle)
    media, covers = AskedMedia(store), AskedCovers(store)
    terms = Terms(by_page=False, music_folder=None)
    setup = Setup(terms, accounts, throttle, folders=cast("MusicFolders", None), machine=None)
    folders = cast("MusicFolders", None)
    services = Services(
        store=store,
        accounts=accounts,
        setup=setup,
        media=media,
        covers=covers,
        folders=folders,
        timetable=cast("Timetable", None),
        events=cast("EventStreams", None),
        version="0.1.0",
    )
    app = QuartTrio(__name__)
    app.asgi_http_class = MediaConnection
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(blueprint(services), url_prefix="/rest")
    return House(app, store, world, media, covers)


@asynccontextmanager
async def open_house(url: str, world: World) -> AsyncIterator[House]:
    """The same in front of a database."""
    async with open_database(url) as database:
        yield build_house(WatchedStore(database), world)


async def furnish_house(url: str) -> None:
    """Bring everything into an empty database."""
    async with open_database(url) as database:
        await furnish(WatchedStore(database), Accounts(FileVault(VAULT_KEY), Throttle(lambda: 0.0)))


async def survey_house(url: str) -> World:
    """What is there."""
    async with open_database(url) as database, WatchedStore(database).begin() as work:
        return await look_around(work)
