"""Jobs and events in a server that really runs: work is followed, survives a kill -9, and holds up no stop."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.journeys.server import Server, eventually, processes_on


def told(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events, as they come."""
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def test_a_job_is_asked_for_followed_and_done(music: Path, data: Path) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        with server.rest() as rest, rest.stream("GET", "/events/") as stream:
            events = told(stream.iter_lines())
            job = rest.post("/jobs/", json={"kind": "scan", "payload": {"kind": "full"}}).json()
            states, library = [], False
            for kind, event in events:
                if kind == "job" and event["id"] == job["id"]:
                    states.append(event["state"])
                library = library or kind == "library"
                if kind == "scan" and event["kind"] == "full" and event["state"] == "done":
                    break
            assert states == ["queued", "running", "done"]
            assert library
            assert rest.get("/schedules/").json()["pagination"]["total_count"] == 2


def test_a_server_that_is_killed_does_its_jobs_when_it_is_back(music: Path, data: Path) -> None:
    server = Server(data, music, watch="false")
    server.until_listening()
    server.until_scanned()
    with server.rest() as rest:
        asked = [rest.post("/jobs/", json={"kind": kind}).json()["id"] for kind in ("forget", "maintain") * 10]
    server.kill()
    eventually(lambda: not processes_on(data), "PostgreSQL gone with its server")
    with Server(data, music, watch="false") as again, again.rest() as rest:

        def are_done() -> bool:
            listed = rest.get("/jobs/", params={"limit": 500}).json()["items"]
            assert {job["id"] for job in listed} >= set(asked), "what was answered with 201 is kept"
            return all(job["state"] == "done" for job in listed)

        eventually(are_done, "every job done", seconds=60)


def test_an_open_event_stream_delays_no_stop(music: Path, data: Path) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        with server.rest() as rest, rest.stream("GET", "/events/") as stream, rest.stream("GET", "/events/") as other:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 3000"
            server.stop()
            assert "Cut what was still being sent" not in server.output
            assert not [line for line in lines if line.startswith("event: ")]
            assert other.status_code == 200
