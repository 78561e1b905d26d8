"""Writing into another system's root never leads out of it; and what is mounted in there is noticed."""

import os
from pathlib import Path

import pytest

from image.failure import ImageFailed
from image.rootfs import mounted_below
from image.tree import Tree


def test_a_file_is_written_with_its_mode_and_removed(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write("/usr/sbin/policy-rc.d", "exit 101\n", mode=0o755)
    path = tmp_path / "usr/sbin/policy-rc.d"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("exit 101\n", 0o755)
    tree.remove("/usr/sbin/policy-rc.d")
    tree.remove("/usr/sbin/policy-rc.d")
    assert not path.exists()


@pytest.mark.parametrize("name", ["/etc/../../outside", "/etc//x", "/", "", "/./etc"])
def test_a_path_that_is_no_plain_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageFailed, match="no plain path"):
        Tree(tmp_path).path(name)


def test_a_link_on_the_way_or_at_the_end_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_text("ours")
    (root / "etc").symlink_to(outside)
    (root / "file").symlink_to(outside / "file")
    tree = Tree(root)
    for name in ("/etc/file", "/file"):
        with pytest.raises(ImageFailed, match="is a link"):
            tree.write(name, "theirs", mode=0o644)
        with pytest.raises(ImageFailed, match="is a link"):
            tree.remove(name)
    assert (outside / "file").read_text() == "ours"


def test_contents_move_with_the_folder_s_mode_and_leave_it_empty(tmp_path: Path) -> None:
    source, to = tmp_path / "root/srv/tonearm", tmp_path / "data"
    (source / "music").mkdir(parents=True)
    (source / "music").chmod(0o2775)
    (source / ".hidden").write_text("too")
    source.chmod(0o750)
    to.mkdir()
    (to / "of the last build").write_text("gone")
    Tree(tmp_path / "root").move_contents("/srv/tonearm", to)
    assert sorted(os.listdir(to)) == [".hidden", "music"]
    assert os.listdir(source) == []
    assert to.stat().st_mode & 0o7777 == 0o750
    assert (to / "music").stat().st_mode & 0o7777 == 0o2775


def test_contents_of_a_folder_that_is_not_there_are_none(tmp_path: Path) -> None:
    Tree(tmp_path / "root").move_contents("/srv/tonearm", tmp_path / "data")
    assert os.listdir(tmp_path / "data") == []
    assert (tmp_path / "root/srv/tonearm").is_dir()


def test_mounts_in_a_folder_are_found_and_others_are_not() -> None:
    everywhere = mounted_below(Path("/"))
    assert "/proc" in everywhere
    assert mounted_below(Path(__file__).parent) == []
