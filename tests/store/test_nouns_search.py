"""Search by the beginnings of folded words."""

import pytest
import trio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from appliance.core.catalogue import Library, Window
from appliance.store.unit_of_work import PostgresStore
from tests.store.clean_slate import wipe
from tests.store.sheets import album_of, bring_in, sheet, tagged

NONE, ALL = Window(0), Window(1000)
TITLES = (
    "Sigur Rós",
    "Rosary",
    "Ágætis byrjun",
    'O\'Brien \\ "quoted"',
    "Fish & Chips | !important: (100%) _under_ *star",
    "千と千尋の神隠し",
    "Æon Flux",
    "ПРИВЕТ мир",
)


@pytest.fixture
async def titled(store: PostgresStore, library: Library) -> PostgresStore:
    tags = tagged(artists=("Xy",), album="Xy", album_artists=("Xy",))
    await bring_in(
        store, library, [sheet(f"{n}.mp3", f"{n}", tagged(tags, title=title)) for n, title in enumerate(TITLES)]
    )
    return store


async def tracks(store: PostgresStore, query: str, window: Window = ALL, library: int | None = None) -> list[str]:
    async with store.begin() as work:
        found = await work.search.find(query, artists=NONE, albums=NONE, tracks=window, library=library)
    assert (found.artists, found.albums) == ([], [])
    return [track.title for track in found.tracks]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("sigur ros", "Sigur Rós"),
        ("ROS sig", "Sigur Rós"),
        ("agaet", "Ágætis byrjun"),
        ("o'brien", 'O\'Brien \\ "quoted"'),
        ('"quo', 'O\'Brien \\ "quoted"'),
        ("\\ brien", 'O\'Brien \\ "quoted"'),
        ("fish & chips", "Fish & Chips | !important: (100%) _under_ *star"),
        ("!important:*", "Fish & Chips | !important: (100%) _under_ *star"),
        ("100% _un star:*", "Fish & Chips | !important: (100%) _under_ *star"),
        ("千と千", "千と千尋の神隠し"),
        ("aeon", "Æon Flux"),
        ("привет", "ПРИВЕТ мир"),
        ("xy flux", "Æon Flux"),
    ],
)
async def test_a_track_is_found_by_the_beginnings_of_its_words(titled: PostgresStore, query: str, title: str) -> None:
    assert await tracks(titled, query) == [title]


@pytest.mark.parametrize("query", ["gur", "sigur nothing", "o' & | brien nobody", "s_r", "xy:A nothing"])
async def test_the_middle_of_a_word_and_patterns_find_nothing(titled: PostgresStore, query: str) -> None:
    assert await tracks(titled, query) == []


@pytest.mark.parametrize("query", ["", '""', " \t", "&|!:*()'", "\\", "-"])
async def test_a_query_without_a_word_means_everything(titled: PostgresStore, query: str) -> None:
    assert sorted(await tracks(titled, query)) == sorted(TITLES)


async def test_the_best_comes_first(titled: PostgresStore, library: Library) -> None:
    assert await tracks(titled, "ros") == ["Rosary", "Sigur Rós"]
    tags = tagged(title="Ros", album="Another")
    await bring_in(titled, library, [sheet("x.mp3", "x", tags)])
    assert await tracks(titled, "rós") == ["Ros", "Rosary", "Sigur Rós"]


async def test_each_kind_is_searched_and_paged_for_itself(store: PostgresStore, library: Library) -> None:
    await bring_in(store, library, [*album_of(2, "Songs", "Ana"), *album_of(1, "Sonata", "Sonja"), *album_of(1)])
    async with store.begin() as work:
        found = await work.search.find("son", artists=ALL, albums=ALL, tracks=Window(1, 1))
        assert [artist.name for artist in found.artists] == ["Sonja"]
        assert [album.title for album in found.albums] == ["Sonata", "Songs"]
        assert len(found.tracks) == 1
        for number, count in ((library.number, 1), (library.number + 1, 0)):
            found = await work.search.find("sonja", artists=ALL, albums=ALL, tracks=ALL, library=number)
            assert [len(found.artists), len(found.albums), len(found.tracks)] == [count] * 3
        everything = await work.search.find("", artists=ALL, albums=ALL, tracks=ALL, library=library.number)
        assert [len(everything.artists), len(everything.albums), len(everything.tracks)] == [2, 3, 4]
        nothing = await work.search.find("", artists=ALL, albums=ALL, tracks=ALL, library=library.number + 1)
        assert [nothing.artists, nothing.albums, nothing.tracks] == [[], [], []]
        await work.catalogue.mark_missing(library, [b"Sonata/1.mp3"])
        await work.catalogue.tidy()
        found = await work.search.find("son", artists=ALL, albums=ALL, tracks=ALL)
        assert ([*found.artists], [album.title for album in found.albums]) == ([], ["Songs"])
        assert {track.album_title for track in found.tracks} == {"Songs"}


@pytest.mark.parametrize("query", ["a" * 5000, "word " * 5000, "\x00", "\ud800", "ﷺ" * 900])
async def test_an_absurd_query_finds_nothing_and_harms_nobody(titled: PostgresStore, query: str) -> None:
    found = await tracks(titled, query)
    assert found == [] or sorted(found) == sorted(TITLES)


async def test_a_very_long_word_can_be_stored_and_found(store: PostgresStore, library: Library) -> None:
    long = "a" * 500
    many = " ".join(f"w{number}" for number in range(100))
    tags = tagged(title=long, artists=(long,), album=long, album_artists=(long,))
    await bring_in(store, library, [sheet("1.mp3", "1", tags), sheet("2.mp3", "2", tagged(title=many))])
    assert await tracks(store, many) == [many]
    assert await tracks(store, long) == [long]


async def test_everything_is_paged_without_gap_or_repeat(store: PostgresStore, database_url: str) -> None:
    """Whatever the titles, many of which are the same, and whatever the page."""

    @settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate])
    @given(
        st.lists(st.sampled_from(["a", "A", "á", "b", "The b", "", "1"]), min_size=1, max_size=12), st.integers(1, 5)
    )
    def pages(titles: list[str], limit: int) -> None:
        wipe(database_url)
        assert trio.from_thread.run(_paged, store, titles, limit)

    await trio.to_thread.run_sync(pages)


async def _paged(store: PostgresStore, titles: list[str], limit: int) -> bool:
    async with store.begin() as work:
        [library] = await work.libraries.settle([b"/music"])
    names = [f"{title} {n % 3}" for n, title in enumerate(titles)]
    await bring_in(
        store,
        library,
        [
            sheet(f"{n}.mp3", f"{n}", tagged(title=name, artists=(name,), album=name, album_artists=(name,)))
            for n, name in enumerate(names)
        ],
    )
    async with store.begin() as work:
        whole = await work.search.find("", artists=ALL, albums=ALL, tracks=ALL)
        pages = [
            await work.search.find('""', artists=window, albums=window, tracks=window)
            for window in (Window(limit, offset) for offset in range(0, len(titles) + limit, limit))
        ]
    assert len(whole.tracks) == len(titles)
    assert [artist for page in pages for artist in page.artists] == whole.artists
    assert [album for page in pages for album in page.albums] == whole.albums
    assert [track for page in pages for track in page.tracks] == whole.tracks
    return True
