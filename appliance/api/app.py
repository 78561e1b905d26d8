"""The application: every route, and what is true of all of them."""

from collections.abc import Collection, Sequence

import structlog
from markupsafe import escape
from quart import Blueprint, Response, request
from werkzeug.exceptions import Forbidden, HTTPException, MisdirectedRequest

from appliance.api import health as health_routes
from appliance.api import metrics as metrics_routes
from appliance.api import rest, subsonic
from appliance.api.exchange import MAXIMUM_BODY, App
from appliance.api.health import Health
from appliance.api.hosts import address, may_be_called
from appliance.api.metrics import Metrics
from appliance.api.origin import FOREIGN_WORDS, Cause, cause
from appliance.api.rest.errors import problem
from appliance.api.services import Services
from appliance.visitors import PAGE_HEADERS

#: Seconds in which a request's body must have come.
_BODY_SECONDS = 20
#: Seconds in which a client must have taken a response. Media lift this for themselves (``response.timeout``).
_RESPONSE_SECONDS = 60
#: Paths that are not for browsers, and so are not held to a ``Host`` or given a page's headers.
_MACHINES = ("/rest/", "/health", "/metrics")

_log = structlog.stdlib.get_logger(__name__)


def make_app(
    services: Services,
    health: Health,
    metrics: Metrics,
    *,
    pages: Sequence[Blueprint] = (),
    allowed_hosts: Collection[str] = (),
) -> App:
    """Everything that is served.

    ``pages``: blueprints of other adapters (the web pages). ``allowed_hosts``: names, beside addresses and private
    ones, under which browsers may reach this server.
    """
    app = App(metrics)
    app.config["MAX_CONTENT_LENGTH"] = MAXIMUM_BODY
    app.config["BODY_TIMEOUT"] = _BODY_SECONDS
    app.config["RESPONSE_TIMEOUT"] = _RESPONSE_SECONDS
    app.register_blueprint(health_routes.blueprint(health))
    app.register_blueprint(metrics_routes.blueprint(metrics))
    app.register_blueprint(subsonic.blueprint(services))
    app.register_blueprint(rest.blueprint(services))
    for page in pages:
        app.register_blueprint(page)
    _check_hosts(app, {name.lower() for name in allowed_hosts})
    _check_origins(app)
    _dress(app)
    answer_errors(app)
    return app


def answer_errors(app: App) -> None:
    """Answer what no blueprint answers itself: as JSON below ``/api``, else as a page."""
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(Exception, _fail)


def _check_hosts(app: App, allowed: Collection[str]) -> None:
    @app.before_request
    async def check() -> None:
        if not request.path.startswith(_MACHINES) and not may_be_called(request.headers.get("Host"), allowed):
            # Told to a stranger's page as well, which has found it already.
            here = address(request.scope.get("server"))
            raise MisdirectedRequest(
                f"Tonearm is not known under this name. Open it by its address{f', {here},' if here else ','} "
                "or add the name to allowed_hosts."
            )


def _check_origins(app: App) -> None:
    """No foreign page sends a form to a page of ours. What is below ``/api`` checks for itself: it knows tokens."""

    @app.before_request
    async def check() -> None:
        is_page = not request.path.startswith(("/api/", *_MACHINES))
        if is_page and request.method not in {"GET", "HEAD"} and cause(request.headers) is Cause.FOREIGN:
            raise Forbidden(FOREIGN_WORDS)


def _dress(app: App) -> None:
    @app.after_request
    async def dress(response: Response) -> Response:
        if not request.path.startswith(_MACHINES):
            for name, value in PAGE_HEADERS.items():
                response.headers.setdefault(name, value)
        return response


async def _refuse(error: HTTPException) -> Response:
    """What HTTP itself refuses: no such path, a wrong method, a body that is too long."""
    code = error.code or 500
    if request.path.startswith("/api/"):
        answer = problem(code, _WORDS.get(code, error.description or error.name), error.name.lower().replace(" ", "_"))
    else:
        answer = _page(code, error.name, _WORDS.get(code, error.description or ""))
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


async def _fail(error: Exception) -> Response:
    """A fault of ours. The log has it in full, under the id that the response carries."""
    _log.error("A request failed", path=request.path, exc_info=error)
    message = "Something went wrong inside Tonearm. The log says what, under this response's X-Request-Id."
    if request.path.startswith("/api/"):
        return problem(500, message, "internal_error")
    return _page(500, "Something went wrong", message)


_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "The request took too long to come.",
    413: f"A request's body has at most {MAXIMUM_BODY:,} bytes.",
}


def _page(code: int, title: str, words: str) -> Response:
    """A page that is readable by itself, and looks like the others where their style is served."""
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="dark light"><link rel="stylesheet" href="/assets/home.css">'
        f"<title>{escape(title)} · Tonearm</title><h1>{escape(title)}</h1>"
        f'<main><p>{escape(words)}</p><p><a href="/">Tonearm</a></p></main>'
    )
    return Response(text, code, content_type="text/html; charset=utf-8")
