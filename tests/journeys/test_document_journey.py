"""schemathesis makes requests of all kinds from the OpenAPI document; the server answers none otherwise than described.

As an administrator and as a guest; half of the requests for a single thing name one that is there. The examples are
derived, not random: each run makes the same ones.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from appliance.api.rest import OPERATIONS, openapi_document
from appliance.api.rest.operation import Nothing, Operation
from tests.journeys.server import Server, tonearm

EXAMPLES = 10
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: It answers for as long as somebody listens: tests/api/rest has tests of its own for it.
ENDLESS = {"listen_to_events"}
#: Signing in wrongly, again and again, closes the door for a while: last of all.
DOORS = ("/sessions/", "/invitations/accept", "/setup/", "/shares/public/")
#: Reading first, while there is something to read; what ends things at the end.
METHODS = ("GET", "POST", "PATCH", "DELETE")
PASSWORD = "correct horse battery"

ASKED = sorted(
    (operation for operation in OPERATIONS if operation.name not in ENDLESS),
    key=lambda operation: (operation.path.startswith(DOORS), METHODS.index(operation.method)),
)
SCHEMA = schemathesis.openapi.from_dict(openapi_document("0.1.0-test"))


class People:
    """An administrator and a guest, signed in to a server; again, when a request has ended their session."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._passwords = {"administrator": (server.user, server.password), "guest": ("guest", PASSWORD)}
        self._headers: dict[str, dict[str, str]] = {}
        with server.rest() as rest:
            for name, role in (("guest", "guest"), ("passer-by", "member")):
                made = rest.post("/users/", json={"name": name, "password": PASSWORD, "role": role})
                assert made.status_code == 201, made.text

    def headers(self, who: str) -> dict[str, str]:
        headers = self._headers.get(who)
        if headers is None or httpx.get(f"{self.url}/api/v1/me", headers=headers).status_code == 401:
            name, password = self._passwords[who]
            answer = httpx.post(f"{self.url}/api/v1/sessions/", json={"name": name, "password": password})
            assert answer.status_code == 201, answer.text
            headers = self._headers[who] = {"Authorization": f"Bearer {answer.json()['token']}"}
        return headers

    def something_at(self, path: str) -> str | None:
        """The id of one of the things whose single path this is: the last, since an account's own comes first."""
        answer = httpx.get(f"{self.url}/api/v1{path.partition('{id}')[0]}", headers=self.headers("administrator"))
        items = answer.json()["items"] if answer.status_code == 200 else []
        return items[-1]["id"] if items else None


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, household_music: Path) -> Iterator[People]:
    """On a server with a household's music, which the requests may do to as they like."""
    with Server(tmp_path_factory.mktemp("schemathesis") / "data", household_music) as server:
        server.until_scanned()
        yield People(server)


def requests_of(operation: Operation) -> st.SearchStrategy[Case[Any]]:
    """As the document has them, and, where anything can be wrong, otherwise."""
    described = SCHEMA[f"/api/v1{operation.path}"][operation.method]
    fitting = described.as_strategy(GenerationMode.POSITIVE)
    if operation.query is Nothing and operation.body is Nothing:
        return fitting
    return fitting | described.as_strategy(GenerationMode.NEGATIVE)


@pytest.mark.parametrize("operation", ASKED, ids=lambda operation: operation.name)
def test_every_request_is_answered_as_the_document_says(people: People, operation: Operation) -> None:
    headers = {who: people.headers(who) for who in ("administrator", "guest")}
    known = people.something_at(operation.path) if "{id}" in operation.path else None

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests_of(operation), who=st.sampled_from(["administrator", "guest"]), of_one=st.booleans())
    def ask(case: Case[Any], who: str, of_one: bool) -> None:  # noqa: FBT001 - drawn
        if known is not None and of_one:
            case.path_parameters["id"] = known
        case.call_and_validate(base_url=people.url, headers=headers[who], checks=CHECKS, timeout=20)

    ask()


def test_what_is_not_asked_is_there() -> None:
    assert {operation.name for operation in OPERATIONS} >= ENDLESS


def test_the_command_prints_the_document_that_the_server_serves(people: People) -> None:
    assert json.loads(tonearm("openapi").stdout) == httpx.get(f"{people.url}/api/v1/openapi.json").json()
