"""What a search costs, over names in several scripts with a vocabulary like that of a large collection."""

import random
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final
from urllib.parse import urlencode

import msgspec
import psycopg

from appliance.core.text import searched, sort_key
from appliance.store.embedded import running_server
from bench.household import TRACKS, fill
from bench.server import Rest, Server, running, scratch
from bench.table import Budget, Column, Row, Table
from bench.words import ADJECTIVES, FOREIGN, NOUNS
from bench.workbench import Workbench

_LIMIT_MS: Final = 20.0
_ROUNDS: Final = 15
_WORDS: Final = 40_000
"""Beside the words of ``bench.words``."""
_SYLLABLES: Final = tuple(
    first + vowel + last for first in "bdfgklmnprstv" for vowel in "aeiou" for last in ("", "n", "r", "l", "st")
)
_NAMED: Final = """
CREATE TEMPORARY TABLE named (key text, name text, sort text, search text);
COPY named FROM STDIN;
ANALYZE named;
UPDATE artists SET name = named.name, sort_name = named.sort, search = named.search
FROM named WHERE named.key = artists.key;
UPDATE albums SET title = named.name, sort_title = named.sort, search = named.search
FROM named WHERE named.key = albums.key;
UPDATE tracks SET title = named.name, sort_title = named.sort, search = named.search
FROM named WHERE named.key = tracks.place;
VACUUM ANALYZE artists, albums, tracks, search_words, search_trigrams
"""


class _Question(msgspec.Struct, frozen=True):
    name: str
    queries: Sequence[str]
    """Asked in turn."""


QUESTIONS: Final = (
    _Question("as one types", ("m", "mo", "moo", "moon", "r", "ri", "riv", "river", "silver st", "golden h")),
    _Question("a word that thousands hold", ("moon", "winter", "house", "light")),
    _Question("words of title, artist or album", ("silver moo", "golden riv", "house las", "winter wat")),
    _Question("Cyrillic and Greek, typed in both", ("gorod", "город", "lefki thal", "λευκή", "tikhiy vecher")),
    _Question("one slip", ("mooon", "wintre", "silevr", "catherdal", "staricase")),
    _Question("a slip in each of two words", ("silevr mooon", "goldne rivre", "huose lasst")),
    _Question("what is nowhere", ("qqqqqqq", "xzxzxz wyxwyx", "12345678")),
)


def run(bench: Workbench) -> Table:
    """Ask one question after another of a household whose music has names."""
    with scratch() as folder:
        music = folder / "music"
        music.mkdir()
        with running(folder, music) as server:
            server.until_listening()
            with bench.terminal.progress("Scanning nothing", "s") as progress:
                server.until_scanned(progress)
            url = running_server(folder / "data")
            assert url is not None
            bench.terminal.say(f"Making {TRACKS:,} tracks, and naming them…")
            fill(url)
            words = name(url)
            with bench.terminal.progress("Asking", "questions") as progress:
                rows = []
                for done, question in enumerate(QUESTIONS, start=1):
                    rows.append(_row(server, question))
                    progress(done, len(QUESTIONS))
    return Table(
        title=f"search: {TRACKS:,} tracks, a vocabulary of {words:,} words",
        columns=(Column("median ms", 1), Column("slowest ms", 1), Column("found", 0)),
        rows=tuple(rows),
        notes=(
            "Up to 20 of each kind; from asking to the whole answer, on one kept connection of the same machine.",
            "The slowest is that of the query in the row whose median is highest; it is held to the budget.",
        ),
    )


def name(url: str, *, tracks: int = TRACKS) -> int:
    """Give the household's music names; the size of the vocabulary that they make."""
    create, copy, *rest = _NAMED.strip().split(";\n")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(create.encode())
        with connection.cursor().copy(copy.encode()) as rows:
            for row in _names(tracks):
                rows.write_row(row)
        for statement in rest:
            connection.execute(statement.encode())
        counted = connection.execute("SELECT count(*) FROM search_words").fetchone()
    assert counted is not None
    return int(counted[0])


def _names(tracks: int) -> Iterator[tuple[str, str, str, str]]:
    """Key, name, sort key and searched words of each artist, album and track."""
    seed = random.Random(4)
    invented = ["".join(seed.choices(_SYLLABLES, k=seed.choice((2, 2, 3)))).title() for _ in range(_WORDS)]
    # The n-th word is used 1/n as often as the first: as words are.
    words = [*NOUNS, *ADJECTIVES, *invented]
    weights = [1 / (rank + 20) for rank in range(len(words))]

    def made(most: int) -> str:
        if seed.random() < 0.05:
            return seed.choice(FOREIGN)
        return " ".join(seed.choices(words, weights, k=seed.randint(1, most)))

    artists = [made(2) for _ in range(tracks // 20)]
    albums = [made(3) for _ in range(tracks // 10)]
    for number, artist in enumerate(artists):
        yield f"artist {number}", artist, sort_key(artist), searched(artist)
    for number, album in enumerate(albums):
        yield f"album {number}", album, sort_key(album), searched(album, artists[number // 2])
    for number in range(tracks):
        title, album = made(4), albums[number // 10]
        yield f"place {number}", title, sort_key(title), searched(title, artists[number // 20], album)


def _row(server: Server, question: _Question) -> Row:
    with server.connection() as connection:
        rest = Rest(connection)
        found = 0
        medians: list[float] = []
        for query in question.queries:
            times: list[float] = []
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                answer = rest.call("GET", f"/api/v1/search/?{urlencode({'q': query})}")
                times.append((time.perf_counter() - began) * 1000)
            found += sum(len(answer[kind]) for kind in ("artists", "albums", "tracks"))
            medians.append(median(times))
    return Row(
        question.name,
        (median(medians), max(medians), found),
        Budget.at_most(_LIMIT_MS, "ms", max(medians)),
    )
