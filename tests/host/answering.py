"""A server on this machine's loopback that answers as Tonearm does, with the types that Tonearm answers with."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import msgspec

from appliance.api.health import CheckStatus, Outcome, Readiness, Report
from appliance.api.rest.sessions import SessionCreate, SessionRead, UserRead
from appliance.core.accounts import Role

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
    """What is answered now."""

    def __init__(self) -> None:
        self.port = 0
        self.at: dict[str, tuple[int, bytes]] = {}
        """Status and body by path."""
        self.users: dict[str, tuple[str, Role]] = {}
        """Who may sign in: by name, the password, and what they may do."""
        self.sessions: set[str] = set()
        """The tokens of those who are signed in."""

    def sign_in(self, body: bytes) -> tuple[int, bytes]:
        given = msgspec.json.decode(body, type=SessionCreate)
        password, role = self.users.get(given.name, ("", Role.GUEST))
        if not password or given.password != password:
            return 401, b'{"detail":"Wrong name or password."}'
        self.sessions.add(token := secrets.token_urlsafe())
        now = datetime.now(UTC)
        user = UserRead(id=uuid4(), name=given.name, role=role, libraries=None, created_at=now)
        return 201, msgspec.json.encode(SessionRead(token=token, expires_at=now, user=user))


@contextmanager
def answering(ready: bytes = b"", setup: bytes = NO_SETUP) -> Iterator[Answers]:
    answers = Answers()
    answers.at = {"/health/ready": (200, ready or report()), "/api/v1/setup/": (200, setup)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(*answers.at.get(self.path, (404, b"{}")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            if self.path in answers.at or self.path != "/api/v1/sessions/":
                self.do_GET()
            else:
                self.answer(*answers.sign_in(body))

        def do_DELETE(self) -> None:
            assert self.path == "/api/v1/sessions/current"
            answers.sessions.remove(self.headers["Authorization"].removeprefix("Bearer "))
            self.answer(204, b"")

        def answer(self, status: int, body: bytes) -> None:
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
