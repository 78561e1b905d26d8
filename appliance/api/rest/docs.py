"""``/api/v1/openapi.json``, and ``/api/docs``: the same document for people, without a script or anything from afar."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import trio
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape
from quart import Blueprint, Response

_FOLDER = Path(__file__).parent / "pages"


def register(api: Blueprint, document: Callable[[], dict[str, Any]]) -> None:
    """Serve the document below ``/api``.

    Either form is made when it is first asked for, in a thread: a small computer takes a second for it, and most boxes
    are never asked.
    """
    one_at_a_time = trio.CapacityLimiter(1)
    style = (_FOLDER / "docs.css").read_bytes()

    @cache
    def encoded() -> bytes:
        return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()

    @cache
    def page() -> bytes:
        return render(document()).encode()

    @api.get("/v1/openapi.json")
    async def openapi_json() -> Response:
        return Response(await trio.to_thread.run_sync(encoded, limiter=one_at_a_time), content_type="application/json")

    @api.get("/docs")
    async def docs() -> Response:
        return Response(
            await trio.to_thread.run_sync(page, limiter=one_at_a_time), content_type="text/html; charset=utf-8"
        )

    @api.get("/docs.css")
    async def docs_css() -> Response:
        return Response(style, headers={"Cache-Control": "max-age=3600"}, content_type="text/css; charset=utf-8")


def render(document: dict[str, Any]) -> str:
    """The page."""
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(), trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters["prose"] = _prose
    environment.filters["kind"] = _kind
    environment.filters["example"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["ref"] = _ref
    return environment.get_template("docs.html").render(document=document, groups=_groups(document))


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by tag, in the document's order."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append({"method": method.upper(), "path": path, **operation})
    return groups


def _prose(text: str) -> Markup:
    """Text with ``code`` between backticks."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def _ref(schema: dict[str, Any]) -> str:
    """The name of the schema that is referred to, here or in a list or an alternative; else empty."""
    for candidate in (schema, schema.get("items", {}), *schema.get("anyOf", []), *schema.get("allOf", [])):
        if isinstance(candidate, dict) and "$ref" in candidate:
            return str(candidate["$ref"].rpartition("/")[2])
    return ""


def _kind(schema: dict[str, Any]) -> str:
    """A schema's type in a few words."""
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return _ref(schema)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return f"{schema.get('type', 'anything')}{_bounds(schema)}"


def _bounds(schema: dict[str, Any]) -> str:
    if "format" in schema:
        return f" ({schema['format']})"
    if "minimum" in schema and "maximum" in schema:
        return f" {schema['minimum']}…{schema['maximum']}"
    return ""
