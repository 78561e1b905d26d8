"""Logs: lines of JSON for machines, short lines for people, and whose work each belongs to."""

import io
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import structlog
import trio

from appliance.logs import configure


class Screen(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def ours() -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger("appliance.ours")


def test_a_line_for_machines_is_json_with_its_time_level_and_place() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    ours().warning("scan.remark", files=3, name="Björk", path=b"\xff")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "scan.remark",
        "level": "warning",
        "logger": "appliance.ours",
        "files": 3,
        "name": "Björk",
        "path": "b'\\xff'",
    }


def test_what_libraries_say_looks_the_same() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("somebody.else").error("it %s", "broke")
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("it broke", "error", "somebody.else")


async def test_every_line_of_a_request_carries_its_id_and_no_other_s() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)

    async def request(name: str) -> None:
        with structlog.contextvars.bound_contextvars(request_id=name):
            for step in ("begun", "ended"):
                ours().info(step, request=name)
                logging.getLogger("somebody.else").info(step, extra={"request": name})
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(request, "one")
        nursery.start_soon(request, "two")
    ours().info("outside")
    *inside, outside = lines(stream)
    assert len(inside) == 8
    assert sorted(line["request_id"] for line in inside) == ["one"] * 4 + ["two"] * 4
    assert all(line["request_id"] == line["request"] for line in inside if "request" in line)
    assert "request_id" not in outside


@pytest.mark.parametrize("name", ["appliance.ours", "somebody.else"])
def test_an_exception_is_told_in_full_on_one_line(name: str) -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logger: Any = ours() if name == "appliance.ours" else logging.getLogger(name)
    try:
        int("the needle\njumped")
    except ValueError:
        logger.exception("crashed")
    (line,) = lines(stream)
    assert "the needle\\njumped" in line["exception"]
    assert line["exception"].startswith("Traceback")
    assert "\n" in line["exception"]


@pytest.mark.parametrize(("level", "told"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_what_is_below_the_level_is_not_told(level: str, told: int) -> None:
    stream = io.StringIO()
    configure(level, "json", stream)
    for logger in (ours(), logging.getLogger("somebody.else")):
        logger.debug("a")
        logger.info("b")
        logger.warning("c")
        logger.error("d")
    assert [line["event"] for line in lines(stream)] == list("abcd")[-told:] * 2


def test_libraries_that_tell_of_their_insides_are_heard_from_warnings_on() -> None:
    stream = io.StringIO()
    configure("debug", "json", stream)
    logging.getLogger("hypercorn.error").info("Running on …")
    logging.getLogger("alembic.runtime").warning("Careful")
    assert [line["event"] for line in lines(stream)] == ["Careful"]


@pytest.mark.parametrize("level", ["warning", "error"])
def test_and_no_sooner_than_anybody_else(level: str) -> None:
    configure(level, "json", io.StringIO())
    assert logging.getLogger("hypercorn").level == logging.getLevelName(level.upper())


def test_a_line_for_people_has_colours_only_where_they_look() -> None:
    paper, screen = io.StringIO(), Screen()
    for stream in (paper, screen):
        configure("info", "console", stream)
        ours().info("A record is on", side="A")
    assert "A record is on" in paper.getvalue()
    assert "side=A" in paper.getvalue()
    assert "\033[" not in paper.getvalue()
    assert "\033[" in screen.getvalue()


def test_auto_is_for_people_on_a_terminal_and_for_machines_elsewhere() -> None:
    paper, screen = io.StringIO(), Screen()
    for stream in (paper, screen):
        configure("info", "auto", stream)
        ours().info("hello")
    assert lines(paper)[0]["event"] == "hello"
    assert not screen.getvalue().startswith("{")


def test_configuring_again_tells_nothing_twice() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    configure("info", "json", stream)
    ours().info("once")
    assert len(lines(stream)) == 1


def test_the_journal_takes_whole_events_and_nothing_is_written_beside_it() -> None:
    stream = io.StringIO()
    events: list[Mapping[str, Any]] = []
    configure("info", "journal", stream, journal=events.append)
    with structlog.contextvars.bound_contextvars(request_id="one"):
        ours().info("A record is on", side="A", tracks=[1, 2])
    logging.getLogger("somebody.else").warning("it %s", "broke")
    assert [{key: value for key, value in event.items() if key != "timestamp"} for event in events] == [
        {
            "event": "A record is on",
            "level": "info",
            "logger": "appliance.ours",
            "side": "A",
            "tracks": [1, 2],
            "request_id": "one",
        },
        {"event": "it broke", "level": "warning", "logger": "somebody.else"},
    ]
    assert stream.getvalue() == ""


def test_the_journal_is_given_an_exception_as_its_traceback() -> None:
    events: list[Mapping[str, Any]] = []
    configure("info", "journal", io.StringIO(), journal=events.append)
    try:
        int("the needle jumped")
    except ValueError:
        ours().exception("crashed")
    (event,) = events
    assert event["exception"].startswith("Traceback")
    assert "exc_info" not in event


def test_without_a_journal_its_style_is_json_lines() -> None:
    stream = io.StringIO()
    configure("info", "journal", stream)
    ours().info("hello")
    assert lines(stream)[0]["event"] == "hello"


def test_a_journal_that_fails_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    def full(_event: Mapping[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    configure("info", "journal", io.StringIO(), journal=full)
    ours().info("hello")
    assert "No space left on device" in capsys.readouterr().err
