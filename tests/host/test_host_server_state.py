"""How the server is, asked over its own door; silence and nonsense are states like any other."""

import socket

import pytest

from appliance.host.server_state import ServerState, server_state
from tests.host.answering import SETUP, answering, report

SILENT = ServerState(answers=False, failing={}, open_for_setup=False)


def test_a_server_that_is_well_and_set_up() -> None:
    with answering() as answers:
        assert server_state(answers.port) == ServerState(answers=True, failing={}, open_for_setup=False)


def test_a_server_that_waits_for_set_up() -> None:
    with answering(setup=SETUP) as answers:
        assert server_state(answers.port).open_for_setup


def test_what_is_not_well_is_told_with_its_words_ready_or_not() -> None:
    with answering(report(database="The database does not answer.", disk="3 MB are free.")) as answers:
        answers.at["/health/ready"] = (503, answers.at["/health/ready"][1])
        failing = {"database": "The database does not answer.", "disk": "3 MB are free."}
        assert server_state(answers.port) == ServerState(answers=True, failing=failing, open_for_setup=False)


def test_nobody_at_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert server_state(port) == SILENT


def test_a_socket_that_systemd_holds_for_a_server_that_is_still_starting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        assert server_state(held.getsockname()[1], patience=0.05) == SILENT


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"nonsense"),
        (200, b"[]"),
        (200, b"\xff"),
        (200, b"[" * 200_000),
        (200, b" " * 1_000_000),
        (500, b"{}"),
        (404, b"{}"),
        (421, b'{"checks":{}}'),
    ],
)
def test_an_answer_that_makes_no_sense_is_none(status: int, body: bytes) -> None:
    with answering() as answers:
        answers.at["/health/ready"] = (status, body)
        assert server_state(answers.port) == SILENT


@pytest.mark.parametrize("body", [b'{"checks":[]}', b'{"checks":{"a":3}}', b'{"checks":{"a":{"status":"ok"}}}', b"{}"])
def test_a_report_of_another_shape_says_nothing(body: bytes) -> None:
    with answering() as answers:
        answers.at["/health/ready"] = (200, body)
        answers.at["/api/v1/setup/"] = (200, b'{"needed":"maybe"}')
        assert server_state(answers.port) == ServerState(answers=True, failing={}, open_for_setup=False)
