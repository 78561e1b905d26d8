"""py-opensonic, a client that people use (Music Assistant among them), on the demo library from sign-in to star."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from libopensonic import AsyncConnection
from libopensonic.errors import CredentialError, DataNotFoundError, SonicError
from libopensonic.media.media_types import AlbumID3WithSongs, Child
from PIL import Image

from tests.journeys.first_start import FirstStart
from tests.journeys.recordings import listen
from tests.journeys.server import Server

T = TypeVar("T")


@asynccontextmanager
async def connected(server: Server, **options: object) -> AsyncIterator[AsyncConnection]:
    credentials = {"username": server.user, "password": server.password} | options
    connection = AsyncConnection("http://127.0.0.1", port=server.port, **credentials)
    try:
        yield connection
    finally:
        await connection.cleanup()


def journey(server: Server, walk: Callable[[AsyncConnection], Awaitable[T]], **options: object) -> T:
    """Walk with a connected client; it lives on asyncio."""

    async def run() -> T:
        async with connected(server, **options) as connection:
            return await walk(connection)

    # A loop of asyncio's own: importing trio-asyncio, as the store does, makes another one the default.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(run())


async def whole_library(client: AsyncConnection) -> dict[str, Child]:
    """Every song by its title, reached from the artists downwards."""
    songs: dict[str, Child] = {}
    for index in (await client.get_artists()).index or []:
        for artist in index.artist or []:
            for album in (await client.get_artist(artist.id)).album or []:
                for song in (await client.get_album(album.id)).song or []:
                    songs[song.title] = song
    return songs


@pytest.mark.parametrize("options", [{}, {"legacy_auth": True}, {"use_get": True}, {"use_views": False}], ids=str)
def test_it_signs_in_by_token_and_by_password_by_post_and_by_get(demo: Server, options: dict[str, bool]) -> None:
    assert journey(demo, lambda client: client.ping(), **options)


def test_a_wrong_password_is_told_as_one(first_start: FirstStart) -> None:
    async def walk(client: AsyncConnection) -> None:
        with pytest.raises(CredentialError):
            await client.get_artists()

    journey(first_start.server, walk, password="not this one")


def test_it_learns_what_the_server_can_do(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        assert (await client.get_license())["license"]["valid"] is True
        extensions = {extension.name for extension in await client.get_open_subsonic_extensions()}
        assert "formPost" in extensions
        user = await client.get_user(demo.user)
        assert user.username == demo.user
        assert user.admin_role
        assert user.stream_role
        assert user.download_role

    journey(demo, walk)


def test_it_browses_the_whole_library_by_tags(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        artists = await client.get_artists()
        names = [artist.name for index in artists.index or [] for artist in index.artist or []]
        assert sorted(names) == sorted(["Orla Quaymoor", "The Parsnip Assembly", "Various Artists", "硝子町楽団"])
        assert [index.name for index in artists.index or [] if index.artist and index.artist[0].name[:3] == "The"] == [
            "P"
        ]
        songs = await whole_library(client)
        assert len(songs) == 21
        several = songs["Candle, Bread and Rain"]
        assert [artist.name for artist in several.artists or []] == [
            "The Parsnip Assembly",
            "Wenna Thistlecroft",
            "Bruno Oakapple",
        ]
        for song in songs.values():
            assert await client.get_song(song.id) == song

    journey(demo, walk)


def test_it_browses_the_whole_library_by_folders(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        # The client's own get_music_folders cannot read the answer that the specification has.
        ((folder,),) = demo.app().call("getMusicFolders")["musicFolders"].values()
        indexes = await client.get_indexes(music_folder_id=folder["id"])
        found: list[str] = []
        for index in indexes.index or []:
            for artist in index.artist or []:
                for album in (await client.get_music_directory(artist.id)).child or []:
                    assert album.is_dir
                    found += [song.title for song in (await client.get_music_directory(album.id)).child or []]
        assert sorted(found) == sorted(await whole_library(client))
        root = await client.get_music_directory(str(folder["id"]))
        assert len(root.child or []) == 4

    journey(demo, walk)


def test_a_two_disc_album_and_a_compilation_are_what_they_are(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        albums: dict[str, AlbumID3WithSongs] = {}
        for album in await client.get_album_list2("alphabeticalByName", size=500):
            albums[album.name] = await client.get_album(album.id)
        tide = albums["Tidewater Evenings"]
        numbers = [(song.disc_number, song.track) for song in tide.song or []]
        assert numbers == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
        assert [(disc.disc, disc.title) for disc in tide.disc_titles or []] == [(1, "Ebb"), (2, "Flood")]
        assert (tide.year, tide.genre, tide.song_count) == (2011, "Ambient", 6)
        valves = albums["Valve Glow: Nine Volts for Night Drivers"]
        assert (valves.is_compilation, valves.artist) == (True, "Various Artists")
        assert len({song.artist for song in valves.song or []}) == 5
        for album in albums.values():
            assert album.song_count == len(album.song or [])
            assert abs(album.duration - sum(song.duration or 0 for song in album.song or [])) <= len(album.song or [])

    journey(demo, walk)


_LISTS: dict[str, dict[str, object]] = {
    "random": {},
    "newest": {},
    "highest": {},
    "frequent": {},
    "recent": {},
    "alphabeticalByName": {},
    "alphabeticalByArtist": {},
    "starred": {},
    "byYear": {"from_year": 2000, "to_year": 2020},
    "byGenre": {"genre": "Folk"},
}
_NAMES: dict[str, list[str]] = {
    "alphabeticalByName": ["Tidewater Evenings", "Valve Glow: Nine Volts for Night Drivers"],
    "byYear": ["Tidewater Evenings", "A Lamplighter's Almanac"],
    "byGenre": ["A Lamplighter's Almanac"],
    "starred": [],
    "recent": [],
    "frequent": [],
    "highest": [],
}


@pytest.mark.parametrize("kind", _LISTS)
def test_each_album_list_answers(demo: Server, kind: str) -> None:
    async def walk(client: AsyncConnection) -> None:
        by_tags = await client.get_album_list2(kind, size=500, **_LISTS[kind])
        by_folders = await client.get_album_list(kind, size=500, **_LISTS[kind])
        names = [album.name for album in by_tags]
        if kind == "alphabeticalByName":
            assert [name for name in names if name in _NAMES[kind]] == _NAMES[kind]
        else:
            assert names == _NAMES.get(kind, names)
        assert len(names) == len(_NAMES[kind]) if kind in _NAMES and kind != "alphabeticalByName" else 4
        assert {album.id for album in by_tags} == {album.id for album in by_folders}

    journey(demo, walk)


def test_album_lists_page_to_the_end_and_no_further(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        everything = [album.id for album in await client.get_album_list2("alphabeticalByName", size=500)]
        pages = [
            [album.id for album in await client.get_album_list2("alphabeticalByName", size=3, offset=offset)]
            for offset in (0, 3, 6)
        ]
        assert pages == [everything[:3], everything[3:], []]

    journey(demo, walk)


def test_genres_count_what_they_give(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        genres = await client.get_genres()
        assert {genre.value for genre in genres} >= {"Ambient", "Folk", "Waltz", "Lo-Fi", "Jazz", "Synthwave"}
        for genre in genres:
            songs = await client.get_songs_by_genre(genre.value, count=500)
            albums = await client.get_album_list2("byGenre", size=500, genre=genre.value)
            assert (len(songs), len(albums)) == (genre.song_count, genre.album_count)
            assert all(genre.value in [each.name for each in song.genres or []] for song in songs)

    journey(demo, walk)


def test_random_songs_are_of_the_kind_that_was_asked_for(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        assert len({song.id for song in await client.get_random_songs(size=500)}) == 21
        assert len(await client.get_random_songs(size=4)) == 4
        jazz = await client.get_random_songs(size=500, genre="Jazz")
        assert {song.album for song in jazz} == {"夜更けの停留所"}
        old = await client.get_random_songs(size=500, to_year=2015)
        assert {song.album for song in old} == {"Tidewater Evenings"}

    journey(demo, walk)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("slack wa", {"Slack Water", "Slack Water (Night Bus Version)"}),
        ("SLACK QUAYMOOR", {"Slack Water", "Slack Water (Night Bus Version)"}),
        ("prad", {"Prąd i neon"}),
        ("終電", {"終電のあとで"}),
        ("no such thing", set()),
    ],
)
def test_typed_words_find_songs(demo: Server, query: str, found: set[str]) -> None:
    async def walk(client: AsyncConnection) -> None:
        by_tags = await client.search3(query, song_count=50)
        by_folders = await client.search2(query, song_count=50)
        assert {song.title for song in by_tags.song or []} == found
        assert {song.title for song in by_folders.song or []} == found

    journey(demo, walk)


def test_typed_words_find_artists_and_albums(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        # Whoever only wrote the music is found too, after those who are called so.
        found = [artist.name for artist in (await client.search3("parsnip")).artist or []]
        assert found == ["The Parsnip Assembly", "Trad. arr. The Parsnip Assembly"]
        assert [album.name for album in (await client.search3("lamplight")).album or []] == ["A Lamplighter's Almanac"]

    journey(demo, walk)


def test_two_quotes_page_through_everything(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        pages = [
            [
                song.id
                for song in (await client.search3('""', song_count=8, song_offset=offset, album_count=0)).song or []
            ]
            for offset in (0, 8, 16, 24)
        ]
        assert [len(page) for page in pages] == [8, 8, 5, 0]
        ids = {song.id for song in (await whole_library(client)).values()}
        assert {song for page in pages for song in page} == ids

    journey(demo, walk)


def test_raw_streams_and_downloads_are_the_files(demo: Server) -> None:
    files = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.suffix[1:]
        for path in (demo.data_dir / "demo").rglob("*")
        if path.is_file() and path.name != "cover.jpg"
    }

    async def walk(client: AsyncConnection) -> None:
        for song in (await whole_library(client)).values():
            for answer in (
                await client.stream(song.id),
                await client.stream(song.id, tformat="raw"),
                await client.download(song.id),
            ):
                content = await answer.read()
                assert files[hashlib.sha256(content).hexdigest()] == song.suffix
                assert (len(content), answer.headers["Content-Type"]) == (song.size, song.content_type)

    journey(demo, walk)


def test_each_cover_comes_in_the_size_that_was_asked_for(demo: Server, tmp_path: Path) -> None:
    async def walk(client: AsyncConnection) -> dict[tuple[str, int | None], bytes]:
        return {
            (album.id, size): await (await client.get_cover_art(album.cover_art or "", size)).read()
            for album in await client.get_album_list2("newest", size=500)
            for size in (None, 64, 300)
        }

    pictures = journey(demo, walk)
    assert len(pictures) == 12
    for (album, size), content in pictures.items():
        path = tmp_path / f"{album}-{size}"
        path.write_bytes(content)
        with Image.open(path) as picture:
            picture.load()
            assert max(picture.size) == size if size else max(picture.size) >= 500


def test_what_is_not_there_is_told_so(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        for ask in (client.get_song, client.get_album, client.get_artist, client.stream, client.get_music_directory):
            with pytest.raises(DataNotFoundError):
                await ask("tr-00000000-0000-7000-8000-000000000000")
        with pytest.raises(SonicError):
            await client.get_lyrics("nobody", "nothing")

    journey(demo, walk)


def test_a_transcode_is_heard_to_its_end(demo: Server) -> None:
    async def walk(client: AsyncConnection) -> None:
        song = (await whole_library(client))["Slack Water"]
        whole = listen(await (await client.stream(song.id)).read()).seconds
        opus = await client.stream(song.id, tformat="opus", max_bit_rate=64)
        heard = listen(await opus.read())
        assert heard.codec in {"opus", "libopus"}
        assert heard.seconds == pytest.approx(whole, abs=0.1)

    journey(demo, walk)


def test_stars_ratings_and_plays_are_kept_and_taken_back(tmp_path: Path, demo: Server) -> None:
    """On a server of its own, over the music of the other."""
    with Server(tmp_path / "data", demo.data_dir / "demo") as server:
        server.until_scanned()

        async def walk(client: AsyncConnection) -> None:
            songs = await whole_library(client)
            song, other = songs["Slack Water"], songs["Sodium Parade"]
            assert song.album_id
            assert song.artist_id
            await client.star(sids=[song.id, other.id], album_ids=[song.album_id], artist_ids=[song.artist_id])
            for starred in (await client.get_starred2(), await client.get_starred()):
                assert {each.title for each in starred.song or []} == {song.title, other.title}
                assert len(starred.album or []) == len(starred.artist or []) == 1
            assert (await client.get_song(song.id)).starred
            assert (await client.get_album(song.album_id)).starred
            await client.unstar(sids=[song.id], album_ids=[song.album_id], artist_ids=[song.artist_id])
            starred2 = await client.get_starred2()
            assert [each.title for each in starred2.song or []] == [other.title]
            assert not starred2.album
            assert not starred2.artist
            assert (await client.get_song(song.id)).starred is None

            await client.set_rating(song.id, 4)
            assert (await client.get_song(song.id)).user_rating == 4
            await client.set_rating(song.id, 0)
            assert (await client.get_song(song.id)).user_rating is None

            for submission in (True, True, False):
                await client.scrobble(song.id, submission=submission)
            await client.scrobble(other.id, listen_time=1_700_000_000)
            played = await client.get_song(song.id)
            assert played.play_count == 2
            assert played.played
            assert ((await client.get_song(other.id)).played or "").startswith("2023-11-14T22:13:20")
            recent = await client.get_album_list2("recent")
            assert [album.name for album in recent] == [song.album, other.album]
            frequent = await client.get_album_list2("frequent")
            assert [album.name for album in frequent] == [song.album, other.album]

            assert (await client.start_scan()).scanning in {True, False}
            assert (await client.get_scan_status()).count in {0, 21}

        journey(server, walk)
        assert server.until_scanned()["counts"]["added"] == 0
