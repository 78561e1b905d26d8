"""Artists, albums, tracks, genres and pictures, as they are read."""

from uuid import UUID

import pytest

from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, Library, TrackFilter, Window
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.sheet import Sheet
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import album_of, bring_in, picture, retagged, sheet, sound, tagged

ALL = Window(1000)
NOBODY = UUID(int=0)


def shelf() -> list[Sheet]:
    """Five albums, each of one track or two, whose orders all differ."""
    rows = (
        ("The Zoo", "Bo", "2001", "Jazz"),
        ("Álbum", "Cy", "1999-05", "Soul"),
        ("Beta", "Ana", "2010", "jazz"),
        ("beta 2", "The Ana", None, "Rock"),
        ("Gamma", "Bo", "1999", "Soul"),
    )
    return [
        retagged(file, release_date=date, genres=(genre,))
        for number, (title, artist, date, genre) in enumerate(rows)
        for file in album_of(1 + number % 2, title, artist)
    ]


@pytest.fixture
async def shelved(store: PostgresStore, library: Library) -> PostgresStore:
    await bring_in(store, library, shelf())
    return store


async def titles(store: PostgresStore, order: AlbumOrder, window: Window = ALL, **narrow: object) -> list[str]:
    async with store.begin() as work:
        listed = await work.albums.list(order, AlbumFilter(**narrow), window, NOBODY)  # type: ignore[arg-type]
        return [album.title for album in listed]


async def test_albums_come_in_each_order(shelved: PostgresStore) -> None:
    assert await titles(shelved, AlbumOrder.TITLE) == ["Álbum", "Beta", "beta 2", "Gamma", "The Zoo"]
    # "The Ana" is sorted as "Ana".
    assert await titles(shelved, AlbumOrder.ARTIST) == ["Beta", "beta 2", "Gamma", "The Zoo", "Álbum"]
    assert (await titles(shelved, AlbumOrder.YEAR))[:4] == ["Álbum", "Gamma", "The Zoo", "Beta"]
    assert (await titles(shelved, AlbumOrder.YEAR_DESCENDING))[:4] == ["Beta", "The Zoo", "Gamma", "Álbum"]
    assert sorted(await titles(shelved, AlbumOrder.RANDOM)) == sorted(await titles(shelved, AlbumOrder.TITLE))


async def test_the_newest_albums_come_first(store: PostgresStore, library: Library) -> None:
    for title in ("One", "Two", "Three"):
        await bring_in(store, library, album_of(1, title))
    assert await titles(store, AlbumOrder.NEWEST) == ["Three", "Two", "One"]
    await bring_in(store, library, [retagged(file, genres=("Jazz",)) for file in album_of(1, "One")])
    assert await titles(store, AlbumOrder.NEWEST) == ["Three", "Two", "One"]


@pytest.mark.parametrize("order", [AlbumOrder.TITLE, AlbumOrder.ARTIST, AlbumOrder.NEWEST, AlbumOrder.YEAR])
async def test_windows_part_a_list_without_gap_or_repeat(shelved: PostgresStore, order: AlbumOrder) -> None:
    whole = await titles(shelved, order)
    assert [title for offset in range(6) for title in await titles(shelved, order, Window(1, offset))] == whole
    assert await titles(shelved, order, Window(10, 5)) == []
    assert await titles(shelved, order, Window(10, 2**31 - 1)) == []
    assert await titles(shelved, order, Window(0)) == []


async def test_albums_are_narrowed_by_genre_year_and_library(shelved: PostgresStore, library: Library) -> None:
    assert await titles(shelved, AlbumOrder.TITLE, genres=("JAZZ",)) == ["Beta", "The Zoo"]
    assert await titles(shelved, AlbumOrder.TITLE, genres=("jazz", "rock")) == ["Beta", "beta 2", "The Zoo"]
    assert await titles(shelved, AlbumOrder.TITLE, genres=("Polka",)) == []
    assert await titles(shelved, AlbumOrder.YEAR, from_year=1999, to_year=2001) == ["Álbum", "Gamma", "The Zoo"]
    assert await titles(shelved, AlbumOrder.YEAR, from_year=2001, to_year=1999) == []
    assert await titles(shelved, AlbumOrder.TITLE, library=library.number, genres=("soul",)) == ["Álbum", "Gamma"]
    assert await titles(shelved, AlbumOrder.TITLE, library=library.number + 1) == []
    async with shelved.begin() as work:
        assert await work.albums.count(AlbumFilter()) == 5
        assert await work.albums.count(AlbumFilter(genres=("Jazz",), from_year=2005)) == 1


async def test_tracks_are_narrowed_and_paged(shelved: PostgresStore, library: Library) -> None:
    async with shelved.begin() as work:
        whole, count = await work.tracks.page(TrackFilter(), ALL)
        assert count == len(whole) == 7
        assert [track.sort_title for track in whole] == sorted(track.sort_title for track in whole)
        paged = [(await work.tracks.page(TrackFilter(), Window(2, offset)))[0] for offset in range(0, 8, 2)]
        assert [track for page in paged for track in page] == whole
        assert await work.tracks.page(TrackFilter(), Window(10, 7)) == ([], 7)
        assert (await work.tracks.page(TrackFilter(genres=("SOUL",)), ALL))[1] == 3
        assert (await work.tracks.page(TrackFilter(from_year=2000, to_year=2005), ALL))[1] == 1
        assert (await work.tracks.page(TrackFilter(library=library.number), ALL))[1] == 7
        assert await work.tracks.page(TrackFilter(library=library.number + 1), ALL) == ([], 0)
        assert {track.id for track in await work.tracks.random(TrackFilter(), 100)} == {track.id for track in whole}
        assert len(await work.tracks.random(TrackFilter(genres=("jazz",)), 1)) == 1
        assert len(await work.tracks.of_genre("soul", Window(2))) == 2
        assert len(await work.tracks.of_genre("soul", Window(2, 2), library.number)) == 1


async def test_many_keeps_the_order_asked_for_and_leaves_out_strangers(
    shelved: PostgresStore, library: Library
) -> None:
    async with shelved.begin() as work:
        tracks = [track.id for track in (await work.tracks.page(TrackFilter(), ALL))[0]][::-1]
        albums = [album.id for album in await work.albums.list(AlbumOrder.TITLE, AlbumFilter(), ALL, NOBODY)][::-1]
        artists = [artist.id for artist in (await work.artists.page(ALL))[0]][::-1]
        assert [track.id for track in await work.tracks.many([new_id(), *tracks, tracks[0]])] == [*tracks, tracks[0]]
        assert [album.id for album in await work.albums.many([*albums, new_id()])] == albums
        assert [artist.id for artist in await work.artists.many([*artists, new_id()])] == artists
        await work.catalogue.mark_missing(library, [file.path for file in shelf()])
        assert await work.tracks.many(tracks) == []


async def test_the_tracks_of_an_album_come_by_disc_and_number(store: PostgresStore, library: Library) -> None:
    places = [(2, 1, "e"), (1, 10, "d"), (1, 2, "b"), (1, 2, "c"), (None, 9, "a"), (2, None, "f")]
    await bring_in(
        store,
        library,
        [
            sheet(f"{title}.mp3", title, tagged(title=title, disc_number=disc, track_number=number))
            for disc, number, title in places
        ],
    )
    async with store.begin() as work:
        [album] = await work.albums.list(AlbumOrder.TITLE, AlbumFilter(), ALL, NOBODY)
        assert [track.title for track in await work.tracks.of_album(album.id)] == ["a", "b", "c", "d", "e", "f"]
        await work.catalogue.mark_missing(library, [b"a.mp3"])
        assert [track.title for track in await work.tracks.of_album(album.id)] == ["b", "c", "d", "e", "f"]
        assert await work.tracks.of_album(new_id()) == []


async def test_artists_are_listed_with_what_is_theirs(store: PostgresStore, library: Library) -> None:
    await bring_in(
        store,
        library,
        [
            sheet("1.mp3", "1", tagged(artists=("The Zs", "Guest"), album_artists=("The Zs",), release_date="2001")),
            sheet(
                "2.mp3", "2", tagged(album="B", artists=("Ana",), album_artists=("Ana", "The Zs"), release_date="1990")
            ),
            sheet("3.mp3", "3", tagged(album="A", artists=("Ana",), album_artists=("Ana",), release_date=None)),
        ],
    )
    async with store.begin() as work:
        artists = {artist.name: artist for artist in (await work.artists.page(ALL))[0]}
        assert list(artists) == ["Ana", "Guest", "The Zs"]
        assert (await work.artists.page(Window(1, 1)))[0] == [artists["Guest"]]
        assert (await work.artists.page(Window(1, 9))) == ([], 3)
        assert [artist.name for artist in await work.artists.album_artists()] == ["Ana", "The Zs"]
        assert [artist.name for artist in await work.artists.album_artists(library.number)] == ["Ana", "The Zs"]
        assert await work.artists.album_artists(library.number + 1) == []
        zs = artists["The Zs"]
        assert (zs.sort_name, zs.album_count, zs.track_count) == ("zs", 2, 1)
        assert [album.title for album in await work.albums.of_artist(zs.id)] == ["B", "First"]
        # Those of an unknown year come last.
        assert [album.title for album in await work.albums.of_artist(artists["Ana"].id)] == ["B", "A"]
        assert await work.artists.get(zs.id) == zs
        await work.catalogue.mark_missing(library, [b"1.mp3"])
        await work.catalogue.tidy()
        assert [artist.name for artist in (await work.artists.page(ALL))[0]] == ["Ana", "The Zs"]
        assert [album.title for album in await work.albums.of_artist(zs.id)] == ["B"]


async def test_genres_are_listed_while_something_of_them_plays(shelved: PostgresStore, library: Library) -> None:
    async with shelved.begin() as work:
        assert [(genre.name, genre.album_count, genre.track_count) for genre in await work.genres.all()] == [
            ("Jazz", 2, 2),
            ("Rock", 1, 2),
            ("Soul", 2, 3),
        ]
        await work.catalogue.mark_missing(library, [b"beta 2/1.mp3", b"beta 2/2.mp3"])
        await work.catalogue.tidy()
        assert [genre.name for genre in await work.genres.all()] == ["Jazz", "Soul"]


async def test_the_pictures_of_artist_album_and_track(store: PostgresStore, library: Library) -> None:
    one, two, bare = (file.tags for file in album_of(3))
    await bring_in(
        store,
        library,
        [
            sheet("First/1.mp3", "1", one, picture=picture("own", "First/1.mp3", "embedded")),
            sheet("First/2.mp3", "2", two, picture=picture("folder", "First/cover.png")),
            sheet("First/3.mp3", "3", bare),
            sheet("bare.mp3", "4", tagged(album="Bare", artists=("Bo",), album_artists=("Bo",))),
        ],
    )
    async with store.begin() as work:
        tracks = {track.file.path: track for track in (await work.tracks.page(TrackFilter(), ALL))[0]}
        album_id = tracks[b"First/1.mp3"].album_id
        artist_id = tracks[b"First/1.mp3"].artists[0].id
        wanted = {
            (Item.TRACK, tracks[b"First/1.mp3"].id): "own",
            (Item.TRACK, tracks[b"First/2.mp3"].id): "folder",
            (Item.TRACK, tracks[b"First/3.mp3"].id): "folder",
            (Item.ALBUM, album_id): "folder",
            (Item.ARTIST, artist_id): "folder",
        }
        for (item, item_id), name in wanted.items():
            artwork = await work.artworks.of(item, item_id)
            assert artwork is not None
            assert artwork.identity == sound(name)
            assert artwork == await work.artworks.get(artwork.id)
        folder = await work.artworks.of(Item.ALBUM, album_id)
        assert folder is not None
        assert (folder.root, folder.path, folder.media_type, folder.size) == (
            b"/music", b"First/cover.png", "image/png", 6,
        )  # fmt: skip
        assert tracks[b"First/3.mp3"].cover_id == folder.id
        bare_track = tracks[b"bare.mp3"]
        assert await work.artworks.of(Item.TRACK, bare_track.id) is None
        assert await work.artworks.of(Item.ARTIST, bare_track.artists[0].id) is None


async def test_what_does_not_exist_is_not_found(store: PostgresStore) -> None:
    async with store.begin() as work:
        for ask in (work.artists.get, work.albums.get, work.tracks.get, work.artworks.get, work.scans.get):
            with pytest.raises(NotFound):
                await ask(new_id())
        for item in Item:
            with pytest.raises(NotFound):
                await work.artworks.of(item, new_id())


async def test_libraries_are_put_to_use_set_aside_and_come_back(store: PostgresStore) -> None:
    async with store.begin() as work:
        one, two = await work.libraries.settle([b"/a/Music", b"/b/\xff"])
        assert [one.name, two.name] == ["Music", "�"]
        assert await work.libraries.all() == [one, two]
        assert await work.libraries.settle([two.root, one.root, two.root]) == [two, one]
    await bring_in(store, one, album_of(2))
    async with store.begin() as work:
        assert await work.libraries.settle([two.root]) == [two]
        assert await work.libraries.all() == [two]
        assert await work.tracks.page(TrackFilter(), ALL) == ([], 0)
        assert await work.albums.count(AlbumFilter()) == 0
        assert await work.libraries.settle([two.root, one.root]) == [two, one]
        known = await work.catalogue.known(one)
        assert known.missing == set(known.signatures) == {b"First/1.mp3", b"First/2.mp3"}
