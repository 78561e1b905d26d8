"""The catalogue as it is read: artists, albums, tracks, genres. Times are UTC and aware; durations are milliseconds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

#: The channel on which the store tells that other libraries are in use than before.
LIBRARIES_CHANNEL = "tonearm_libraries"


class ArtistRef(msgspec.Struct, frozen=True):
    """An artist's mention on an album or a track."""

    id: UUID
    name: str


class Artist(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    sort_name: str
    """Folded; lists are ordered by it."""
    album_count: int
    """Albums on which the artist is an album artist and of which something can be played."""
    track_count: int
    """Playable tracks on which the artist performs."""
    roles: tuple[str, ...]
    """What else the artist does on playable tracks: values of ``core.credits.Part``, sorted."""
    aliases: tuple[str, ...]
    """Other names by which the artist is found, as people gave them."""
    cover_id: UUID | None
    """The artwork of one of the artist's albums."""
    musicbrainz_id: str | None
    created_at: datetime


class Album(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    sort_title: str
    artists: tuple[ArtistRef, ...]
    """The album artists in the order of the credit; ``Various Artists`` for a compilation without any."""
    artist_display: str
    track_count: int
    """Playable tracks."""
    duration_ms: int
    genres: tuple[str, ...]
    compilation: bool
    release_date: str | None
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``."""
    original_date: str | None
    year: int | None
    """Of the first edition where known, else of this one."""
    disc_titles: dict[int, str]
    cover_id: UUID | None
    musicbrainz_release_id: str | None
    musicbrainz_release_group_id: str | None
    release_group_id: UUID | None
    """The same for every edition of the album; None until a scan has told it."""
    types: tuple[str, ...]
    """As MusicBrainz has them, lower case: ``album``, ``single``, ``ep``, ``live``, ``compilation``…"""
    label: str | None
    catalog_number: str | None
    country: str | None
    edition: str | None
    created_at: datetime


class MediaFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file that plays a track: the best one that is present."""

    id: UUID
    library_number: int
    root: bytes
    """Absolute path of the library's root."""
    path: bytes
    """Relative to ``root``."""
    size: int
    """Bytes at the last scan."""
    mtime_ns: int
    suffix: str
    codec: str
    bit_rate: int
    """kbit/s"""
    sample_rate: int
    """Hz"""
    channels: int
    bit_depth: int | None

    @property
    def content_type(self) -> str:
        """The media type under which the file is sent, by its suffix."""
        return _CONTENT_TYPES.get(self.suffix, "application/octet-stream")


_CONTENT_TYPES = {
    "aac": "audio/aac",
    "adts": "audio/aac",
    "aif": "audio/aiff",
    "aifc": "audio/aiff",
    "aiff": "audio/aiff",
    "ape": "audio/x-ape",
    "dff": "audio/x-dff",
    "dsf": "audio/x-dsf",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "mp1": "audio/mpeg",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "mpc": "audio/x-musepack",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "spx": "audio/ogg",
    "tta": "audio/x-tta",
    "wav": "audio/wav",
    "wave": "audio/wav",
    "wma": "audio/x-ms-wma",
    "wv": "audio/x-wavpack",
}


class Track(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    sort_title: str
    album_id: UUID
    album_title: str
    artists: tuple[ArtistRef, ...]
    artist_display: str
    album_artists: tuple[ArtistRef, ...]
    album_artist_display: str
    disc_number: int | None
    track_number: int | None
    duration_ms: int
    genres: tuple[str, ...]
    moods: tuple[str, ...]
    release_date: str | None
    original_date: str | None
    year: int | None
    cover_id: UUID | None
    musicbrainz_recording_id: str | None
    track_gain: float | None
    track_peak: float | None
    album_gain: float | None
    album_peak: float | None
    bpm: int | None
    isrc: str | None
    comment: str | None
    created_at: datetime
    file: MediaFile


class Genre(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    album_count: int
    track_count: int


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """A root folder of music."""

    id: UUID
    number: int
    """Small and stable, since Subsonic's music folders have integer ids."""
    name: str
    root: bytes
    """Absolute path."""


class Artwork(msgspec.Struct, frozen=True, kw_only=True):
    """Where a picture's bytes are."""

    id: UUID
    identity: bytes
    """16 bytes: BLAKE2b of the original's bytes; changes when the picture does."""
    source: str
    """``embedded`` or ``folder``, as in ``core.sheet.Picture``."""
    root: bytes
    path: bytes
    media_type: str
    size: int


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What one user left on one artist, album or track."""

    liked_at: datetime | None = None
    rating: int | None = None
    """1 to 5; None when unrated."""
    play_count: int = 0
    last_played_at: datetime | None = None


NO_MARKS = Marks()


class Item(StrEnum):
    """What can be liked and rated."""

    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"


class AlbumOrder(StrEnum):
    """The orders in which whole lists of albums are asked for. Ties are broken by id."""

    TITLE = "title"
    ARTIST = "artist"
    NEWEST = "newest"
    """Latest arrival first."""
    YEAR = "year"
    YEAR_DESCENDING = "year_descending"
    RANDOM = "random"
    RECENT = "recent"
    """The user's last played first; never played left out."""
    FREQUENT = "frequent"
    """The user's most played first; never played left out."""
    RATED = "rated"
    """The user's best rated first; unrated left out."""
    STARRED = "starred"
    """The user's last liked first; unliked left out."""


class TrackOrder(StrEnum):
    """The orders in which whole lists of tracks are asked for. Ties are broken by id."""

    TITLE = "title"
    TITLE_DESCENDING = "title_descending"
    ARTIST = "artist"
    """By the first artist, then the album."""
    ARTIST_DESCENDING = "artist_descending"
    ALBUM = "album"
    """By the album, then as on it."""
    ALBUM_DESCENDING = "album_descending"
    YEAR = "year"
    """Those without a year left out, as in every order by what a track may lack."""
    YEAR_DESCENDING = "year_descending"
    DURATION = "duration"
    DURATION_DESCENDING = "duration_descending"
    OLDEST = "oldest"
    """First arrival first."""
    NEWEST = "newest"
    BPM = "bpm"
    BPM_DESCENDING = "bpm_descending"
    RANDOM = "random"


class AlbumFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a list of albums; None and empty do not narrow."""

    library: int | None = None
    genres: tuple[str, ...] = ()
    """Any of these; compared folded."""
    from_year: int | None = None
    to_year: int | None = None
    """Inclusive."""
    release_group: UUID | None = None
    artist: UUID | None = None
    """Of whom it is an album."""


class TrackFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a list of tracks; None and empty do not narrow."""

    library: int | None = None
    genres: tuple[str, ...] = ()
    """Any of these; compared folded."""
    from_year: int | None = None
    to_year: int | None = None
    moods: tuple[str, ...] = ()
    """Any of these; compared folded."""
    artist: UUID | None = None
    """Who performs it, or has a part in it."""
    album: UUID | None = None


class Mended(msgspec.Struct, frozen=True):
    """A word of a query that begins no name, and what it was taken for."""

    typed: str
    """Folded."""
    meant: tuple[str, ...]
    """The words instead of it by which something was found, likeliest first."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One page of each kind that a search turned up."""

    artists: list[Artist]
    albums: list[Album]
    tracks: list[Track]
    mended: tuple[Mended, ...] = ()


class Window(msgspec.Struct, frozen=True):
    """Which rows of a list: ``limit`` rows from ``offset``."""

    limit: int
    offset: int = 0
