"""What the lists of the native interface cost the server, from the first page to the last, in a large household."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any, Final, get_args
from urllib.parse import urlencode

import msgspec

from appliance.api.rest import OPERATIONS
from appliance.api.rest.operation import Operation, Paged
from appliance.store.embedded import running_server
from bench.household import TRACKS, USERS, fill
from bench.server import Rest, Server, running, scratch
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_LIMIT_MS: Final = 10.0
_ASKED: Final = 15
"""Times for each page."""
_PAGE: Final = 50


class _List(msgspec.Struct, frozen=True):
    """One order of one list."""

    name: str
    path: str
    parameters: dict[str, str]


def run(bench: Workbench) -> Table:
    """Ask for the first page, one in the middle and the last, of every list in every order."""
    lists = list(_lists())
    with scratch() as folder:
        music = folder / "music"
        music.mkdir()
        with running(folder, music) as server:
            server.until_listening()
            with bench.terminal.progress("Scanning nothing", "s") as progress:
                server.until_scanned(progress)
            url = running_server(folder / "data")
            assert url is not None
            bench.terminal.say(f"Making {TRACKS:,} tracks and {USERS} listeners…")
            fill(url)
            rows = []
            with bench.terminal.progress("Asking", "lists") as progress:
                for done, asked in enumerate(lists, start=1):
                    rows.append(_row(server, asked))
                    progress(done, len(lists))
    return Table(
        title=f"lists: {_PAGE} to a page, {TRACKS:,} tracks, {USERS} listeners",
        columns=(Column("first ms", 1), Column("middle ms", 1), Column("last ms", 1), Column("items", 0)),
        rows=tuple(rows),
        notes=("The median time from asking to the whole answer, on one kept connection of the same machine.",),
    )


def _lists() -> Iterator[_List]:
    for operation in OPERATIONS:
        if operation.method == "GET" and issubclass(operation.query, Paged) and "{" not in operation.path:
            for sorting in _orders(operation):
                parameters = {"sorting": sorting} if sorting else {}
                yield _List(f"{operation.path} {sorting}".rstrip(), "/api/v1" + operation.path, parameters)


def _orders(operation: Operation) -> list[str]:
    """What ``sorting`` may be; one empty word for a list in one order."""
    for field in msgspec.structs.fields(operation.query):
        if field.encode_name == "sorting":
            tuple_ = get_args(field.type)[0]
            return [str(order) for order in get_args(tuple_)[0]]
    return [""]


def _row(server: Server, asked: _List) -> Row:
    with server.connection() as connection:
        rest = Rest(connection)
        total = rest.call("GET", _page(asked, 1))["pagination"]
        pages = (1, (1 + total["max_page"]) // 2, total["max_page"])
        times = [_time(rest, _page(asked, page)) for page in pages]
    return Row(asked.name, (*times, total["total_count"]), Budget.at_most(_LIMIT_MS, "ms", max(times)))


def _page(asked: _List, page: int) -> str:
    return f"{asked.path}?{urlencode({**asked.parameters, 'page': page, 'limit': _PAGE})}"


def _time(rest: Rest, path: str) -> float:
    """The median answer, in ms."""
    times: list[float] = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        answer: dict[str, Any] = rest.call("GET", path)
        times.append(time.perf_counter() - began)
        assert "items" in answer
    return median(times) * 1000
