"""A database that is elsewhere: late, stopped, gone, back."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.journeys.server import Server, eventually

#: What a probe may take: the check's own limit is two seconds.
_PROBE_SECONDS = 4.0


@contextmanager
def _held(url: str) -> Iterator[None]:
    """All processes of a PostgreSQL stopped, as by a disk that does not answer."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
    postmaster = psutil.Process(int(Path(row[0], "postmaster.pid").read_text(encoding="ascii").split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def test_a_database_that_hangs_hangs_nobody(music: Path, data: Path, database_url: str) -> None:
    with Server(data, music, watch="false", database_url=database_url) as server:
        server.until_scanned()
        app = server.app()
        song = min(app.ids().values())
        with _held(database_url):
            server.until_ready(503, seconds=20)
            assert httpx.get(f"{server.url}/health", timeout=_PROBE_SECONDS).status_code == 200
            ready = httpx.get(f"{server.url}/health/ready", timeout=_PROBE_SECONDS)
            assert ready.json()["checks"]["database"]["status"] == "failing"
            assert httpx.get(f"{server.url}/metrics", timeout=_PROBE_SECONDS).status_code == 200
            refused = httpx.get(app.address("star", id=song), timeout=60)
            assert refused.status_code == 503
            assert refused.json()["subsonic-response"]["status"] == "failed"
        server.until_ready(seconds=30)
        app.call("star", id=song)
        assert [each["id"] for each in app.call("getStarred2")["starred2"]["song"]] == [song]


def test_a_stop_while_the_database_hangs_is_in_time(music: Path, data: Path, database_url: str) -> None:
    with Server(data, music, watch="false", database_url=database_url) as server:
        server.until_scanned()
        with _held(database_url):
            server.until_ready(503, seconds=20)
            server.stop()


def test_connections_that_are_cut_are_made_anew(music: Path, data: Path, database_url: str) -> None:
    with Server(data, music, watch="false", database_url=database_url) as server:
        server.until_scanned()
        app = server.app()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        eventually(lambda: app.get("getArtists").status_code == 200, "an answer")
        assert app.call("getArtists")["artists"]["index"]
        server.until_ready()
        assert server.scan()["counts"]["found"] == 6


def test_two_connections_serve_a_crowd(music: Path, data: Path, database_url: str) -> None:
    with Server(data, music, database_url=database_url, database_connections="2") as server:
        server.until_scanned()
        app = server.app()
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(lambda _: app.get("getAlbumList2", type="newest").status_code, range(100)))
        assert set(answers) == {200}


def test_a_server_waits_for_a_database_that_is_late(music: Path, data: Path, database_url: str) -> None:
    with _held(database_url):
        server = Server(data, music, database_url=database_url)
        server.until_says("Waiting for the database")
    with server:
        server.until_scanned()


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/tonearm", "postgresql://nobody@/x?host=/nowhere&port=1"])
def test_a_stop_while_waiting_for_a_database_is_heeded(data: Path, url: str) -> None:
    server = Server(data, database_url=url)
    try:
        server.until_says("Waiting for the database")
        server.stop()
    finally:
        server.kill()
