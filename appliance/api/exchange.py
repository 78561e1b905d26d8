"""One request and its response, as the server sees them: correlation id, limits, log line, numbers."""

import math
import re
import secrets
import time
from typing import cast

import structlog
import trio
from hypercorn.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, HTTPScope
from quart import Quart
from quart.wrappers import Request
from quart_trio import QuartTrio

from appliance.api.media_response import MediaConnection
from appliance.api.metrics import Metrics
from appliance.core.errors import Unavailable

#: Bytes of a request's body; a longer one is answered 413.
MAXIMUM_BODY = 1_000_000
#: Seconds in which events must be taken by whoever listens: they are small, and will not be kept.
_EVENT_SECONDS = 20.0
#: Seconds in which the last bytes of a response must be taken by the client.
_FAREWELL = 60.0
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
#: What a response is logged as whose client left before it began.
_CLIENT_LEFT = 499

_log = structlog.stdlib.get_logger(__name__)


class Exchange(MediaConnection):
    """Quart-Trio's HTTP connection, with a cure for its leak.

    After a response's last bytes Hypercorn tells the application ``http.disconnect`` from within the application's
    own ``send``; Quart-Trio then cancels that ``send``, and with it Hypercorn's recycling of the connection: keep-alive
    would never time out and ``Connection: close`` never close. So the last ``send`` is shielded here.

    A request brings its correlation id in ``X-Request-Id`` or is given one; it is in every log line written
    meanwhile and in the response. The query is never logged: Subsonic apps put passwords there.
    """

    def __init__(self, app: Quart, scope: HTTPScope) -> None:
        super().__init__(app, scope)
        self._metrics = cast("App", app).metrics
        self._request_id = _request_id(scope)
        self._request: Request | None = None
        self._status = _CLIENT_LEFT
        self._sent = 0
        self._received = 0
        self._streams = False
        self._patience = math.inf
        """Seconds that a piece of the body may take to be taken. A player that has paused may take for ever."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        began = time.perf_counter()
        self._metrics.in_flight.inc()
        with structlog.contextvars.bound_contextvars(request_id=self._request_id):
            try:
                await super().__call__(self._bounded(receive), self._observed(send))
            finally:
                self._metrics.in_flight.dec()
                self._close_books(time.perf_counter() - began)

    def _create_request_from_scope(self, send: ASGISendCallable) -> Request:
        self._request = super()._create_request_from_scope(send)
        return self._request

    def _bounded(self, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
        """``receive``, dropping what follows once a body is too long: Quart refuses it, yet would keep it all."""

        async def bounded() -> ASGIReceiveEvent:
            message = await receive()
            if message["type"] == "http.request":
                if self._received > MAXIMUM_BODY:
                    return {**message, "body": b""}
                self._received += len(message["body"])
            return message

        return bounded

    def _observed(self, send: ASGISendCallable) -> ASGISendCallable:
        async def observed(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                self._note_stream(message["headers"])
                message = {**message, "headers": [*message["headers"], (b"x-request-id", self._request_id.encode())]}
            elif message["type"] == "http.response.body":
                self._sent += len(message["body"])
                if not message["more_body"]:
                    with trio.move_on_after(_FAREWELL, shield=True):
                        await send(message)
                    return
            with trio.move_on_after(self._patience) as patience:
                await send(message)
            if patience.cancelled_caught:
                raise Unavailable("Whoever listened to events did not read them in time.")

        return observed

    def _note_stream(self, headers: object) -> None:
        for name, value in cast("list[tuple[bytes, bytes]]", headers):
            if name == b"content-type" and value.startswith(b"audio/"):
                self._streams = True
                self._metrics.streams.inc()
            elif name == b"content-type" and value.startswith(b"text/event-stream"):
                self._patience = self.app.config["EVENT_TIMEOUT"]

    def _close_books(self, seconds: float) -> None:
        if self._streams:
            self._metrics.streams.dec()
        rule = self._request.url_rule if self._request is not None else None
        route = rule.rule if rule is not None else "unknown"
        method = self.scope["method"]
        self._metrics.observe(method, route, self._status, seconds, self._sent)
        write = _log.debug if self._status < 400 else _log.info
        write(
            "Answered",
            method=method,
            path=self._path_without_code(),
            status=self._status,
            ms=round(seconds * 1000, 1),
            bytes=self._sent,
        )

    def _path_without_code(self) -> str:
        """What a shared link holds opens it for whoever reads the log."""
        arguments = (self._request.view_args if self._request is not None else None) or {}
        return self.scope["path"].replace(arguments["code"], "…") if "code" in arguments else self.scope["path"]


class App(QuartTrio):
    """Quart on Trio with our exchange."""

    asgi_http_class = Exchange

    def __init__(self, metrics: Metrics) -> None:
        super().__init__("appliance.api", static_folder=None)
        self.metrics = metrics
        self.config["EVENT_TIMEOUT"] = _EVENT_SECONDS


def _request_id(scope: HTTPScope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return value.decode()
    return secrets.token_hex(8)
