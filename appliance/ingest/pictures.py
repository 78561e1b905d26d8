"""Covers: known by their bytes, never by their names or by what a tag says they are."""

import hashlib
from collections.abc import Sequence
from typing import Final, Literal

from appliance.core.sheet import Picture
from appliance.ingest.families import FRONT_COVER

#: Larger ones are no covers.
MAXIMUM_BYTES: Final = 32 * 1024 * 1024


def media_type(data: bytes) -> str | None:
    """``image/jpeg``, ``image/png``, ``image/webp`` or ``image/gif``; None for all else, SVG and HTML included."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def picture(data: bytes, source: Literal["embedded", "folder"], path: bytes) -> Picture | None:
    """The picture that ``data`` is; None when it is none that is shown."""
    kind = media_type(data)
    if kind is None or len(data) > MAXIMUM_BYTES:
        return None
    identity = hashlib.blake2b(data, digest_size=16).digest()
    return Picture(identity=identity, source=source, path=path, media_type=kind, size=len(data))


def front_cover(embedded: Sequence[tuple[int, bytes]], path: bytes) -> Picture | None:
    """The best of a file's own pictures: a front cover, else the first that can be shown."""
    for kind, data in sorted(embedded, key=lambda item: item[0] != FRONT_COVER):
        if kind >= 0 and (found := picture(data, "embedded", path)) is not None:
            return found
    return None
