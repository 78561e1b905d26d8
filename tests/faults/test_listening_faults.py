"""Listeners who pause, dawdle, leave, come in crowds; and files that change under them."""

import os
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.journeys.recordings import listen, record
from tests.journeys.server import App, Server, eventually

_HOUR = 44_100 * 4 * 3600


def _record_an_hour(folder: Path) -> Path:
    """An hour of silence that needs no disk: WAV, 635 MB, all of it a hole."""
    path = folder / "hour.wav"
    folder.mkdir()
    header = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", _HOUR + 36, b"WAVE", b"fmt ", 16, 1, 2, 44_100, 176_400, 4, 16)
    path.write_bytes(header + struct.pack("<4sI", b"data", _HOUR))
    os.truncate(path, 44 + _HOUR)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For listeners who harm only themselves."""
    folder = tmp_path_factory.mktemp("hour")
    _record_an_hour(folder / "music")
    with Server(folder / "data", folder / "music", watch="false", workers="2") as server:
        server.until_scanned()
        eventually(lambda: server.metric("tonearm_transcoder_workers_warm") == 2, "warm workers")
        yield server


@pytest.fixture
def app(server: Server) -> App:
    return server.app()


@pytest.fixture
def song(app: App) -> str:
    return only_song(app)


def only_song(app: App) -> str:
    ((_, song),) = app.ids().items()
    return song


def _ask(connection: socket.socket, path: str) -> bytes:
    """Send a request, and return the beginning of its answer."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    begun = b""
    while b"\r\n\r\n" not in begun:
        begun += connection.recv(4096)
    assert begun.startswith(b"HTTP/1.1 200"), begun
    return begun


def _read_on(connection: socket.socket) -> int:
    """How many bytes come until the server ends the answer."""
    count = 0
    while piece := connection.recv(1 << 20):
        count += len(piece)
    return count


def _busy(server: Server) -> float:
    return server.metric("tonearm_transcoder_workers_busy")


def test_players_that_are_paused_delay_no_stop(tmp_path: Path, data: Path) -> None:
    _record_an_hour(tmp_path / "music")
    with Server(data, tmp_path / "music", watch="false") as server, ExitStack() as stack:
        server.until_scanned()
        app = server.app()
        song = only_song(app)
        wishes: list[dict[str, str]] = [{}, {"format": "opus"}]
        for wish in wishes:
            for _ in range(3):
                _ask(stack.enter_context(server.connection(receive_buffer=4096)), app.path("stream", id=song, **wish))
        for begun in (b"", b"GET /rest/ping", b"POST /rest/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nu="):
            for _ in range(30):
                stack.enter_context(server.connection()).sendall(begun)
        assert httpx.get(app.address("ping"), timeout=5).status_code == 200
        # Held to ten seconds.
        server.stop()


def test_two_hundred_paused_players_keep_nobody_waiting(server: Server, app: App, song: str) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            _ask(stack.enter_context(server.connection(receive_buffer=4096)), app.path("stream", id=song))
        assert httpx.get(app.address("ping"), timeout=5).json()["subsonic-response"]["status"] == "ok"
        assert len(httpx.get(app.address("getArtists"), timeout=5).content) > 50
        assert httpx.get(f"{server.url}/health/ready", timeout=5).status_code == 200
    eventually(lambda: server.metric("tonearm_streams") == 0, "streams that ended")


def test_a_listener_who_leaves_frees_the_worker(server: Server, app: App, song: str) -> None:
    with server.connection(receive_buffer=4096) as connection:
        _ask(connection, app.path("stream", id=song, format="opus"))
        eventually(lambda: _busy(server) == 1, "a worker at work")
    eventually(lambda: _busy(server) == 0, "a free worker", seconds=2)


def test_two_listeners_share_one_transcode(server: Server, app: App, song: str) -> None:
    most = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, _busy(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    address = app.address("stream", id=song, format="mp3", maxBitRate=32, timeOffset=3480)
    try:
        with ThreadPoolExecutor(4) as listeners:
            heard = list(listeners.map(lambda _: httpx.get(address, timeout=60).content, range(4)))
    finally:
        done.set()
        watcher.join()
    assert len(set(heard)) == 1
    assert listen(heard[0]).seconds == pytest.approx(120, abs=0.1)
    assert most <= 1


def test_one_who_leaves_costs_the_other_nothing(server: Server, app: App, song: str) -> None:
    path = app.path("stream", id=song, format="mp3", maxBitRate=32, timeOffset=3300)
    with server.connection(receive_buffer=4096) as leaver:
        _ask(leaver, path)
        with ThreadPoolExecutor(1) as other:
            heard = other.submit(lambda: httpx.get(f"{server.url}{path}", timeout=60).content)
            leaver.close()
            assert listen(heard.result()).seconds == pytest.approx(300, abs=0.1)


def test_more_listeners_than_workers_wait_or_are_told_to(server: Server, app: App, song: str) -> None:
    with ExitStack() as stack:
        for offset in (0, 1):
            connection = stack.enter_context(server.connection(receive_buffer=4096))
            _ask(connection, app.path("stream", id=song, format="aac", timeOffset=offset))
        eventually(lambda: _busy(server) == 2, "both workers at work")
        third = httpx.get(app.address("stream", id=song, format="opus", timeOffset=3590), timeout=30)
        if third.status_code != 200:
            assert third.status_code == 429
            assert int(third.headers["Retry-After"]) > 0
        assert app.get("stream", {"Range": "bytes=0-99"}, id=song).status_code == 206


def test_a_worker_does_not_wear_out(data: Path, tmp_path: Path) -> None:
    """A hundred transcodes, each of which must be made; a worker that gathers memory refuses from some point on."""
    record(tmp_path / "music" / "song.flac", seconds=2)
    with Server(data, tmp_path / "music", watch="false", workers="1") as server:
        server.until_scanned()
        app = server.app()
        song = only_song(app)
        for number in range(100):
            answer = app.get("stream", id=song, format="opus", timeOffset=number / 100)
            assert answer.headers["Content-Type"] == "audio/ogg", (number, answer.text)


def test_a_file_cut_short_while_it_is_sent_ends_the_answer(tmp_path: Path, data: Path) -> None:
    long = _record_an_hour(tmp_path / "music")
    with Server(data, tmp_path / "music", watch="false") as server:
        server.until_scanned()
        app = server.app()
        with server.connection(receive_buffer=4096) as connection:
            _ask(connection, app.path("stream", id=only_song(app)))
            os.truncate(long, 10_000_000)
            assert _read_on(connection) < 44 + _HOUR
        assert app.call("ping")


def test_a_file_replaced_while_it_is_sent_is_sent_as_it_was(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "music" / "song.wav"
    record(path, seconds=20)
    old = path.read_bytes()
    with Server(data, tmp_path / "music", watch="false") as server:
        server.until_scanned()
        app = server.app()
        song = only_song(app)
        with server.connection(receive_buffer=4096) as connection:
            begun = _ask(connection, app.path("stream", id=song))
            record(path.with_name("new.wav"), seconds=1, pitch=999).rename(path)
            body = begun.partition(b"\r\n\r\n")[2]
            while len(body) < len(old) and (piece := connection.recv(1 << 20)):
                body += piece
        assert body == old
        # A part of the old and a part of the new would be a noise: who asks for the rest of the old is given the new.
        tag = next(line for line in begun.split(b"\r\n") if line.lower().startswith(b"etag:")).partition(b": ")[2]
        again = app.get("stream", {"Range": "bytes=1000-", "If-Range": tag.decode()}, id=song)
        assert (again.status_code, again.content) == (200, path.read_bytes())


def test_a_transcode_survives_its_cache_being_cleared(server: Server, app: App, song: str) -> None:
    asked = {"id": song, "format": "mp3", "maxBitRate": 64, "timeOffset": 3500}
    first = app.get("stream", **asked).content
    for file in (server.data_dir / "cache").rglob("*"):
        if file.is_file():
            file.unlink()
    assert app.get("stream", **asked).content == first
