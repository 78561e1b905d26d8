"""Templates into responses."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from quart import Response

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, code: int = 200, /, **values: object) -> Response:
    """A page that nobody keeps: what it says is true now."""
    text = _ENVIRONMENT.get_template(template).render(**values)
    return Response(text, code, {"Cache-Control": "no-store"}, content_type="text/html; charset=utf-8")


def elsewhere(path: str) -> Response:
    """Send the browser to another page of ours, this time."""
    return Response(b"", 303, {"Cache-Control": "no-store", "Location": path})


def is_loopback(host: str) -> bool:
    """Whether a page was opened by a name that means this very machine."""
    return host.startswith(("127.", "localhost", "[::1]"))
