"""The audio identity: which bytes of a file are sound, and 16 bytes that stand for them.

Tags and pictures may change in any way, and the identity stays. Reading every byte would make the first scan of a
large library read all of it (100,000 FLACs are 3 TB), so an identity is made of little:

* FLAC, also in Ogg: the MD5 of the decoded samples that the encoder left in STREAMINFO, with rate, channels, bits and
  sample count. It covers the whole sound, survives re-encoding at another level, and costs nothing. Files whose
  encoder left none are sampled.
* Ogg: payload of the audio packets, since rewriting a comment renumbers pages and may lay them out anew: the codec's
  own headers, the first and the last 32 KiB of payload, and the final granule position (the sample count).
* Everything else: the audio's range of bytes (MP4 ``mdat``, WAV ``data``, AIFF ``SSND``, the ASF data object, DSD
  data, or what is left between the tags in front and behind), sampled: up to 96 KiB all of it, beyond that 32 KiB
  from the beginning, the middle and the end, with the length in bytes.

Two different sounds share an identity only if length and all samples agree. In compressed audio every block is as
good as random, so that means edits of one recording, of equal length, made between the samples (a bleeped word at a
constant bit rate). What then happens is mild: ``core.library`` takes files that are both present for copies of one
track only when their tags put them in the same place.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from typing import Final

from appliance.core.errors import MediaFault
from appliance.ingest.formats import Format
from appliance.ingest.ogg import ogg_identity_parts

_BLOCK: Final = 32 * 1024
#: Top-level parts of a container that are looked at; a file of more is made to waste time.
_MAXIMUM_PARTS: Final = 20_000

Range = tuple[int, int]
"""Offset and length, bytes."""


def audio_identity(descriptor: int, size: int, kind: Format) -> bytes:
    """16 bytes for the sound in an open file of ``size`` bytes. Raises ``MediaFault`` when it holds none."""
    digest = hashlib.blake2b(digest_size=16, person=kind.name.encode())
    if kind in _OGG:
        for part in ogg_identity_parts(descriptor, size - _behind(descriptor, 0, size), kind, _BLOCK):
            digest.update(struct.pack("<Q", len(part)))
            digest.update(part)
        return digest.digest()
    head, ranges = _locate(descriptor, size, kind)
    digest.update(head)
    if ranges:
        _sample(digest, descriptor, ranges)
    return digest.digest()


def skip_id3(descriptor: int, size: int) -> int:
    """The offset behind the ID3v2 tags with which a file begins. Raises ``MediaFault`` when they leave the file."""
    offset = 0
    while (head := os.pread(descriptor, 10, offset)).startswith(b"ID3") and len(head) == 10:
        offset += 10 + _synchsafe(head[6:10]) + (10 if head[5] & 0x10 else 0)
        if offset > size:
            raise MediaFault(f"Its ID3 tag claims {offset:,} bytes, and the file has {size:,}.")
    return offset


_OGG: Final = frozenset({Format.VORBIS, Format.OPUS, Format.SPEEX, Format.OGG_FLAC})


def _locate(descriptor: int, size: int, kind: Format) -> tuple[bytes, list[Range]]:
    """What to hash as it is, and the ranges to sample (none when the head says all)."""
    if kind is Format.FLAC:
        head, ranges = _flac(descriptor, size)
    elif kind is Format.MP4:
        head, ranges = b"", list(_mp4(descriptor, size))
    elif kind is Format.WAV:
        head, ranges = _chunks(descriptor, size, "<I", b"fmt ", b"data")
    elif kind is Format.AIFF:
        head, ranges = _chunks(descriptor, size, ">I", b"COMM", b"SSND")
    elif kind is Format.DSDIFF:
        head, ranges = _chunks(descriptor, size, ">Q", b"PROP", b"DSD ")
    elif kind is Format.DSF:
        head, ranges = _dsf(descriptor, size)
    elif kind is Format.ASF:
        head, ranges = b"", [_asf(descriptor, size)]
    else:
        start = skip_id3(descriptor, size)
        head, ranges = b"", [(start, size - start - _behind(descriptor, start, size))]
    if not any(length > 0 for _, length in ranges):
        raise MediaFault("It holds no audio.")
    # Samples say nothing that the MD5 has not said already.
    return (head, []) if kind is Format.FLAC and head else (head, ranges)


def _sample(digest: "hashlib.blake2b", descriptor: int, ranges: list[Range]) -> None:
    """Hash the total length of ``ranges``, and blocks of them as if they were one piece."""
    total = sum(length for _, length in ranges)
    digest.update(struct.pack("<Q", total))
    wanted = (
        [(0, total)] if total <= 3 * _BLOCK else [(at, _BLOCK) for at in (0, (total - _BLOCK) // 2, total - _BLOCK)]
    )
    for start, length in wanted:
        for offset, piece in _pieces(ranges, start, length):
            digest.update(os.pread(descriptor, piece, offset))


def _pieces(ranges: list[Range], start: int, length: int) -> Iterator[Range]:
    """The parts of a file that make up ``length`` bytes from ``start`` of the joined ranges."""
    for offset, extent in ranges:
        if start < extent and length > 0:
            taken = min(extent - start, length)
            yield offset + start, taken
            length -= taken
            start = 0
        else:
            start = max(0, start - extent)


def _flac(descriptor: int, size: int) -> tuple[bytes, list[Range]]:
    start = skip_id3(descriptor, size)
    if os.pread(descriptor, 4, start) != b"fLaC":
        raise MediaFault("It is no FLAC stream.")
    offset = start + 4
    signature = b""
    for _ in range(_MAXIMUM_PARTS):
        header = os.pread(descriptor, 4, offset)
        if len(header) < 4:
            raise MediaFault("It ends within its metadata.")
        length = int.from_bytes(header[1:])
        if header[0] & 0x7F == 0:
            signature = flac_signature(os.pread(descriptor, length, offset + 4))
        offset += 4 + length
        if header[0] & 0x80:
            return signature, [(offset, size - offset - _behind(descriptor, offset, size))]
    raise MediaFault("Its metadata does not end.")


def flac_signature(streaminfo: bytes) -> bytes:
    """Rate, channels, bits, sample count and MD5 of the decoded sound; empty when the encoder left no MD5."""
    md5 = streaminfo[18:34]
    return streaminfo[10:34] if len(md5) == 16 and any(md5) else b""


def _mp4(descriptor: int, size: int) -> Iterator[Range]:
    """The payload of every ``mdat`` (ISO/IEC 14496-12 section 4.2)."""
    offset = 0
    for _ in range(_MAXIMUM_PARTS):
        if offset >= size:
            return
        header = os.pread(descriptor, 16, offset)
        if len(header) < 8:
            raise MediaFault("It ends within an atom.")
        length, head = int.from_bytes(header[:4]), 8
        if length == 1:
            length, head = int.from_bytes(header[8:16]), 16
        elif length == 0:
            length = size - offset
        if length < head:
            raise MediaFault("It has an atom that is smaller than its own header.")
        if header[4:8] == b"mdat":
            if offset + length > size:
                raise MediaFault(f"It is cut short: {offset + length - size:,} bytes of its sound are missing.")
            yield offset + head, length - head
        offset += length
    raise MediaFault("It has more atoms than any real file.")


def _chunks(descriptor: int, size: int, order: str, format_id: bytes, data_id: bytes) -> tuple[bytes, list[Range]]:
    """RIFF and its relatives: the format chunk, and the range of the data chunk, cut where the file ends.

    A data size of 0 or of all ones (written by recorders that stream) means the rest of the file. RF64's 64-bit
    size is only ever larger than the file here, and so cut alike.
    """
    width = struct.calcsize(order)
    offset, head = 8 + width, b""
    for _ in range(_MAXIMUM_PARTS):
        header = os.pread(descriptor, 4 + width, offset)
        if len(header) < 4 + width:
            break
        (length,) = struct.unpack(order, header[4:])
        start = offset + 4 + width
        if header[:4] == format_id:
            head = os.pread(descriptor, min(length, 40), start)
        elif header[:4] == data_id:
            rest = size - start
            return head, [(start, rest if length == 0 else min(length, rest))]
        offset = start + length + length % 2
        if offset >= size:
            break
    raise MediaFault("It holds no audio.")


def _dsf(descriptor: int, size: int) -> tuple[bytes, list[Range]]:
    # Sony's DSF 1.01: a header of 28 bytes that points to the tag, 52 of format, 12 before the data.
    head = os.pread(descriptor, 64, 28)
    if len(head) < 64 or head[:4] != b"fmt " or head[52:56] != b"data":
        raise MediaFault("It is no DSF stream.")
    return head[:52], [(92, min(int.from_bytes(head[56:64], "little") - 12, size - 92))]


def _asf(descriptor: int, size: int) -> Range:
    """The packets of the data object: 50 bytes of header come before them (ASF specification 5.1)."""
    offset = 0
    for _ in range(_MAXIMUM_PARTS):
        header = os.pread(descriptor, 24, offset)
        length = int.from_bytes(header[16:24], "little")
        if len(header) < 24 or length < 24:
            break
        if header.startswith(b"\x36\x26\xb2\x75\x8e\x66\xcf\x11"):
            return offset + 50, min(length, size - offset) - 50
        offset += length
        if offset >= size:
            break
    raise MediaFault("It holds no audio.")


def _behind(descriptor: int, start: int, size: int) -> int:
    """How many bytes of tags follow the sound: ID3v1, APEv2, Lyrics3 and ID3v2.4 at the end, in any order."""
    end = size
    while end > start:
        tail = os.pread(descriptor, min(227, end - start), max(start, end - 227))
        length = _tag_behind(tail)
        if length == 0 or end - length < start:
            break
        end -= length
    return size - end


def _tag_behind(tail: bytes) -> int:
    """The length of the tag that ends a file whose last bytes are ``tail``; 0 for none."""
    if tail[-128:-125] == b"TAG":
        return 128
    if tail[-227:-223] == b"TAG+":
        return 227
    if tail[-32:-24] == b"APETAGEX":
        length, _, flags = struct.unpack("<III", tail[-20:-8])
        return int(length) + (32 if flags & 0x8000_0000 else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail[-10:-7] == b"3DI":
        return _synchsafe(tail[-4:]) + 20
    return 0


def _synchsafe(four: bytes) -> int:
    """ID3v2's integers of 28 bits, 7 in each byte."""
    return (four[0] & 0x7F) << 21 | (four[1] & 0x7F) << 14 | (four[2] & 0x7F) << 7 | four[3] & 0x7F
