"""A server on this machine's loopback that answers as Tonearm does, with the types that Tonearm answers with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from appliance.api.health import CheckStatus, Outcome, Readiness, Report

SETUP = b'{"needed":true,"machine":null,"music_folder":"/srv/tonearm/music","asks_for_code":true}'
NO_SETUP = b'{"needed":false,"machine":null,"music_folder":null,"asks_for_code":false}'


def report(**failing: str) -> bytes:
    """What ``/health/ready`` says when these checks are failing, each with its message."""
    checks = {"database": "answers", "disk": "5,000 MB free"} | failing
    outcomes = {
        name: Outcome(
            status=CheckStatus.FAILING if name in failing else CheckStatus.OK, required=False, message=message, ms=1
        )
        for name, message in checks.items()
    }
    return msgspec.json.encode(Report(status=Readiness.DEGRADED if failing else Readiness.READY, checks=outcomes))


class Answers:
    """What is answered now; status and body by path."""

    def __init__(self) -> None:
        self.port = 0
        self.at: dict[str, tuple[int, bytes]] = {}


@contextmanager
def answering(ready: bytes = b"", setup: bytes = NO_SETUP) -> Iterator[Answers]:
    answers = Answers()
    answers.at = {"/health/ready": (200, ready or report()), "/api/v1/setup/": (200, setup)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.at.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answers.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()
