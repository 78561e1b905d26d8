"""``/``: the first page, and the styles and scripts of all."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from quart import Blueprint, Response, request

from appliance.web.home import HomeStatus, progress
from appliance.web.rendering import elsewhere, is_loopback, rendered

_FOLDER = Path(__file__).parent
#: What is shown where the page was opened without a port, as behind a proxy.
_USUAL_PORT = 4533
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def pages(status: Callable[[], Awaitable[HomeStatus | None]], is_new: Callable[[], Awaitable[bool]]) -> Blueprint:
    """The pages. ``status`` gives None when the database does not answer: the page then says so.

    ``is_new``: whether Tonearm has to be set up first.
    """
    house = Blueprint("web", __name__)

    async def told(template: str) -> Response:
        now = await status()
        return rendered(
            template,
            200 if now is not None else 503,
            status=now,
            scan=progress(now) if now is not None else None,
            address=request.host_url.rstrip("/"),
            port=urlsplit(request.host_url).port or _USUAL_PORT,
            only_here=is_loopback(request.host),
        )

    @house.get("/")
    async def home() -> Response:
        if await is_new():
            return elsewhere("/setup")
        return await told("home.html")

    @house.get("/now")
    async def now() -> Response:
        """The part of the page that changes, for its script."""
        return await told("now.html")

    for asset in sorted((_FOLDER / "assets").iterdir()):
        _serve(house, asset)
    return house


def _serve(house: Blueprint, asset: Path) -> None:
    """Serve a small file from memory."""
    content = asset.read_bytes()

    async def view() -> Response:
        return Response(content, headers={"Cache-Control": "max-age=3600"}, content_type=_TYPES[asset.suffix])

    house.add_url_rule(f"/assets/{asset.name}", endpoint=asset.stem + asset.suffix.replace(".", "_"), view_func=view)
