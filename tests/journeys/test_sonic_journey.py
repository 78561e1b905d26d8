"""py-sonic, the older client: form posts to ``.view``, dictionaries instead of types, tokens or ``enc:``."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from libsonic import Connection
from libsonic.errors import CredentialError, DataNotFoundError

from tests.journeys.recordings import listen
from tests.journeys.server import Server


def connect(server: Server, **options: Any) -> Any:
    credentials = {"username": server.user, "password": server.password, "port": server.port} | options
    return Connection("http://127.0.0.1", **credentials)


@pytest.fixture
def client(demo: Server) -> Any:
    return connect(demo)


def songs_of(client: Any) -> Iterator[dict[str, Any]]:
    for index in client.getArtists()["artists"]["index"]:
        for artist in index["artist"]:
            for album in client.getArtist(artist["id"])["artist"]["album"]:
                yield from client.getAlbum(album["id"])["album"]["song"]


@pytest.mark.parametrize("legacy", [False, True], ids=["token", "enc:"])
def test_it_signs_in(demo: Server, *, legacy: bool) -> None:
    client = connect(demo, legacyAuth=legacy)
    assert client.ping()
    assert client.getLicense()["license"]["valid"]
    assert client.getUser(demo.user)["user"]["adminRole"]


def test_it_signs_in_with_a_token_made_elsewhere(demo: Server) -> None:
    given = dict(demo.app().parameters())
    assert connect(demo, password=None, token=given["t"], salt=given["s"]).ping()


def test_a_wrong_password_is_told_as_one(demo: Server) -> None:
    with pytest.raises(CredentialError):
        connect(demo, password="wrong").getArtists()


def test_it_browses_the_whole_library(client: Any) -> None:
    songs = list(songs_of(client))
    assert len(songs) == 21
    assert all(client.getSong(song["id"])["song"] == song for song in songs)
    (folder,) = client.getMusicFolders()["musicFolders"]["musicFolder"]
    found = [
        song["title"]
        for index in client.getIndexes(folder["id"])["indexes"]["index"]
        for artist in index["artist"]
        for album in client.getMusicDirectory(artist["id"])["directory"]["child"]
        for song in client.getMusicDirectory(album["id"])["directory"]["child"]
    ]
    assert sorted(found) == sorted(song["title"] for song in songs)


def test_unchanged_indexes_are_empty_for_whoever_has_them(client: Any) -> None:
    modified = client.getIndexes()["indexes"]["lastModified"]
    assert client.getIndexes(ifModifiedSince=modified - 1)["indexes"]["index"]
    assert not client.getIndexes(ifModifiedSince=modified + 1)["indexes"]["index"]


def test_lists_genres_and_search_answer(client: Any) -> None:
    for kind in ("random", "newest", "alphabeticalByName", "alphabeticalByArtist"):
        assert len(client.getAlbumList(kind)["albumList"]["album"]) == 4
        assert len(client.getAlbumList2(kind)["albumList2"]["album"]) == 4
    descending = client.getAlbumList2("byYear", fromYear=2030, toYear=2000)["albumList2"]["album"]
    assert [album["year"] for album in descending] == [2024, 2022, 2019, 2011]
    assert {genre["value"] for genre in client.getGenres()["genres"]["genre"]} >= {"Jazz", "Folk"}
    assert len(client.getSongsByGenre("Jazz")["songsByGenre"]["song"]) == 5
    assert len(client.getRandomSongs(size=7)["randomSongs"]["song"]) == 7
    assert client.search2("neon")["searchResult2"]["song"][0]["title"] == "Prąd i neon"
    assert client.search3("neon")["searchResult3"]["song"][0]["title"] == "Prąd i neon"


def test_it_streams_downloads_and_transcodes(demo: Server, client: Any) -> None:
    song = client.search3("Geese over")["searchResult3"]["song"][0]
    (path,) = (demo.data_dir / "demo").rglob("*Geese*")
    assert client.stream(song["id"]).read() == path.read_bytes()
    assert client.download(song["id"]).read() == path.read_bytes()
    heard = listen(client.stream(song["id"], maxBitRate=64, tformat="mp3", estimateContentLength=True).read())
    assert heard.seconds == pytest.approx(listen(path.read_bytes()).seconds, abs=0.1)
    assert len(client.getCoverArt(song["coverArt"], size=100).read()) > 100


def test_what_is_not_there_is_told_so_and_never_as_sound(demo: Server, client: Any) -> None:
    with pytest.raises(DataNotFoundError):
        client.stream("tr-00000000-0000-7000-8000-000000000000")
    with pytest.raises(DataNotFoundError):
        client.getAlbum("nothing of ours")
    request = urllib.request.Request(demo.app().address("stream", id="x", f="xml"))
    with urllib.request.urlopen(request) as answer:
        assert answer.headers.get_content_type() in {"application/xml", "text/xml"}


def test_stars_and_plays_are_kept(tmp_path: Path, demo: Server) -> None:
    with Server(tmp_path / "data", demo.data_dir / "demo") as server:
        server.until_scanned()
        client = connect(server)
        songs = list(songs_of(client))
        client.star([songs[0]["id"]], [songs[1]["albumId"]], [songs[2]["artistId"]])
        starred = client.getStarred2()["starred2"]
        assert [len(starred[kind]) for kind in ("song", "album", "artist")] == [1, 1, 1]
        client.setRating(songs[0]["id"], 5)
        client.scrobble(songs[0]["id"])
        song = client.getSong(songs[0]["id"])["song"]
        assert (song["userRating"], song["playCount"]) == (5, 1)
        client.unstar([songs[0]["id"]])
        assert not client.getStarred2()["starred2"]["song"]
        client.startScan()
        assert server.until_scanned()["state"] == "done"
        assert client.getScanStatus()["scanStatus"] == {"scanning": False, "count": 21}


_READING = (
    "getLicense getMusicFolders getIndexes getGenres getArtists getRandomSongs getStarred getStarred2 getScanStatus"
)


@pytest.mark.parametrize("endpoint", _READING.split())
def test_each_answer_is_the_same_in_json_xml_and_jsonp(demo: Server, endpoint: str) -> None:
    app = demo.app()
    plain = app.get(endpoint, size=500)
    assert plain.headers["Content-Type"].startswith("application/json")
    root = ET.fromstring(app.get(endpoint, size=500, f="xml").content)  # noqa: S314 - it is our own server's
    assert root.attrib["status"] == "ok"
    (name,) = json.loads(plain.content)["subsonic-response"].keys() & {child.tag.partition("}")[2] for child in root}
    assert name.lower() in endpoint.lower() or name == "indexes"
