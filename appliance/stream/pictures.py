"""Pictures in a worker process: found in their file, checked, made smaller. Called by way of ``cover_jobs``.

What strangers made is believed in nothing: the kind is told by the first bytes, only the decoder of that kind is
tried, and a picture is measured before it is decoded.
"""

import base64
import io
import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import mutagen
from mutagen.flac import FLAC, Picture
from PIL import Image, ImageDraw, ImageOps

from appliance.core.errors import MediaFault
from appliance.core.sheet import PICTURE_BYTES, picture_type
from appliance.stream.cover_jobs import Place, Rendition
from appliance.stream.opening import open_regular

#: More pixels than this are not decoded: 8,000 x 8,000, some 200 MB while they are.
_MAX_PIXELS: Final = 64_000_000
_JPEG_QUALITY: Final = 85
_FRONT_COVER: Final = 3
"""The picture type of ID3 and FLAC."""
#: LOOK.md, dark theme: ground, raised, line, quiet text, accent.
_GROUND, _RAISED, _LINE, _QUIET, _BRASS = "#14110f", "#1e1a17", "#322b26", "#b5a898", "#e0a458"


def original(place: Place) -> Rendition:
    """The picture itself. Raises ``MediaGone`` or ``MediaFault``."""
    media_type, data = _found(place)
    with _measured(data, media_type):
        return Rendition(media_type, data, _is_meant(place, data))


def resized(place: Place, pixels: int) -> Rendition:
    """The picture as a JPEG, at most ``pixels`` wide and high, never enlarged. Raises as ``original`` does."""
    media_type, data = _found(place)
    try:
        with _measured(data, media_type) as picture:
            return Rendition("image/jpeg", _jpeg(picture, pixels), _is_meant(place, data))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaFault("The picture is damaged.") from error


def _found(place: Place) -> tuple[str, bytes]:
    data = _folder(place) if place.source == "folder" else _embedded(place)
    media_type = picture_type(data)
    if media_type is None:
        raise MediaFault("It is not a picture that Tonearm shows.")
    return media_type, data


def _is_meant(place: Place, data: bytes) -> bool:
    return blake2b(data, digest_size=16).digest() == place.identity


def placeholder(pixels: int) -> Rendition:
    """A record on a shelf, for what has no cover: a JPEG of ``pixels`` square."""
    scale = 2 * pixels
    picture = Image.new("RGB", (scale, scale), _GROUND)
    draw = ImageDraw.Draw(picture)
    centre = scale / 2

    def disc(radius: float, fill: str | None, outline: str | None = None) -> None:
        box = (centre - radius * scale, centre - radius * scale, centre + radius * scale, centre + radius * scale)
        draw.ellipse(box, fill=fill, outline=outline, width=max(1, scale // 400))

    disc(0.42, _RAISED, _LINE)
    for groove in (0.385, 0.345, 0.305, 0.265, 0.225):
        disc(groove, None, _LINE)
    disc(0.15, _BRASS)
    disc(0.10, None, _GROUND)
    disc(0.018, _QUIET)
    data = _encoded(picture.resize((pixels, pixels), Image.Resampling.LANCZOS), None)
    return Rendition("image/jpeg", data, is_meant=True)


def _measured(data: bytes, media_type: str) -> Image.Image:
    """Opened, not decoded, and small enough to be."""
    try:
        picture = Image.open(io.BytesIO(data), formats=[media_type.removeprefix("image/").upper()])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaFault("The picture is damaged.") from error
    if picture.width * picture.height > _MAX_PIXELS:
        picture.close()
        raise MediaFault("The picture is too large to be decoded.")
    return picture


def _jpeg(picture: Image.Image, pixels: int) -> bytes:
    # A JPEG is decoded at a half, a quarter or an eighth where that is still large enough.
    picture.draft("RGB", (pixels, pixels))
    upright = ImageOps.exif_transpose(picture)
    profile = upright.info.get("icc_profile") if upright.mode == "RGB" else None
    if "A" in upright.getbands() or "transparency" in upright.info:
        coloured = upright.convert("RGBA")
        upright = Image.new("RGB", coloured.size, _RAISED)
        upright.paste(coloured, mask=coloured.getchannel("A"))
    else:
        upright = upright.convert("RGB")
    upright.thumbnail((pixels, pixels), Image.Resampling.LANCZOS)
    return _encoded(upright, profile)


def _encoded(picture: Image.Image, profile: bytes | None) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True, icc_profile=profile)
    return out.getvalue()


def _folder(place: Place) -> bytes:
    file = open_regular(place.root, place.path)
    with open(file.descriptor, "rb") as picture:
        if file.size > PICTURE_BYTES:
            raise MediaFault("The picture's file is too large.")
        return picture.read(PICTURE_BYTES)


def _embedded(place: Place) -> bytes:
    """The picture that the catalogue means; when the file was given others meanwhile, its first front cover."""
    file = open_regular(place.root, place.path)
    with open(file.descriptor, "rb") as audio:
        try:
            pictures = list(_pictures(_tagged(audio, place.path)))
        except Exception as error:  # mutagen raises whatever a hostile tag makes its parsers stumble over
            raise MediaFault("The tags cannot be read.") from error
    if not pictures:
        raise MediaFault("There is no picture in it.")
    for _, data in pictures:
        if _is_meant(place, data):
            return data
    return min(pictures, key=lambda picture: picture[0] != _FRONT_COVER)[1]


class _Named(io.BufferedReader):
    """An open file with the name that mutagen chooses a parser by."""

    def __init__(self, audio: io.BufferedReader, name: str) -> None:
        super().__init__(audio.raw)
        self._name = name

    @property
    def name(self) -> str:
        return self._name


def _tagged(audio: io.BufferedReader, path: bytes) -> Any:
    return mutagen.File(_Named(audio, os.path.basename(path).decode("utf-8", "replace")))


def _pictures(tagged: Any) -> Iterator[tuple[int, bytes]]:
    """Picture types and bytes in any of the containers' own ways."""
    if isinstance(tagged, FLAC):
        yield from ((picture.type, picture.data) for picture in tagged.pictures)
    tags = getattr(tagged, "tags", None)
    if tags is None:
        return
    for frame in tags.getall("APIC") if hasattr(tags, "getall") else ():
        yield frame.type, frame.data
    if hasattr(tags, "getall"):
        return
    for data in tags.get("covr", ()):
        yield _FRONT_COVER, bytes(data)
    for encoded in tags.get("metadata_block_picture", ()):
        block = Picture(base64.b64decode(encoded))
        yield block.type, block.data
    for picture in tags.get("WM/Picture", ()):
        yield _asf(picture.value)
    for key in ("Cover Art (Front)", "Cover Art (Back)"):
        if key in tags:
            # APEv2: a file name, a zero byte, the picture.
            yield _FRONT_COVER if "Front" in key else 0, tags[key].value.partition(b"\0")[2]


def _asf(value: bytes) -> tuple[int, bytes]:
    """WM/Picture: type (1 byte), length (4), media type and description in UTF-16 with two zero bytes each, data."""
    size = int.from_bytes(value[1:5], "little")
    return value[0], value[len(value) - size :] if 0 < size < len(value) else b""
