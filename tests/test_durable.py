"""Files that a power cut finds whole, before or after."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.durable import erase_file, remove_file, replace_file, replace_link
from tests.disk import Disk, PowerCut


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    replace_file(path, b"new", 0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret"]


def test_whoever_reads_meanwhile_keeps_the_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        replace_file(path, b"new")
        assert reader.read() == "old"


def test_what_a_power_cut_left_half_made_is_in_nobody_s_way(tmp_path: Path) -> None:
    for name in ("file", "link"):
        (tmp_path / f".{name}.tonearm-new").write_text("half")
    replace_file(tmp_path / "file", b"whole")
    replace_link(tmp_path / "link", "file")
    assert (tmp_path / "file").read_bytes() == (tmp_path / "link").read_bytes() == b"whole"
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


def test_a_link_in_the_place_of_what_is_being_made_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".file.tonearm-new").symlink_to(victim)
    replace_file(tmp_path / "file", b"new")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "file").is_symlink()


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_rubbish(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "folder", b"new")
    assert os.listdir(tmp_path) == ["folder"]


def test_what_is_erased_is_overwritten_first(tmp_path: Path) -> None:
    path, second = tmp_path / "password", tmp_path / "same"
    path.write_text("correct horse")
    second.hardlink_to(path)
    erase_file(path)
    assert not path.exists()
    assert second.read_bytes() == bytes(13)


def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    erase_file(tmp_path / "nothing")
    remove_file(tmp_path / "nothing")
    (tmp_path / "something").touch()
    remove_file(tmp_path / "something")
    assert os.listdir(tmp_path) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a file and a link that have been there for long."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("old password")
    (folder / "link").symlink_to("old")
    return folder


def replace_both(folder: Path) -> None:
    replace_file(folder / "file", b"new")
    replace_link(folder / "link", "new")


def erase(folder: Path) -> None:
    erase_file(folder / "file")
    remove_file(folder / "link")


def contents(folder: Path) -> dict[str, str]:
    """What is there, but for what was left half made."""
    shown = (path for path in folder.iterdir() if not path.name.startswith("."))
    return {path.name: os.readlink(path) if path.is_symlink() else path.read_text() for path in shown}


@pytest.mark.parametrize(
    ("change", "left"), [(replace_both, {"file": "new", "link": "new"}), (erase, {})], ids=["replaced", "removed"]
)
def test_what_a_function_has_done_is_on_disk_when_it_returns(
    change: Callable[[Path], None], left: dict[str, str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Disk(folder) as disk:
        with disk.powered(monkeypatch):
            change(folder)
        assert contents(disk.survivors(tmp_path / "after")) == left


def test_what_was_erased_is_not_on_the_disk_behind_the_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Disk(folder) as disk:
        assert disk.holds(b"password")
        with disk.powered(monkeypatch):
            erase_file(folder / "file")
        assert not disk.holds(b"password")


@pytest.mark.parametrize("names_first", [False, True], ids=["nothing was written", "the names were"])
def test_a_power_cut_leaves_the_old_or_the_new_and_nothing_between(
    names_first: bool,  # noqa: FBT001 - a column
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for steps in range(100):
        folder = tmp_path / str(steps)
        folder.mkdir()
        (folder / "file").write_text("old")
        (folder / "link").symlink_to("old")
        cut = False
        with Disk(folder) as disk:
            try:
                with disk.powered(monkeypatch, steps):
                    replace_both(folder)
            except PowerCut:
                cut = True
            if names_first:
                disk.names_arrive()
            found.append(contents(disk.survivors(tmp_path / f"{steps} after")))
        if not cut:
            break
    between = [{"file": "old", "link": "old"}, {"file": "new", "link": "old"}, {"file": "new", "link": "new"}]
    assert [each for each in found if each not in between] == []
    assert sorted(found, key=between.index) == found
    assert {each["link"] for each in found} == {"old", "new"}
