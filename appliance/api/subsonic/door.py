"""The door: every call to ``/rest`` enters here, and every refusal leaves here."""

from contextlib import suppress
from functools import partial

import structlog
from quart import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from appliance.api.media_response import cover_response, media_response
from appliance.api.services import Services
from appliance.api.subsonic import annotation, browsing, lists, media, scanning, search, system, users
from appliance.api.subsonic.auth import authenticate
from appliance.api.subsonic.call import Answer, Call, Done, Element, Handler, Picture, Sound
from appliance.api.subsonic.envelope import Dialect, Envelopes, check_callback, dialect
from appliance.api.subsonic.errors import Code, Refusal, http_refusal, refusal
from appliance.api.subsonic.request import Parameters, query_parameters, read_parameters
from appliance.core.errors import TonearmError

ENDPOINTS: dict[str, Handler] = {
    "ping": system.ping,
    "getLicense": system.get_license,
    "tokenInfo": system.token_info,
    "getMusicFolders": browsing.get_music_folders,
    "getIndexes": browsing.get_indexes,
    "getMusicDirectory": browsing.get_music_directory,
    "getGenres": browsing.get_genres,
    "getArtists": browsing.get_artists,
    "getArtist": browsing.get_artist,
    "getAlbum": browsing.get_album,
    "getSong": browsing.get_song,
    "getAlbumList": lists.get_album_list,
    "getAlbumList2": lists.get_album_list2,
    "getRandomSongs": lists.get_random_songs,
    "getSongsByGenre": lists.get_songs_by_genre,
    "getStarred": lists.get_starred,
    "getStarred2": lists.get_starred2,
    "search2": search.search2,
    "search3": search.search3,
    "stream": media.stream,
    "download": media.download,
    "getCoverArt": media.get_cover_art,
    "star": annotation.star,
    "unstar": annotation.unstar,
    "setRating": annotation.set_rating,
    "scrobble": annotation.scrobble,
    "getUser": users.get_user,
    "startScan": scanning.start_scan,
    "getScanStatus": scanning.get_scan_status,
}
#: Answered to anybody, whatever credentials come with them.
PUBLIC = {"getOpenSubsonicExtensions": system.get_open_subsonic_extensions}

#: Players that run as a web page come from another origin than this server. Any may read what it asks for: no cookie
#: opens ``/rest``, so a page knows nothing here that it was not told by its user.
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}
_PREFLIGHT = {"Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "86400"}

_METHODS = ["GET", "POST"]
_OTHER_METHODS = ["DELETE", "PATCH", "PUT"]

_log = structlog.stdlib.get_logger(__name__)


def blueprint(services: Services) -> Blueprint:
    """The routes, below ``/rest``. The application's ``asgi_http_class`` must be a ``MediaConnection``."""
    door = _Door(services)
    routes = Blueprint("subsonic", __name__, url_prefix="/rest")
    for name in [*PUBLIC, *ENDPOINTS]:
        view = partial(door.call, name)
        for path in (f"/{name}", f"/{name}.view"):
            routes.add_url_rule(path, name, view, methods=_METHODS)
    # Whatever else is asked for here is answered here as well: apps read envelopes, not pages.
    routes.add_url_rule("/", "nothing", door.unknown, methods=_METHODS + _OTHER_METHODS)
    routes.add_url_rule("/<path:path>", "unknown", door.unknown, methods=_METHODS + _OTHER_METHODS)
    routes.register_error_handler(Exception, door.broken)
    routes.after_request(_open_to_any_origin)
    return routes


async def _open_to_any_origin(response: Response) -> Response:
    """As https://fetch.spec.whatwg.org/#http-cors-protocol has it; GET, HEAD and POST need not be allowed by name."""
    response.headers.update(_ANY_ORIGIN)
    if request.method == "OPTIONS":
        response.headers.update(_PREFLIGHT)
    return response


class _Door:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._envelopes = Envelopes(services.version)

    async def call(self, name: str) -> Response:
        """Answer one call of an endpoint: an envelope, audio or a picture."""
        parameters = query_parameters(request)
        try:
            parameters = await read_parameters(request)
            check_callback(parameters)
            return await self._response(await self._answer(name, parameters), dialect(parameters))
        except Refusal as refused:
            return self._envelopes.failure(refused, dialect(parameters))
        except TonearmError as error:
            return self._envelopes.failure(refusal(error), dialect(parameters))
        except HTTPException as error:
            return self._envelopes.failure(http_refusal(error), dialect(parameters))

    async def unknown(self, path: str = "") -> Response:
        """Say that there is no such endpoint, or not by this method."""
        if request.method in _OTHER_METHODS:
            refused = Refusal(Code.GENERIC, "Use GET or POST.", status=405)
        else:
            refused = Refusal(Code.GENERIC, f"Tonearm has no endpoint {path.removesuffix('.view')[:64]!r}.")
        return self._envelopes.failure(refused, dialect(await self._parameters()))

    async def broken(self, error: Exception) -> Response:
        """Own up to a fault of ours. The client still gets an envelope, and the log the error in full."""
        _log.error("A request failed", path=request.path, exc_info=error)
        refused = Refusal(Code.GENERIC, "Something went wrong inside Tonearm. Its log says what.", status=500)
        return self._envelopes.failure(refused, dialect(query_parameters(request)))

    async def _parameters(self) -> Parameters:
        """Those of the form as well, where it can be read: ``f`` may be there."""
        with suppress(Refusal, HTTPException):
            return await read_parameters(request)
        return query_parameters(request)

    async def _answer(self, name: str, parameters: Parameters) -> Answer:
        """What the handler says. The transaction is committed before anybody hears of it."""
        if name in PUBLIC:
            return await PUBLIC[name]()
        services = self._services
        async with services.store.begin() as work:
            user = await authenticate(services.accounts, work, parameters, request.remote_addr or "")
            seen = work.seen_by(user)
            return await ENDPOINTS[name](Call(services=services, work=seen, user=user, parameters=parameters))

    async def _response(self, answer: Answer, form: Dialect) -> Response:
        match answer:
            case Done() | Element():
                return self._envelopes.success(answer, form)
            case Sound(plan, attachment):
                return media_response(
                    self._services.media, plan, request, partial(self._silence, form), attachment=attachment
                )
            case Picture(artwork, size, keep_seconds):
                cover = await self._services.covers.get(artwork, size)
                return cover_response(cover, request, keep_seconds=keep_seconds)

    def _silence(self, form: Dialect, error: TonearmError) -> Response:
        return self._envelopes.failure(refusal(error), form)
