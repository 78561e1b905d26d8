"""The native REST interface, at ``/api/v1``.

Each noun's file has its schemas, its handlers and its rows of the table of operations. The table makes the routes
(``routes``) and the OpenAPI document (``document``), so that the two cannot differ.
"""

from quart import Blueprint, Response

from appliance.api.rest import albums, artists, docs, errors, routes, scans, sessions, setup, tracks
from appliance.api.rest.document import openapi
from appliance.api.rest.errors import Invalid
from appliance.api.services import Services
from appliance.core.errors import TonearmError

OPERATIONS = (
    *setup.OPERATIONS,
    *sessions.OPERATIONS,
    *tracks.OPERATIONS,
    *albums.OPERATIONS,
    *artists.OPERATIONS,
    *scans.OPERATIONS,
)


def openapi_document(version: str) -> dict[str, object]:
    """The OpenAPI 3.1 document of the whole interface. ``version``: of Tonearm."""
    return openapi(OPERATIONS, version)


def blueprint(services: Services) -> Blueprint:
    """``/api/v1/…``, its document, and ``/api/docs``."""
    api = Blueprint("rest", __name__, url_prefix="/api")
    operations = Blueprint("v1", __name__, url_prefix="/v1")
    routes.register(operations, OPERATIONS, services)
    api.register_blueprint(operations)
    docs.register(api, openapi_document(services.version))

    @api.errorhandler(TonearmError)
    async def refuse(error: TonearmError) -> Response:
        return errors.refused(error)

    @api.errorhandler(Invalid)
    async def explain(error: Invalid) -> Response:
        return errors.invalid(error)

    return api
