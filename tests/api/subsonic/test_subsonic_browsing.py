"""The library by tags and by folders, lists, search: what is in the answers."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from appliance.api.subsonic import mapping
from appliance.core.scanning import ScanCounts, ScanKind, ScanState
from appliance.store.database import Connection
from tests.api.subsonic.house import House

NAMESPACE = "{http://subsonic.org/restapi}"


def names(albums: list[dict[str, Any]]) -> list[str]:
    return [album.get("name") or album["title"] for album in albums]


def artist_id(house: House, name: str) -> str:
    return f"ar-{house.world.artist(name).id.hex}"


def album_id(house: House, title: str) -> str:
    return f"al-{house.world.album(title).id.hex}"


def track_id(house: House, title: str) -> str:
    return f"tr-{house.world.track(title).id.hex}"


# --- by tags


async def test_music_folders_have_numbers_for_ids(house: House) -> None:
    assert await house.ok("getMusicFolders") == {
        "musicFolder": [{"id": 1, "name": "Music"}, {"id": 2, "name": "Vinyl & Tape"}]
    }


async def test_artists_stand_under_their_letters_without_articles(house: House) -> None:
    artists = await house.ok("getArtists")
    assert artists["ignoredArticles"] == "The El La Los Las Le Les"
    letters = {index["name"]: [artist["name"] for artist in index["artist"]] for index in artists["index"]}
    assert letters["N"] == ["The Needles"]
    assert letters["#"] == ['<Ampersand & "Sons">']
    assert letters["久"] == ["久石譲"]


async def test_artists_of_one_folder(house: House) -> None:
    artists = await house.ok("getArtists", musicFolderId=2)
    assert [artist["name"] for index in artists["index"] for artist in index["artist"]] == ["久石譲"]
    assert (await house.ok("getArtists", musicFolderId=77))["index"] == []


async def test_an_artist_has_albums_and_numbers_are_numbers(house: House) -> None:
    artist = await house.ok("getArtist", id=artist_id(house, "The Needles"))
    assert (artist["name"], artist["albumCount"], names(artist["album"])) == ("The Needles", 2, ["Groove", "Run-out"])
    assert artist["musicBrainzId"] == "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d"
    assert artist["sortName"] == "needles"
    assert "userRating" not in artist
    assert "starred" not in artist


async def test_an_album_in_full(house: House) -> None:
    album = await house.ok("getAlbum", id=album_id(house, "Groove"))
    songs = album.pop("song")
    picture = f"pi-{house.world.picture.id.hex}"
    assert album == {
        "id": album_id(house, "Groove"),
        "name": "Groove",
        "artist": "The Needles",
        "artistId": artist_id(house, "The Needles"),
        "coverArt": picture,
        "songCount": 3,
        "duration": 185,
        "playCount": 0,
        "created": "2026-02-03T04:05:06.789Z",
        "year": 1969,
        "genre": "Rock",
        "musicBrainzId": "",
        "genres": [{"name": "Rock"}],
        "artists": [{"id": artist_id(house, "The Needles"), "name": "The Needles"}],
        "displayArtist": "The Needles",
        "sortName": "groove",
        "originalReleaseDate": {"year": 1969, "month": 9, "day": 26},
        "releaseDate": {"year": 2019},
        "isCompilation": False,
        "discTitles": [],
    }
    assert [song["title"] for song in songs] == ["Alpha", "Beta", "Gamma/Delta"]


async def test_disc_titles_and_partial_dates(house: House) -> None:
    heima = await house.ok("getAlbum", id=album_id(house, "Heima"))
    assert heima["discTitles"] == [{"disc": 1, "title": "Heim"}, {"disc": 2, "title": "Hvarf"}]
    assert heima["releaseDate"] == {}
    assert heima["song"][1]["path"] == "Sigur Rós/Heima/2-02 Von.flac"
    run_out = await house.ok("getAlbum", id=album_id(house, "Run-out"))
    assert run_out["releaseDate"] == {"year": 2001, "month": 5}
    assert [artist["name"] for artist in run_out["artists"]] == ["The Needles", "Sigur Rós"]


async def test_a_compilation_says_so(house: House) -> None:
    sampler = await house.ok("getAlbum", id=album_id(house, "Sampler"))
    assert (sampler["isCompilation"], sampler["displayArtist"]) == (True, "Various Artists")
    assert sampler["song"][0]["displayArtist"] == "The Needles feat. 久石譲"
    assert [artist["name"] for artist in sampler["song"][0]["artists"]] == ["The Needles", "久石譲"]
    assert sampler["song"][0]["displayAlbumArtist"] == "Various Artists"


async def test_a_song_in_full(house: House) -> None:
    song = await house.ok("getSong", id=track_id(house, "Alpha"))
    assert song == {
        "id": track_id(house, "Alpha"),
        "parent": album_id(house, "Groove"),
        "isDir": False,
        "title": "Alpha",
        "album": "Groove",
        "artist": "The Needles",
        "track": 1,
        "year": 1969,
        "genre": "Rock",
        "coverArt": f"pi-{house.world.picture.id.hex}",
        "size": 1235,
        "contentType": "audio/flac",
        "suffix": "flac",
        "duration": 61,
        "bitRate": 900,
        "path": "The Needles/Groove/01 Alpha.flac",
        "isVideo": False,
        "playCount": 0,
        "discNumber": 1,
        "created": "2026-02-03T04:05:06.789Z",
        "albumId": album_id(house, "Groove"),
        "artistId": artist_id(house, "The Needles"),
        "type": "music",
        "bitDepth": 16,
        "samplingRate": 44100,
        "channelCount": 2,
        "mediaType": "song",
        "bpm": 120,
        "comment": "",
        "sortName": "alpha",
        "musicBrainzId": "",
        "isrc": ["USSM18300073"],
        "genres": [{"name": "Rock"}],
        "artists": [{"id": artist_id(house, "The Needles"), "name": "The Needles"}],
        "displayArtist": "The Needles",
        "albumArtists": [{"id": artist_id(house, "The Needles"), "name": "The Needles"}],
        "displayAlbumArtist": "The Needles",
        "contributors": [
            {"role": "composer", "artist": {"id": artist_id(house, "The Needles"), "name": "The Needles"}},
            {
                "role": "performer",
                "subRole": "lute",
                "artist": {"id": artist_id(house, "The Needles"), "name": "The Needles"},
            },
        ],
        "displayComposer": "The Needles",
        "moods": ["calm"],
        "replayGain": {"trackGain": -7.25, "trackPeak": 0.98},
    }


async def test_a_song_in_xml(house: House) -> None:
    (song,) = await house.xml("getSong", id=track_id(house, "Alpha"))
    assert song.tag == f"{NAMESPACE}song"
    assert (song.get("isDir"), song.get("duration"), song.get("title")) == ("false", "61", "Alpha")
    assert [(child.tag.removeprefix(NAMESPACE), child.text, child.attrib) for child in song][:2] == [
        ("isrc", "USSM18300073", {}),
        ("genres", None, {"name": "Rock"}),
    ]
    gain = song.find(f"{NAMESPACE}replayGain")
    assert gain is not None
    assert gain.attrib == {"trackGain": "-7.25", "trackPeak": "0.98"}


async def test_nothing_promises_a_transcode(house: House) -> None:
    song = await house.ok("getSong", id=track_id(house, "Omega"))
    assert "transcodedSuffix" not in song
    assert "transcodedContentType" not in song
    assert (song["contentType"], "bitDepth" in song) == ("audio/mpeg", False)


async def test_a_slash_in_a_name_is_no_folder(house: House) -> None:
    song = await house.ok("getSong", id=track_id(house, "Gamma/Delta"))
    assert song["path"] == "The Needles/Groove/03 Gamma_Delta.flac"


async def test_absurd_numbers_from_tags_stay_within_32_bits(house: House) -> None:
    """The database has no room for most of them; the mapping does not rely on it."""
    track = msgspec.structs.replace(
        house.world.tracks[0], track_number=2**40, disc_number=-(2**40), duration_ms=2**60, bpm=2**33, year=2**31
    )
    song = msgspec.to_builtins(mapping.song(track))
    assert not {"track", "discNumber", "year"} & set(song)
    assert song["duration"] == song["bpm"] == 2**31 - 1


async def test_genres_have_counts_and_text(house: House) -> None:
    genres = await house.ok("getGenres")
    assert {"value": "Rock", "songCount": 5, "albumCount": 2} in genres["genre"]
    root = await house.xml("getGenres")
    assert [genre.text for genre in root[0]] == ["Jazz", "Pop", 'R&B <"', "Rock", "Soul"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("getArtist", "al"), ("getAlbum", "tr"), ("getSong", "ar"), ("getSong", "pi"), ("getMusicDirectory", "tr")],
)
async def test_an_id_of_another_kind_is_not_found(house: House, path: str, wrong: str) -> None:
    assert await house.code(path, id=f"{wrong}-{house.world.track('Alpha').id.hex}") == 70


@pytest.mark.parametrize("path", ["getArtist", "getAlbum", "getSong", "getMusicDirectory"])
@pytest.mark.parametrize(
    "id_", ["ar-0", "ar-" + "0" * 32, "al-" + "f" * 32, "tr-" + "f" * 32, "7", "²", "x" * 9999, "al-%"]
)
async def test_an_id_of_nothing_is_not_found(house: House, path: str, id_: str) -> None:
    assert await house.code(path, id=id_) == 70


@pytest.mark.parametrize("path", ["getArtist", "getAlbum", "getSong", "getMusicDirectory", "getSongsByGenre"])
async def test_what_is_required_is_asked_for(house: House, path: str) -> None:
    assert await house.code(path) == 10


# --- by folders


async def test_indexes_are_the_artists_as_folders(house: House) -> None:
    indexes = await house.ok("getIndexes")
    assert indexes["ignoredArticles"] == "The El La Los Las Le Les"
    found = [artist for index in indexes["index"] for artist in index["artist"]]
    assert {"id": artist_id(house, "Sigur Rós"), "name": "Sigur Rós"} in found


async def test_indexes_are_empty_for_a_client_that_has_seen_them(house: House) -> None:
    async with house.store.begin() as work:
        await work.scans.request(ScanKind.QUICK)
        first = await work.scans.take()
        assert first is not None
        await work.scans.finish(first.id, ScanState.DONE, ScanCounts())
    (scan,) = await house.scans()
    finished = scan.finished_at
    assert finished is not None
    modified = (await house.ok("getIndexes"))["lastModified"]
    assert modified == int(finished.timestamp() * 1000)
    assert (await house.ok("getIndexes", ifModifiedSince=modified))["index"] == []
    assert (await house.ok("getIndexes", ifModifiedSince=modified - 1))["index"] != []
    async with house.store.begin() as work:
        await work.scans.request(ScanKind.QUICK)
        assert await work.scans.take() is not None
    assert (await house.ok("getIndexes", ifModifiedSince=modified))["index"] != []


async def test_folders_lead_from_the_library_to_the_song(house: House) -> None:
    library = await house.ok("getMusicDirectory", id="1")
    assert (library["name"], all(child["isDir"] for child in library["child"])) == ("Music", True)
    needles = next(child for child in library["child"] if child["title"] == "The Needles")
    artist = await house.ok("getMusicDirectory", id=needles["id"])
    assert [child["title"] for child in artist["child"]] == ["Groove", "Run-out"]
    groove = artist["child"][0]
    assert (groove["isDir"], groove["parent"], groove["mediaType"]) == (True, needles["id"], "album")
    album = await house.ok("getMusicDirectory", id=groove["id"])
    assert (album["parent"], album["name"]) == (needles["id"], "Groove")
    assert [child["isDir"] for child in album["child"]] == [False, False, False]


# --- lists


@pytest.mark.parametrize("path", ["getAlbumList", "getAlbumList2"])
@pytest.mark.parametrize(
    ("parameters", "titles"),
    [
        ({"type": "newest", "size": 2}, ["a\x0bb ]]> <c>", "Sampler"]),
        ({"type": "alphabeticalByName", "size": 2, "offset": 1}, ["Groove", "Heima"]),
        ({"type": "alphabeticalByArtist", "size": 1, "offset": 1}, ["Groove"]),
        ({"type": "byYear", "fromYear": 1980, "toYear": 2007}, ["Sampler", "Run-out", "Heima"]),
        ({"type": "byYear", "fromYear": 2007, "toYear": 1980}, ["Heima", "Run-out", "Sampler"]),
        ({"type": "byGenre", "genre": "ROCK"}, ["Groove", "Heima"]),
        ({"type": "byGenre", "genre": "%"}, []),
        ({"type": "newest", "musicFolderId": 2}, ["となりのトトロ"]),
        ({"type": "newest", "offset": 6}, []),
        ({"type": "newest", "offset": 2**31 - 1}, []),
        ({"type": "newest", "size": 0}, []),
        ({"type": "starred"}, []),
        ({"type": "highest"}, []),
        ({"type": "recent"}, []),
        ({"type": "frequent"}, []),
    ],
)
async def test_album_lists(house: House, path: str, parameters: dict[str, Any], titles: list[str]) -> None:
    assert names((await house.ok(path, **parameters))["album"]) == titles


async def test_random_albums_are_albums(house: House) -> None:
    assert len((await house.ok("getAlbumList2", type="random", size=4))["album"]) == 4


async def test_a_client_may_ask_for_ten_thousand_albums_and_more_is_cut(house: House) -> None:
    assert len((await house.ok("getAlbumList2", type="newest", size=2**31 - 1))["album"]) == 6


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 10),
        ({"type": "byYear"}, 10),
        ({"type": "byYear", "fromYear": 1999}, 10),
        ({"type": "byGenre"}, 10),
        ({"type": "nonsense"}, 0),
        ({"type": "newest", "size": "NaN"}, 0),
        ({"type": "newest", "size": "1e9"}, 0),
        ({"type": "newest", "size": -1}, 0),
        ({"type": "newest", "offset": -1}, 0),
        ({"type": "newest", "offset": 2**63}, 0),
        ({"type": "newest", "size": "9" * 5000}, 0),
        ({"type": "newest", "musicFolderId": "music"}, 0),
    ],
)
async def test_lists_that_cannot_be_meant(house: House, parameters: dict[str, Any], code: int) -> None:
    assert await house.code("getAlbumList2", **parameters) == code


async def test_a_list_of_all_asks_the_database_no_more_than_a_list_of_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    run = Connection._run  # noqa: SLF001 - every statement goes through it

    async def counted(connection: Connection, function: Callable[..., Any], statement: str, *arguments: object) -> Any:
        asked.append(statement)
        return await run(connection, function, statement, *arguments)

    monkeypatch.setattr(Connection, "_run", counted)
    await house.ok("getAlbumList2", type="newest", size=1)
    one, asked[:] = len(asked), []
    assert len((await house.ok("getAlbumList2", type="newest", size=500))["album"]) == 6
    assert 0 < len(asked) <= one


async def test_random_songs_can_be_narrowed(house: House) -> None:
    songs = await house.ok("getRandomSongs", genre="pop", fromYear=1980, toYear=1990, size=500)
    assert {song["title"] for song in songs["song"]} == {"One", "Two"}
    assert len((await house.ok("getRandomSongs", size=3))["song"]) == 3


async def test_songs_of_a_genre_come_in_pages(house: House) -> None:
    first = await house.ok("getSongsByGenre", genre="Rock", count=2)
    second = await house.ok("getSongsByGenre", genre="Rock", count=9, offset=2)
    assert [song["title"] for song in first["song"] + second["song"]] == [
        "Alpha",
        "Beta",
        "Gamma/Delta",
        "Hafsól",
        "Von",
    ]
    assert (await house.ok("getSongsByGenre", genre="Rock", offset=99)) == {"song": []}


# --- search


@pytest.mark.parametrize("query", ['""', "", "''"])
async def test_an_empty_query_is_everything_paged(house: House, query: str) -> None:
    seen: list[str] = []
    for offset in range(0, 12, 5):
        page = await house.ok("search3", query=query, artistCount=0, albumCount=0, songCount=5, songOffset=offset)
        assert (page["artist"], page["album"]) == ([], [])
        seen += [song["id"] for song in page["song"]]
    assert seen == [f"tr-{track.id.hex}" for track in house.world.tracks]


async def test_of_a_query_only_its_beginning_counts(house: House) -> None:
    """A megabyte of combining marks would otherwise be folded on everybody's time."""
    found = await house.ok("search3", query=f"sigur{' ' * 500}nothing like it")
    assert found["artist"]


async def test_search_finds_each_kind(house: House) -> None:
    found = await house.ok("search3", query="sigur")
    assert [artist["name"] for artist in found["artist"]] == ["Sigur Rós"]
    assert names(found["album"]) == ["Heima", "Run-out"]
    assert {song["title"] for song in found["song"]} == {"Omega", "Hafsól", "Von"}
    folders = await house.ok("search2", query="sigur")
    assert folders["artist"] == [{"id": artist_id(house, "Sigur Rós"), "name": "Sigur Rós"}]
    assert [album["isDir"] for album in folders["album"]] == [True, True]


async def test_search_that_finds_nothing_keeps_its_lists(house: House) -> None:
    for path in ("search2", "search3"):
        assert await house.ok(path, query="zzz' OR 1=1 --") == {"artist": [], "album": [], "song": []}
    assert await house.code("search3") == 10
    assert await house.code("search3", query="x", songOffset="two") == 0
