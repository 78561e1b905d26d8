"""The native REST interface, at ``/api/v1``.

Each noun's file has its schemas, its handlers and its rows of the table of operations. The table makes the routes
(``routes``) and the OpenAPI document (``document``), so that the two cannot differ.
"""

from functools import cache, partial

from quart import Blueprint, Response

from appliance.api.rest import (
    albums,
    artists,
    audit,
    bookmarks,
    covers,
    devices,
    docs,
    errors,
    events,
    files,
    genres,
    invitations,
    jobs,
    libraries,
    likes,
    lyrics,
    now_playing,
    playlist_entries,
    playlists,
    plays,
    podcast_episodes,
    podcasts,
    public_shares,
    queue,
    radio_stations,
    ratings,
    routes,
    scans,
    schedules,
    search,
    sessions,
    settings,
    setup,
    shares,
    smart_playlists,
    tracks,
    users,
)
from appliance.api.rest.document import openapi
from appliance.api.rest.errors import Invalid
from appliance.api.services import Services
from appliance.core.errors import TonearmError

OPERATIONS = (
    *setup.OPERATIONS,
    *sessions.OPERATIONS,
    *users.OPERATIONS,
    *devices.OPERATIONS,
    *invitations.OPERATIONS,
    *settings.OPERATIONS,
    *audit.OPERATIONS,
    *tracks.OPERATIONS,
    *lyrics.OPERATIONS,
    *albums.OPERATIONS,
    *artists.OPERATIONS,
    *covers.OPERATIONS,
    *genres.OPERATIONS,
    *files.OPERATIONS,
    *libraries.OPERATIONS,
    *search.OPERATIONS,
    *scans.OPERATIONS,
    *jobs.OPERATIONS,
    *schedules.OPERATIONS,
    *events.OPERATIONS,
    *likes.OPERATIONS,
    *ratings.OPERATIONS,
    *playlists.OPERATIONS,
    *playlist_entries.OPERATIONS,
    *smart_playlists.OPERATIONS,
    *plays.OPERATIONS,
    *now_playing.OPERATIONS,
    *queue.OPERATIONS,
    *bookmarks.OPERATIONS,
    *radio_stations.OPERATIONS,
    *podcasts.OPERATIONS,
    *podcast_episodes.OPERATIONS,
    *shares.OPERATIONS,
    *public_shares.OPERATIONS,
)


@cache
def openapi_document(version: str) -> dict[str, object]:
    """The OpenAPI 3.1 document of the whole interface. ``version``: of Tonearm."""
    return openapi(OPERATIONS, version)


def blueprint(services: Services) -> Blueprint:
    """``/api/v1/…``, its document, and ``/api/docs``."""
    api = Blueprint("rest", __name__, url_prefix="/api")
    operations = Blueprint("v1", __name__, url_prefix="/v1")
    routes.register(operations, OPERATIONS, services)
    api.register_blueprint(operations)
    docs.register(api, partial(openapi_document, services.version))

    @api.errorhandler(TonearmError)
    async def refuse(error: TonearmError) -> Response:
        return errors.refused(error)

    @api.errorhandler(Invalid)
    async def explain(error: Invalid) -> Response:
        return errors.invalid(error)

    return api
