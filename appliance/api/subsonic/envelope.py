"""The envelope around every answer that is not audio or a picture, in the form that the client asked for."""

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec
from quart import Response

from appliance.api.subsonic import xml
from appliance.api.subsonic.call import Done, Element
from appliance.api.subsonic.errors import Refusal, malformed
from appliance.api.subsonic.request import Parameters
from appliance.api.subsonic.responses import Error, Node

#: Of the Subsonic API.
PROTOCOL = "1.16.1"
SERVER = "tonearm"
#: Names that old clients give themselves, which fail on fields that they do not know.
_CLASSIC_CLIENTS = {"DSub"}
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_LONGEST_CALLBACK = 128


class Format(StrEnum):
    XML = "xml"
    JSON = "json"
    JSONP = "jsonp"


_MEDIA_TYPES = {
    Format.XML: "text/xml; charset=utf-8",
    Format.JSON: "application/json",
    Format.JSONP: "application/javascript; charset=utf-8",
}


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How to speak to this client."""

    format: Format
    callback: str = ""
    classic: bool = False
    """Leave OpenSubsonic's fields out."""


def dialect(parameters: Parameters) -> Dialect:
    """What ``f``, ``callback`` and ``c`` ask for: XML unless said otherwise, and JSON where a callback is unusable."""
    wanted = (parameters.optional("f") or "").lower()
    form = Format(wanted) if wanted in set(Format) else Format.XML
    callback = parameters.optional("callback") or ""
    if form is Format.JSONP and not _is_usable(callback):
        form = Format.JSON
    return Dialect(format=form, callback=callback, classic=parameters.given("c") in _CLASSIC_CLIENTS)


def check_callback(parameters: Parameters) -> None:
    """Refuse JSONP whose callback is missing, or is more than the (dotted) name of a function."""
    if (parameters.optional("f") or "").lower() == Format.JSONP and not _is_usable(parameters.text("callback")):
        raise malformed("callback", "the name of a function")


def _is_usable(callback: str) -> bool:
    return len(callback) <= _LONGEST_CALLBACK and _CALLBACK.fullmatch(callback) is not None


class Envelopes:
    """Makes them for one version of the server."""

    def __init__(self, version: str) -> None:
        self._version = version

    def success(self, answer: Done | Element, form: Dialect) -> Response:
        """An envelope that says ``ok``."""
        return self._response(form, "ok", answer if isinstance(answer, Element) else None)

    def failure(self, refusal: Refusal, form: Dialect) -> Response:
        """An envelope that says ``failed``, with the code and a sentence."""
        error = Error(code=int(refusal.code), message=refusal.message)
        response = self._response(form, "failed", Element("error", error))
        response.status_code = refusal.status
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    def _response(self, form: Dialect, status: str, element: Element | None) -> Response:
        head: dict[str, object] = {"status": status, "version": PROTOCOL}
        if not form.classic:
            head |= {"type": SERVER, "serverVersion": self._version, "openSubsonic": True}
        body = _xml(head, element, form) if form.format is Format.XML else _json(head, element, form)
        response = Response(body, content_type=_MEDIA_TYPES[form.format])
        # Answers are one user's own, and a proxy sees nothing but the address.
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _json(head: dict[str, object], element: Element | None, form: Dialect) -> bytes:
    content = head
    if element is not None:
        content = head | {element.name: _classic(element.body) if form.classic else element.body}
    encoded = msgspec.json.encode({"subsonic-response": content})
    return f"{form.callback}(".encode() + encoded + b");" if form.format is Format.JSONP else encoded


def _xml(head: dict[str, object], element: Element | None, form: Dialect) -> bytes:
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n<subsonic-response xmlns="', xml.NAMESPACE, '"']
    for name, value in head.items():
        text = "true" if value is True else xml.escaped(str(value))
        out.append(f' {name}="{text}"')
    out.append(">")
    if element is not None:
        xml.write(out, element.name, element.body, classic=form.classic)
    out.append("</subsonic-response>")
    return "".join(out).encode()


def _classic(body: object) -> object:
    """``body`` as plain values, without OpenSubsonic's fields."""
    if isinstance(body, Node):
        values = ((field.name, getattr(body, field.attribute)) for field in xml.fields(type(body)) if not field.added)
        return {name: _classic(value) for name, value in values if value is not None}
    if isinstance(body, Sequence) and not isinstance(body, str):
        return [_classic(each) for each in body]
    return body
