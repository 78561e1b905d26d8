"""The catalogue's entities as response objects."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from msgspec.structs import asdict

from appliance.api.subsonic import responses
from appliance.api.subsonic.ids import album_id, artist_id, picture_id, track_id
from appliance.api.subsonic.request import INT32
from appliance.core.catalogue import NO_MARKS, Album, Artist, ArtistRef, Marks, Track
from appliance.core.credits import Part, TrackCredit
from appliance.core.text import index_letter

#: What the user left on the thing with this id.
MarksOf = Callable[[UUID], Marks]


def artist(entity: Artist, marks: Marks = NO_MARKS) -> responses.ArtistID3:
    """An artist in a list."""
    return responses.ArtistID3(
        id=artist_id(entity.id),
        name=entity.name,
        cover_art=picture_id(entity.cover_id),
        album_count=entity.album_count,
        starred=time(marks.liked_at),
        user_rating=marks.rating,
        music_brainz_id=entity.musicbrainz_id or "",
        sort_name=entity.sort_name,
    )


def artist_with_albums(entity: Artist, marks: Marks, albums: list[responses.AlbumID3]) -> responses.ArtistWithAlbumsID3:
    """An artist by itself."""
    return responses.ArtistWithAlbumsID3(**asdict(artist(entity, marks)), album=albums)


def artist_index(artists: Sequence[Artist], marks: MarksOf) -> list[responses.IndexID3]:
    """The artists, which come by sort name, under their letters."""
    return [
        responses.IndexID3(name=letter, artist=[artist(each, marks(each.id)) for each in group])
        for letter, group in _letters(artists).items()
    ]


def folder_artist(entity: Artist, marks: Marks = NO_MARKS) -> responses.Artist:
    """An artist as a folder of albums."""
    return responses.Artist(
        id=artist_id(entity.id), name=entity.name, starred=time(marks.liked_at), user_rating=marks.rating
    )


def folder_index(artists: Sequence[Artist], marks: MarksOf) -> list[responses.Index]:
    """Like ``artist_index``, as folders."""
    return [
        responses.Index(name=letter, artist=[folder_artist(each, marks(each.id)) for each in group])
        for letter, group in _letters(artists).items()
    ]


def artist_child(entity: Artist, marks: Marks = NO_MARKS) -> responses.Child:
    """An artist as a folder in a listing."""
    return responses.Child(
        id=artist_id(entity.id),
        is_dir=True,
        title=entity.name,
        artist=entity.name,
        artist_id=artist_id(entity.id),
        cover_art=picture_id(entity.cover_id),
        starred=time(marks.liked_at),
        user_rating=marks.rating,
        created=time(entity.created_at),
        media_type="artist",
        sort_name=entity.sort_name,
        music_brainz_id=entity.musicbrainz_id or "",
    )


def album(entity: Album, marks: Marks = NO_MARKS) -> responses.AlbumID3:
    """An album in a list."""
    genres = entity.genres
    artists = entity.artists
    return responses.AlbumID3(
        id=album_id(entity.id),
        name=entity.title,
        artist=entity.artist_display,
        artist_id=artist_id(artists[0].id) if artists else None,
        cover_art=picture_id(entity.cover_id),
        song_count=entity.track_count,
        duration=_seconds(entity.duration_ms),
        play_count=_int32(marks.play_count),
        created=iso(entity.created_at),
        starred=time(marks.liked_at),
        year=_bounded(entity.year),
        genre=genres[0] if genres else None,
        played=time(marks.last_played_at),
        user_rating=marks.rating,
        music_brainz_id=entity.musicbrainz_release_id or "",
        genres=[responses.ItemGenre(name=name) for name in genres],
        artists=_mentions(artists),
        display_artist=entity.artist_display,
        sort_name=entity.sort_title,
        original_release_date=_date(entity.original_date),
        release_date=_date(entity.release_date),
        is_compilation=entity.compilation,
        disc_titles=[responses.DiscTitle(disc=disc, title=title) for disc, title in sorted(entity.disc_titles.items())],
    )


def album_with_songs(entity: Album, marks: Marks, songs: list[responses.Child]) -> responses.AlbumWithSongsID3:
    """An album by itself."""
    return responses.AlbumWithSongsID3(**asdict(album(entity, marks)), song=songs)


def album_child(entity: Album, marks: Marks = NO_MARKS) -> responses.Child:
    """An album as a folder of songs."""
    artists = entity.artists
    parent = artist_id(artists[0].id) if artists else None
    return responses.Child(
        id=album_id(entity.id),
        parent=parent,
        is_dir=True,
        title=entity.title,
        name=entity.title,
        album=entity.title,
        song_count=entity.track_count,
        artist=entity.artist_display,
        year=_bounded(entity.year),
        genre=entity.genres[0] if entity.genres else None,
        cover_art=picture_id(entity.cover_id),
        duration=_seconds(entity.duration_ms),
        user_rating=marks.rating,
        play_count=_int32(marks.play_count),
        created=iso(entity.created_at),
        starred=time(marks.liked_at),
        album_id=album_id(entity.id),
        artist_id=parent,
        media_type="album",
        played=time(marks.last_played_at),
        sort_name=entity.sort_title,
        music_brainz_id=entity.musicbrainz_release_id or "",
        genres=[responses.ItemGenre(name=name) for name in entity.genres],
        artists=_mentions(artists),
        display_artist=entity.artist_display,
    )


def song(entity: Track, marks: Marks = NO_MARKS, credited: Sequence[TrackCredit] = ()) -> responses.Child:
    """A song, in a list or by itself: the two are the same."""
    file = entity.file
    genres = entity.genres
    artists = entity.artists
    album_uuid = album_id(entity.album_id)
    return responses.Child(
        id=track_id(entity.id),
        parent=album_uuid,
        is_dir=False,
        title=entity.title,
        album=entity.album_title,
        artist=entity.artist_display,
        track=_bounded(entity.track_number),
        year=_bounded(entity.year),
        genre=genres[0] if genres else None,
        cover_art=picture_id(entity.cover_id),
        size=file.size,
        content_type=file.content_type,
        suffix=file.suffix,
        duration=_seconds(entity.duration_ms),
        bit_rate=file.bit_rate,
        path=_path(entity),
        is_video=False,
        user_rating=marks.rating,
        play_count=_int32(marks.play_count),
        disc_number=_bounded(entity.disc_number),
        created=iso(entity.created_at),
        starred=time(marks.liked_at),
        album_id=album_uuid,
        artist_id=artist_id(artists[0].id) if artists else None,
        type="music",
        bit_depth=file.bit_depth,
        sampling_rate=file.sample_rate,
        channel_count=file.channels,
        media_type="song",
        played=time(marks.last_played_at),
        bpm=_int32(entity.bpm or 0),
        comment=entity.comment or "",
        sort_name=entity.sort_title,
        music_brainz_id=entity.musicbrainz_recording_id or "",
        isrc=[entity.isrc] if entity.isrc else [],
        genres=[responses.ItemGenre(name=name) for name in genres],
        artists=_mentions(artists),
        display_artist=entity.artist_display,
        album_artists=_mentions(entity.album_artists),
        display_album_artist=entity.album_artist_display,
        contributors=[_contributor(credit) for credit in credited],
        display_composer=", ".join(credit.artist.name for credit in credited if credit.role is Part.COMPOSER),
        moods=list(entity.moods),
        replay_gain=_replay_gain(entity),
    )


def _contributor(credit: TrackCredit) -> responses.Contributor:
    (artist,) = _mentions((credit.artist,))
    # As apps know the roles from other servers: without an underscore.
    return responses.Contributor(role=credit.role.replace("_", ""), sub_role=credit.detail, artist=artist)


@lru_cache(maxsize=16_384)
def iso(moment: datetime) -> str:
    """``2026-02-03T04:05:06.789Z``: the one spelling that every client reads.

    Remembered, since it would be a third of a list's cost, and lists repeat: what one scan added has one time.
    """
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def time(moment: datetime | None) -> str | None:
    """``iso``, where there is a time."""
    return None if moment is None else iso(moment)


def _letters(artists: Iterable[Artist]) -> dict[str, list[Artist]]:
    letters: dict[str, list[Artist]] = {}
    for each in artists:
        letters.setdefault(index_letter(each.sort_name), []).append(each)
    return letters


def _mentions(artists: Iterable[ArtistRef]) -> list[responses.ArtistID3]:
    return [responses.ArtistID3(id=artist_id(each.id), name=each.name) for each in artists]


@lru_cache(maxsize=4096)
def _date(text: str | None) -> responses.ItemDate:
    """The parts of a ``YYYY-MM-DD`` that are known."""
    parts = [int(part) for part in (text or "").split("-") if part.isdecimal()]
    year, month, day = (*parts, None, None, None)[:3]
    return responses.ItemDate(year=year, month=month, day=day)


def _replay_gain(track: Track) -> responses.ReplayGain:
    return responses.ReplayGain(
        track_gain=_finite(track.track_gain),
        album_gain=_finite(track.album_gain),
        track_peak=_finite(track.track_peak),
        album_peak=_finite(track.album_peak),
    )


def _path(track: Track) -> str:
    number = "" if track.track_number is None else f"{track.track_number:02} "
    if track.disc_number is not None and track.disc_number > 1:
        number = f"{track.disc_number}-{number}"
    return (
        f"{_segment(track.album_artist_display or track.artist_display)}/{_segment(track.album_title)}/"
        f"{number}{_segment(track.title)}.{track.file.suffix}"
    )


def _segment(name: str) -> str:
    return name.replace("/", "_") if "/" in name else name


def _seconds(milliseconds: int) -> int:
    return _int32(milliseconds // 1000)


def _int32(number: int) -> int:
    return min(number, INT32)


def _bounded(number: int | None) -> int | None:
    """Numbers come from tags, and tags say anything."""
    return number if number is None or -INT32 <= number <= INT32 else None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
