"""Tags as values: cleaned, bounded, normalised. Junk is left out; nothing here raises for what a file says.

What each field is read from: docs/scanning.md.
"""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from appliance.core.credits import Part
from appliance.core.sheet import Credit, Tags
from appliance.core.text import clean
from appliance.ingest.families import Family

T = TypeVar("T")

_NAME_LENGTH: Final = 512
_COMMENT_LENGTH: Final = 4_096
_LYRICS_BYTES: Final = 64 * 1024
_MAXIMUM_VALUES: Final = 32
_LONGEST_TYPE: Final = 40
_MAXIMUM_TYPES: Final = 8
_MAXIMUM_NUMBER: Final = 9_999

_NUMBERS: Final = re.compile(r"\s*(\d{1,6})(?!\d)(?:\s*/\s*(\d{1,6})(?!\d))?", re.ASCII)
_DATE: Final = re.compile(r"\s*(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)|(\d\d)(\d\d)(?!\d))?(?!\d)", re.ASCII)
_YEAR: Final = re.compile(r"(?<!\d)(1\d{3}|2\d{3})(?!\d)", re.ASCII)
_INSTRUMENT: Final = re.compile(r"(.+?)\s+\(([^()]+)\)", re.DOTALL)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[/;,]")
_UUID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_DECIMAL: Final = re.compile(r"\s*([-+]?\d{1,4}(?:\.\d{1,20})?)\s*(?:dB|LUFS|BPM)?\s*", re.ASCII | re.IGNORECASE)
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", re.ASCII)
#: R128 gains are relative to -23 LUFS, ReplayGain 2.0's to -18 (RFC 7845 section 5.2.1).
_R128_TO_REPLAYGAIN: Final = 5.0


def tags_of(family: Family) -> Tags:
    """The sheet's tags."""
    fields = _Fields(family)
    artist_ids = fields.ids("musicbrainz_artistid")
    album_artist_ids = fields.ids("musicbrainz_albumartistid")
    artists, artist_display = fields.credit("artists", "artist", len(artist_ids))
    album_artists, album_artist_display = fields.credit("albumartists", "albumartist", len(album_artist_ids))
    artist_sorts = fields.names("artistsort", len(artist_ids))
    album_artist_sorts = fields.names("albumartistsort", len(album_artist_ids))
    credits_ = fields.credits()
    composer_sorts = fields.names("composersort")
    composers = sum(credit.role == Part.COMPOSER for credit in credits_)
    disc, disc_total = fields.numbers("discnumber", "disctotal")
    track, track_total = fields.numbers("tracknumber", "tracktotal")
    return Tags(
        title=fields.name("title"),
        artists=artists,
        artist_display=artist_display,
        album=fields.name("album"),
        album_artists=album_artists,
        album_artist_display=album_artist_display,
        disc_number=disc,
        disc_total=disc_total,
        disc_title=fields.name("discsubtitle"),
        track_number=track,
        track_total=track_total,
        credits=credits_,
        composer_sorts=composer_sorts if len(composer_sorts) == composers else (),
        genres=fields.names("genre"),
        moods=fields.names("mood"),
        release_date=fields.first(("date", "releasedate"), as_date),
        original_date=fields.first(("originaldate", "originalyear"), as_date),
        compilation=fields.first(("compilation",), _as_flag) or False,
        title_sort=fields.name("titlesort"),
        album_sort=fields.name("albumsort"),
        artist_sorts=artist_sorts if len(artist_sorts) == len(artists) else (),
        album_artist_sorts=album_artist_sorts if len(album_artist_sorts) == len(album_artists) else (),
        musicbrainz_recording_id=fields.id("musicbrainz_trackid"),
        musicbrainz_track_id=fields.id("musicbrainz_releasetrackid"),
        musicbrainz_release_id=fields.id("musicbrainz_albumid"),
        musicbrainz_release_group_id=fields.id("musicbrainz_releasegroupid"),
        musicbrainz_artist_ids=artist_ids if len(artist_ids) == len(artists) else (),
        musicbrainz_album_artist_ids=album_artist_ids if len(album_artist_ids) == len(album_artists) else (),
        track_gain=fields.gain("track"),
        track_peak=fields.first(("replaygain_track_peak",), _as_peak),
        album_gain=fields.gain("album"),
        album_peak=fields.first(("replaygain_album_peak",), _as_peak),
        bpm=fields.first(("bpm",), _as_bpm),
        isrc=fields.first(("isrc",), _as_isrc),
        label=fields.name("label"),
        catalog_number=fields.name("catalognumber"),
        release_types=fields.types(),
        release_country=fields.first(("releasecountry", "musicbrainz_albumreleasecountry"), _as_country),
        edition=fields.first(("edition", "musicbrainz_albumcomment"), _as_name),
        comment=fields.first(("comment",), _as_comment),
        lyrics=fields.first(("syncedlyrics", "lyrics"), _as_lyrics),
        lyrics_language=fields.first(("lyricslanguage",), _as_language),
    )


class _Fields:
    """One family's fields, asked for as values."""

    def __init__(self, family: Family) -> None:
        self._fields = family.fields
        self._joined = family.joined

    def first(self, names: tuple[str, ...], read: Callable[[str], T | None]) -> T | None:
        """The first value of the first of the fields that makes sense to ``read``."""
        for name in names:
            for value in self._fields.get(name, ())[:_MAXIMUM_VALUES]:
                if (found := read(value)) is not None:
                    return found
        return None

    def name(self, field: str) -> str | None:
        return self.first((field,), _as_name)

    def names(self, field: str, expected: int = 0) -> tuple[str, ...]:
        """Every value, once. ``expected``: how many there should be, where something else tells."""
        values = self._fields.get(field, ())[:_MAXIMUM_VALUES]
        if self._joined and len(values) == 1 and expected > 1:
            values = _unjoin(values[0], expected)
        return tuple(dict.fromkeys(name for name in map(_as_name, values) if name))

    def credit(self, listed: str, shown: str, expected: int) -> tuple[tuple[str, ...], str | None]:
        """The artists of a credit one by one, and the credit as it is shown (where that is one text).

        ``expected``: how many MusicBrainz ids the credit has. Names that ID3v2.3 joined with ``/`` are taken apart
        only where that gives as many names as there are ids, or where the shown credit names each of a list's parts
        in other words: ``AC/DC`` stays whole.
        """
        display = self.names(shown, expected)
        artists = self.names(listed, expected) or display
        if self._joined and len(artists) == 1 and artists != display and "/" in artists[0]:
            parts = tuple(part.strip() for part in artists[0].split("/"))
            if display and all(part and part in display[0] for part in parts) and artists[0] not in display[0]:
                artists = parts
        return artists, display[0] if len(display) == 1 else None

    def credits(self) -> tuple[Credit, ...]:
        """Every part of everybody, once. Of performers the instrument stands behind the name, in brackets."""
        found: dict[Credit, None] = {}
        for part in Part:
            for name in self.names(part.value.replace("_", "")):
                match = _INSTRUMENT.fullmatch(name) if part is Part.PERFORMER else None
                found[Credit(part.value, match[1], match[2].strip()) if match else Credit(part.value, name)] = None
        return tuple(found)

    def types(self) -> tuple[str, ...]:
        """What kind of release it is, however the values are joined: no type has a separator in its name."""
        names = self.names("releasetype") or self.names("musicbrainz_albumtype")
        words = (word.strip().lower() for name in names for word in _SEPARATORS.split(name))
        return tuple(dict.fromkeys(word for word in words if 0 < len(word) <= _LONGEST_TYPE))[:_MAXIMUM_TYPES]

    def numbers(self, field: str, total_field: str) -> tuple[int | None, int | None]:
        """A number and how many there are, from ``3``, ``03/12`` or two fields."""
        number, total = self.first((field,), _as_numbers) or (None, None)
        given, _ = self.first((total_field,), _as_numbers) or (None, None)
        return number, given or total

    def id(self, field: str) -> str | None:
        return next(iter(self.ids(field)), None)

    def ids(self, field: str) -> tuple[str, ...]:
        """Every UUID, however the values are joined."""
        values = self._fields.get(field, ())[:_MAXIMUM_VALUES]
        return tuple(found for value in values for found in _UUID.findall(value[:4096].lower()))[:_MAXIMUM_VALUES]

    def gain(self, scope: str) -> float | None:
        """dB, ReplayGain 2.0."""
        gain = self.first((f"replaygain_{scope}_gain",), _as_gain)
        return gain if gain is not None else self.first((f"r128_{scope}_gain",), _as_r128)


def as_date(text: str) -> str | None:
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, as much of it as is a real date; None without a year from 1000 on."""
    text = text[:64]
    match = _DATE.match(text)
    if match is None or int(match[1]) < 1000:
        year = _YEAR.search(text)
        return year[1] if year else None
    month, day = int(match[2] or match[4] or 0), int(match[3] or match[5] or 0)
    if not 1 <= month <= 12:
        return match[1]
    try:
        return date(int(match[1]), month, day).isoformat()
    except ValueError:
        return f"{match[1]}-{month:02}"


def _as_name(text: str) -> str | None:
    return clean(text[:_NAME_LENGTH]) or None


def _as_comment(text: str) -> str | None:
    return clean(text[:_COMMENT_LENGTH]) or None


def _as_lyrics(text: str) -> str | None:
    lines = text[:_LYRICS_BYTES].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    whole = "\n".join(clean(line) for line in lines).strip("\n")
    return whole.encode()[:_LYRICS_BYTES].decode(errors="ignore") or None


def _as_language(text: str) -> str | None:
    """Not ``xxx``, by which ID3 says that it does not know."""
    code = text[:64].strip("\0 ").lower()
    return code if _LANGUAGE.fullmatch(code) and code not in {"xxx", "und"} else None


def _as_country(text: str) -> str | None:
    code = text[:64].strip("\0 ").upper()
    return code if _COUNTRY.fullmatch(code) else None


def _as_flag(text: str) -> bool | None:
    return True if text.strip().lower() in {"1", "true", "yes"} else None


def _as_numbers(text: str) -> tuple[int | None, int | None] | None:
    match = _NUMBERS.match(text[:64])
    return (_bounded(match[1]), _bounded(match[2])) if match else None


def _bounded(digits: str | None) -> int | None:
    number = int(digits or 0)
    return number if 0 < number <= _MAXIMUM_NUMBER else None


def _as_bpm(text: str) -> int | None:
    match = _DECIMAL.fullmatch(text[:64])
    bpm = round(float(match[1])) if match else 0
    return bpm if 0 < bpm < 1000 else None


def _as_isrc(text: str) -> str | None:
    code = text[:64].replace("-", "").replace(" ", "").strip("\0").upper()
    return code if _ISRC.fullmatch(code) else None


def _as_gain(text: str) -> float | None:
    match = _DECIMAL.fullmatch(text[:64])
    gain = float(match[1]) if match else math.inf
    return gain if abs(gain) <= 100 else None


def _as_r128(text: str) -> float | None:
    gain = _as_gain_q8(text)
    return None if gain is None else gain / 256 + _R128_TO_REPLAYGAIN


def _as_gain_q8(text: str) -> int | None:
    """A signed 16-bit number of 1/256 dB."""
    match = re.fullmatch(r"\s*([-+]?\d{1,5})\s*", text[:64], re.ASCII)
    return int(match[1]) if match and abs(int(match[1])) <= 32_768 else None


def _as_peak(text: str) -> float | None:
    peak = _as_gain(text)
    return peak if peak is not None and peak >= 0 else None


def _unjoin(text: str, expected: int) -> list[str]:
    parts = text.split("/")
    return parts if len(parts) == expected else [text]
