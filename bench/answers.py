"""What a Subsonic request costs the server, and how long it takes, over one kept connection."""

import http.client
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Final

import msgspec

from bench.processes import Family
from bench.server import BenchmarkFailed, Server, running, scratch, subsonic
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_LEAST_REQUESTS: Final = 100
_LEAST_SECONDS: Final = 2.0
"""CPU is counted in hundredths of a second: shorter would be noise."""
_TYPED: Final = ("m", "mo", "moo", "moon", "r", "ri", "riv", "river", "silver st", "golden h")


class _Question(msgspec.Struct, frozen=True):
    name: str
    paths: Sequence[str]
    """Asked in turn."""
    budget_ms: float | None = None


class _Answered(msgspec.Struct, frozen=True):
    server_ms: float
    postgresql_ms: float
    p50_ms: float
    p99_ms: float
    kilobytes: float


def run(bench: Workbench) -> Table:
    """Ask one thing after another of a server that has the benchmark library."""
    music = bench.library()
    rows = []
    with scratch() as folder, running(folder, music) as server:
        server.until_listening()
        with bench.terminal.progress("Scanning it", "s") as progress:
            server.until_scanned(progress)
        questions = _questions(server)
        with bench.terminal.progress("Asking", "questions") as progress, server.connection() as connection:
            for done, question in enumerate(questions, start=1):
                rows.append(_row(question, _asked(connection, server.family, question)))
                progress(done, len(questions))
    return Table(
        title=f"answers: JSON, one client, {bench.files:,} files",
        columns=(
            Column("CPU ms", 2),
            Column("server", 2),
            Column("PostgreSQL", 2),
            Column("p50 ms", 2),
            Column("p99 ms", 2),
            Column("kB"),
        ),
        rows=tuple(rows),
        notes=("CPU for one request; the budget is for 100,000 files.",),
    )


def _questions(server: Server) -> list[_Question]:
    with server.connection() as connection:
        songs, albums = _count(connection, "search3", "song"), _count(connection, "getAlbumList2", "album")
    deep = max(0, albums - 500)
    album_list = {"type": "alphabeticalByName", "size": 500}
    search = {"artistCount": 0, "albumCount": 0, "songCount": 500}
    everything = [
        _Question(
            f'search3 "", 500 songs from {offset:,}', [subsonic("search3", query='""', songOffset=offset, **search)], 5
        )
        for offset in (0, songs // 2, songs * 9 // 10)
    ]
    return [
        _Question("ping", [subsonic("ping")]),
        _Question("getAlbumList2, 500 from 0", [subsonic("getAlbumList2", offset=0, **album_list)], 5),
        _Question(f"getAlbumList2, 500 from {deep:,}", [subsonic("getAlbumList2", offset=deep, **album_list)], 5),
        _Question("search3, as one types", [subsonic("search3", query=typed) for typed in _TYPED], 5),
        *everything,
        _Question("getArtists", [subsonic("getArtists")]),
    ]


def _count(connection: http.client.HTTPConnection, endpoint: str, item: str) -> int:
    """How many songs or albums there are, by paging through them."""
    total = 0
    while True:
        if item == "song":
            path = subsonic(endpoint, query='""', songCount=500, songOffset=total, artistCount=0, albumCount=0)
        else:
            path = subsonic(endpoint, type="alphabeticalByName", size=500, offset=total)
        answer = json.loads(_ask(connection, path))["subsonic-response"]
        page = len(answer["searchResult3" if item == "song" else "albumList2"].get(item, []))
        if not page:
            return total
        total += page


def _ask(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or b'"status":"ok"' not in body[:200].replace(b" ", b""):
        raise BenchmarkFailed(f"{path.partition('?')[0]} answered {answer.status}: {body[:300]!r}")
    return body


def _asked(connection: http.client.HTTPConnection, family: Family, question: _Question) -> _Answered:
    for path in question.paths:
        _ask(connection, path)
    server, postgresql = family.server_cpu()
    latencies: list[float] = []
    received = 0
    for path in _turns(question.paths):
        began = time.perf_counter()
        received += len(_ask(connection, path))
        latencies.append(time.perf_counter() - began)
    server_now, postgresql_now = family.server_cpu()
    share = 1000 / len(latencies)
    cuts = quantiles(latencies, n=100)
    return _Answered(
        server_ms=(server_now - server) * share,
        postgresql_ms=(postgresql_now - postgresql) * share,
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        kilobytes=received / len(latencies) / 1000,
    )


def _turns(paths: Sequence[str]) -> Iterator[str]:
    """Whole rounds, until there are enough of them."""
    began = time.monotonic()
    for done, path in enumerate(itertools.cycle(paths)):
        if done % len(paths) == 0 and done >= _LEAST_REQUESTS and time.monotonic() - began >= _LEAST_SECONDS:
            return
        yield path


def _row(question: _Question, answered: _Answered) -> Row:
    cpu = answered.server_ms + answered.postgresql_ms
    figures = (cpu, *msgspec.structs.astuple(answered))
    limit = question.budget_ms
    return Row(question.name, figures, None if limit is None else Budget.at_most(limit, "ms CPU", cpu))
