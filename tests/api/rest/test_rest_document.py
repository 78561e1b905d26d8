"""The OpenAPI document held against the running server: what it says is what is answered."""

import copy
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from quart.typing import TestClientProtocol as Client

from appliance.api.exchange import App
from appliance.api.rest import openapi_document
from appliance.api.rest.docs import render

Headers = dict[str, str]
Json = dict[str, Any]

DOCUMENT: Json = openapi_document("0.1.0-test")
BODIES: dict[str, Json] = {
    "create_session": {"name": "admin", "password": "correct horse"},
    "create_scan": {"kind": "quick"},
    "create_setup": {"administrator": "ada", "password": "correct horse", "device_name": "Küche"},
}


def operations() -> list[tuple[str, str, Json]]:
    """Each with path and method; signing out last, since it ends the session that the others use."""
    every = [
        (path, method.upper(), operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(every, key=lambda one: one[2]["operationId"] == "delete_session")


def validator(schema: Json) -> Draft202012Validator:
    """Of a schema of the document; no object may have a field that the document does not name."""
    components = copy.deepcopy(DOCUMENT["components"])
    for component in components["schemas"].values():
        if "properties" in component:
            component["additionalProperties"] = False
    return Draft202012Validator({**schema, "components": components}, format_checker=FormatChecker())


async def call(client: Client, path: str, method: str, headers: Headers, body: Json | None = None) -> tuple[int, Any]:
    response = await client.open(path, method=method, headers=headers, json=body)
    data = await response.get_data()
    return response.status_code, await response.get_json() if data else None


def check(operation: Json, status: int, answer: Any) -> None:
    described = operation["responses"][str(status)]
    if "content" not in described:
        assert answer is None
        return
    validator(described["content"]["application/json"]["schema"]).validate(answer)


async def concrete(client: Client, path: str, headers: Headers) -> str:
    """The path with an id that exists."""
    if "{id}" not in path:
        return path
    _, listed = await call(client, path.replace("{id}", ""), "GET", headers)
    return path.replace("{id}", listed["items"][0]["id"])


async def test_every_operation_answers_as_described(client: Client, administrator: Headers) -> None:
    for path, method, operation in operations():
        name = operation["operationId"]
        if name == "create_setup":  # there is an administrator: see below
            continue
        body = BODIES.get(name)
        assert ("requestBody" in operation) == (body is not None)
        status, answer = await call(client, await concrete(client, path, administrator), method, administrator, body)
        assert status in {200, 201, 204}, (name, answer)
        assert str(status) in operation["responses"]
        check(operation, status, answer)


async def test_set_up_answers_as_described_before_and_after(client: Client) -> None:
    described = {operation["operationId"]: operation for _, _, operation in operations()}
    for expected in (201, 409):
        status, answer = await call(client, "/api/v1/setup/", "GET", {})
        check(described["read_setup"], status, answer)
        assert answer["needed"] == (expected == 201)
        status, answer = await call(client, "/api/v1/setup/", "POST", {}, BODIES["create_setup"])
        assert status == expected, answer
        check(described["create_setup"], status, answer)


async def test_every_refusal_is_described(client: Client, administrator: Headers, member: Headers) -> None:
    for path, method, operation in operations():
        described = set(operation["responses"])
        address = await concrete(client, path, administrator)
        body: Json | None = {} if "requestBody" in operation else None
        attempts = [
            await call(client, address + "?no_such_parameter=1", method, administrator, body),
            await call(client, path.replace("{id}", "nothing"), method, administrator, body),
            await call(client, address, method, member, body),
        ]
        if "401" in described and operation["security"]:
            status, answer = await call(client, address, method, {}, body)
            assert status == 401
            attempts.append((status, answer))
        assert attempts[0][0] == 422
        for status, answer in attempts:
            check(operation, status, answer)


async def test_document_and_routes_name_the_same_operations(app: App) -> None:
    served = {
        (rule.rule.replace("<id>", "{id}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.rule != "/api/v1/openapi.json"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, method, _ in operations()}


async def test_the_document_is_served(client: Client) -> None:
    response = await client.get("/api/v1/openapi.json")
    assert await response.get_json() == DOCUMENT


def test_every_field_has_a_description_and_an_example_that_fits() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for field, described in schema.get("properties", {}).items():
            where = f"{name}.{field}"
            assert described.get("description"), where
            assert described.get("examples"), where
            for example in described["examples"]:
                validator({key: value for key, value in described.items() if key != "examples"}).validate(example)


def test_every_parameter_has_a_description_and_an_example_that_fits() -> None:
    for path, _, operation in operations():
        for parameter in operation["parameters"]:
            assert parameter["description"], (path, parameter["name"])
            assert parameter["examples"], (path, parameter["name"])
            for example in parameter["examples"].values():
                validator(parameter["schema"]).validate(example["value"])


def test_names_of_operations_are_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_lists_of_collections_end_in_a_slash_and_single_things_do_not() -> None:
    for path, _, operation in operations():
        if "{id}" in path:
            assert not path.endswith("/")
        if operation["operationId"].startswith(("list_", "create_")):
            assert path.endswith("/")


async def test_the_page_shows_every_operation_and_loads_nothing_from_afar(client: Client) -> None:
    response = await client.get("/api/docs")
    page = await response.get_data(as_text=True)
    for path, _, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
    assert not re.search(r"""(src|href|action)=["']?[^"'>]*//""", page)
    assert "<script" not in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    style = await client.get("/api/docs.css")
    assert style.content_type.startswith("text/css")
    assert "://" not in await style.get_data(as_text=True)


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "`<b>`", '"><img src=x>'])
def test_the_page_escapes_what_it_shows(hostile: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/api/v1/me"]["get"]["description"] = hostile
    assert hostile not in render(document)
    assert "<b>" not in render(document).partition("<main")[2].replace('<b class="method', "")
