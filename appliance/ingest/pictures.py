"""Covers: known by their bytes, never by their names or by what a tag says they are."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from appliance.core.sheet import PICTURE_BYTES, Picture, picture_type
from appliance.ingest.families import FRONT_COVER


def picture(data: bytes, source: Literal["embedded", "folder"], path: bytes) -> Picture | None:
    """The picture that ``data`` is; None when it is none that is shown."""
    kind = picture_type(data)
    if kind is None or len(data) > PICTURE_BYTES:
        return None
    identity = hashlib.blake2b(data, digest_size=16).digest()
    return Picture(identity=identity, source=source, path=path, media_type=kind, size=len(data))


def front_cover(embedded: Sequence[tuple[int, bytes]], path: bytes) -> Picture | None:
    """The best of a file's own pictures: a front cover, else the first that can be shown."""
    for kind, data in sorted(embedded, key=lambda item: item[0] != FRONT_COVER):
        if kind >= 0 and (found := picture(data, "embedded", path)) is not None:
            return found
    return None
