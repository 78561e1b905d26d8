"""kill -9, of everything that can be killed, while there is work."""

import re
import threading
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import pytest

from tests.faults.crowd import press
from tests.journeys.recordings import record
from tests.journeys.server import App, Server, eventually, processes_on

_SONGS = 3000


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder that takes seconds to scan, and how many albums it is."""
    folder = tmp_path_factory.mktemp("crowd")
    return folder, press(folder, _SONGS)


@pytest.mark.parametrize("merged", [0, 1000])
def test_a_scan_that_was_killed_is_finished_and_doubles_nothing(
    crowd: tuple[Path, int], data: Path, merged: int
) -> None:
    music, albums = crowd
    server = Server(data, music, watch="false")
    server.until_listening()
    killed: dict[str, Any] = {}
    with server.rest() as rest:

        def has_merged() -> bool:
            killed.update((rest.get("/scans/", params={"limit": 1}).json()["items"] or [{"state": "none"}])[0])
            return killed["state"] == "running" and int(killed["counts"]["added"]) >= merged

        eventually(has_merged, "a scan under way")
        before = server.app().ids()
    server.kill()
    assert killed["counts"]["added"] < _SONGS
    eventually(lambda: not processes_on(data), "PostgreSQL gone with its server")

    with Server(data, music, watch="false") as again:
        again.until_scanned()
        with again.rest() as rest:
            scan = rest.get(f"/scans/{killed['id']}").json()
            assert scan["state"] == "done"
            assert scan["counts"]["found"] == _SONGS
            assert rest.get("/tracks/", params={"limit": 1}).json()["pagination"]["total_count"] == _SONGS
            assert rest.get("/albums/", params={"limit": 1}).json()["pagination"]["total_count"] == albums
        after = again.app().ids()
        assert len(after) == _SONGS
        assert before.items() <= after.items()
        assert again.scan()["counts"]["to_read"] == 0


def test_a_server_that_is_killed_while_idle_starts_again_with_everything(music: Path, data: Path) -> None:
    server = Server(data, music)
    server.until_listening()
    server.until_scanned()
    app = server.app()
    ids = app.ids()
    for song in ids.values():
        app.call("star", id=song)
    server.assert_untroubled()
    server.kill()
    eventually(lambda: not processes_on(data), "PostgreSQL gone with its server")
    with Server(data, music) as again:
        again.until_scanned()
        app = again.app()
        assert app.ids() == ids
        starred = app.call("getStarred2")["starred2"]["song"]
        assert {song["id"] for song in starred} == set(ids.values())


class _Fan:
    """Stars and unstars songs as fast as answers come, and remembers what was acknowledged."""

    def __init__(self, app: App, songs: list[str]) -> None:
        self._app = app
        self._songs = songs
        self._enough = threading.Event()
        self.acknowledged = 0
        self.refused: list[tuple[int, str]] = []
        self.starred: dict[str, bool] = {}
        """By song; a song whose last call was not acknowledged is left out, since nobody knows."""
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            song, likes = self._songs[number % len(self._songs)], bool(number // len(self._songs) % 2)
            self.starred.pop(song, None)
            try:
                answer = self._app.get("star" if likes else "unstar", id=song)
            except httpx.TransportError as error:
                self.refused.append((0, repr(error)))
                continue
            if answer.status_code == 200 and answer.json()["subsonic-response"]["status"] == "ok":
                self.starred[song] = likes
                self.acknowledged += 1
            else:
                self.refused.append((answer.status_code, answer.text))


@pytest.mark.parametrize("victim", ["the server process", "one connection"])
def test_postgresql_killed_under_requests_comes_back_and_has_lost_nothing(music: Path, data: Path, victim: str) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        with _Fan(app, list(app.ids().values())) as fan:
            eventually(lambda: fan.acknowledged >= 30, "thirty stars")
            _kill_postgres(server, victim)
            eventually(lambda: fan.refused, "a refusal")
            then = fan.acknowledged
            eventually(lambda: fan.acknowledged >= then + 30, "thirty more stars", seconds=60)
        server.until_ready()
        starred = {song["id"] for song in app.call("getStarred2")["starred2"].get("song", [])}
        assert starred & fan.starred.keys() == {song for song, likes in fan.starred.items() if likes}
        assert {status for status, _ in fan.refused} <= {503}, fan.refused[:3]
        # The service that crashed is told in the log.
        server.tolerated = re.compile("A service crashed and is started again|Traceback")


def _kill_postgres(server: Server, victim: str) -> None:
    postmaster = next(process for process in server.children("-D") if process.cmdline()[0].endswith("/postgres"))
    if victim == "the server process":
        postmaster.kill()
        return
    backends = [child for child in postmaster.children() if "tonearm" in " ".join(child.cmdline())]
    assert backends, [child.cmdline() for child in postmaster.children()]
    backends[0].kill()


def test_transcoders_that_are_killed_are_replaced_and_the_next_listener_hears_all(tmp_path: Path, data: Path) -> None:
    record(tmp_path / "music" / "song.flac", seconds=5)
    with Server(data, tmp_path / "music", watch="false") as server:
        server.until_scanned()
        app = server.app()
        ((_, song),) = app.ids().items()
        eventually(lambda: server.metric("tonearm_transcoder_workers_warm") >= 1, "a warm worker")
        old = {worker.pid for worker in server.children("appliance.stream.worker")}
        for worker in server.children("appliance.stream.worker"):
            worker.kill()
        eventually(
            lambda: len({worker.pid for worker in server.children("appliance.stream.worker")} - old) == len(old),
            "as many new workers",
        )
        assert app.get("stream", id=song, format="opus").content
        eventually(lambda: server.ready_status() == 200, "readiness")


def test_tag_readers_that_are_killed_cost_a_scan_nothing(crowd: tuple[Path, int], data: Path) -> None:
    music, _ = crowd
    with Server(data, music, watch="false") as server:
        workers: list[psutil.Process] = []

        def are_at_work() -> bool:
            workers[:] = server.children("spawn_main")
            return bool(workers)

        eventually(are_at_work, "workers that read tags")
        workers[0].kill()
        scan = server.until_scanned()
        assert scan["state"] == "done"
        missed = _SONGS - len(server.app().songs())
        assert missed == len(server.faults()), "what was not read is listed"
        if missed:
            assert server.scan()["counts"]["found"] == _SONGS
        assert len(server.app().songs()) == _SONGS
        server.tolerated = re.compile("worker")
