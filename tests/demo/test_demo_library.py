"""The demo library as a folder: what is in it, and that writing it never harms what is there."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Protocol

import pytest

from appliance.demo.library import write_demo


class Demo(Protocol):
    folder: Path
    files: list[Path]
    told: list[tuple[int, int | None]]

    def tracks(self) -> list[Path]: ...
    def track(self, name: str) -> Path: ...


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """The whole library again, to be damaged."""
    return shutil.copytree(demo.folder, tmp_path / "music")


def _on_disk(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def _stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in _on_disk(folder)}


def test_it_has_four_albums_in_four_formats_and_nothing_else(demo: Demo) -> None:
    assert Counter(path.suffix for path in demo.tracks()) == {".flac": 6, ".mp3": 5, ".opus": 5, ".m4a": 5}
    assert len({path.parent for path in demo.files}) == 4
    assert set(demo.files) == _on_disk(demo.folder)


def test_files_are_named_by_artist_album_disc_and_number_with_safe_characters(demo: Demo) -> None:
    names = {str(path.relative_to(demo.folder)) for path in demo.files}
    assert "Orla Quaymoor/Tidewater Evenings (2023)/2-03 Neap Tide Lullaby.flac" in names
    assert "Various Artists/Valve Glow_ Nine Volts for Night Drivers (2022)/01 Overpass_Underpass.m4a" in names
    assert "硝子町楽団/夜更けの停留所 (2024)/01 雨あがりの歩道橋.opus" in names
    assert not [name for name in names if set(name) & set('<>:"\\|?*')]


def test_progress_is_told_after_every_track(demo: Demo) -> None:
    assert demo.told == [(done, 21) for done in range(1, 22)]


def test_a_complete_library_is_left_alone(demo: Demo) -> None:
    before = _stamps(demo.folder)
    assert write_demo(demo.folder) == demo.files
    assert _stamps(demo.folder) == before


def test_an_interrupted_library_is_completed_with_the_same_bytes(demo: Demo, copy: Path) -> None:
    missing = [copy / path.relative_to(demo.folder) for path in (demo.track("Geese"), demo.track("Sodium"))]
    for path in missing:
        path.unlink()
    (missing[0].parent / ".tonearm-demo-unfinished").write_bytes(b"half a track")
    before = _stamps(copy)
    write_demo(copy)
    after = _stamps(copy)
    assert {path.relative_to(copy) for path in after} == {path.relative_to(demo.folder) for path in demo.files}
    assert {path for path in after if before.get(path) != after[path]} == set(missing)
    for path in missing:
        assert path.read_bytes() == (demo.folder / path.relative_to(copy)).read_bytes()


def test_what_belongs_to_somebody_else_is_never_overwritten(demo: Demo, copy: Path) -> None:
    taken = copy / demo.track("Slack Water.flac").relative_to(demo.folder)
    taken.write_bytes(b"mine")
    dangling = copy / demo.track("First Light").relative_to(demo.folder)
    dangling.unlink()
    dangling.symlink_to("nowhere")
    (copy / "note.txt").write_text("mine too")
    write_demo(copy)
    assert taken.read_bytes() == b"mine"
    assert dangling.readlink() == Path("nowhere")
    assert (copy / "note.txt").read_text() == "mine too"


def test_a_killed_writer_leaves_only_whole_tracks_under_their_names(demo: Demo, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from appliance.demo.library import write_demo\n"
        "write_demo(Path(sys.argv[1]), progress=lambda done, total: print(done, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"1\n"
        os.kill(writer.pid, signal.SIGKILL)
    named = {path for path in _on_disk(tmp_path) if not path.name.startswith(".")}
    assert named
    for path in named:
        assert path.read_bytes() == (demo.folder / path.relative_to(tmp_path)).read_bytes()


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        write_demo(tmp_path / "file" / "music")
