"""The first minutes of a newcomer, and the days after."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.first_start import FirstStart
from tests.journeys.server import Server, eventually, tonearm


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_terminal_says_what_happens_and_how_to_go_on(first_start: FirstStart) -> None:
    first_start.server.until_says("Your library has")
    output = first_start.server.output
    said = [
        "Preparing the database…",
        "Composing a demo library…",
        f"Tonearm plays at http://127.0.0.1:{first_start.server.port}",
        "Sign in as admin with the password",
        "Scanning your music…",
        "21 files: 21 new. Your library has 4 albums.",
    ]
    assert [line for line in said if line not in output] == []
    assert sorted(said, key=output.index) == said
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", first_start.password)


def test_the_one_time_password_signs_in_on_both_doors(first_start: FirstStart) -> None:
    assert first_start.server.app().call("getUser", username="admin")["user"]["adminRole"]
    with first_start.server.rest() as rest:
        assert rest.get("/me").json()["name"] == "admin"


def test_the_first_page_shows_the_library_and_how_to_connect(first_start: FirstStart) -> None:
    page = httpx.get(first_start.server.url)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    for word in ("Tonearm", "4</dd><dt>albums", "21</dd><dt>tracks", f"127.0.0.1:{first_start.server.port}"):
        assert word in page.text
    for secret in (first_start.password, str(first_start.server.data_dir)):
        assert secret not in page.text
    for address in re.findall(r'(?:href|src)="(/[^"]*)"', page.text):
        assert httpx.get(first_start.server.url + address, follow_redirects=True).status_code == 200, address


def test_every_document_of_the_interface_is_served(first_start: FirstStart) -> None:
    url = first_start.server.url
    assert httpx.get(f"{url}/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert httpx.get(f"{url}/api/docs", follow_redirects=True).status_code == 200
    assert httpx.get(f"{url}/health").json() == {"status": "alive"}
    ready: dict[str, Any] = {}

    def is_ready() -> bool:
        """For a moment after the start it is degraded: the transcoders warm up."""
        ready.update(httpx.get(f"{url}/health/ready").json())
        return bool(ready["status"] == "ready")

    eventually(is_ready, "readiness in full")
    assert ready["checks"].keys() >= {"database", "transcoder", "scanner", "watcher"}


def test_a_foreign_name_in_the_browser_opens_nothing(first_start: FirstStart) -> None:
    answer = httpx.get(first_start.server.url, headers={"Host": "evil.example"})
    assert answer.status_code in {400, 403, 421}
    assert "Your library" not in answer.text


@pytest.fixture
def second_home(demo: Server, tmp_path: Path) -> Path:
    """A data directory in which a demo library is already."""
    shutil.copytree(demo.data_dir / "demo", tmp_path / "data" / "demo")
    return tmp_path / "data"


def test_a_second_start_says_no_password_and_rewrites_nothing(second_home: Path) -> None:
    before = _stamps(second_home / "demo")
    with Server(second_home, password="") as first:
        first.until_says("Sign in as")
        password = re.search(r"with the password (\S+)", first.output)
        first.user, first.password = "admin", password[1] if password else ""
        first.until_scanned()
        app = first.app()
        ids = app.ids()
        app.call("star", id=min(ids.values()))
    with Server(second_home, password="") as second:
        assert "password" not in second.output
        assert "Preparing the database" not in second.output
        second.user, second.password = first.user, first.password
        scan = second.until_scanned()
        assert (scan["counts"]["to_read"], scan["counts"]["added"]) == (0, 0)
        app = second.app()
        assert app.ids() == ids
        assert [song["id"] for song in app.call("getStarred2")["starred2"]["song"]] == [min(ids.values())]
    assert _stamps(second_home / "demo") == before


def test_the_demo_command_completes_what_is_missing_and_touches_nothing_else(second_home: Path) -> None:
    folder = second_home / "demo"
    before = _stamps(folder)
    (lost,) = folder.rglob("*Geese*")
    lost.unlink()
    asked = tonearm("demo", folder, "--json")
    assert asked.returncode == 0, asked.stderr
    assert len([name for name in json.loads(asked.stdout)["files"] if not name.endswith("cover.jpg")]) == 21
    assert {name for name, stamp in _stamps(folder).items() if stamp != before[name]} == {str(lost.relative_to(folder))}


def test_a_given_password_is_not_shown(second_home: Path) -> None:
    with Server(second_home, user="grace", password="hopper") as server:
        assert "hopper" not in server.output
        assert "password" not in server.output
        assert server.app().call("ping")
        server.until_scanned()


def test_a_stop_during_the_preparations_is_heeded(tmp_path: Path) -> None:
    """The demo library takes seconds to compose, and on a small board a minute."""
    server = Server(tmp_path / "data", password="")
    try:
        server.until_says("Composing a demo library")
        server.stop()
    finally:
        server.kill()
