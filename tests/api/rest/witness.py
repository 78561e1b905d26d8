"""Every answer that a test gets of the native interface, held against its OpenAPI document."""

import copy
import functools
import json
import re
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from quart_trio.testing.client import TrioClient
from quart_trio.testing.connections import TestHTTPConnection

from appliance.api.rest import openapi_document

Json = dict[str, Any]

DOCUMENT: Json = openapi_document("0.1.0-test")
#: Refused before the operation is looked for, and the same for every path: a body that does not come, a wrong Host.
ANYWHERE = {408, 421}


def operations() -> list[tuple[str, str, Json]]:
    """Each operation of the document, with its path and method."""
    return [
        (path, method.upper(), operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


@functools.cache
def _components() -> Json:
    """The document's, where no object may have a field that is not named there."""
    components: Json = copy.deepcopy(DOCUMENT["components"])
    for component in components["schemas"].values():
        if "properties" in component:
            component["additionalProperties"] = False
    return components


def validator(schema: Json) -> Draft202012Validator:
    """Of a schema of the document."""
    return Draft202012Validator({**schema, "components": _components()}, format_checker=FormatChecker())


@functools.cache
def _validator_of(name: str, status: int) -> Draft202012Validator:
    described = next(operation for _, _, operation in operations() if operation["operationId"] == name)
    return validator(described["responses"][str(status)]["content"]["application/json"]["schema"])


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str, Json]]:
    """Of the paths, those without a parameter first: ``/sessions/current`` is no ``/sessions/{id}``."""
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), method, operation)
        for path, method, operation in sorted(operations(), key=lambda one: one[0].count("{"))
    ]


def operation_at(method: str, path: str) -> Json | None:
    """The operation that answers there; None for what the document does not speak of."""
    return next(
        (operation for pattern, verb, operation in _patterns() if verb == method and pattern.fullmatch(path)), None
    )


class Testimony:
    """What was answered so far, by operation and status."""

    __test__ = False

    def __init__(self) -> None:
        self.answered: set[tuple[str, int]] = set()

    def hear(self, method: str, path: str, status: int, media_type: str, body: bytes) -> None:
        """Take an answer down. ``AssertionError`` or ``ValidationError`` when the document describes another."""
        operation = operation_at(method, path)
        if operation is None or status in ANYWHERE:
            return
        name, responses = operation["operationId"], operation["responses"]
        assert str(status) in responses, f"{name} answered {status}, which is not documented: {body[:500]!r}"
        content = responses[str(status)].get("content")
        if content is None:
            assert body == b"", f"{name} answered {status} with a body, which is not documented: {body[:500]!r}"
        else:
            known = media_type in content or f"{media_type.partition('/')[0]}/*" in content
            assert known, f"{name} answered {status} as {media_type}, which is not documented"
            if media_type == "application/json":
                _validator_of(name, status).validate(json.loads(body))
        self.answered.add((name, status))

    def never_succeeded(self) -> list[str]:
        """The operations that no test has seen answer with success."""
        return sorted(
            operation["operationId"]
            for _, _, operation in operations()
            if not any((operation["operationId"], status) in self.answered for status in (200, 201, 202, 204))
        )


class _Witnessed(TestHTTPConnection):
    """A request of a test, heard when it ends. Of a stream, whose body the test takes itself, status and type."""

    testimony: Testimony

    async def __aexit__(self, *failed: Any) -> None:  # noqa: PYI036 - as Quart-Trio has it
        await super().__aexit__(*failed)
        if failed[0] is None and self.status_code is not None and self.headers is not None:
            media_type = self.headers.get("Content-Type", "").partition(";")[0]
            self.testimony.hear(
                self.scope["method"], self.scope["path"], self.status_code, media_type, bytes(self.response_data)
            )


def witnessed(testimony: Testimony) -> type[TrioClient]:
    """A class of test clients whose every answer is heard."""

    class Connection(_Witnessed):
        pass

    class Client(TrioClient):
        http_connection_class = Connection

    Connection.testimony = testimony
    return Client
