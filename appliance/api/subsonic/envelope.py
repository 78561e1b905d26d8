"""The envelope around every answer that is not audio or a picture, in the form that the client asked for."""

import re
from enum import StrEnum

import msgspec
from quart import Response

from appliance.api.subsonic import xml
from appliance.api.subsonic.call import Done, Element
from appliance.api.subsonic.classic import CLIENTS, classic
from appliance.api.subsonic.errors import Refusal, malformed
from appliance.api.subsonic.request import Parameters
from appliance.api.subsonic.responses import Error

#: Of the Subsonic API.
PROTOCOL = "1.16.1"
SERVER = "tonearm"
_ROOT = "subsonic-response"
_JSON = msgspec.json.Encoder()
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
    return Dialect(format=form, callback=callback, classic=parameters.given("c") in CLIENTS)


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
        content: dict[str, object] = {"status": status, "version": PROTOCOL}
        if not form.classic:
            content |= {"type": SERVER, "serverVersion": self._version, "openSubsonic": True}
        if element is not None:
            content[element.name] = classic(element.body) if form.classic else element.body
        response = Response(_encoded(content, form), content_type=_MEDIA_TYPES[form.format])
        # Answers are one user's own, and a proxy sees nothing but the address.
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _encoded(content: dict[str, object], form: Dialect) -> bytes:
    match form.format:
        case Format.XML:
            return xml.document(_ROOT, msgspec.to_builtins(content))
        case Format.JSON:
            return _JSON.encode({_ROOT: content})
        case Format.JSONP:
            return b"%b(%b);" % (form.callback.encode(), _JSON.encode({_ROOT: content}))
