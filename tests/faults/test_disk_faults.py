"""Disks that go and come back, and files that change in ways that are hard to see."""

import os
import shutil
from pathlib import Path
from typing import Any

from mutagen.flac import FLAC
from mutagen.id3 import ID3, TIT2

from tests.faults.conftest import TITLES
from tests.journeys.server import App, Server, eventually


def _heart(app: App, song: str) -> None:
    """Leave something that must not be lost."""
    app.call("star", id=song)
    app.call("setRating", id=song, rating=5)
    app.call("scrobble", id=song)


def _loved(app: App) -> dict[str, tuple[int, int]]:
    """Starred songs with their ratings and play counts."""
    songs = app.call("getStarred2")["starred2"].get("song", [])
    return {song["id"]: (song["userRating"], song["playCount"]) for song in songs}


def _by_title(app: App) -> dict[str, dict[str, Any]]:
    return {song["title"]: song for song in app.songs()}


def test_a_disk_that_is_not_there_marks_nothing_and_comes_back_as_itself(music: Path, data: Path) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        ids = app.ids()
        _heart(app, min(ids.values()))
        loved = _loved(app)

        unplugged = music.rename(music.with_name("unplugged"))
        _assert_left_alone(server, ids)
        assert not music.exists()
        # What a mount point looks like without its disk.
        music.mkdir()
        _assert_left_alone(server, ids)
        assert not list(music.iterdir())

        music.rmdir()
        unplugged.rename(music)
        counts = server.scan()["counts"]
        assert (counts["added"], counts["missing"], counts["to_read"]) == (0, 0, 0)
        assert (app.ids(), _loved(app)) == (ids, loved)
        assert app.get("stream", id=min(ids.values())).headers["Content-Type"].startswith("audio/")


def _assert_left_alone(server: Server, ids: dict[tuple[str, str], str]) -> None:
    """A scan changes nothing and says why, and who presses play is told so."""
    scan = server.scan()
    assert (scan["counts"]["missing"], scan["counts"]["faulty"]) == (0, 0)
    assert scan["message"]
    app = server.app()
    assert app.ids() == ids
    answer = app.get("stream", id=min(ids.values()))
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["subsonic-response"]["status"] == "failed"


def test_a_start_without_the_disk_keeps_the_library(music: Path, data: Path) -> None:
    with Server(data, music) as server:
        server.until_scanned()
        ids = server.app().ids()
    music.rename(music.with_name("unplugged"))
    with Server(data, music) as server:
        server.until_scanned()
        assert server.app().ids() == ids
        assert not music.exists()
    music.with_name("unplugged").rename(music)
    with Server(data, music) as server:
        server.until_scanned()
        assert server.app().ids() == ids


def test_files_that_vanish_are_missing_and_come_back_as_themselves(music: Path, data: Path) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        ids = app.ids()
        _heart(app, ids["Amber", "The Trees"])
        loved = _loved(app)
        (music / "Wood").rename(music.with_name("Wood"))
        assert server.scan()["counts"]["missing"] == 3
        assert {title for title, _ in app.ids()} == set(TITLES[3:])
        assert len(app.call("getAlbumList2", type="newest")["albumList2"]["album"]) == 1
        music.with_name("Wood").rename(music / "Wood")
        assert server.scan()["counts"]["returned"] == 3
        assert (app.ids(), _loved(app)) == (ids, loved)


def test_a_whole_library_that_moves_keeps_its_ids_stars_and_plays(music: Path, data: Path, tmp_path: Path) -> None:
    with Server(data, music) as server:
        server.until_scanned()
        app = server.app()
        ids = app.ids()
        for song in list(ids.values())[:3]:
            _heart(app, song)
        loved = _loved(app)
        albums = {album["id"] for album in app.call("getAlbumList2", type="newest")["albumList2"]["album"]}
    moved = tmp_path / "another disk" / "Music"
    moved.parent.mkdir()
    shutil.copytree(music, moved, copy_function=shutil.copyfile)  # every time stamp is another one
    shutil.rmtree(music)
    with Server(data, moved) as server:
        server.until_scanned()
        app = server.app()
        assert (app.ids(), _loved(app)) == (ids, loved)
        assert {album["id"] for album in app.call("getAlbumList2", type="newest")["albumList2"]["album"]} == albums
        assert app.get("stream", id=min(ids.values())).headers["Content-Type"].startswith("audio/")


def test_renames_moves_and_case_alone_keep_the_id(music: Path, data: Path) -> None:
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        ids = app.ids()
        (music / "Wood").rename(music / "wood")
        (music / "Fire" / "3 Dusk.flac").rename(music / "Fire" / "3 DUSK.FLAC")
        (music / "New").mkdir()
        (music / "Fire" / "4 Ember.mp3").rename(music / "New" / "renamed.mp3")
        counts = server.scan()["counts"]
        assert (counts["moved"], counts["added"], counts["missing"]) == (5, 0, 0)
        assert app.ids() == ids
        # Two that change places.
        first, second, aside = music / "Fire" / "3 DUSK.FLAC", music / "Fire" / "5 Fern.flac", music / "aside"
        first.rename(aside)
        second.rename(first)
        aside.rename(second)
        server.scan()
        assert app.ids() == ids


def _retitle(path: Path, title: str) -> None:
    if path.suffix == ".mp3":
        tags = ID3(path)
        tags.setall("TIT2", [TIT2(text=title)])
        tags.save(path, padding=lambda info: info.padding)
    else:
        file = FLAC(path)
        file["title"] = title
        file.save()


def test_an_edit_of_the_same_size_is_seen_by_any_other_time(music: Path, data: Path) -> None:
    """A nanosecond later, a millisecond later, and a day earlier, as a copy from a backup has it."""
    edits = {"Wood/0 Amber.mp3": 1, "Wood/1 Birch.flac": 1_000_000, "Fire/4 Ember.mp3": -86_400_000_000_000}
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        before = {title: song["id"] for title, song in _by_title(app).items()}
        for name, shift_ns in edits.items():
            was = (music / name).stat()
            _retitle(music / name, Path(name).stem[2:][::-1])
            assert (music / name).stat().st_size == was.st_size
            os.utime(music / name, ns=(was.st_atime_ns, was.st_mtime_ns + shift_ns))
        assert server.scan()["counts"]["changed"] == 3
        after = {title: song["id"] for title, song in _by_title(app).items()}
        assert [after[title[::-1]] for title in ("Amber", "Birch", "Ember")] == [
            before[title] for title in ("Amber", "Birch", "Ember")
        ]


def test_an_edit_that_hides_its_time_is_seen_by_a_full_scan(music: Path, data: Path) -> None:
    path = music / "Wood" / "0 Amber.mp3"
    with Server(data, music, watch="false") as server:
        server.until_scanned()
        app = server.app()
        song = _by_title(app)["Amber"]["id"]
        before = path.stat()
        _retitle(path, "Rebma")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        server.scan(full=True)
        assert _by_title(app)["Rebma"]["id"] == song


def test_the_watcher_notices_by_itself(music: Path, data: Path, pressed: Path) -> None:
    with Server(data, music) as server:
        server.until_scanned()
        app = server.app()
        shutil.copy(pressed / "Wood" / "0 Amber.mp3", music / "Wood" / "incoming.part")
        tags = ID3(music / "Wood" / "incoming.part")
        tags.setall("TIT2", [TIT2(text="Ginkgo")])
        tags.save()
        (music / "Wood" / "incoming.part").rename(music / "Wood" / "9 Ginkgo.mp3")
        eventually(lambda: "Ginkgo" in _by_title(app), "the new song")
        assert len(app.songs()) == len(TITLES) + 1
        server.until_scanned()
