"""Covers: found in files of every kind, made smaller once, and nothing that is no picture."""

import base64
import io
import os
import struct
import zlib
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio
from mutagen.aiff import AIFF
from mutagen.apev2 import APEBinaryValue
from mutagen.asf import ASF
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack
from PIL import Image

from appliance.core.sheet import picture_type
from appliance.stream.artwork import STEPS, step_of

if TYPE_CHECKING:
    from appliance.core.ports import Cover
    from tests.stream.conftest import OpenRoom, Room

_RED = (200, 30, 30)


def _picture(form: str = "JPEG", size: tuple[int, int] = (600, 400), mode: str = "RGB", colour: object = _RED) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form)  # type: ignore[arg-type]
    return out.getvalue()


def _identity(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


async def _folder_cover(room: "Room", data: bytes, size: int | None, name: str = "cover.jpg") -> "Cover":
    (room.studio.root / name).write_bytes(data)
    return await room.covers.get(room.studio.artwork(name, "folder", _identity(data)), size)


def _seen(cover: "Cover") -> Image.Image:
    assert cover.media_type == "image/jpeg"
    assert picture_type(cover.data) == "image/jpeg"
    return Image.open(io.BytesIO(cover.data))


def _is_red(picture: Image.Image) -> bool:
    pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    return isinstance(pixel, tuple) and all(abs(a - b) < 12 for a, b in zip(pixel, _RED, strict=True))


async def test_a_cover_is_never_larger_than_asked_for_nor_than_itself(room: "Room") -> None:
    for asked, width in ((300, 300), (299, 256), (1, 16), (-1, 16), (0, 16), (10**9, 600)):
        picture = _seen(await _folder_cover(room, _picture(), asked))
        assert picture.width == width
        assert picture.width * 2 == pytest.approx(picture.height * 3, abs=3)
        assert _is_red(picture)


async def test_an_original_is_sent_as_it_is_and_with_the_type_of_its_content(room: "Room") -> None:
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        data = _picture(form)
        cover = await _folder_cover(room, data, None, "cover.jpg")
        assert (cover.data, cover.media_type) == (data, f"image/{form.lower()}")
        assert cover.etag.startswith('"')


async def test_every_kind_of_pixel_becomes_a_jpeg(room: "Room") -> None:
    kinds = [
        _picture("PNG", mode="RGBA", colour=(*_RED, 255)),
        _picture("GIF", mode="P", colour=0),
        _picture("JPEG", mode="L", colour=90),
        _picture("JPEG", mode="CMYK", colour=(0, 0, 0, 0)),
        _picture("PNG", mode="I;16", colour=0),
        _picture("PNG", mode="LA", colour=(9, 9)),
    ]
    for data in kinds:
        assert _seen(await _folder_cover(room, data, 64)).width == 64


async def test_a_picture_that_lies_on_its_side_is_turned(room: "Room") -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (600, 400), _RED).save(out, "JPEG", exif=exif)
    picture = _seen(await _folder_cover(room, out.getvalue(), 64))
    assert picture.height == 64
    assert picture.width < 64


def _with_flac(path: Path, data: bytes) -> None:
    tagged = FLAC(path)
    tagged.add_picture(_block(data))
    tagged.save()


def _block(data: bytes) -> Picture:
    block = Picture()
    block.type, block.mime, block.data = 3, "image/jpeg", data
    return block


def _with_id3(kind: type[MP3] | type[WAVE] | type[AIFF]) -> Callable[[Path, bytes], None]:
    def embed(path: Path, data: bytes) -> None:
        tagged: Any = kind(path)
        if tagged.tags is None:
            tagged.add_tags()
        tagged.tags.add(APIC(encoding=3, mime="image/jpeg", type=0, desc="back", data=_picture(size=(9, 9), colour=0)))
        tagged.tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="front", data=data))
        tagged.save()

    return embed


def _with_mp4(path: Path, data: bytes) -> None:
    tagged = MP4(path)
    tagged["covr"] = [MP4Cover(data, MP4Cover.FORMAT_JPEG)]
    tagged.save()


def _with_opus(path: Path, data: bytes) -> None:
    tagged = OggOpus(path)
    tagged["metadata_block_picture"] = [base64.b64encode(_block(data).write()).decode("ascii")]
    tagged.save()


def _with_ape(path: Path, data: bytes) -> None:
    tagged: Any = WavPack(path)
    if tagged.tags is None:
        tagged.add_tags()
    tagged.tags["Cover Art (Front)"] = APEBinaryValue(b"cover.jpg\0" + data)
    tagged.save()


def _with_asf(path: Path, data: bytes) -> None:
    tagged = ASF(path)
    value = struct.pack("<BI", 3, len(data)) + "image/jpeg\0".encode("utf-16-le") + "\0".encode("utf-16-le") + data
    tagged["WM/Picture"] = [ASFByteArrayAttribute(value)]
    tagged.save()


async def test_an_embedded_cover_is_found_in_every_kind_of_file(room: "Room") -> None:
    kinds: dict[str, Callable[[Path, bytes], None]] = {
        "a.flac": _with_flac,
        "a.mp3": _with_id3(MP3),
        "a.wav": _with_id3(WAVE),
        "a.aiff": _with_id3(AIFF),
        "a.m4a": _with_mp4,
        "a.opus": _with_opus,
        "a.wv": _with_ape,
        "a.wma": _with_asf,
    }
    for size, (name, embed) in enumerate(kinds.items(), start=300):
        data = _picture(size=(size, size))
        embed(room.studio.record(name, 0.5), data)
        artwork = room.studio.artwork(name, "embedded", _identity(data))
        assert (await room.covers.get(artwork, None)).data == data, name
        assert _is_red(_seen(await room.covers.get(artwork, 64))), name


async def test_of_several_embedded_pictures_the_one_that_is_meant_is_sent(room: "Room") -> None:
    path = room.studio.record("a.mp3", 0.5)
    front, back = _picture(), _picture(colour=(0, 0, 255))
    tagged: Any = MP3(path)
    tagged.tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="front", data=front))
    tagged.tags.add(APIC(encoding=3, mime="image/jpeg", type=4, desc="back", data=back))
    tagged.save()
    assert (await room.covers.get(room.studio.artwork("a.mp3", "embedded", _identity(back)), None)).data == back
    # Neither is meant: the file was tagged anew since the scan.
    assert (await room.covers.get(room.studio.artwork("a.mp3", "embedded", bytes(16)), None)).data == front


async def test_without_a_picture_there_is_the_placeholder_in_the_same_sizes(room: "Room") -> None:
    for asked, width in ((None, 1024), (300, 300), (10**9, 2048), (-5, 16)):
        picture = _seen(await room.covers.get(None, asked))
        assert (picture.width, picture.height) == (width, width)


def _bomb() -> bytes:
    """A PNG of 65,000 × 65,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 65_000, 65_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )


async def test_what_is_no_picture_or_too_large_is_the_placeholder(room: "Room") -> None:
    hostile = [
        _bomb(),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"",
        b"\xff\xd8\xff" + bytes(1000),
        b"GIF89a" + b"<script>",
        b"BM" + bytes(200),
    ]
    for size in (None, 300):
        placeholder = await room.covers.get(None, size)
        for data in hostile:
            assert await _folder_cover(room, data, size) == placeholder, data[:20]


async def test_a_picture_cut_short_is_the_placeholder_when_it_is_made_smaller(room: "Room") -> None:
    noisy = Image.effect_noise((800, 800), 90)
    out = io.BytesIO()
    noisy.save(out, "PNG")
    cover = await _folder_cover(room, out.getvalue()[:20_000], 64)
    assert cover.data == (await room.covers.get(None, 64)).data


async def test_a_picture_outside_the_library_is_not_sent(room: "Room") -> None:
    (room.studio.root.parent / "private.jpg").write_bytes(_picture())
    (room.studio.root / "cover.jpg").symlink_to("../private.jpg")
    artwork = room.studio.artwork("cover.jpg", "folder", _identity(_picture()))
    assert (await room.covers.get(artwork, 64)).data == (await room.covers.get(None, 64)).data


async def test_a_cover_is_made_once_and_kept(room: "Room") -> None:
    data = _picture()
    artwork = room.studio.artwork("cover.jpg", "folder", _identity(data))
    covers = [await _folder_cover(room, data, 300)]
    os.unlink(room.studio.root / "cover.jpg")

    async def fetch() -> None:
        covers.append(await room.covers.get(artwork, 310))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(fetch)
    assert len({cover.data for cover in covers}) == 1
    assert len({cover.etag for cover in covers}) == 1
    assert len(list(room.artwork.iterdir())) == 1


async def test_a_picture_that_comes_back_is_shown_again(room: "Room") -> None:
    data = _picture()
    artwork = room.studio.artwork("cover.jpg", "folder", _identity(data))
    nothing = await room.covers.get(artwork, 300)
    assert nothing.data == (await room.covers.get(None, 300)).data
    assert _is_red(_seen(await _folder_cover(room, data, 300)))


async def test_another_picture_in_its_place_is_shown_and_not_kept_as_the_one_that_was_meant(room: "Room") -> None:
    (room.studio.root / "cover.jpg").write_bytes(_picture(colour=(0, 0, 255)))
    meant = room.studio.artwork("cover.jpg", "folder", _identity(_picture()))
    assert not _is_red(_seen(await room.covers.get(meant, 300)))
    assert list(room.artwork.iterdir()) == []


async def test_a_full_disk_costs_no_cover(open_room: "OpenRoom") -> None:
    async with open_room() as room:
        room.artwork.rmdir()
        assert _is_red(_seen(await _folder_cover(room, _picture(), 300)))


def test_few_sizes_are_made_for_any_number_of_wishes() -> None:
    assert {step_of(size) for size in range(-10, 5000)} == set(STEPS)
    assert all(step_of(size) <= max(size, 16) for size in range(-10, 5000))
