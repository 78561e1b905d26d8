"""The rules of smart playlists: what the database finds is what they mean, whatever the tree, and however hostile."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Item, Window
from appliance.core.errors import NotUsable
from appliance.core.ids import new_id
from appliance.core.sheet import Sheet
from appliance.core.smart_fields import KINDS, OPERATORS, Field, Kind, Operator, SortField
from appliance.core.smart_rules import All, AnyOf, Condition, Not, Rule, Selection, Single, Sorting, Value, checked
from appliance.core.text import fold
from appliance.store.smart_meanings import MEANINGS
from appliance.store.smart_selection import statement_of
from appliance.store.unit_of_work import PostgresStore
from tests.store.events import at, like, play, rate
from tests.store.sheets import bring_in, sheet, tagged
from tests.store.smart_oracle import Facts, holds
from tests.store.test_nouns_playlists import member, opened

ALL = Window(1000)

#: Title, artists, album, genres, moods, year, bpm, comment.
SONGS = (
    ("The Wall", ("Ana",), "First", ("Jazz",), ("calm",), "1959", 100, "Über alles"),
    ("Wall", ("Ana", "Bo"), "First", ("Jazz", "Soul"), (), "1961-02", None, None),
    ("Étude 100%", ("Bo",), "The Second", ("Soul",), ("calm", "Sad"), None, 120, "100% live"),
    ("under_score", ("Sigur Rós",), "The Second", (), (), "2003", 90, None),
    ("Nothing", ("Ana",), "Third", ("Trip-Hop",), ("sad",), "2003", 90, "live"),
)


class House:
    """Some tracks and what two people left on them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.facts: dict[UUID, Facts] = {}
        self.user: User
        trio.run(self._build)

    async def _build(self) -> None:
        async with opened(self.url) as store:
            async with store.begin() as work:
                [library] = await work.libraries.settle([b"/music"])
            sheets = [_sheet(number) for number in range(len(SONGS))]
            ids = [decision.track_id for decision in await bring_in(store, library, sheets)]
            self.user = await member(store, "Bea")
            await self._leave_marks(store, ids)
        self.facts = dict(zip(ids, self._told(ids), strict=True))

    async def _leave_marks(self, store: PostgresStore, ids: list[UUID]) -> None:
        user, other = self.user.id, (await member(store, "Cem")).id
        self.album_ids, self.artist_ids = _kin(self.url)
        await play(store, user, (ids[0], 1), (ids[0], 2), (ids[0], 3), (ids[2], 10))
        await play(store, other, (ids[1], 1), (ids[4], 1))
        await like(store, user, Item.TRACK, (ids[0], 1, True), (ids[1], 1, True), (ids[1], 2, False))
        await like(store, other, Item.TRACK, (ids[3], 1, True))
        await like(store, user, Item.ALBUM, (self.album_ids["Third"], 1, True))
        await like(store, user, Item.ARTIST, (self.artist_ids["Bo"], 1, True))
        await rate(store, user, Item.TRACK, (ids[0], 1, 5), (ids[2], 1, 3), (ids[3], 1, 4), (ids[3], 2, 0))
        await rate(store, user, Item.ALBUM, (self.album_ids["First"], 1, 2))
        await rate(store, user, Item.ARTIST, (self.artist_ids["Ana"], 1, 4), (self.artist_ids["Bo"], 1, 1))

    def _told(self, ids: list[UUID]) -> Iterator[Facts]:
        with psycopg.connect(self.url) as connection:
            times = {
                row[0]: row[1:]
                for row in connection.execute("SELECT id, created_at, updated_at FROM tracks").fetchall()
            }
        plays = {0: (3, at(3)), 2: (1, at(10))}
        for number, (title, artists, album, genres, moods, date, bpm, comment) in enumerate(SONGS):
            told = _sheet(number)
            rated = {"Ana": 4, "Bo": 1}
            yield {
                Field.TITLE: fold(title),
                Field.ALBUM: fold(album),
                Field.ARTIST: frozenset(map(fold, artists)),
                Field.ALBUM_ARTIST: frozenset({fold(artists[0])}),
                Field.GENRE: frozenset(map(fold, genres)),
                Field.MOOD: frozenset(map(fold, moods)),
                Field.COMMENT: comment and fold(comment),
                Field.YEAR: int(date[:4]) if date else None,
                Field.DISC_NUMBER: told.tags.disc_number,
                Field.TRACK_NUMBER: told.tags.track_number,
                Field.DURATION: told.audio.duration_ms,
                Field.BPM: bpm,
                Field.COMPILATION: False,
                Field.LYRICS: number == 1,
                Field.ADDED: times[ids[number]][0],
                Field.CHANGED: times[ids[number]][1],
                Field.LIBRARY: frozenset({1}),
                Field.CODEC: told.audio.codec,
                Field.SUFFIX: told.audio.suffix,
                Field.SIZE: told.size,
                Field.BIT_RATE: told.audio.bit_rate,
                Field.SAMPLE_RATE: told.audio.sample_rate,
                Field.BIT_DEPTH: told.audio.bit_depth,
                Field.CHANNELS: told.audio.channels,
                Field.PLAY_COUNT: plays.get(number, (0,))[0],
                Field.LAST_PLAYED: plays[number][1] if number in plays else None,
                Field.LIKED: number == 0,
                Field.LIKED_AT: at(1) if number == 0 else None,
                Field.RATING: {0: 5, 2: 3}.get(number),
                Field.ALBUM_LIKED: album == "Third",
                Field.ALBUM_RATING: 2 if album == "First" else None,
                Field.ARTIST_LIKED: "Bo" in artists,
                Field.ARTIST_RATING: frozenset(rated[name] for name in artists if name in rated),
            }

    async def chosen(self, store: PostgresStore, selection: Selection, window: Window = ALL) -> tuple[list[UUID], int]:
        async with store.begin() as work:
            return await work.smart_playlists.choose(checked(selection), self.user.id, window)


def _sheet(number: int) -> Sheet:
    title, artists, album, genres, moods, date, bpm, comment = SONGS[number]
    tags = tagged(
        title=title,
        artists=artists,
        album=album,
        album_artists=artists[:1] if album != "The Second" else ("Bo",) if number == 2 else ("Sigur Rós",),
        genres=genres,
        moods=moods,
        release_date=date,
        bpm=bpm,
        comment=comment,
        track_number=number + 1,
        disc_number=1 if number % 2 else None,
        lyrics="La la" if number == 1 else None,
    )
    return sheet(f"{number}.x", f"song {number}" + "!" * number, tags, lossless=number % 2 == 0)


def _kin(url: str) -> tuple[dict[str, UUID], dict[str, UUID]]:
    with psycopg.connect(url) as connection:
        albums: list[tuple[str, UUID]] = connection.execute("SELECT title, id FROM albums").fetchall()
        artists: list[tuple[str, UUID]] = connection.execute("SELECT name, id FROM artists").fetchall()
    return dict(albums), dict(artists)


@pytest.fixture
def house(database_url: str) -> House:
    return House(database_url)


TEXTS = st.sampled_from(
    ["wall", "The Wall", "a", "ANA", "sigur ros", "Bo", "étude", "%", "_", "100%", "live", "uber", "jazz", "sad",
     "trip-hop", "soul", "first", "The Second", "thi", "flac", "mp3", "o", "'; DROP TABLE tracks; --", "\\", "x\0y"]
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-1, 5), st.sampled_from([90, 100, 192, 900, 1959, 2003, 44_100, 6_000, 1_006, 2**53]))
MOMENTS = st.sampled_from(
    ["2024-05-06", "2024-05-06T12:02:00Z", "2024-05-06T14:03:00+02:00", "1990-01-01", "2999-12-31", "2024-05-07"]
)
VALUES: dict[Kind, st.SearchStrategy[Single]] = {
    Kind.TEXT: TEXTS,
    Kind.TEXTS: TEXTS,
    Kind.NUMBER: NUMBERS,
    Kind.NUMBERS: NUMBERS,
    Kind.MOMENT: MOMENTS,
    Kind.FLAG: st.booleans(),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(Field))
    operator = draw(st.sampled_from(OPERATORS[KINDS[field]]))
    value: Value
    match operator:
        case Operator.IS_SET:
            value = draw(st.sampled_from([None, True, False]))
        case Operator.IN_THE_LAST:
            value = draw(st.sampled_from([1, 365, 36_500]))
        case Operator.BETWEEN:
            value = (draw(VALUES[KINDS[field]]), draw(VALUES[KINDS[field]]))
        case _:
            value = draw(VALUES[KINDS[field]])
    return Condition(field, operator, value)


def _grouped(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(st.builds(All, several), st.builds(AnyOf, several), st.builds(Not, inner))


rules = st.recursive(conditions(), _grouped, max_leaves=6)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.lists(rules, min_size=10, max_size=25))
def test_what_is_found_is_what_the_rules_mean(house: House, tried: list[Rule]) -> None:
    async def compare() -> None:
        async with opened(house.url) as store:
            for rule in tried:
                try:
                    found, total = await house.chosen(store, Selection(rules=rule))
                except NotUsable:  # deeper than trees may be
                    continue
                expected = {id_ for id_, facts in house.facts.items() if holds(rule, facts)}
                assert (set(found), total) == (expected, len(expected)), rule

    trio.run(compare)


def test_every_field_with_every_operator_that_it_takes_means_what_it_says(house: House) -> None:
    examples: dict[Kind, list[Single]] = {
        Kind.TEXT: ["wall", "The W", "e", "first", "flac", "live"],
        Kind.TEXTS: ["ana", "b", "o", "jazz", "calm", "sad"],
        Kind.NUMBER: [0, 1, 3, 90, 100, 1959, 44_100],
        Kind.NUMBERS: [1, 2],
        Kind.MOMENT: ["2024-05-06T12:03:00Z", "2024-05-06"],
        Kind.FLAG: [True, False],
    }

    async def compare() -> None:
        async with opened(house.url) as store:
            for field, kind in KINDS.items():
                for operator in OPERATORS[kind]:
                    values: Sequence[Value] = examples[kind]
                    if operator is Operator.IS_SET:
                        values = [None, True, False]
                    elif operator is Operator.IN_THE_LAST:
                        values = [1, 36_500]
                    elif operator is Operator.BETWEEN:
                        values = list(pairwise([*examples[kind], *examples[kind][::-1]]))
                    for value in values:
                        rule = Condition(field, operator, value)
                        found, _ = await house.chosen(store, Selection(rules=rule))
                        assert set(found) == {id_ for id_, facts in house.facts.items() if holds(rule, facts)}, rule

    trio.run(compare)


def test_every_field_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Field) == set(KINDS)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=4))
def test_no_text_reaches_the_statement(house: House, hostile: list[str]) -> None:
    """Whatever is written into a rule: it is compared, or refused, and nothing else happens."""

    async def ask() -> None:
        async with opened(house.url) as store:
            for text in hostile:
                for field in (Field.TITLE, Field.ARTIST, Field.GENRE, Field.MOOD, Field.COMMENT):
                    for operator in (Operator.IS, Operator.CONTAINS, Operator.BEGINS_WITH):
                        rule = Condition(field, operator, text)
                        try:
                            found, _ = await house.chosen(store, Selection(rules=rule))
                        except NotUsable:
                            continue
                        # Folding may take the whole of a text away (a lone accent): then everything contains it.
                        if fold(text):
                            assert set(found) == {id_ for id_, facts in house.facts.items() if holds(rule, facts)}

    trio.run(ask)


def test_the_statement_has_no_word_of_a_rule() -> None:
    spoken = "'; DROP TABLE tracks; --"
    for field, kind in KINDS.items():
        if kind in {Kind.TEXT, Kind.TEXTS}:
            for operator in (Operator.IS, Operator.CONTAINS, Operator.BEGINS_WITH, Operator.IS_NOT):
                statement = statement_of(Selection(rules=Condition(field, operator, spoken)), {})
                assert "drop table" not in statement.sql.casefold()


async def test_sorting_limits_and_pages(house: House) -> None:
    everything = All(())
    titles = {id_: facts[Field.TITLE] for id_, facts in house.facts.items()}
    async with opened(house.url) as store:

        async def order(*sorting: Sorting, window: Window = ALL, **more: int) -> list[str]:
            found, total = await house.chosen(store, Selection(rules=everything, sorting=sorting, **more), window)
            assert total == min(more.get("limit", 5), 5)
            return [titles[id_] for id_ in found]

        by_title = await order()
        assert by_title[:3] == ["etude 100%", "nothing", "under_score"]
        assert set(by_title[3:]) == {"the wall", "wall"}
        assert await order(Sorting(SortField.TITLE)) == by_title
        assert await order(Sorting(SortField.PLAY_COUNT, descending=True), limit=2) == ["the wall", "etude 100%"]
        assert await order(Sorting(SortField.LAST_PLAYED), limit=2) == ["the wall", "etude 100%"]
        assert (await order(Sorting(SortField.YEAR, descending=True)))[-1] == "etude 100%"
        assert await order(Sorting(SortField.BPM), Sorting(SortField.TITLE, descending=True)) == [
            "under_score", "nothing", "the wall", "etude 100%", "wall"
        ]  # fmt: skip
        for field in SortField:
            assert sorted(await order(Sorting(field))) == sorted(titles.values())
        shuffled = await order(Sorting(SortField.RANDOM), seed=1)
        assert await order(Sorting(SortField.RANDOM), seed=1) == shuffled
        others = [await order(Sorting(SortField.RANDOM), seed=seed) for seed in range(2, 12)]
        assert any(other != shuffled for other in others)
        assert await order(window=Window(2, 1)) == by_title[1:3]
        assert await order(window=Window(3, 2), limit=4) == by_title[2:4]
        assert await order(window=Window(3, 4), limit=4) == []
        assert await order(window=Window(3, 100)) == []


async def test_each_is_answered_by_their_own_history_and_within_their_libraries(house: House) -> None:
    stranger = User(id=new_id(), name="x", role=Role.MEMBER, created_at=datetime.now(UTC), libraries=(7,))
    played = Selection(rules=Condition(Field.PLAY_COUNT, Operator.GREATER, 0))
    everything = Selection(rules=All(()))
    async with opened(house.url) as store, store.begin() as work:
        assert (await work.smart_playlists.choose(played, house.user.id, ALL))[1] == 2
        assert (await work.smart_playlists.choose(played, stranger.id, ALL))[1] == 0
        assert (await work.smart_playlists.choose(everything, stranger.id, ALL))[1] == 5
        assert await work.seen_by(stranger).smart_playlists.choose(everything, stranger.id, ALL) == ([], 0)


async def test_what_cannot_be_played_is_left_out(house: House) -> None:
    async with opened(house.url) as store:
        async with store.begin() as work:
            [library] = await work.libraries.all()
            await work.catalogue.mark_missing(library, [b"0.x"])
            await work.catalogue.tidy()
        assert (await house.chosen(store, Selection(rules=All(()))))[1] == 4


def test_days_are_counted_back_from_now(house: House) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=10)
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("UPDATE tracks SET created_at = %s WHERE title = 'Wall'", [long_ago])

    async def ask(days: int) -> int:
        async with opened(house.url) as store:
            return (await house.chosen(store, Selection(rules=Condition(Field.ADDED, Operator.IN_THE_LAST, days))))[1]

    assert [trio.run(ask, days) for days in (9, 11)] == [4, 5]
