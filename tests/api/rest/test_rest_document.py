"""The OpenAPI document held against the running server: what it says is what is answered.

Every answer that any test of this folder gets is held against the document as it comes (``witness``). Here is what is
asked of the document as a whole.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from quart.typing import TestClientProtocol as Client

from appliance.api.exchange import App
from appliance.api.rest import OPERATIONS
from appliance.api.rest.docs import render
from appliance.api.rest.operation import Access
from tests.api.rest.witness import DOCUMENT, Json, Testimony, operations, validator

Headers = dict[str, str]
BODY = {"no_such_field": 1}


async def statuses(client: Client, path: str, method: str, who: dict[str, Headers]) -> dict[str, int]:
    """What each is answered."""
    return {
        name: (await client.open(path, method=method, headers=headers, json=BODY)).status_code
        for name, headers in who.items()
    }


async def test_every_operation_refuses_whom_it_is_not_for_before_anything_else(
    client: Client, administrator: Headers, member: Headers, guest: Headers
) -> None:
    """Each is asked with a parameter that no operation has, so that nothing is done."""
    who = {"nobody": {}, "guest": guest, "member": member, "administrator": administrator}
    expected = {
        Access.PUBLIC: dict.fromkeys(who, 422),
        Access.SIGNED_IN: {"nobody": 401, "guest": 422, "member": 422, "administrator": 422},
        Access.MEMBERS: {"nobody": 401, "guest": 403, "member": 422, "administrator": 422},
        Access.ADMINISTRATORS: {"nobody": 401, "guest": 403, "member": 403, "administrator": 422},
    }
    for operation in OPERATIONS:
        path = f"/api/v1{operation.path}?no_such_parameter=1".replace("{id}", "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00")
        assert (await statuses(client, path, operation.method, who)) == expected[operation.access], operation.name


async def test_what_is_no_id_is_not_found(client: Client, administrator: Headers) -> None:
    for path, method, operation in operations():
        if "{id}" in path:
            status = (await statuses(client, path.replace("{id}", "nothing"), method, {"": administrator}))[""]
            # A body that is malformed as well may be told first.
            assert status == 404 or ("requestBody" in operation and status == 422), operation["operationId"]


def test_every_operation_has_answered_some_test_with_success(testimony: Testimony) -> None:
    """Run after all the other tests of this folder, and only with all of them: see ``conftest``."""
    assert testimony.never_succeeded() == []


async def test_document_and_routes_name_the_same_operations(app: App) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.rule != "/api/v1/openapi.json"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, method, _ in operations()}


async def test_the_document_is_served(client: Client) -> None:
    response = await client.get("/api/v1/openapi.json")
    assert await response.get_json() == DOCUMENT


def fields(where: str, schema: Any) -> Iterator[tuple[str, Json]]:
    """Every field of every object in a schema, however deep."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            yield f"{where}.{name}", field
            yield from fields(f"{where}.{name}", field)
        for key, part in schema.items():
            if key not in {"properties", "examples", "default"}:
                yield from fields(f"{where}/{key}", part)
    elif isinstance(schema, list):
        for part in schema:
            yield from fields(where, part)


def test_every_field_has_a_description_and_an_example_that_fits() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    described = dict(fields("", {key: part for key, part in DOCUMENT.items() if key != "info"}))
    assert described
    assert [where for where, field in described.items() if not field.get("description")] == []
    assert [where for where, field in described.items() if not field.get("examples")] == []
    for field in described.values():
        schema = {key: value for key, value in field.items() if key != "examples"}
        for example in field["examples"]:
            validator(schema).validate(example)


def test_every_schema_says_what_it_is() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_every_operation_says_what_it_does_in_a_few_words() -> None:
    for _, _, operation in operations():
        assert 0 < len(operation["summary"]) < 60, operation["operationId"]
        assert not operation["summary"].endswith("."), operation["operationId"]


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
        if path.rstrip("/").endswith("{id}"):
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
