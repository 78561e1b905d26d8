"""The walk over real folders."""

import os
import socket
from pathlib import Path

import pytest
import trio

from appliance.core.library import Signature
from appliance.ingest.folder import Absent, Walk, walk


def _put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x" * len(path))


async def _walk(root: Path) -> Walk:
    outcome = await walk(os.fsencode(root), lambda _: None)
    assert isinstance(outcome, Walk)
    return outcome


async def test_audio_files_are_found_with_size_and_time_wherever_they_are(tmp_path: Path) -> None:
    _put(tmp_path, "a.mp3", "A/b.FLAC", "A/B/c.opus", "A/B/notes.txt", "A/B/noext", "d.mp3.part")
    os.utime(tmp_path / "a.mp3", ns=(5, 1_234_567_890_123_456_789))
    seen = await _walk(tmp_path)
    assert seen.files.keys() == {b"a.mp3", b"A/b.FLAC", b"A/B/c.opus"}
    assert seen.files[b"a.mp3"] == Signature(5, 1_234_567_890_123_456_789)
    assert seen.unreadable == []


async def test_hidden_things_and_the_folders_of_machines_are_left_out(tmp_path: Path) -> None:
    _put(tmp_path, ".hidden.mp3", ".git/a.mp3", "@eaDir/a.mp3", "$RECYCLE.BIN/a.mp3", "lost+found/a.mp3", "b/._a.mp3")
    assert (await _walk(tmp_path)).files == {}


async def test_names_that_are_no_text_are_kept_as_they_are(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    names = [b"\xff\xfe.mp3", b"\xc3\xa9.mp3", b"e\xcc\x81.mp3", b"new\nline.mp3", b"-rf.mp3", b"n" * 251 + b".mp3"]
    for name in names:
        os.close(os.open(os.path.join(root, name), os.O_CREAT))
    assert (await _walk(tmp_path)).files.keys() == set(names)


async def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "music"
    _put(tmp_path, "secret/a.mp3", "music/b.mp3", "music-too/c.mp3")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "out.mp3").symlink_to(tmp_path / "secret" / "a.mp3")
    (root / "neighbour").symlink_to(tmp_path / "music-too")
    (root / "dangling.mp3").symlink_to(tmp_path / "nothing")
    assert (await _walk(root)).files.keys() == {b"b.mp3"}


async def test_links_inside_are_followed_to_what_has_no_name_of_its_own(tmp_path: Path) -> None:
    _put(tmp_path, ".annex/one.mp3", ".annex/folder/two.mp3", "real/three.mp3")
    (tmp_path / "one.mp3").symlink_to(tmp_path / ".annex" / "one.mp3")
    (tmp_path / "one again.mp3").symlink_to(".annex/one.mp3")
    (tmp_path / "folder").symlink_to(tmp_path / ".annex" / "folder")
    (tmp_path / "three.mp3").symlink_to(tmp_path / "real" / "three.mp3")
    (tmp_path / "real too").symlink_to(tmp_path / "real")
    assert (await _walk(tmp_path)).files.keys() == {b"one again.mp3", b"folder/two.mp3", b"real/three.mp3"}


async def test_loops_of_links_end(tmp_path: Path) -> None:
    _put(tmp_path, "a/b/one.mp3")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "b" / "self").symlink_to("self")
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    with trio.fail_after(10):
        assert (await _walk(tmp_path)).files.keys() == {b"a/b/one.mp3"}


async def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.mp3"))
        (tmp_path / "folder.mp3").mkdir()
        (tmp_path / "device.mp3").symlink_to("/dev/zero")
        _put(tmp_path, "folder.mp3/real.mp3")
        assert (await _walk(tmp_path)).files.keys() == {b"folder.mp3/real.mp3"}


async def test_a_folder_that_cannot_be_listed_is_told_of(tmp_path: Path) -> None:
    """Nobody but root may be kept out by permissions, so a name too long to be opened does it here."""
    _put(tmp_path, "fine/a.mp3")
    here = os.open(tmp_path, os.O_RDONLY)
    deep = here
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=deep)
        deep = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
    os.close(os.open("lost.mp3", os.O_CREAT, dir_fd=deep))
    seen = await _walk(tmp_path)
    assert seen.files.keys() == {b"fine/a.mp3"}
    assert len(seen.unreadable) == 1
    assert seen.unreadable[0].path.startswith(b"ddd")
    assert "cannot be listed" in seen.unreadable[0].reason


async def test_a_root_that_is_not_there_is_absent(tmp_path: Path) -> None:
    assert isinstance(await walk(os.fsencode(tmp_path / "nowhere"), lambda _: None), Absent)
    (tmp_path / "file").touch()
    assert isinstance(await walk(os.fsencode(tmp_path / "file"), lambda _: None), Absent)


async def test_a_root_that_goes_away_meanwhile_is_absent(tmp_path: Path) -> None:
    root = tmp_path / "music"
    _put(root, "a.mp3", "b/c.mp3")

    def unplug(_: int) -> None:
        if root.exists():
            root.rename(tmp_path / "unplugged")

    assert isinstance(await walk(os.fsencode(root), unplug), Absent)


async def test_the_best_picture_of_each_folder_is_noted(tmp_path: Path) -> None:
    _put(tmp_path, "a/one.mp3", "a/Front.PNG", "a/cover.webp", "a/photo.jpg", "a/cover.pdf", "b/two.mp3", "b/photo.jpg")
    _put(tmp_path, "c/folder.jpg", "c/CD1/a.mp3", "c/Disc 2/a.mp3", "c/Live/a.mp3")
    seen = await _walk(tmp_path)
    assert {folder: picture.path for folder, picture in seen.pictures.items()} == {
        b"a": b"a/cover.webp",
        b"c": b"c/folder.jpg",
        b"c/CD1": b"c/folder.jpg",
        b"c/Disc 2": b"c/folder.jpg",
    }
    assert seen.pictures[b"a"].changed_ns == (tmp_path / "a/cover.webp").stat().st_ctime_ns


async def test_progress_grows_to_what_is_found(tmp_path: Path) -> None:
    _put(tmp_path, *(f"{folder}/{number}.mp3" for folder in range(30) for number in range(3)))
    told: list[int] = []
    await walk(os.fsencode(tmp_path), told.append)
    assert max(told) == 90


async def test_a_cancelled_walk_ends(tmp_path: Path) -> None:
    _put(tmp_path, *(f"{folder}/{number}.mp3" for folder in range(30) for number in range(3)))
    with trio.CancelScope() as scope:
        await walk(os.fsencode(tmp_path), lambda _: scope.cancel())
        pytest.fail("the walk went on")
    assert scope.cancelled_caught
