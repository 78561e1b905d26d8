"""What PostgreSQL does for each question about a large catalogue: no table that grows with the music is read whole.

The plans are those of the statements that the nouns really send: made for the values at hand, and again when the
statement has run so often that PostgreSQL may settle for one plan for any values.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import sql

from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, TrackFilter, TrackOrder, Window
from appliance.core.files import FileFilter
from appliance.store.database import Connection, Row, open_database
from appliance.store.scope import EVERYTHING, Scope
from appliance.store.statement import Statement
from appliance.store.unit_of_work import Work
from tests.store.sheets import bring, moved, sheet, tagged

TRACKS = 40_000
"""Ten to an album, two albums to an artist."""
GROWING = {
    "album_artists", "albums", "artists", "files", "likes", "playlists", "plays", "ratings", "search_trigrams",
    "release_groups", "search_words", "track_artists", "track_credits", "track_genres", "tracks",
}  # fmt: skip
PAGE = 50
T = TypeVar("T")

FILL = """
INSERT INTO libraries (id, name, root) VALUES (gen_random_uuid(), 'Music', '/music');
INSERT INTO genres (id, key, name, track_count, album_count)
SELECT gen_random_uuid(), 'genre ' || n, 'Genre ' || n, 1, 1 FROM generate_series(0, 199) AS n;
INSERT INTO artists (id, key, name, sort_name, search, album_count, track_count, libraries, stale)
SELECT gen_random_uuid(), 'artist ' || n, 'Artist ' || n, 'artist ' || n,
       'artist ' || n || ' a' || n % 1000 || ' ' || substr(translate(md5(n::text), '0123456789', 'ghijklmnop'), 1, 8),
       2, 20, ARRAY[(SELECT number FROM libraries)], false
FROM generate_series(0, :tracks / 20 - 1) AS n;
INSERT INTO albums (id, key, title, sort_title, artist_display, artist_sort, artist_ids, artist_names, compilation,
                    year, search, track_count, duration_ms, genres, libraries, stale, created_at)
SELECT gen_random_uuid(), 'album ' || n, 'Album ' || n, 'album ' || md5(n::text), artists.name, artists.sort_name,
       ARRAY[artists.id], ARRAY[artists.name], false, 1950 + n % 75,
       'album w' || n % 997 || ' n' || n || ' ' || substr(translate(md5((-n)::text), '0123456789', 'ghijklmnop'), 1, 8),
       10, 1,
       ARRAY['Genre ' || n % 200], ARRAY[(SELECT number FROM libraries)], false, now() - n * interval '1 minute'
FROM generate_series(0, :tracks / 10 - 1) AS n JOIN artists ON artists.key = 'artist ' || n / 2;
INSERT INTO album_artists SELECT id, 0, artist_ids[1] FROM albums;
INSERT INTO tracks (id, album_id, file_id, place, title, sort_title, artist_display, artist_ids, artist_names, genres,
                    moods, disc_number, track_number, duration_ms, year, search, libraries, artist_sort, album_sort,
                    bpm, lyrics)
SELECT gen_random_uuid(), albums.id, gen_random_uuid(), 'place ' || n, 'Track ' || n, 'track ' || md5(n::text),
       albums.artist_display, albums.artist_ids, albums.artist_names, albums.genres,
       CASE WHEN n % 100 = 0 THEN ARRAY['Mood ' || n % 7] ELSE '{}' END, 1, n % 10, 1000 + n,
       albums.year, 'track x' || n % 997 || ' m' || n, albums.libraries, albums.artist_sort, albums.sort_title,
       CASE WHEN n % 2 = 0 THEN 60 + n % 120 END, 'La la la'
FROM generate_series(0, :tracks - 1) AS n JOIN albums ON albums.key = 'album ' || n / 10;
INSERT INTO moods SELECT 'mood ' || n, 'Mood ' || n FROM generate_series(0, 6) AS n;
INSERT INTO release_groups (id, key, title) SELECT id, key, title FROM albums;
UPDATE albums SET release_group_id = id;
INSERT INTO track_artists SELECT id, 0, artist_ids[1] FROM tracks;
INSERT INTO track_credits SELECT id, 0, 'composer', artist_ids[1], NULL FROM tracks;
INSERT INTO track_genres SELECT tracks.id, 0, genres.id FROM tracks JOIN genres ON genres.name = tracks.genres[1];
INSERT INTO files (id, track_id, library_id, path, size, mtime_ns, identity, suffix, codec, duration_ms, bit_rate,
                   sample_rate, channels)
SELECT file_id, id, (SELECT id FROM libraries), convert_to(place, 'UTF8'), 1, 1, decode(md5(title), 'hex'), 'mp3',
       'mp3', 1000, 192, 44100, 2 FROM tracks;
INSERT INTO users (id, name, key, role, password_hash)
SELECT gen_random_uuid(), 'User ' || n, 'user ' || n, 'member', 'none' FROM generate_series(0, 9) AS n;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'track', tracks.id, true, now(), now()
FROM users JOIN tracks ON hashtext(tracks.place || users.key) % 40 = 0;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'album', albums.id, true, now(), now()
FROM users JOIN albums ON hashtext(albums.key || users.key) % 40 = 0;
INSERT INTO ratings (id, user_id, item, item_id, rating, happened_at, recorded_at)
SELECT gen_random_uuid(), user_id, item, item_id, 4, happened_at, recorded_at FROM likes;
INSERT INTO plays (id, user_id, track_id, client, happened_at, recorded_at)
SELECT gen_random_uuid(), user_id, item_id, 'app', happened_at, recorded_at FROM likes WHERE item = 'track';
INSERT INTO playlists (id, owner_id, name, sort_name, comment, visibility, search)
SELECT gen_random_uuid(), users.id, 'List ' || n, 'list ' || n, '', 'household', 'list w' || n % 997 || ' n' || n
FROM users, generate_series(1, 1000) AS n
"""


def fill(url: str, tracks: int) -> None:
    """A catalogue of ``tracks`` tracks, made in sets, and what ten users left on it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FILL.replace(":tracks", str(tracks)).split(";\n"):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


class Explain(Statement):
    """Gives the plan of a statement instead of its rows."""

    __slots__ = ("_statement",)

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self.sql = f"EXPLAIN (FORMAT JSON) {statement.sql}"
        self.parameters = statement.parameters

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        return self._statement.arguments(values)


class Witness(Connection):
    """Keeps the plans of everything that it runs."""

    __slots__ = ("_inner", "_url", "plans")

    def __init__(self, inner: Connection, url: str) -> None:
        self._inner = inner
        self._url = url
        self.plans: list[tuple[str, dict[str, Any]]] = []

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:
        await self._explain(statement, values)
        return await self._inner.fetch(statement, **values)

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:
        await self._explain(statement, values)
        return await self._inner.fetch_row(statement, **values)

    async def fetch_value(self, statement: Statement, /, **values: Any) -> Any:
        await self._explain(statement, values)
        return await self._inner.fetch_value(statement, **values)

    async def execute(self, statement: Statement, /, **values: Any) -> None:
        await self._explain(statement, values)
        await self._inner.execute(statement, **values)

    async def copy(self, *arguments: Any, **named: Any) -> None:
        await self._inner.copy(*arguments, **named)

    async def _explain(self, statement: Statement, values: dict[str, Any]) -> None:
        if statement.sql.lstrip().startswith(("CREATE", "DROP")):
            return
        [plan] = msgspec.json.decode(await self._inner.fetch_value(Explain(statement), **values))
        self.plans.append((statement.sql, plan["Plan"]))
        if "staged_" not in statement.sql:  # a temporary table, seen by this transaction only
            self.plans.append((statement.sql, _settled_plan(self._url, statement.sql, statement.arguments(values))))


def _settled_plan(url: str, statement: str, arguments: list[Any]) -> Any:
    """The plan once a prepared statement has run a few times (PostgreSQL compares after five)."""
    with psycopg.connect(url) as connection:
        connection.execute(f"PREPARE question AS {statement}".encode())
        given = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, arguments))) if arguments else sql.SQL("")
        for _ in range(7):
            row = connection.execute(sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE question{}").format(given)).fetchone()
    assert row is not None
    return row[0][0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def read_whole(plans: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The growing tables that are read from end to end, each with the statement that does it."""
    return [
        f"{node['Relation Name']}: {statement}"
        for statement, plan in plans
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWING
    ]


@pytest.fixture(scope="module")
def large_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A large catalogue that all tests of this module read."""
    names = {"name": sql.Identifier("large"), "template": sql.Identifier(postgres_template)}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        url = postgres_url.replace("/tonearm?", "/large?")
        fill(url, TRACKS)
        yield url
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


_SOME = sql.SQL("SELECT id FROM {} ORDER BY id LIMIT 500")


@pytest.fixture
def ids(large_url: str) -> dict[str, list[UUID]]:
    """Some ids of each kind."""
    with psycopg.connect(large_url) as connection:
        return {
            table: [id_ for (id_,) in connection.execute(_SOME.format(sql.Identifier(table)))]
            for table in ("artists", "albums", "files", "tracks", "users")
        }


Ids = dict[str, list[UUID]]
Question = Callable[[Work, Ids], Awaitable[object]]
OWN = (AlbumOrder.RECENT, AlbumOrder.FREQUENT, AlbumOrder.RATED, AlbumOrder.STARRED)
ORDERED = (
    AlbumOrder.TITLE, AlbumOrder.ARTIST, AlbumOrder.NEWEST, AlbumOrder.YEAR, AlbumOrder.YEAR_DESCENDING,
)  # fmt: skip
NONE = Window(0)
FIRST, DEEP = Window(PAGE), Window(PAGE, 3_000)


def _albums(order: AlbumOrder, window: Window, narrow: AlbumFilter | None = None) -> Question:
    return lambda work, ids: work.albums.list(order, narrow or AlbumFilter(), window, ids["users"][0])


def _search(query: str, *, artists: Window = NONE, albums: Window = NONE, tracks: Window = NONE) -> Question:
    return lambda work, _: work.search.find(query, artists=artists, albums=albums, tracks=tracks)


QUESTIONS: dict[str, Question] = {
    **{
        f"albums by {order}, from {window.offset}": _albums(order, window)
        for order in ORDERED
        for window in (FIRST, DEEP)
    },
    **{f"albums by {order}": _albums(order, FIRST) for order in OWN},
    "albums of a genre": _albums(AlbumOrder.TITLE, FIRST, AlbumFilter(genres=("Genre 7",))),
    "albums of some years": _albums(AlbumOrder.YEAR, FIRST, AlbumFilter(from_year=1990, to_year=1991)),
    "album": lambda work, ids: work.albums.get(ids["albums"][0]),
    "albums by id": lambda work, ids: work.albums.many(ids["albums"][:PAGE]),
    "albums of an artist": lambda work, ids: work.albums.of_artist(ids["artists"][0]),
    "artist": lambda work, ids: work.artists.get(ids["artists"][0]),
    "artists by id": lambda work, ids: work.artists.many(ids["artists"][:PAGE]),
    "track": lambda work, ids: work.tracks.get(ids["tracks"][0]),
    "tracks by id": lambda work, ids: work.tracks.many(ids["tracks"][:PAGE]),
    "tracks of an album": lambda work, ids: work.tracks.of_album(ids["albums"][0]),
    "tracks with a mood": lambda work, _: work.tracks.page(TrackFilter(moods=("mood 0",)), FIRST),
    "tracks of an artist": lambda work, ids: work.tracks.page(TrackFilter(artist=ids["artists"][0]), FIRST),
    "tracks of one album": lambda work, ids: work.tracks.page(TrackFilter(album=ids["albums"][0]), FIRST),
    "editions": lambda work, ids: work.albums.list(
        AlbumOrder.TITLE, AlbumFilter(release_group=ids["albums"][0]), FIRST, ids["users"][0]
    ),
    "albums of one artist": lambda work, ids: work.albums.list(
        AlbumOrder.TITLE, AlbumFilter(artist=ids["artists"][0]), FIRST, ids["users"][0]
    ),
    "credits": lambda work, ids: work.tracks.credits(ids["tracks"][:PAGE]),
    "lyrics": lambda work, ids: work.tracks.lyrics(ids["tracks"][0]),
    "file": lambda work, ids: work.files.get(ids["files"][0]),
    "files of a track": lambda work, ids: work.files.page(FileFilter(track=ids["tracks"][0]), FIRST),
    "missing files": lambda work, _: work.files.page(FileFilter(missing=True), FIRST),
    "tracks of a genre": lambda work, _: work.tracks.of_genre("Genre 7", FIRST),
    "artists found by words": _search("artist 17", artists=FIRST),
    "albums found by words": _search("w17 n101", albums=FIRST),
    "tracks found by words": _search("x17 m101", tracks=FIRST),
    "tracks found by the beginning of their names": _search("track a", tracks=FIRST),
    "artists found in spite of a slip": _search("artits 17", artists=FIRST),
    "tracks found in spite of two slips": _search("trakc xyzab", tracks=FIRST),
    "tracks found by a word that most hold": _search("track", tracks=FIRST),
    "playlists found by words": lambda work, ids: work.playlists.find(ids["users"][0], "list w17", FIRST),
    **{
        f"everything, from {window.offset}": _search("", artists=window, albums=window, tracks=window)
        for window in (FIRST, Window(PAGE, 1_500))
    },
    "covers": lambda work, ids: work.artworks.of(Item.TRACK, ids["tracks"][0]),
    "marks of tracks": lambda work, ids: work.listening.marks(ids["users"][0], Item.TRACK, ids["tracks"]),
    "marks of albums": lambda work, ids: work.listening.marks(ids["users"][0], Item.ALBUM, ids["albums"]),
    "marks of artists": lambda work, ids: work.listening.marks(ids["users"][0], Item.ARTIST, ids["artists"]),
    "liked albums": lambda work, ids: work.listening.liked(ids["users"][0], Item.ALBUM),
    "liked tracks": lambda work, ids: work.listening.liked(ids["users"][0], Item.TRACK),
}


async def plans_of(
    url: str, question: Callable[[Work], Awaitable[object]], scope: Scope = EVERYTHING
) -> list[tuple[str, dict[str, Any]]]:
    async with open_database(url) as database, database.begin() as connection:
        witness = Witness(connection, url)
        await question(Work(witness, scope))
    assert witness.plans
    return witness.plans


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(frozenset({1}))], ids=["all", "some libraries"])
@pytest.mark.parametrize("name", QUESTIONS)
async def test_no_growing_table_is_read_whole_for(name: str, scope: Scope, large_url: str, ids: Ids) -> None:
    plans = await plans_of(large_url, lambda work: QUESTIONS[name](work, ids), scope)
    assert read_whole(plans) == []


@pytest.mark.parametrize("order", ORDERED)
async def test_albums_come_from_an_index_in_their_order_at_any_offset(
    order: AlbumOrder, large_url: str, ids: Ids
) -> None:
    plans = await plans_of(large_url, lambda work: _albums(order, DEEP)(work, ids))
    assert [node["Node Type"] for _, plan in plans for node in nodes(plan) if "Sort" in node["Node Type"]] == []


@pytest.mark.parametrize("order", [order for order in TrackOrder if order is not TrackOrder.RANDOM])
async def test_a_page_of_tracks_comes_from_an_index_in_its_order(order: TrackOrder, large_url: str) -> None:
    """All are counted beside it, which reads all, if only the narrow index."""
    plans = await plans_of(large_url, lambda work: work.tracks.page(TrackFilter(), DEEP, order))
    paging = [(statement, plan) for statement, plan in plans if "count(" not in statement]
    assert read_whole(paging) == []
    assert [node["Node Type"] for _, plan in paging for node in nodes(plan) if "Sort" in node["Node Type"]] == []


async def test_a_page_of_files_comes_from_an_index_in_its_order(large_url: str) -> None:
    plans = await plans_of(large_url, lambda work: work.files.page(FileFilter(), DEEP))
    paging = [(statement, plan) for statement, plan in plans if "count(" not in statement]
    assert read_whole(paging) == []
    assert [node["Node Type"] for _, plan in paging for node in nodes(plan) if "Sort" in node["Node Type"]] == []


async def test_merging_a_batch_reads_no_growing_table_whole(large_url: str) -> None:
    """Otherwise a scan would take four times as long for twice the music."""

    async def merge(work: Work) -> None:
        [library] = await work.libraries.all()
        new = [sheet(f"new/{n}.mp3", f"new {n}", tagged(title=f"{n}", track_number=n)) for n in range(10)]
        await bring(work, library, new)
        retagged = [sheet(f"new/{n}.mp3", f"new {n}", tagged(title=f"x{n}", genres=("Jazz",))) for n in range(10)]
        await bring(work, library, retagged)
        await bring(work, library, [moved(file, f"newer/{n}.mp3") for n, file in enumerate(retagged)])
        await work.catalogue.mark_missing(library, [b"new/1.mp3", b"newer/2.mp3"])
        await work.catalogue.mark_returned(library, [b"new/1.mp3", b"newer/2.mp3"])

    plans = await plans_of(large_url, merge)
    assert read_whole(plans) == []
