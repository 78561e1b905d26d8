"""What trying the rules of a smart playlist costs, of every kind, in a large household."""

import time
from statistics import median
from typing import Final

import msgspec

from appliance.core.smart_fields import Field, Operator, SortField
from appliance.core.smart_rules import All, AnyOf, Condition, Not, Rule, Sorting
from appliance.store.embedded import running_server
from bench.household import TRACKS, USERS, fill
from bench.server import Rest, Server, running, scratch
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_LIMIT_MS: Final = 50.0
_ROUNDS: Final = 15


class _Question(msgspec.Struct, frozen=True):
    name: str
    rules: Rule
    sorting: tuple[Sorting, ...] = ()


_EVERYTHING: Final = All(())
_LIKED: Final = Condition(Field.LIKED, Operator.IS, value=True)
_PLAYED: Final = Condition(Field.PLAY_COUNT, Operator.GREATER, 0)
_NEVER: Final = Condition(Field.PLAY_COUNT, Operator.IS, 0)
_GOOD: Final = Condition(Field.RATING, Operator.GREATER, 3)
_LATELY: Final = Condition(Field.LAST_PLAYED, Operator.IN_THE_LAST, 90)
_GENRE: Final = Condition(Field.GENRE, Operator.IS, "genre 7")
_FIFTIES: Final = Condition(Field.YEAR, Operator.BETWEEN, (1950, 1959))

QUESTIONS: Final = (
    _Question("liked, played, well rated", All((_LIKED, _PLAYED, _GOOD))),
    _Question("liked or well rated, not lately", All((AnyOf((_LIKED, _GOOD)), Not(_LATELY)))),
    _Question("most played", _PLAYED, (Sorting(SortField.PLAY_COUNT, descending=True),)),
    _Question("a genre, never played, shuffled", All((_GENRE, _NEVER)), (Sorting(SortField.RANDOM),)),
    _Question("ten years of 75", _FIFTIES),
    _Question("a part of the title", Condition(Field.TITLE, Operator.CONTAINS, "77")),
    _Question("a part of the artist", Condition(Field.ARTIST, Operator.CONTAINS, "ist 77")),
    _Question("a part of the album", Condition(Field.ALBUM, Operator.CONTAINS, "77")),
    _Question(
        "a mood, and a codec",
        All((Condition(Field.MOOD, Operator.IS, "Calm"), Condition(Field.CODEC, Operator.IS, "mp3"))),
    ),
    _Question("never played", _NEVER),
    _Question("everything", _EVERYTHING),
    _Question("everything, shuffled", _EVERYTHING, (Sorting(SortField.RANDOM),)),
    _Question(
        "everything, by last play and rating",
        _EVERYTHING,
        (Sorting(SortField.LAST_PLAYED, descending=True), Sorting(SortField.RATING, descending=True)),
    ),
)


def run(bench: Workbench) -> Table:
    """Try one tree of rules after another."""
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
            with bench.terminal.progress("Asking", "rules") as progress:
                for done, question in enumerate(QUESTIONS, start=1):
                    rows.append(_row(server, question))
                    progress(done, len(QUESTIONS))
    return Table(
        title=f"smart playlists: {TRACKS:,} tracks, {USERS} listeners",
        columns=(Column("median ms", 1), Column("slowest ms", 1), Column("tracks", 0)),
        rows=tuple(rows),
        notes=("A preview: how many tracks there are, and the first 50; from asking to the whole answer.",),
    )


def _row(server: Server, question: _Question) -> Row:
    body = msgspec.to_builtins({"rules": question.rules, "sorting": question.sorting})
    times: list[float] = []
    with server.connection() as connection:
        rest = Rest(connection)
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            answer = rest.call("POST", "/api/v1/smart-playlists/preview", body)
            times.append((time.perf_counter() - began) * 1000)
    found = answer["pagination"]["total_count"]
    return Row(question.name, (median(times), max(times), found), Budget.at_most(_LIMIT_MS, "ms", median(times)))
