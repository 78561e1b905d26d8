"""``/``: the first page, with its style and its script."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from quart import Blueprint, Response, request

from appliance.web.home import HomeStatus, progress

_FOLDER = Path(__file__).parent
#: What is shown where the page was opened without a port, as behind a proxy.
_USUAL_PORT = 4533
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def pages(status: Callable[[], Awaitable[HomeStatus | None]]) -> Blueprint:
    """The pages. ``status`` gives None when the database does not answer: the page then says so."""
    house = Blueprint("web", __name__)
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    async def rendered(template: str) -> Response:
        now = await status()
        text = environment.get_template(template).render(
            status=now,
            scan=progress(now) if now is not None else None,
            address=request.host_url.rstrip("/"),
            port=urlsplit(request.host_url).port or _USUAL_PORT,
            only_here=_is_loopback(request.host),
        )
        code = 200 if now is not None else 503
        return Response(text, code, {"Cache-Control": "no-store"}, content_type="text/html; charset=utf-8")

    @house.get("/")
    async def home() -> Response:
        return await rendered("home.html")

    @house.get("/now")
    async def now() -> Response:
        """The part of the page that changes, for its script."""
        return await rendered("now.html")

    for asset in sorted((_FOLDER / "assets").iterdir()):
        _serve(house, asset)
    return house


def _serve(house: Blueprint, asset: Path) -> None:
    """Serve a small file from memory."""
    content = asset.read_bytes()

    async def view() -> Response:
        return Response(content, headers={"Cache-Control": "max-age=3600"}, content_type=_TYPES[asset.suffix])

    house.add_url_rule(f"/assets/{asset.name}", endpoint=asset.stem + asset.suffix.replace(".", "_"), view_func=view)


def _is_loopback(host: str) -> bool:
    """Whether the page was opened by a name that means this very machine."""
    return host.startswith(("127.", "localhost", "[::1]"))
