"""A Tonearm to measure: the command of a user, in processes of its own, on a data directory that is thrown away."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from appliance.core.ports import Progress
from bench.processes import Family

_USER: Final = "bench"
_PASSWORD: Final = "a bench of oak"  # noqa: S105 - of an account that lives for a benchmark
_SALT: Final = "c0ffee"
_SERVE: Final = (Path(sys.executable).with_name("tonearm"), "serve", "--bind", "127.0.0.1:0")
_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 30.0
_GLANCE_SECONDS: Final = 0.005


class BenchmarkFailed(Exception):
    """What was to be measured did not happen; the message says why."""


class Server:
    """One run of ``tonearm serve``."""

    def __init__(self, data_dir: Path, music: Path, output: Path) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("TONEARM_")}
        self._output = output
        self._started = time.monotonic()
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [*_SERVE, "--data-dir", data_dir, "--music", music],
                env=ours | {"TONEARM_ADMIN_USER": _USER, "TONEARM_ADMIN_PASSWORD": _PASSWORD},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is ours, and we stop it in order
            )
        self.family = Family(self.process.pid)

    def until_listening(self) -> float:
        """Wait for the address; the seconds from start to readiness."""
        self._until(lambda: self._found(_ADDRESS), "listen", _START_SECONDS)
        with self.connection() as connection:
            self._until(lambda: _ready(connection), "be ready", _START_SECONDS)
        return time.monotonic() - self._started

    def until_scanned(
        self, progress: Progress, each: Callable[[], None] = lambda: None, *, seconds: float = 3600.0
    ) -> None:
        """Wait for the end of the first scan, as the terminal tells it; ``each`` is called ten times a second.

        ``progress`` is told the seconds.
        """
        began = time.monotonic()

        def is_done() -> bool:
            each()
            progress(round(time.monotonic() - began), None)
            return self._found(_SCANNED) is not None

        self._until(is_done, "finish the scan", seconds, glance=0.1)

    def scan(self) -> float:
        """Scan again, quickly; the seconds that it took by the server's own account."""
        with self.connection() as connection:
            rest = Rest(connection)
            asked = rest.call("POST", "/api/v1/scans/", {"kind": "quick"})
            while (scan := rest.call("GET", f"/api/v1/scans/{asked['id']}"))["state"] in {"queued", "running"}:
                time.sleep(0.05)
        return _duration(scan)

    def first_scan(self) -> tuple[dict[str, int], float]:
        """The counts of the first scan, and the seconds that it took. Watching asks for more of them by itself."""
        with self.connection() as connection:
            first = Rest(connection).call("GET", "/api/v1/scans/?limit=100")["items"][-1]
        if first["state"] != "done":
            raise BenchmarkFailed(f"The scan ended as {first['state']}: {first['message']}")
        return first["counts"], _duration(first)

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """A connection that is kept alive until the block ends."""
        found = self._found(_ADDRESS)
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=120)
        try:
            yield connection
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        with self.connection() as connection:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        found = re.search(rf"(?m)^{name} (\S+)$", text)
        assert found, f"there is no metric {name}"
        return float(found[1])

    def stop(self) -> None:
        """SIGTERM; SIGKILL when that takes too long."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _found(self, pattern: "re.Pattern[str]") -> "re.Match[str] | None":
        return pattern.search(self._output.read_text(encoding="utf-8", errors="replace"))

    def _until(
        self, condition: Callable[[], object], what: str, seconds: float, *, glance: float = _GLANCE_SECONDS
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self._output.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise BenchmarkFailed(f"The server did not {what}. It said:\n{said}")
            time.sleep(glance)


_ADDRESS: Final = re.compile(r"plays at http://127\.0\.0\.1:(\d+)")
_SCANNED: Final = re.compile(r"Your library has")


def _ready(connection: http.client.HTTPConnection) -> bool:
    connection.request("GET", "/health/ready")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


def _duration(scan: dict[str, Any]) -> float:
    started, finished = (datetime.fromisoformat(scan[name]) for name in ("started_at", "finished_at"))
    return (finished - started).total_seconds()


class Rest:
    """The native interface, signed in."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._headers = {"Content-Type": "application/json"}
        token = self.call("POST", "/api/v1/sessions/", {"name": _USER, "password": _PASSWORD})["token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise BenchmarkFailed(f"{method} {path} answered {answer.status}: {text[:500]!r}")
        value: dict[str, Any] = json.loads(text)
        return value


def subsonic(endpoint: str, **parameters: object) -> str:
    """The path and query of a Subsonic request with token and JSON."""
    token = hashlib.md5((_PASSWORD + _SALT).encode(), usedforsecurity=False).hexdigest()
    usual = {"u": _USER, "t": token, "s": _SALT, "v": "1.16.1", "c": "bench", "f": "json"}
    return f"/rest/{endpoint}?{urlencode(usual | parameters)}"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="tonearm-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def running(folder: Path, music: Path) -> Iterator[Server]:
    """A server on ``folder`` over ``music``; it may be the first or a later one there. Stopped after the block."""
    server = Server(folder / "data", music, folder / "output.txt")
    try:
        yield server
    finally:
        server.stop()
