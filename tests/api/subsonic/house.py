"""The Subsonic API in front of a house of music in memory, as a client calls it."""

import hashlib
import json
from typing import Any, cast
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from quart import Response
from quart_trio import QuartTrio

from appliance.api.media_response import MediaConnection
from appliance.api.services import Services
from appliance.api.subsonic import blueprint
from appliance.core.accounts import Accounts, Role, User
from appliance.core.ports import MusicFolders
from appliance.core.setup import Setup, Terms
from appliance.core.throttle import Throttle
from tests.api.subsonic.memory_services import MemoryCovers, MemoryMedia, MemoryStore, MemoryVault
from tests.api.subsonic.world import furnish

PASSWORD = "sesame & coriander"


class House:
    """The API as a client calls it. Parameters may be lists: then they are repeated."""

    def __init__(self, app: QuartTrio, store: MemoryStore, media: MemoryMedia, covers: MemoryCovers) -> None:
        self.app = app
        self.store = store
        self.world = store.world
        self.media = media
        self.covers = covers

    def user(self, name: str) -> User:
        return next(account.user for account in self.world.accounts if account.user.name == name)

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


async def build_house() -> House:
    """Ada is the administrator, Bob a member, Guy a guest; all have one password."""
    store = MemoryStore(furnish())
    throttle = Throttle(lambda: 0.0)  # time stands still
    accounts = Accounts(MemoryVault(), throttle)
    async with store.begin() as work:
        for name, role in (("ada", Role.ADMIN), ("Bob", Role.MEMBER), ("guy", Role.GUEST)):
            await accounts.create(work, name, PASSWORD, role)
    media, covers = MemoryMedia(store), MemoryCovers(store)
    terms = Terms(by_page=False, music_folder=None)
    setup = Setup(terms, accounts, throttle, folders=cast("MusicFolders", None), machine=None)
    services = Services(store=store, accounts=accounts, setup=setup, media=media, covers=covers, version="0.1.0")
    app = QuartTrio(__name__)
    app.asgi_http_class = MediaConnection
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(blueprint(services), url_prefix="/rest")
    return House(app, store, media, covers)
