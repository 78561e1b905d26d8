"""The correlation id, the log line, and what a fault of ours looks like from outside."""

import pytest
import structlog
from quart import Response
from structlog.testing import capture_logs
from structlog.typing import EventDict

from appliance.api.app import answer_errors
from appliance.api.exchange import App
from appliance.api.metrics import Metrics


def site() -> App:
    app = App(Metrics())
    answer_errors(app)

    @app.get("/rest/ping")
    async def ping() -> Response:
        structlog.stdlib.get_logger("test").info("Inside")
        return Response("pong")

    @app.get("/shared/<code>/tracks/<number>")
    async def shared(code: str, number: str) -> Response:
        return Response(f"{code} {number}")

    @app.get("/api/v1/broken")
    @app.get("/broken")
    async def broken() -> Response:
        raise RuntimeError("the secret reason")

    return app


async def logged(path: str, headers: dict[str, str] | None = None) -> tuple[Response, list[EventDict]]:
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        response = await site().test_client().get(path, headers=headers)
    return response, lines


async def test_a_line_says_what_was_answered_and_never_the_query() -> None:
    _, lines = await logged("/rest/ping?u=ada&p=correct-horse&t=0123abcd&s=salt")
    (line,) = [line for line in lines if line["event"] == "Answered"]
    assert (line["method"], line["path"], line["status"], line["bytes"]) == ("GET", "/rest/ping", 200, 4)
    assert "horse" not in str(lines)
    assert "0123abcd" not in str(lines)


async def test_a_line_does_not_tell_what_a_link_holds() -> None:
    _, lines = await logged("/shared/kPq3vX0nT7mJ2hYc8RwZsA/tracks/2")
    (line,) = [line for line in lines if line["event"] == "Answered"]
    assert line["path"] == "/shared/…/tracks/2"


async def test_every_line_of_a_request_carries_its_id() -> None:
    response, lines = await logged("/rest/ping", {"X-Request-Id": "phone-17.a"})
    assert {line["request_id"] for line in lines} == {"phone-17.a"}
    assert [line["event"] for line in lines] == ["Inside", "Answered"]
    assert response.headers.getlist("X-Request-Id") == ["phone-17.a"]


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<script>", "ä", "line\tbreak"])
async def test_an_id_that_is_not_sane_is_replaced(sent: str) -> None:
    response, _ = await logged("/rest/ping", {"X-Request-Id": sent})
    (made,) = response.headers.getlist("X-Request-Id")
    assert made != sent
    assert len(made) == 16


async def test_each_request_is_given_another_id() -> None:
    made = {(await logged("/rest/ping"))[0].headers["X-Request-Id"] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize("path", ["/broken", "/api/v1/broken"])
async def test_a_fault_of_ours_is_logged_in_full_and_told_without_its_reason(path: str) -> None:
    response, lines = await logged(path)
    assert response.status_code == 500
    body = await response.get_data(as_text=True)
    assert "secret" not in body
    (fault,) = [line for line in lines if line["log_level"] == "error"]
    assert isinstance(fault["exc_info"], RuntimeError)
    assert fault["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(("path", "kind"), [("/nowhere", "text/html"), ("/api/v1/nowhere", "application/json")])
async def test_an_unknown_path_is_refused_in_the_language_of_its_place(path: str, kind: str) -> None:
    response, _ = await logged(path)
    assert response.status_code == 404
    assert response.content_type.startswith(kind)
    assert "nothing at this address" in await response.get_data(as_text=True)


async def test_a_wrong_method_names_the_right_ones() -> None:
    response = await site().test_client().post("/api/v1/broken")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert (await response.get_json())["detail"][0]["type"] == "method_not_allowed"
