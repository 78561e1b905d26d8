"""The families of tags, each brought to one tongue: Vorbis comments as MusicBrainz Picard names them.

Picard's mapping tables are the source for every container's names. Values stay as the file spells them; what they
mean is ``tags.py``'s business.
"""

import base64
import binascii
import struct
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import msgspec
from mutagen import MutagenError
from mutagen.flac import Picture as FlacPicture

FRONT_COVER: Final = 3
"""The picture type of ID3's APIC frame, used by FLAC and ASF as well."""


class Family(msgspec.Struct):
    """What one file's tags hold."""

    fields: dict[str, list[str]] = {}
    """By lower-case canonical name; the values in the order of the file."""
    pictures: list[tuple[int, bytes]] = []
    """Picture type (``FRONT_COVER`` …) and bytes."""
    joined: bool = False
    """ID3v2.3: lists may have been joined with ``/`` into one value."""

    def add(self, name: str, values: Iterable[object]) -> None:
        """Append to a field, known by any of its names."""
        self.fields.setdefault(canonical(name), []).extend(str(value) for value in values)


_SYNONYMS: Final = {
    "album artist": "albumartist",
    "album_artist": "albumartist",
    "album artists": "albumartists",
    "album_artists": "albumartists",
    "album artist sort": "albumartistsort",
    "albumversion": "edition",
    "description": "comment",
    "disc": "discnumber",
    "disk": "discnumber",
    "dj mixer": "djmixer",
    "dj_mixer": "djmixer",
    "itunescompilation": "compilation",
    "mixartist": "remixer",
    "organization": "label",
    "publisher": "label",
    "setsubtitle": "discsubtitle",
    "totaldiscs": "disctotal",
    "totaltracks": "tracktotal",
    "track": "tracknumber",
    "unsyncedlyrics": "lyrics",
    "year": "date",
}


def canonical(name: str) -> str:
    """``MusicBrainz Album Id``, ``MusicBrainz/Album Id`` and ``MUSICBRAINZ_ALBUMID`` are one field."""
    name = name.lower()
    if name.startswith("musicbrainz"):
        return "musicbrainz_" + name[11:].replace(" ", "").replace("/", "").replace("_", "")
    return _SYNONYMS.get(name, name)


_ID3_TEXT: Final = {
    "TALB": "album",
    "TBPM": "bpm",
    "TCMP": "compilation",
    "TCOM": "composer",
    "TDOR": "originaldate",
    "TDRC": "date",
    "TDRL": "releasedate",
    "TEXT": "lyricist",
    "TIT2": "title",
    "TMOO": "mood",
    "TPE1": "artist",
    "TPE2": "albumartist",
    "TPE3": "conductor",
    "TPE4": "remixer",
    "TPOS": "discnumber",
    "TPUB": "label",
    "TRCK": "tracknumber",
    "TSO2": "albumartistsort",
    "TSOA": "albumsort",
    "TSOC": "composersort",
    "TSOP": "artistsort",
    "TSOT": "titlesort",
    "TSRC": "isrc",
    "TSST": "discsubtitle",
}
#: What the lists of people call a part; anything else there is an instrument.
_ID3_PARTS: Final = {
    "arranger": "arranger",
    "dj-mix": "djmixer",
    "engineer": "engineer",
    "mix": "mixer",
    "producer": "producer",
}
#: People of one frame that are looked at.
_MOST_PEOPLE: Final = 500


def of_id3(tags: Any) -> Family:
    """ID3v2 of any version (mutagen brings the frames to 2.4's), or ID3v1."""
    family = Family(joined=tags.version < (2, 4, 0))
    others = []
    for frame in tags.values():
        name = frame.FrameID
        if field := _ID3_TEXT.get(name):
            family.fields.setdefault(field, []).extend(map(str, frame.text))
        elif name == "TCON":
            family.add("genre", frame.genres)
        elif name == "APIC":
            family.pictures.append((int(frame.type), frame.data))
        elif name == "UFID" and frame.owner == "http://musicbrainz.org":
            family.add("musicbrainz_trackid", [frame.data.decode("ascii", "replace")])
        elif name in {"TIPL", "TMCL"}:
            _add_people(family, frame.people)
        elif name in {"TXXX", "COMM", "USLT", "SYLT", "RVA2"}:
            others.append(frame)
    for frame in others:
        _add_described(family, frame)
    return family


def _add_people(family: Family, people: Iterable[Any]) -> None:
    """Pairs of a part, or an instrument, and a name."""
    for part, name in (pair for pair in islice(people, _MOST_PEOPLE) if len(pair) == 2):
        if field := _ID3_PARTS.get(part.lower()):
            family.add(field, [name])
        else:
            family.add("performer", [f"{name} ({part})" if part and part.lower() != "performer" else name])


def _add_described(family: Family, frame: Any) -> None:
    """A frame that says by a description what it is; a frame with a name of its own wins over it."""
    if frame.FrameID == "TXXX":
        name = canonical(frame.desc)
        if name not in _ID3_TEXT.values() or name not in family.fields:
            family.add(name, frame.text)
    elif frame.FrameID == "COMM" and not frame.desc:
        family.add("comment", frame.text)
    elif frame.FrameID == "USLT":
        family.add("lyrics", [frame.text])
        family.add("lyricslanguage", [frame.lang])
    elif frame.FrameID == "SYLT" and frame.format == 2:
        family.add("syncedlyrics", ["\n".join(f"{_lrc_time(at)}{text.strip()}" for text, at in frame.text)])
        family.add("lyricslanguage", [frame.lang])
    elif frame.FrameID == "RVA2" and (scope := frame.desc.lower()) in {"track", "album"}:
        family.add(f"replaygain_{scope}_gain", [frame.gain])
        family.add(f"replaygain_{scope}_peak", [frame.peak])


def _lrc_time(milliseconds: int) -> str:
    return f"[{milliseconds // 60_000:02}:{milliseconds % 60_000 / 1000:05.2f}]"


def of_vorbis(tags: Any, pictures: Iterable[FlacPicture] = ()) -> Family:
    """Vorbis comments; ``pictures`` are a FLAC file's own blocks."""
    family = Family(pictures=[(picture.type, picture.data) for picture in pictures])
    for name, value in tags or ():
        lowered = name.lower()
        if lowered == "metadata_block_picture":
            family.pictures.extend(_block_picture(value))
        elif lowered == "coverart":
            family.pictures.extend((FRONT_COVER, data) for data in _base64(value))
        else:
            family.add(lowered, [value])
    return family


def _block_picture(value: str) -> list[tuple[int, bytes]]:
    try:
        return [(picture.type, picture.data) for picture in map(FlacPicture, _base64(value))]
    except (MutagenError, struct.error, ValueError):
        return []


def _base64(value: str) -> list[bytes]:
    try:
        return [base64.b64decode(value)]
    except (binascii.Error, ValueError):
        return []


_MP4_ATOMS: Final = {
    "\xa9ART": "artist",
    "\xa9alb": "album",
    "\xa9cmt": "comment",
    "\xa9day": "date",
    "\xa9gen": "genre",
    "\xa9lyr": "lyrics",
    "\xa9nam": "title",
    "\xa9wrt": "composer",
    "aART": "albumartist",
    "soaa": "albumartistsort",
    "soal": "albumsort",
    "soar": "artistsort",
    "soco": "composersort",
    "sonm": "titlesort",
    "tmpo": "bpm",
}
_FREEFORM: Final = "----:com.apple.iTunes:"


def of_mp4(tags: Any) -> Family:
    """The atoms of iTunes, and the free ones that Picard adds."""
    family = Family()
    for name, value in (tags or {}).items():
        if field := _MP4_ATOMS.get(name):
            family.add(field, value)
        elif name in {"trkn", "disk"} and value:
            number, total = value[0]
            family.add("track" if name == "trkn" else "disc", [f"{number}/{total}"])
        elif name == "cpil":
            family.add("compilation", ["1" if value else "0"])
        elif name == "covr":
            family.pictures.extend((FRONT_COVER, bytes(data)) for data in value)
        elif name.lower().startswith(_FREEFORM.lower()):
            family.add(name[len(_FREEFORM) :], [bytes(data).decode("utf-8", "replace") for data in value])
    return family


def of_apev2(tags: Any) -> Family:
    """APEv2 items: text is a list of values apart by NUL, pictures are a name, NUL, bytes."""
    family = Family()
    for name, value in (tags or {}).items():
        lowered = name.lower()
        if lowered.startswith("cover art") and isinstance(value.value, bytes):
            data = value.value.partition(b"\0")[2]
            family.pictures.append((FRONT_COVER if "front" in lowered else 0, data))
        elif isinstance(value.value, str):
            family.add(lowered, value.value.split("\0"))
    return family


_ASF_NAMES: Final = {
    "Author": "artist",
    "Title": "title",
    "WM/AlbumArtist": "albumartist",
    "WM/AlbumArtistSortOrder": "albumartistsort",
    "WM/AlbumSortOrder": "albumsort",
    "WM/AlbumTitle": "album",
    "WM/ARTISTS": "artists",
    "WM/ArtistSortOrder": "artistsort",
    "WM/BeatsPerMinute": "bpm",
    "WM/CatalogNo": "catalognumber",
    "WM/Composer": "composer",
    "WM/ComposerSortOrder": "composersort",
    "WM/Conductor": "conductor",
    "WM/DJMixer": "djmixer",
    "WM/Engineer": "engineer",
    "WM/Genre": "genre",
    "WM/IsCompilation": "compilation",
    "WM/ISRC": "isrc",
    "WM/Lyrics": "lyrics",
    "WM/Mixer": "mixer",
    "WM/ModifiedBy": "remixer",
    "WM/Mood": "mood",
    "WM/OriginalReleaseTime": "originaldate",
    "WM/OriginalReleaseYear": "originalyear",
    "WM/PartOfSet": "discnumber",
    "WM/Producer": "producer",
    "WM/Publisher": "label",
    "WM/SetSubTitle": "discsubtitle",
    "WM/TitleSortOrder": "titlesort",
    "WM/TrackNumber": "tracknumber",
    "WM/Writer": "lyricist",
    "WM/Year": "date",
}


def of_asf(tags: Any) -> Family:
    """Windows Media's attributes."""
    family = Family()
    for name, attribute in tags or ():
        if name == "WM/Picture":
            family.pictures.extend(_asf_picture(getattr(attribute, "value", attribute)))
        else:
            family.add(_ASF_NAMES.get(name, name), [attribute])
    return family


def _asf_picture(value: object) -> list[tuple[int, bytes]]:
    """WM_PICTURE as it lies in the file: type, size, media type and description in UTF-16 with a NUL, bytes."""
    if not isinstance(value, bytes) or len(value) < 9:
        return []
    (size,) = struct.unpack_from("<I", value, 1)
    return [(value[0], value[-size:])] if 0 < size <= len(value) - 9 else []
