"""The OpenAPI 3.1 document, made of the table of operations and the schemas' own annotations."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from appliance.api.rest.errors import Problem
from appliance.api.rest.operation import Access, Nothing, Operation
from appliance.api.rest.schemas import Id

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_REFUSALS = {
    401: "Not signed in: no session, one that has ended, or a wrong name or password.",
    403: "Not for this user, or a write from another site's page.",
    404: "There is nothing with this id.",
    409: "What is there already contradicts it.",
    413: "The body is too long.",
    422: "Malformed: every fault is listed.",
    429: "Too often; `Retry-After` says when to ask again.",
    500: "The file cannot be read as what it claims to be.",
    503: "The database does not answer. Nothing is lost; ask again in a moment.",
}
_AUDIENCES = {Access.ADMINISTRATORS: "For administrators.", Access.MEMBERS: "Not for guests."}


def openapi(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The document for these operations."""
    table = tuple(operations)
    types = _Types(table)
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        path = paths.setdefault("/api/v1" + operation.path, {})
        path[operation.method.lower()] = _operation(operation, types)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tonearm",
            "version": version,
            "summary": "The native interface of a Tonearm box.",
            "description": (
                "Sign in by `POST /api/v1/sessions/` and send the token as `Authorization: Bearer …`; browsers may use "
                "the cookie instead. Lists are paged by `page` and `limit`; a parameter that is not listed is refused. "
                "Times are UTC. Every refusal has the shape of `Problem`."
            ),
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in table)],
        "paths": paths,
        "components": {
            "schemas": types.components,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a session, or the secret of a device.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "tonearm_session",
                    "description": "The same token, kept by a browser. Writes must come from a page of this server.",
                },
            },
        },
    }


class _Types:
    """The schemas of every type that the operations name."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        wanted: list[Any] = [Problem, Id]
        for operation in operations:
            wanted += [field.type for field in msgspec.structs.fields(operation.query)]
            wanted += [field.type for field in msgspec.structs.fields(operation.part)]
            wanted += [type_ for type_ in (operation.body, operation.answer) if type_ not in {None, Nothing}]
        described = msgspec.json.schema_components(wanted, ref_template=_REF)
        # As it will be read: a default may be a tuple here.
        schemas, self.components = msgspec.json.decode(msgspec.json.encode(described))
        for component in self.components.values():
            _describe_tag(component)
        self._schemas = list(zip(wanted, schemas, strict=True))

    def schema(self, type_: Any) -> dict[str, Any]:
        """The schema of a type that an operation names, or a reference to it."""
        return next(schema for wanted, schema in self._schemas if wanted is type_ or wanted == type_)


def _describe_tag(component: dict[str, Any]) -> None:
    """What tells the kinds of an object apart has no annotation of its own."""
    for field in component.get("properties", {}).values():
        if field.keys() == {"enum"}:
            field |= {"description": "Which kind of object this is.", "examples": field["enum"]}


def _operation(operation: Operation, types: _Types) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": " ".join(part for part in (operation.description, _audience(operation)) if part),
        "parameters": _parameters(operation, types),
        "responses": _responses(operation, types),
        "security": [] if operation.access is Access.PUBLIC else [{"bearer": []}, {"cookie": []}],
    }
    if operation.body is not Nothing:
        described["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": types.schema(operation.body)}},
        }
    return described


def _audience(operation: Operation) -> str:
    return _AUDIENCES.get(operation.access, "")


def _parameters(operation: Operation, types: _Types) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        parameters.append(_parameter("id", "path", dict(types.schema(Id)), required=True))
    parameters += [
        _parameter(field.encode_name, "path", dict(types.schema(field.type)), required=True)
        for field in msgspec.structs.fields(operation.part)
    ]
    for field in msgspec.structs.fields(operation.query):
        schema = _without_null(dict(types.schema(field.type)))
        if field.default not in {msgspec.NODEFAULT, msgspec.UNSET, None}:
            schema["default"] = msgspec.json.decode(msgspec.json.encode(field.default))
        parameter = _parameter(field.encode_name, "query", schema, required=field.required)
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": field.encode_name != "sorting"}
        parameters.append(parameter)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not given is absent, never null."""
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    return schema | options[0] if options else schema


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    description = schema.pop("description", "")
    examples = schema.pop("examples", [])
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": schema,
        "examples": {str(number): {"value": value} for number, value in enumerate(examples, 1)},
    }


def _responses(operation: Operation, types: _Types) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        success["content"] = {_JSON: {"schema": types.schema(operation.answer)}}
    if operation.streams is not None:
        success["content"] = {operation.streams: {"schema": {"type": "string"}}}
    responses = {str(operation.status): success}
    if operation.pictures:
        success["content"] = {media_type: {} for media_type in operation.pictures}
        responses["304"] = {"description": "The picture is the one that `If-None-Match` names."}
    if operation.sounds:
        responses |= _sound(operation)
    for status in sorted(_refusals(operation)):
        responses[str(status)] = {
            "description": _REFUSALS[status],
            "content": {_JSON: {"schema": types.schema(Problem)}},
        }
    return responses


def _sound(operation: Operation) -> dict[str, Any]:
    """Whole, in part, unchanged, or past the end."""
    content: dict[str, Any] = {"content": {media_type: {} for media_type in operation.sounds}}
    sent = {str(status): {"description": HTTPStatus(status).phrase} | content for status in (200, 206)}
    return sent | {str(status): {"description": HTTPStatus(status).phrase} for status in (304, 416)}


def _refusals(operation: Operation) -> set[int]:
    statuses = {422, 503, *operation.refusals}
    if operation.access is not Access.PUBLIC:
        # A device may lack the scope, or have guessed too often.
        statuses |= {401, 403, 429}
    if operation.method != "GET":
        statuses.add(403)
    if "{" in operation.path:
        statuses.add(404)
    if operation.body is not Nothing:
        statuses.add(413)
    return statuses
