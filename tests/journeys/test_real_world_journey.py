"""A folder that grew over years: what is in it is found, is what it says, and plays."""

import os
import urllib.parse
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.journeys.household import BAD_FILES, SONGS
from tests.journeys.recordings import listen
from tests.journeys.server import Server
from tests.journeys.test_opensonic_journey import journey, whole_library
from tests.journeys.test_sonic_journey import connect, songs_of


@pytest.fixture(scope="module")
def songs(household: Server) -> list[dict[str, Any]]:
    return household.app().songs()


def of_album(songs: list[dict[str, Any]], album: str) -> list[dict[str, Any]]:
    return [song for song in songs if song["album"] == album]


def test_all_that_is_music_is_there_once(household: Server, songs: list[dict[str, Any]]) -> None:
    assert len(songs) == SONGS
    titles = Counter(song["title"] for song in songs)
    assert titles.most_common(1)[0][1] == 1
    assert not {"Secret"} & titles.keys()
    assert journey(household, whole_library).keys() == titles.keys()
    assert {song["id"] for song in songs_of(connect(household))} == {song["id"] for song in songs}


def test_bad_files_are_listed_with_their_reasons_and_stop_nothing(household: Server) -> None:
    faults = household.faults()
    assert faults.keys() == BAD_FILES.keys()
    for path, word in BAD_FILES.items():
        assert word in faults[path]


def test_every_song_comes_as_its_file_and_decodes(
    household: Server, household_music: Path, songs: list[dict[str, Any]]
) -> None:
    app = household.app()
    contents = {
        Path(os.fsdecode(folder), os.fsdecode(name)).read_bytes()
        for folder, _, names in os.walk(os.fsencode(household_music))
        for name in names
    }
    for song in songs:
        answer = app.get("stream", id=song["id"])
        assert (answer.status_code, len(answer.content)) == (200, song["size"])
        assert answer.content in contents
        assert abs(listen(answer.content).seconds - song["duration"]) <= 1.1


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "flac"])
def test_every_format_becomes_every_format(household: Server, songs: list[dict[str, Any]], kind: str) -> None:
    app = household.app()
    formats = of_album(songs, "All of Them")
    assert len(formats) == 10
    for song in formats:
        whole = listen(app.get("stream", id=song["id"]).content).seconds
        made = app.get("stream", id=song["id"], format=kind, maxBitRate=96 if kind != "flac" else 0)
        assert made.status_code == 200, (song["title"], made.text[:500])
        assert listen(made.content).seconds == pytest.approx(whole, abs=0.1), song["title"]


def test_odd_names_download_under_their_names(household: Server, songs: list[dict[str, Any]]) -> None:
    app = household.app()
    odd = of_album(songs, 'Quotes " and \\')
    assert {song["artist"] for song in odd} == {"Odd & <Names>"}
    assert len(odd) == 9
    for song in odd:
        answer = app.get("download", id=song["id"])
        disposition = answer.headers["Content-Disposition"]
        name = urllib.parse.unquote(disposition.rpartition("filename*=UTF-8''")[2])
        assert name.lower().endswith(".mp3"), disposition
        assert not set("\r\n/") & set(disposition)
    xml = app.get("search3", query="Odd", f="xml", songCount=50).text
    assert "Odd &amp; &lt;Names&gt;" in xml


def test_two_discs_are_one_album_with_the_cover_of_its_folder(songs: list[dict[str, Any]]) -> None:
    twice = of_album(songs, "Twice")
    assert sorted((song["discNumber"], song["track"]) for song in twice) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert len({song["albumId"] for song in twice}) == 1
    assert len({song["coverArt"] for song in twice}) == 1


def test_a_compilation_is_one_album_of_various_artists(songs: list[dict[str, Any]]) -> None:
    hits = of_album(songs, "Summer Hits")
    assert {song["artist"] for song in hits} == {"Bo", "Cy", "Di"}
    assert len({song["albumId"] for song in hits}) == 1
    assert {song["displayAlbumArtist"] for song in hits} == {"Various Artists"}


def test_what_has_no_tags_is_named_after_its_file(songs: list[dict[str, Any]]) -> None:
    assert {"untitled", "no tags either"} <= {song["title"] for song in songs}


def test_a_huge_cover_is_made_small_and_a_torn_one_hangs_nobody(
    household: Server, songs: list[dict[str, Any]], tmp_path: Path
) -> None:
    app = household.app()
    by_title = {song["title"]: song for song in songs}
    huge = app.get("getCoverArt", id=by_title["Huge"]["coverArt"], size=200)
    (tmp_path / "huge").write_bytes(huge.content)
    with Image.open(tmp_path / "huge") as picture:
        assert picture.size == (200, 200)
    assert len(app.get("getCoverArt", id=by_title["Huge"]["id"]).content) > 100_000
    for title in ("Torn", "Hit 1"):
        answer = app.get("getCoverArt", id=by_title[title]["id"], size=200)
        assert answer.content
        assert answer.headers["Content-Type"].startswith(("image/", "application/json"))
    small = app.get("getCoverArt", id=by_title["Small"]["id"], size=5000)
    (tmp_path / "small").write_bytes(small.content)
    with Image.open(tmp_path / "small") as picture:
        assert picture.size == (64, 64)


def test_a_quick_scan_finds_nothing_new_and_a_full_one_nothing_else(
    household_music: Path, tmp_path: Path, songs: list[dict[str, Any]]
) -> None:
    with Server(tmp_path / "data", household_music) as server:
        server.until_scanned()
        ids = {song["id"]: song["title"] for song in server.app().songs()}
        for full in (False, True):
            counts = server.scan(full=full)["counts"]
            assert (counts["added"], counts["changed"], counts["moved"], counts["missing"]) == (0, 0, 0, 0)
        assert {song["id"]: song["title"] for song in server.app().songs()} == ids
        assert sorted(ids.values()) == sorted(song["title"] for song in songs)
