"""Setting up a server that really runs: once, by one person, whatever happens meanwhile."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from appliance.store.embedded import running_server
from appliance.store.turns import Turn
from tests.journeys.recordings import record
from tests.journeys.server import Server, eventually, tonearm

ANSWERS = {"administrator": "ada", "password": "correct horse"}


@contextmanager
def new_box(data_dir: Path, **settings: str) -> Iterator[Server]:
    """A server that nobody has set up."""
    with Server(data_dir, user=ANSWERS["administrator"], password="", setup="page", **settings) as server:
        server.password = ANSWERS["password"]
        yield server


def users(server: Server) -> list[str]:
    url = running_server(server.data_dir)
    assert url is not None
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM users ORDER BY name")]


def is_needed(server: Server) -> bool:
    answer = httpx.get(f"{server.url}/api/v1/setup/").json()
    assert isinstance(answer["needed"], bool)
    return answer["needed"]


def test_from_the_first_page_to_the_first_song_without_a_restart(tmp_path: Path) -> None:
    with new_box(tmp_path / "data") as server:
        server.until_says("Open it in a browser")
        assert "password " not in server.output
        with httpx.Client(base_url=server.url, follow_redirects=True) as browser:
            page = browser.get("/")
            assert page.url.path == "/setup"
            music = tmp_path / "data" / "music"
            assert f'value="{music}"' in page.text
            assert not music.exists()
            assert not (tmp_path / "data" / "demo").exists()
            card = browser.post("/setup", data=ANSWERS | {"music_folder": str(music)}, headers={"Origin": server.url})
            assert card.status_code == 201
            assert browser.get("/setup").url.path == "/"
        record(music / "Ana" / "Album" / "1 Song.flac", seconds=0.5, pitch=440)
        app = server.app()
        eventually(lambda: len(app.songs()) == 1, "the song, by watching")
        assert app.get("stream", id=app.songs()[0]["id"]).headers["Content-Type"].startswith("audio/")
    with new_box(tmp_path / "data") as again:
        assert not is_needed(again)
        assert "Open it in a browser" not in again.output
        assert len(again.app().songs()) == 1


def test_of_many_who_finish_at_once_one_wins(tmp_path: Path) -> None:
    names = [f"person{number}" for number in range(12)]
    folders = [tmp_path / name for name in names]
    for folder in folders:
        folder.mkdir()
    start = threading.Barrier(len(names))
    with new_box(tmp_path / "data") as server:

        def finish(number: int) -> int:
            answers = {"administrator": names[number], "password": "x", "music_folder": str(folders[number])}
            with httpx.Client(base_url=server.url, timeout=60) as client:
                client.get("/health")
                start.wait(60)
                if number % 2:
                    return client.post("/api/v1/setup/", json=answers).status_code
                return client.post("/setup", data=answers).status_code

        with ThreadPoolExecutor(len(names)) as people:
            statuses = list(people.map(finish, range(len(names))))
        assert sorted(statuses) == [201] + [409] * (len(names) - 1)
        winner = statuses.index(201)
        assert users(server) == [names[winner]]
        with psycopg.connect(str(running_server(server.data_dir))) as connection:
            roots = connection.execute("SELECT root FROM libraries").fetchall()
        assert roots == [(bytes(folders[winner]),)]
        server.user, server.password = names[winner], "x"
        assert server.app().call("getUser", username=names[winner])["user"]["adminRole"]


def blocked_at(server: Server, turn: Turn, during: Callable[[], None]) -> None:
    """Hold a turn, so that whoever sets up stops there, and call ``during`` then."""
    url = running_server(server.data_dir)
    assert url is not None
    # Closed, not committed: the database may be gone by then.
    with closing(psycopg.connect(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [turn.value])

        def waits() -> bool:
            with psycopg.connect(url) as other:
                found = other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                return found.fetchone() == (1,)

        eventually(waits, "set-up to wait for its turn")
        during()


def test_an_administrator_of_the_command_lines_gets_the_offered_folder_without_a_restart(tmp_path: Path) -> None:
    """And takes turns with whoever sets up by the page."""
    with new_box(tmp_path / "data", watch="false") as server, ThreadPoolExecutor(1) as people:
        record(tmp_path / "data" / "music" / "1 Song.flac", seconds=0.5, pitch=440)
        command = ["user", "add", "ada", "--admin", "--password-stdin", "--data-dir", str(server.data_dir)]
        adding = people.submit(tonearm, *command, stdin=ANSWERS["password"])
        blocked_at(server, Turn.USERS, during=lambda: None)
        assert adding.result().returncode == 0, adding.result().stderr
        assert httpx.get(server.url).status_code == 200
        app = server.app()
        eventually(lambda: len(app.songs()) == 1, "the song")


@pytest.mark.parametrize("turn", [Turn.USERS, Turn.CATALOGUE, Turn.SCANS], ids=lambda turn: turn.name.lower())
def test_a_kill_in_the_middle_leaves_it_open(tmp_path: Path, turn: Turn) -> None:
    """Before the administrator is made, before the library is, and with all but the scan done."""
    server = Server(tmp_path / "data", password="", setup="page")
    try:
        server.until_listening()
        server.until_ready()

        def finish() -> None:
            with pytest.raises(httpx.TransportError):
                httpx.post(f"{server.url}/api/v1/setup/", json=ANSWERS, timeout=60)

        with ThreadPoolExecutor(1) as people:
            attempt = people.submit(finish)
            blocked_at(server, turn, during=server.kill)
            attempt.result(60)
    finally:
        server.kill()
    with new_box(tmp_path / "data") as after:
        assert is_needed(after)
        assert users(after) == []
        assert httpx.post(f"{after.url}/api/v1/setup/", json=ANSWERS).status_code == 201
        after.until_scanned()


def test_an_answer_is_kept_even_if_the_power_goes_at_once(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", password="", setup="page")
    try:
        server.until_listening()
        server.until_ready()
        assert httpx.post(f"{server.url}/api/v1/setup/", json=ANSWERS).status_code == 201
    finally:
        server.kill()
    with new_box(tmp_path / "data") as after:
        assert not is_needed(after)
        assert after.app().call("ping")


def test_a_box_that_is_set_up_by_settings_is_never_open(tmp_path: Path) -> None:
    music = tmp_path / "records"
    with Server(tmp_path / "data", setup="page", music_home=str(music)) as server:
        assert not is_needed(server)
        assert httpx.get(server.url).status_code == 200
        assert music.is_dir()
        record(music / "1 Song.flac", seconds=0.5, pitch=440)
        app = server.app()
        eventually(lambda: len(app.songs()) == 1, "the song, by watching")


def test_folders_of_the_settings_are_not_asked_for(tmp_path: Path) -> None:
    music = tmp_path / "records"
    record(music / "1 Song.flac", seconds=0.5, pitch=440)
    with new_box(tmp_path / "data", music_dirs=str(music), setup_code="7KQM-2XWD") as server:
        offer = httpx.get(f"{server.url}/api/v1/setup/").json()
        assert (offer["music_folder"], offer["asks_for_code"]) == (None, True)
        assert "7KQM" not in server.output
        assert httpx.post(f"{server.url}/api/v1/setup/", json=ANSWERS).status_code == 422
        answer = httpx.post(f"{server.url}/api/v1/setup/", json=ANSWERS | {"code": "7kqm2xwd"})
        assert (answer.status_code, answer.json()["music_folder"]) == (201, None)
        server.until_scanned()
        assert len(server.app().songs()) == 1


def test_music_on_a_disk_that_is_not_there_stops_nothing_and_is_found_when_it_is(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.touch()
    named = {"admin_user": ANSWERS["administrator"], "admin_password": ANSWERS["password"]}
    with new_box(tmp_path / "data", music_home=str(disk / "music"), **named) as server:
        check = httpx.get(f"{server.url}/health/ready").json()["checks"]["music"]
        assert (check["status"], str(disk / "music") in check["message"]) == ("failing", True)
        disk.unlink()
        disk.mkdir()
        eventually((disk / "music").is_dir, "the folder, once it can be made", seconds=60)
        record(disk / "music" / "Ana" / "Album" / "1 Song.flac", seconds=0.5, pitch=440)
        eventually(lambda: len(server.app().songs()) == 1, "the song, by watching")
