"""A Tonearm that really runs: the command of a user, in a process of its own, on folders of the test's own."""

import hashlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import psutil

from tests.measuring import MEASURED

#: The command that this environment installed.
TONEARM = Path(sys.executable).with_name("tonearm")
ADMIN = "ada"
PASSWORD = "sesame & coriander ✓"

_START_SECONDS = 120.0
_STOP_SECONDS = 10.0
_GLANCE_SECONDS = 0.02
#: Lines that say that something went wrong which nobody had foreseen.
_TROUBLE = re.compile(r'"level": "(error|critical)"|Traceback \(most recent call last\)')


def eventually(condition: Callable[[], object], what: str, *, seconds: float = 20.0) -> None:
    """Wait until something is so that makes no event here; fails the test with ``what`` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(_GLANCE_SECONDS)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's own, with these settings and no others of Tonearm's."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TONEARM_")}
    return ours | MEASURED | {f"TONEARM_{name.upper()}": value for name, value in settings.items()}


def tonearm(*arguments: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [TONEARM, *arguments],
        input=stdin,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
        check=False,
    )


def processes_on(folder: Path) -> list[psutil.Process]:
    """PostgreSQL servers whose data is below ``folder``, and their guards."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            if str(folder / "postgres") in process.cmdline():
                found.append(process)
    return found


class Server:
    """One run of ``tonearm serve``. A context manager: its end stops it, and holds it to how it must stop."""

    def __init__(
        self, data_dir: Path, *music: Path, user: str = ADMIN, password: str = PASSWORD, **settings: str
    ) -> None:
        """``settings``: ``TONEARM_*``. With an empty ``password``, the terminal of the first start tells one.

        With ``setup="page"`` and no password, whoever opens the page sets up.
        """
        self.data_dir = data_dir
        self.user, self.password = user, password
        self.tolerated: re.Pattern[str] | None = None
        """Trouble in the log that belongs to what the test does."""
        folders = [argument for folder in music for argument in ("--music", folder)]
        given = {"admin_user": user, "admin_password": password} if password else {"setup": "terminal"}
        self._open = ExitStack()
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._output_file = data_dir.parent / f"{data_dir.name}.{secrets.token_hex(4)}.txt"
        with self._output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [str(each) for each in (TONEARM, "serve", "--data-dir", data_dir, "--bind", "127.0.0.1:0", *folders)],
                env=environment(given | settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=data_dir.parent,
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._output_file.read_text(encoding="utf-8", errors="replace")

    @property
    def port(self) -> int:
        found = re.search(r"plays at http://127\.0\.0\.1:(\d+)", self.output)
        assert found, self.output
        return int(found[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            self.until_listening()
            self.until_ready()
        except BaseException:
            self.kill()
            print(self.output)  # noqa: T201 - pytest shows it beside the failure
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._open.close()
        if kind is not None:
            print(self.output)  # noqa: T201
            self.kill()
        elif self.process.poll() is None:
            self.stop()

    def until_listening(self) -> None:
        """Wait for the address."""
        eventually(lambda: self._has_ended() or "plays at" in self.output, "the address", seconds=_START_SECONDS)
        assert self.process.poll() is None, self.output

    def until_says(self, words: str) -> None:
        """Wait until the terminal says so."""
        eventually(lambda: self._has_ended() or words in self.output, f"to hear {words!r}", seconds=_START_SECONDS)
        assert words in self.output, self.output

    def until_ready(self, status: int = 200, *, seconds: float = _START_SECONDS) -> None:
        """Wait until the readiness probe answers ``status``."""
        eventually(lambda: self._has_ended() or self.ready_status() == status, f"readiness {status}", seconds=seconds)
        assert self.process.poll() is None, self.output

    def ready_status(self) -> int:
        """Of the readiness probe; 0 when it could not be asked."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=15).status_code
        except httpx.TransportError:
            return 0

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        for line in httpx.get(f"{self.url}/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise AssertionError(f"there is no metric {name}")

    def stop(self) -> None:
        """SIGTERM, as systemd sends it; must end in order, in time and with nothing left behind."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {_STOP_SECONDS:g} s after SIGTERM\n{self.output}") from None
        assert status == 0, self.output
        assert not processes_on(self.data_dir), "PostgreSQL was left behind"
        self.assert_untroubled()

    def assert_untroubled(self) -> None:
        """Nothing that nobody had foreseen is in the log."""
        trouble = [line for line in self.output.splitlines() if _TROUBLE.search(line)]
        if self.tolerated is not None:
            trouble = [line for line in trouble if not self.tolerated.search(line)]
        assert not trouble, self.output

    def kill(self) -> None:
        """kill -9, and wait until that is over."""
        self._open.close()
        self.process.kill()
        self.process.wait()

    def children(self, part: str) -> list[psutil.Process]:
        """Processes below the server whose command line contains ``part``."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if part in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def _has_ended(self) -> bool:
        return self.process.poll() is not None

    # --- asking it

    def app(self, *, user: str | None = None, password: str | None = None) -> "App":
        """A Subsonic app of somebody's, of the server's administrator if nobody is named."""
        app = App(self.url, user or self.user, password or self.password)
        self._open.callback(app.http.close)
        return app

    @contextmanager
    def connection(self, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
        """A bare TCP connection; ``receive_buffer`` in bytes, so that little is in flight."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(20)
            if receive_buffer is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            connection.connect(("127.0.0.1", self.port))
            yield connection

    def rest(self) -> httpx.Client:
        """The native interface, signed in."""
        answer = httpx.post(f"{self.url}/api/v1/sessions/", json={"name": self.user, "password": self.password})
        assert answer.status_code == 201, answer.text
        token = answer.json()["token"]
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def until_scanned(self, *, seconds: float = 60.0) -> dict[str, Any]:
        """Wait for the scans that are under way or waiting; the latest, as the native interface shows it."""
        with self.rest() as rest:
            latest: list[dict[str, Any]] = []

            def is_done() -> bool:
                latest[:] = rest.get("/scans/", params={"limit": 5}).json()["items"]
                return bool(latest) and all(scan["state"] not in {"queued", "running"} for scan in latest)

            eventually(is_done, "the end of the scan", seconds=seconds)
        return latest[0]

    def scan(self, *, full: bool = False) -> dict[str, Any]:
        """Scan now; the scan as it ended."""
        with self.rest() as rest:
            asked = rest.post("/scans/", json={"kind": "full" if full else "quick"})
            assert asked.status_code in {200, 201, 202}, asked.text
            self.until_scanned()
            scan: dict[str, Any] = rest.get(f"/scans/{asked.json()['id']}").json()
        assert scan["state"] == "done", scan
        return scan

    def faults(self) -> dict[str, str]:
        """Why which file could not be read, by path."""
        with self.rest() as rest:
            items = rest.get("/scans/faults/", params={"limit": 500}).json()["items"]
        return {item["path"]: item["reason"] for item in items}


class App:
    """A Subsonic client of the plainest kind: what it sends is in the test's hands."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.user, self.password = user, password
        self.http = httpx.Client(timeout=30)

    def parameters(self, **more: object) -> list[tuple[str, str]]:
        """Of a call: by token, for JSON, unless ``more`` has it otherwise; a list gives a parameter several times."""
        salt = secrets.token_hex(6)
        token = hashlib.md5((self.password + salt).encode(), usedforsecurity=False).hexdigest()
        usual = {"u": self.user, "t": token, "s": salt, "v": "1.16.1", "c": "journey", "f": "json"}
        pairs = []
        for name, value in (usual | more).items():
            pairs += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
        return pairs

    def address(self, endpoint: str, **more: object) -> str:
        return f"{self.url}/rest/{endpoint}?{urlencode(self.parameters(**more))}"

    def path(self, endpoint: str, **more: object) -> str:
        """For a request line."""
        return f"/rest/{endpoint}?{urlencode(self.parameters(**more))}"

    def get(self, endpoint: str, headers: Mapping[str, str] | None = None, /, **more: object) -> httpx.Response:
        """The answer as it is."""
        return self.http.get(self.address(endpoint, **more), headers=headers)

    def call(self, endpoint: str, **more: object) -> dict[str, Any]:
        """What the endpoint says, which must be ok."""
        envelope = self.envelope(endpoint, **more)
        assert envelope["status"] == "ok", envelope
        return envelope

    def envelope(self, endpoint: str, **more: object) -> dict[str, Any]:
        """What the endpoint says, whatever it is."""
        answer = self.get(endpoint, **more)
        envelope: dict[str, Any] = json.loads(answer.content)["subsonic-response"]
        return envelope

    def songs(self) -> list[dict[str, Any]]:
        """The whole library, page by page, as apps that synchronise read it."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.call("search3", query='""', songCount=500, songOffset=len(found), artistCount=0, albumCount=0)[
                "searchResult3"
            ].get("song", [])
            if not page:
                return found
            found += page

    def ids(self) -> dict[tuple[str, str], str]:
        """Every song's id by its title and artist."""
        return {(song["title"], song["artist"]): song["id"] for song in self.songs()}
