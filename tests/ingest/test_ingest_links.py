"""What the walk follows, the stream room opens; what the one leaves out for leading away, the other refuses."""

import os
from pathlib import Path

import pytest

from appliance.core.errors import MediaGone
from appliance.ingest.folder import Walk, walk
from appliance.stream.opening import open_regular

_INSIDE = {
    "album/relative.mp3": "../.store/one.mp3",
    "album/twice.mp3": "relative.mp3",
    "linked": ".store/folder",
}
_AWAY = {
    "album/out.mp3": "../../outside/song.mp3",
    "album/over.mp3": "../away/song.mp3",
    "away": "../outside",
    "sibling.mp3": "../music-of-others/song.mp3",
    "round.mp3": "about.mp3",
    "about.mp3": "round.mp3",
    "zero.mp3": "/dev/zero",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    for folder in (root / "album", root / ".store" / "folder", tmp_path / "outside", tmp_path / "music-of-others"):
        folder.mkdir(parents=True)
        (folder / "song.mp3").touch()
    (root / ".store" / "one.mp3").touch()
    for name, target in {**_INSIDE, **_AWAY}.items():
        (root / name).symlink_to(target)
    (tmp_path / "link to music").symlink_to(root)
    return root


@pytest.mark.parametrize("name", ["music", "link to music", "music/"])
async def test_the_walk_and_the_stream_agree_about_links(root: Path, name: str) -> None:
    given = os.path.join(os.fsencode(root.parent), name.encode())
    seen = await walk(given, lambda _: None)
    assert isinstance(seen, Walk)
    # Of two links to one file, the walk takes the first.
    assert seen.files.keys() == {b"album/song.mp3", b"album/relative.mp3", b"linked/song.mp3"}
    for path in seen.files:
        os.close(open_regular(given, path).descriptor)
    for away in [*_AWAY, "away/song.mp3"]:
        with pytest.raises(MediaGone):
            open_regular(given, away.encode())
