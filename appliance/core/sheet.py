"""What a worker process read from one audio file: a typed sheet, or a fault with its reason."""

from typing import Final, Literal

import msgspec

#: Larger pictures are no covers.
PICTURE_BYTES: Final = 32 * 1024 * 1024


class AudioFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The sound itself, tags excluded."""

    identity: bytes
    """16 bytes: BLAKE2b over the encoded audio, tags and pictures excluded. Equal for equal sound data."""
    suffix: str
    """Lower-case file extension without the dot: ``flac``, ``mp3``, ``opus``, ``ogg``, ``m4a``…"""
    codec: str
    """``flac``, ``mp3``, ``opus``, ``vorbis``, ``aac``, ``alac``, ``pcm``, ``wma``, ``wavpack``, ``ape``…"""
    duration_ms: int
    bit_rate: int
    """kbit/s, averaged over the file, at least 1."""
    sample_rate: int
    """Hz."""
    channels: int
    bit_depth: int | None = None
    """Bits per sample of lossless audio; None for lossy codecs."""


class Credit(msgspec.Struct, frozen=True):
    """Somebody's part in a track, as one tag names it."""

    role: str
    """One of ``core.credits.Part``."""
    name: str
    detail: str | None = None
    """Of a performer the instrument or voice."""


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """The tags, cleaned (``core.text.clean``) and bounded; an absent tag is None or empty, never a placeholder."""

    title: str | None = None
    artists: tuple[str, ...] = ()
    """Each performer by name. Split from multi-value tags, and from single ones only where the tag itself is a list."""
    artist_display: str | None = None
    """How the file credits them all together, e.g. ``Ana feat. Bo``."""
    album: str | None = None
    album_artists: tuple[str, ...] = ()
    album_artist_display: str | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    disc_title: str | None = None
    track_number: int | None = None
    track_total: int | None = None
    credits: tuple[Credit, ...] = ()
    """Who else had a part in it, in the order of the parts; each part of each person once."""
    composer_sorts: tuple[str, ...] = ()
    """Sort names in the order of the composers; empty when their count differs."""
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    release_date: str | None = None
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``: when this edition came out."""
    original_date: str | None = None
    """The same for the first edition."""
    compilation: bool = False
    title_sort: str | None = None
    album_sort: str | None = None
    artist_sorts: tuple[str, ...] = ()
    """Sort names in the order of ``artists``; empty when their count differs."""
    album_artist_sorts: tuple[str, ...] = ()
    musicbrainz_recording_id: str | None = None
    musicbrainz_track_id: str | None = None
    musicbrainz_release_id: str | None = None
    musicbrainz_release_group_id: str | None = None
    musicbrainz_artist_ids: tuple[str, ...] = ()
    """In the order of ``artists``; empty when their count differs."""
    musicbrainz_album_artist_ids: tuple[str, ...] = ()
    track_gain: float | None = None
    """ReplayGain 2.0, dB; Opus R128 gains are converted (R128/256 + 5 dB)."""
    track_peak: float | None = None
    album_gain: float | None = None
    album_peak: float | None = None
    bpm: int | None = None
    isrc: str | None = None
    label: str | None = None
    catalog_number: str | None = None
    release_types: tuple[str, ...] = ()
    """Lower case, the primary one first: ``album``, ``single``, ``ep``, ``live``, ``compilation``…"""
    release_country: str | None = None
    """ISO 3166-1, or ``XW`` (worldwide) and ``XE`` (Europe), as MusicBrainz has it."""
    edition: str | None = None
    """What tells this edition from the others: ``deluxe edition``, ``mono``…"""
    comment: str | None = None
    lyrics: str | None = None
    """Plain or LRC text, at most 64 KiB."""
    lyrics_language: str | None = None
    """ISO 639-2, lower case."""


def picture_type(data: bytes) -> str | None:
    """By content: ``image/jpeg``, ``image/png``, ``image/webp`` or ``image/gif``; None for SVG, HTML and all else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One cover, found inside an audio file or beside it."""

    identity: bytes
    """16 bytes: BLAKE2b of the picture's bytes."""
    source: Literal["embedded", "folder"]
    path: bytes
    """Relative to the library's root: the audio file that carries it, or the picture itself."""
    media_type: str
    """``image/jpeg``, ``image/png``, ``image/webp`` or ``image/gif``, by content and not by name."""
    size: int
    """Bytes, at most ``PICTURE_BYTES``."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One readable audio file."""

    path: bytes
    """Relative to the library's root, as the file system spells it; never begins with a slash."""
    size: int
    mtime_ns: int
    audio: AudioFacts
    tags: Tags
    picture: Picture | None = None


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One file (or folder) that could not be read, and why, in words for its owner."""

    path: bytes
    reason: str
    size: int = 0
    mtime_ns: int = 0
