"""Pages and packets of Ogg (RFC 3533), as far as the audio identity needs them."""

import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from appliance.core.errors import MediaFault
from appliance.ingest.formats import Format

_MAXIMUM_PAGE: Final = 27 + 255 + 255 * 255
#: Header pages that are looked at: room for 60 MB of pictures in the comments.
_MAXIMUM_HEADER_PAGES: Final = 1_000
_NO_GRANULE: Final = 0xFFFF_FFFF_FFFF_FFFF


class _Page(NamedTuple):
    offset: int
    granule: int
    serial: int
    lacing: bytes
    body: int
    """Offset of the payload."""
    length: int
    """Of the payload, bytes."""

    @property
    def end(self) -> int:
        return self.body + self.length


def ogg_identity_parts(descriptor: int, end: int, kind: Format, block: int) -> Iterator[bytes]:
    """What an Ogg file's identity is made of, whatever its comments say and however its pages are cut.

    ``end``: where the last page ends, bytes. ``block``: how much payload is taken from either end.
    """
    first = _page(descriptor, 0)
    identification, setup, sound = _headers(descriptor, first, kind)
    yield identification
    if kind is Format.OGG_FLAC and any(identification[18:34]):
        return
    yield setup
    beginning = _beginning(descriptor, sound, first.serial, block)
    if not beginning:
        raise MediaFault("It holds no audio.")
    yield beginning
    payload, granule = _ending(descriptor, sound, end, block)
    yield payload
    yield struct.pack("<Q", granule)


def _page(descriptor: int, offset: int) -> _Page:
    header = os.pread(descriptor, 27 + 255, offset)
    page = _parse(header, 0, offset)
    if page is None:
        raise MediaFault("It breaks off between two Ogg pages.")
    return page


def _parse(data: bytes, at: int, shift: int) -> _Page | None:
    """The page whose header begins at ``data[at]``; ``shift`` is added to its offsets."""
    if len(data) < at + 27 or data[at : at + 4] != b"OggS":
        return None
    granule, serial = struct.unpack_from("<QI", data, at + 6)
    segments = data[at + 26]
    lacing = data[at + 27 : at + 27 + segments]
    if len(lacing) < segments:
        return None
    return _Page(shift + at, granule, serial, lacing, shift + at + 27 + segments, sum(lacing))


def _headers(descriptor: int, first: _Page, kind: Format) -> tuple[bytes, bytes, int]:
    """The codec's identification, its setup (Vorbis' codebooks), and the offset of the first page of sound.

    Every mapping begins the sound on a page of its own.
    """
    identification = os.pread(descriptor, first.length, first.body)
    count = _header_packets(identification, kind)
    setup, packet, offset = b"", 1, first.end
    for _ in range(_MAXIMUM_HEADER_PAGES):
        if packet >= count:
            return _identification(identification, kind), setup, offset
        page = _page(descriptor, offset)
        offset = page.end
        if page.serial != first.serial:
            continue
        at = page.body
        for length in page.lacing:
            if packet == 2 and kind is Format.VORBIS:
                setup += os.pread(descriptor, length, at)
            at += length
            packet += length < 255
    raise MediaFault("Its comments do not end.")


def _header_packets(identification: bytes, kind: Format) -> int:
    if kind is Format.VORBIS:
        return 3
    if kind is Format.OGG_FLAC:
        return 1 + int.from_bytes(identification[7:9])
    if kind is Format.SPEEX:
        return 2 + int.from_bytes(identification[68:72], "little")
    return 2


def _identification(packet: bytes, kind: Format) -> bytes:
    """The first packet without what tagging changes: Ogg FLAC's count of blocks, Opus' output gain."""
    if kind is Format.OGG_FLAC:
        return packet[17:51]
    if kind is Format.OPUS:
        return packet[:16] + packet[18:]
    return packet


def _beginning(descriptor: int, offset: int, serial: int, block: int) -> bytes:
    payload = bytearray()
    while len(payload) < block:
        page = _parse(os.pread(descriptor, 27 + 255, offset), 0, offset)
        if page is None:
            break
        if page.serial == serial:
            payload += os.pread(descriptor, page.length, page.body)
        offset = page.end
    return bytes(payload[:block])


def _ending(descriptor: int, sound: int, end: int, block: int) -> tuple[bytes, int]:
    """The last payload and the last granule position, from the first run of pages that ends where the file does."""
    shift = max(sound, end - block - 2 * _MAXIMUM_PAGE)
    data = os.pread(descriptor, end - shift, shift)
    at = data.find(b"OggS")
    while at >= 0:
        pages = _run(data, at)
        if pages and pages[-1].end == len(data):
            payload = b"".join(data[page.body : page.end] for page in pages)
            granule = next((page.granule for page in reversed(pages) if page.granule != _NO_GRANULE), 0)
            return payload[-block:], granule
        at = data.find(b"OggS", at + 4)
    return b"", 0


def _run(data: bytes, at: int) -> list[_Page]:
    pages = []
    while (page := _parse(data, at, 0)) is not None and page.end <= len(data):
        pages.append(page)
        at = page.end
    return pages
