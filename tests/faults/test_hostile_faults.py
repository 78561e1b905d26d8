"""Files made to harm, or damaged: the scan ends, each is named with its reason, and nothing of them gets out."""

import base64
import os
import random
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TIT2, TPE1

from tests.journeys.recordings import record
from tests.journeys.server import Server

_NOISE = random.Random(3).randbytes(100_000)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


#: 65,000 by 65,000 pixels in 200 bytes.
BOMB = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(bytes(100_000)))
    + _chunk(b"IEND", b"")
)
_COVERS = {
    "bomb": BOMB,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script></html>",
    "noise": _NOISE,
    "empty": b"",
}
_ATOM = struct.pack(">I4s", 16, b"ftyp") + b"M4A \0\0\0\0"
_PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
#: What must be listed, whatever the reason.
_BAD = {
    "noise.mp3": _NOISE,
    "noise.flac": _NOISE,
    "noise.opus": _NOISE,
    "noise.m4a": _NOISE,
    "empty.mp3": b"",
    "zeros.ogg": bytes(50_000),
    "tag of 256 MB.mp3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + _NOISE,
    "zero atom.m4a": _ATOM + bytes(4) + b"moov",
    "tiny atom.m4a": _ATOM + struct.pack(">I4s", 4, b"moov"),
    "film.mp3": b"\x1a\x45\xdf\xa3" + _NOISE,
    "playlist.mp3": _PLAYLIST,
    "page.flac": b"<!DOCTYPE html><title>502</title>",
    "billion laughs.wma": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
}


def _named(path: Path, title: str) -> Path:
    tags = ID3()
    for frame in (TIT2(text=title), TPE1(text="The Survivors"), TALB(text="Still Here")):
        tags.add(frame)
    tags.save(path)
    return path


def _lay_traps(root: Path) -> None:
    good = _named(record(root / "good.mp3", seconds=1), "Good")
    for name, content in _BAD.items():
        (root / name).write_bytes(content)
    # Names
    shutil.copy(_named(record(root / "seed.mp3", seconds=1, pitch=600), "Longest"), root / ("n" * 251 + ".mp3"))
    (root / "seed.mp3").unlink()
    os.rename(
        os.fsencode(_named(record(root / "name.mp3", seconds=1, pitch=610), "Bytes")),
        os.fsencode(root) + b"/\xff\xfe\n-\x01.mp3",
    )
    nul = record(root / "nul.mp3", seconds=1, pitch=620)
    tags = ID3()
    tags.add(TIT2(encoding=3, text="N\x01U\x1bL\u202e"))
    tags.save(nul)
    # What is no file
    os.mkfifo(root / "pipe.mp3")
    os.mkfifo(root / "cover.jpg")
    (root / "loop").symlink_to(".")
    (root / "mutual a").symlink_to("mutual b")
    (root / "mutual b").symlink_to("mutual a")
    (root / "self.mp3").symlink_to("self.mp3")
    (root / "nothing.mp3").symlink_to("is here")
    (root / "passwd.mp3").symlink_to("/etc/passwd")
    (root / "zero.mp3").symlink_to("/dev/zero")
    (root / "escape").symlink_to("/")
    # Deep
    deep = root
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    _named(record(deep / "deep.mp3", seconds=1, pitch=630), "Deep")
    # Sound that breaks off
    torn = record(root / "torn.flac", seconds=3, pitch=640)
    os.truncate(torn, torn.stat().st_size // 3)
    # Pictures
    for name, content in _COVERS.items():
        flac = FLAC(record(root / "covers" / f"{name}.flac", seconds=1, pitch=700 + len(name)))
        flac["title"], flac["artist"], flac["album"] = name, "The Painters", name
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", content
        flac.add_picture(picture)
        flac.save()
    id3 = ID3(good)
    id3.add(APIC(type=3, mime="-->", data=b"http://169.254.169.254/"))
    id3.save(good)


@pytest.fixture(scope="module")
def trapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("traps")
    _lay_traps(root / "music")
    with Server(root / "data", root / "music") as server:
        assert server.until_scanned()["state"] == "done"
        yield server


@pytest.fixture(scope="module")
def songs(trapped: Server) -> dict[str, dict[str, Any]]:
    return {song["title"]: song for song in trapped.app().songs()}


def test_each_bad_file_is_listed_with_a_reason(trapped: Server) -> None:
    faults = trapped.faults()
    assert faults.keys() >= _BAD.keys()
    assert all(reason.strip() and "Error" not in reason for reason in faults.values()), faults


def test_the_good_ones_are_all_there(trapped: Server, songs: dict[str, dict[str, Any]]) -> None:
    assert songs.keys() >= {"Good", "Longest", "Bytes", "Deep", *_COVERS}
    assert not {"passwd", "zero", "pipe", "self"} & songs.keys()
    app = trapped.app()
    for song in songs.values():
        answer = app.get("stream", id=song["id"])
        assert (answer.status_code, len(answer.content)) == (200, song["size"]), song["title"]
        assert answer.headers["Content-Type"].startswith("audio/")


def test_control_characters_in_tags_break_no_answer(trapped: Server, songs: dict[str, dict[str, Any]]) -> None:
    app = trapped.app()
    for form in ("xml", "jsonp"):
        answer = app.get("search3", query='""', songCount=500, f=form, callback="back")
        assert answer.status_code == 200
        if form == "xml":
            assert len(ET.fromstring(answer.content).findall(".//{*}song")) == len(songs)  # noqa: S314
    assert not any(ord(character) < 32 for title in songs for character in title)


@pytest.mark.parametrize("cover", _COVERS)
@pytest.mark.parametrize("size", ["", "1", "300", "1000000000"])
def test_a_hostile_cover_is_never_sent_as_it_is_nor_as_a_page(
    trapped: Server, songs: dict[str, dict[str, Any]], cover: str, size: str
) -> None:
    answer = trapped.app().get("getCoverArt", id=songs[cover]["id"], size=size)
    assert answer.status_code == 200
    assert answer.content not in {_COVERS[cover], b""}
    kind = answer.headers["Content-Type"]
    assert kind.startswith(("image/jpeg", "image/png", "image/webp", "application/json")), kind
    if kind.startswith("image/"):
        assert b"<script" not in answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_sound_that_breaks_off_hangs_no_transcoder(trapped: Server) -> None:
    app = trapped.app()
    for song in app.songs():
        answer = app.get("stream", id=song["id"], format="opus", maxBitRate=64)
        assert answer.status_code == 200, (song["title"], answer.text)
        assert answer.headers["Content-Type"].startswith(("audio/", "application/json"))
    assert trapped.metric("tonearm_transcoder_workers_busy") == 0


def test_a_second_scan_reads_none_of_them_again(trapped: Server) -> None:
    counts = trapped.scan()["counts"]
    assert counts["added"] == 0
    # Those that could not be opened at all are tried again each time.
    assert counts["to_read"] <= 3


def test_a_cover_that_names_an_address_is_not_fetched(trapped: Server, songs: dict[str, dict[str, Any]]) -> None:
    answer = trapped.app().get("getCoverArt", id=songs["Good"]["id"])
    assert b"169.254" not in answer.content
    assert base64.b64encode(b"169.254") not in answer.content
