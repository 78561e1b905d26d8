"""Slips in what was typed are mended, by a vocabulary that follows the names whoever writes them."""

from datetime import UTC, datetime

import psycopg
import pytest

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Found, Library, Mended, Window
from appliance.core.ids import new_id
from appliance.core.sheet import Sheet
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import bring, bring_in, sheet, tagged

NONE, ALL = Window(0), Window(1000)
SONGS = (
    ("Metallica", "Kill 'Em All", "Hit the Lights"),
    ("Metallica", "Kill 'Em All", "Metal Militia"),
    ("Björk", "Homogenic", "Jóga"),
    ("Кино", "Группа крови", "Мама, мы все сошли с ума"),  # noqa: RUF001
    ("ABBA", "Arrival", "Dancing Queen 1999"),
)


@pytest.fixture
async def sung(store: PostgresStore, library: Library) -> PostgresStore:
    await bring_in(store, library, [song(number, *names) for number, names in enumerate(SONGS)])
    return store


def song(number: int, artist: str, album: str, title: str) -> Sheet:
    tags = tagged(artists=(artist,), album_artists=(artist,), album=album, title=title, track_number=number + 1)
    return sheet(f"{number}.mp3", f"{number}", tags)


async def find(store: PostgresStore, query: str, artists: Window = ALL, tracks: Window = ALL) -> Found:
    async with store.begin() as work:
        return await work.search.find(query, artists=artists, albums=ALL, tracks=tracks)


def vocabulary(url: str) -> tuple[set[str], set[str]]:
    """The words, and those that have trigrams."""
    with psycopg.connect(url) as connection:
        words = {word for (word,) in connection.execute("SELECT word FROM search_words")}
        return words, {word for (word,) in connection.execute("SELECT DISTINCT word FROM search_trigrams")}


@pytest.mark.parametrize(
    ("query", "artists", "mended"),
    [
        ("metalica", ["Metallica"], [Mended("metalica", ("metallica",))]),
        ("MÉTALICA", ["Metallica"], [Mended("metalica", ("metallica",))]),
        ("bjrok", ["Björk"], [Mended("bjrok", ("bjork",))]),
        ("kihno", ["Кино"], [Mended("kihno", ("kino",))]),
        ("киноо", ["Кино"], [Mended("киноо", ("кино", "kino"))]),
        ("abbba", ["ABBA"], [Mended("abbba", ("abba",))]),
        ("metal", ["Metallica"], []),
        ("kino", ["Кино"], []),
        ("1998", [], []),
        ("abbxxyyzz", [], []),
        ("metalica nowhere", [], []),
        ("metallica homogenic", [], []),
    ],
)
async def test_a_word_that_begins_no_name_is_taken_for_the_nearest(
    sung: PostgresStore, query: str, artists: list[str], mended: list[Mended]
) -> None:
    found = await find(sung, query)
    assert [artist.name for artist in found.artists] == artists
    assert list(found.mended) == mended


async def test_only_what_is_wrong_is_mended(sung: PostgresStore) -> None:
    found = await find(sung, "metalica militia")
    assert [track.title for track in found.tracks] == ["Metal Militia"]
    assert found.mended == (Mended("metalica", ("metallica",)),)


async def test_pages_of_what_was_mended_follow_each_other_and_end(sung: PostgresStore) -> None:
    pages = [await find(sung, "metalica", tracks=Window(1, offset)) for offset in range(4)]
    assert [[track.title for track in page.tracks] for page in pages] == [["Hit the Lights"], ["Metal Militia"], [], []]
    pages = [await find(sung, "metallica", tracks=Window(1, offset)) for offset in range(4)]
    assert [[track.title for track in page.tracks] for page in pages] == [["Hit the Lights"], ["Metal Militia"], [], []]
    assert {page.mended for page in pages} == {()}


async def test_what_others_may_hear_is_not_told(sung: PostgresStore) -> None:
    """Neither by what is found nor by what a slip was taken for."""
    stranger = User(id=new_id(), name="Bo", role=Role.GUEST, created_at=datetime.now(UTC), libraries=())
    async with sung.begin() as work:
        found = await work.seen_by(stranger).search.find("metalica", artists=ALL, albums=ALL, tracks=ALL)
    assert found == Found(artists=[], albums=[], tracks=[])


async def test_the_vocabulary_follows_names_and_forgets_them(
    sung: PostgresStore, library: Library, database_url: str
) -> None:
    words, spelled = vocabulary(database_url)
    assert {"metallica", "bjork", "joga", "kill", "кино", "kino", "abba"} <= words
    assert words == spelled
    assert {"hit", "the", "all"} <= words
    assert not {"em", "мы", "1999", "my"} & words
    async with sung.begin() as work:
        await bring(work, library, [song(2, "Bjork", "Homogenous", "Hunter")])
    assert vocabulary(database_url)[0] - words == {"homogenous", "hunter"}
    await sung.maintain()
    words, spelled = vocabulary(database_url)
    assert words == spelled
    assert not {"homogenic", "joga"} & words
    assert {"homogenous", "hunter", "bjork"} <= words


async def test_a_name_of_many_words_and_a_long_one_are_learnt_without_harm(
    store: PostgresStore, library: Library, database_url: str
) -> None:
    many = " ".join(f"word{first}{second}x" for first in "abcdefghij" for second in "abcdefghijklmno")
    await bring_in(store, library, [song(1, "x" * 300, "y" * 41, many), song(2, "^$", "'; DROP TABLE", "\\ %_")])
    words, _ = vocabulary(database_url)
    assert "wordjox" in words
    assert not {word for word in words if len(word) > 40}
    assert [track.title for track in (await find(store, "wordjax wodrjox")).tracks] == [many]
