"""A decision as the rows of ``tracks`` and ``files``."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from appliance.core.library import Decision
from appliance.core.shelving import TrackDraft
from appliance.core.text import genre_key

#: What a sheet tells of its track; which file plays it is ``presence``'s.
TRACK_COLUMNS = (
    "id",
    "album_id",
    "place",
    "title",
    "sort_title",
    "artist_sort",
    "album_sort",
    "artist_display",
    "artist_ids",
    "artist_names",
    "genres",
    "moods",
    "disc_number",
    "disc_total",
    "disc_title",
    "track_number",
    "track_total",
    "duration_ms",
    "release_date",
    "original_date",
    "year",
    "cover_id",
    "musicbrainz_recording_id",
    "musicbrainz_track_id",
    "track_gain",
    "track_peak",
    "album_gain",
    "album_peak",
    "bpm",
    "isrc",
    "label",
    "comment",
    "lyrics",
    "lyrics_language",
    "search",
)
FILE_COLUMNS = (
    "id",
    "track_id",
    "library_id",
    "path",
    "size",
    "mtime_ns",
    "identity",
    "suffix",
    "codec",
    "duration_ms",
    "bit_rate",
    "sample_rate",
    "channels",
    "bit_depth",
    "missing_since",
)


class GenreRef(NamedTuple):
    """A genre as it is stored."""

    id: UUID
    name: str


class Named(NamedTuple):
    """What a batch names, looked up or made: albums, artists, genres and moods by their keys, pictures by identity."""

    albums: Mapping[str, UUID]
    artists: Mapping[str, UUID]
    genres: Mapping[str, GenreRef]
    moods: Mapping[str, str]
    artworks: Mapping[bytes, UUID]


def genres_of(draft: TrackDraft, genres: Mapping[str, GenreRef]) -> list[GenreRef]:
    """The draft's genres, in their order, each once, whatever it calls them."""
    return list(dict.fromkeys(genres[genre_key(genre)] for genre in draft.genres))


def year_of(*dates: str | None) -> int | None:
    """The year of the first date that there is; dates are ``YYYY[-MM[-DD]]``."""
    return next((int(date[:4]) for date in dates if date), None)


def track_row(decision: Decision, named: Named) -> tuple[object, ...]:
    """In the order of ``TRACK_COLUMNS``."""
    draft, sheet = decision.draft, decision.sheet
    tags = sheet.tags
    return (
        decision.track_id,
        named.albums[draft.album.key],
        draft.place,
        draft.title,
        draft.sort_title,
        draft.artists[0].sort_name,
        draft.album.sort_title,
        draft.artist_display,
        [named.artists[artist.key] for artist in draft.artists],
        [artist.name for artist in draft.artists],
        # As the genre is spelled everywhere, not as this file spells it: lists are narrowed by the name.
        [genre.name for genre in genres_of(draft, named.genres)],
        list(dict.fromkeys(named.moods[genre_key(mood)] for mood in tags.moods)),
        tags.disc_number,
        tags.disc_total,
        tags.disc_title,
        tags.track_number,
        tags.track_total,
        sheet.audio.duration_ms,
        tags.release_date,
        tags.original_date,
        year_of(tags.original_date, tags.release_date),
        named.artworks[sheet.picture.identity] if sheet.picture else None,
        tags.musicbrainz_recording_id,
        tags.musicbrainz_track_id,
        tags.track_gain,
        tags.track_peak,
        tags.album_gain,
        tags.album_peak,
        tags.bpm,
        tags.isrc,
        tags.label,
        tags.comment,
        tags.lyrics,
        tags.lyrics_language,
        draft.search,
    )


def file_row(decision: Decision, library_id: UUID) -> tuple[object, ...]:
    """In the order of ``FILE_COLUMNS``."""
    sheet = decision.sheet
    audio = sheet.audio
    return (
        decision.file_id,
        decision.track_id,
        library_id,
        sheet.path,
        sheet.size,
        sheet.mtime_ns,
        audio.identity,
        audio.suffix,
        audio.codec,
        audio.duration_ms,
        audio.bit_rate,
        audio.sample_rate,
        audio.channels,
        audio.bit_depth,
        None,
    )
