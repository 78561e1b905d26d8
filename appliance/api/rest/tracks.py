"""``/tracks``: what can be played."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.credits import Credits, credits_read
from appliance.api.rest.marks import MarksRead, MarksShown, marks_on
from appliance.api.rest.operation import Call, Nothing, Operation, Page, Reply
from appliance.api.rest.schemas import (
    ArtistDisplay,
    ArtistMentions,
    CoverId,
    CreatedAt,
    Duration,
    Genres,
    Id,
    Narrowed,
    OriginalDate,
    ReleaseDate,
    Year,
    mentions,
)
from appliance.core.catalogue import Item, MediaFile, Track, TrackFilter, TrackOrder
from appliance.core.credits import TrackCredit


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """The file that plays a track."""

    id: Id
    library: Annotated[int, Meta(description="Number of the library that it lies in.", examples=[1])]
    path: Annotated[
        str,
        Meta(
            description="Relative to the library's folder; bytes that are not UTF-8 are shown as U+FFFD.",
            examples=["Miles Davis/Kind of Blue (1959)/01 So What.flac"],
        ),
    ]
    size: Annotated[int, Meta(description="Bytes.", examples=[60_221_403])]
    suffix: Annotated[str, Meta(description="Of its name, without the dot.", examples=["flac"])]
    codec: Annotated[str, Meta(description="How it is encoded.", examples=["flac"])]
    bit_rate: Annotated[int, Meta(description="kbit/s", examples=[857])]
    sample_rate: Annotated[int, Meta(description="Hz", examples=[44_100])]
    channels: Annotated[int, Meta(description="2 is stereo.", examples=[2])]
    bit_depth: Annotated[int | None, Meta(description="Bits of a sample; null where lossy.", examples=[16])]


class ReplayGain(msgspec.Struct, frozen=True, kw_only=True):
    """How to make everything equally loud, as tagged. Gains in dB, peaks as a part of full scale."""

    track_gain: Annotated[float | None, Meta(description="dB, for the track by itself.", examples=[-6.4])]
    track_peak: Annotated[float | None, Meta(description="Highest sample of the track.", examples=[0.988])]
    album_gain: Annotated[float | None, Meta(description="dB, for the album as a whole.", examples=[-5.9])]
    album_peak: Annotated[float | None, Meta(description="Highest sample of the album.", examples=[0.999])]


class TrackRead(msgspec.Struct, frozen=True, kw_only=True):
    """A track."""

    id: Id
    title: Annotated[str, Meta(description="Its name.", examples=["So What"])]
    album_id: Id
    album_title: Annotated[str, Meta(description="Name of its album.", examples=["Kind of Blue"])]
    artists: ArtistMentions
    artist_display: ArtistDisplay
    album_artists: ArtistMentions
    album_artist_display: ArtistDisplay
    disc_number: Annotated[int | None, Meta(description="Which disc of the album.", examples=[1])]
    track_number: Annotated[int | None, Meta(description="Where on the disc.", examples=[1])]
    credits: Credits
    duration_ms: Duration
    genres: Genres
    moods: Annotated[list[str], Meta(description="Moods, as tagged.", examples=[["calm"]])]
    release_date: ReleaseDate
    original_date: OriginalDate
    year: Year
    cover_id: CoverId
    musicbrainz_recording_id: Annotated[
        str | None, Meta(description="MusicBrainz recording.", examples=["2a0b1f0c-5b0a-4b5e-9d0a-1b2c3d4e5f60"])
    ]
    replay_gain: Annotated[
        ReplayGain,
        Meta(
            description="Loudness.",
            examples=[{"track_gain": -6.4, "track_peak": 0.988, "album_gain": -5.9, "album_peak": 0.999}],
        ),
    ]
    bpm: Annotated[int | None, Meta(description="Beats per minute.", examples=[136])]
    isrc: Annotated[str | None, Meta(description="International Standard Recording Code.", examples=["USSM15900113"])]
    comment: Annotated[str | None, Meta(description="Comment, as tagged.", examples=["From the mono master"])]
    created_at: CreatedAt
    marks: MarksShown
    file: Annotated[
        FileRead,
        Meta(
            description="The file that plays it.",
            examples=[
                {
                    "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f02",
                    "library": 1,
                    "path": "Miles Davis/Kind of Blue (1959)/01 So What.flac",
                    "size": 60221403,
                    "suffix": "flac",
                    "codec": "flac",
                    "bit_rate": 857,
                    "sample_rate": 44100,
                    "channels": 2,
                    "bit_depth": 16,
                }
            ],
        ),
    ]

    @classmethod
    def of(cls, track: Track, credited: Iterable[TrackCredit], marks: MarksRead) -> "TrackRead":
        return cls(
            id=track.id,
            title=track.title,
            album_id=track.album_id,
            album_title=track.album_title,
            artists=mentions(track.artists),
            artist_display=track.artist_display,
            album_artists=mentions(track.album_artists),
            album_artist_display=track.album_artist_display,
            disc_number=track.disc_number,
            track_number=track.track_number,
            credits=credits_read(credited),
            duration_ms=track.duration_ms,
            genres=list(track.genres),
            moods=list(track.moods),
            release_date=track.release_date,
            original_date=track.original_date,
            year=track.year,
            cover_id=track.cover_id,
            musicbrainz_recording_id=track.musicbrainz_recording_id,
            replay_gain=ReplayGain(
                track_gain=track.track_gain,
                track_peak=track.track_peak,
                album_gain=track.album_gain,
                album_peak=track.album_peak,
            ),
            bpm=track.bpm,
            isrc=track.isrc,
            comment=track.comment,
            created_at=track.created_at,
            marks=marks,
            file=_file(track.file),
        )


def _file(file: MediaFile) -> FileRead:
    return FileRead(
        id=file.id,
        library=file.library_number,
        path=file.path.decode("utf-8", "replace"),
        size=file.size,
        suffix=file.suffix,
        codec=file.codec,
        bit_rate=file.bit_rate,
        sample_rate=file.sample_rate,
        channels=file.channels,
        bit_depth=file.bit_depth,
    )


async def tracks_shown(call: Call[Any, Any], tracks: Sequence[Track]) -> list[TrackRead]:
    """The tracks, with what is kept apart from them."""
    ids = [track.id for track in tracks]
    credited = await call.work.tracks.credits(ids)
    marks = await marks_on(call, Item.TRACK, ids)
    return [TrackRead.of(track, credited.get(track.id, ()), marks[track.id]) for track in tracks]


class TrackPage(Page[TrackRead], frozen=True):
    """One page of tracks."""


class TrackSorting(StrEnum):
    """By what tracks can be sorted; ``-`` turns the order round."""

    TITLE = "title"
    TITLE_DOWN = "-title"
    ARTIST = "artist"
    ARTIST_DOWN = "-artist"
    ALBUM = "album"
    ALBUM_DOWN = "-album"
    YEAR = "year"
    YEAR_DOWN = "-year"
    DURATION = "duration_ms"
    DURATION_DOWN = "-duration_ms"
    CREATED = "created_at"
    CREATED_DOWN = "-created_at"
    BPM = "bpm"
    BPM_DOWN = "-bpm"
    RANDOM = "random"


_ORDERS = {
    TrackSorting.TITLE: TrackOrder.TITLE,
    TrackSorting.TITLE_DOWN: TrackOrder.TITLE_DESCENDING,
    TrackSorting.ARTIST: TrackOrder.ARTIST,
    TrackSorting.ARTIST_DOWN: TrackOrder.ARTIST_DESCENDING,
    TrackSorting.ALBUM: TrackOrder.ALBUM,
    TrackSorting.ALBUM_DOWN: TrackOrder.ALBUM_DESCENDING,
    TrackSorting.YEAR: TrackOrder.YEAR,
    TrackSorting.YEAR_DOWN: TrackOrder.YEAR_DESCENDING,
    TrackSorting.DURATION: TrackOrder.DURATION,
    TrackSorting.DURATION_DOWN: TrackOrder.DURATION_DESCENDING,
    TrackSorting.CREATED: TrackOrder.OLDEST,
    TrackSorting.CREATED_DOWN: TrackOrder.NEWEST,
    TrackSorting.BPM: TrackOrder.BPM,
    TrackSorting.BPM_DOWN: TrackOrder.BPM_DESCENDING,
    TrackSorting.RANDOM: TrackOrder.RANDOM,
}


class TrackList(Narrowed, frozen=True, kw_only=True):
    """Which tracks."""

    mood: Annotated[
        tuple[str, ...],
        Meta(max_length=20, description="Only of any of these moods; case does not matter.", examples=[["calm"]]),
    ] = ()
    artist: Annotated[
        UUID | None,
        Meta(
            description="Only what this artist performs, or has a part in.",
            examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f01"],
        ),
    ] = None
    album: Annotated[
        UUID | None, Meta(description="Only from this album.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])
    ] = None
    sorting: Annotated[
        tuple[TrackSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["title"]]),
    ] = (TrackSorting.TITLE,)


async def listing(call: Call[TrackList, Nothing]) -> Reply:
    """One page of the tracks that can be played."""
    wanted = call.query
    narrow = TrackFilter(
        library=wanted.library,
        genres=tuple(wanted.genre),
        from_year=wanted.from_year,
        to_year=wanted.to_year,
        moods=tuple(wanted.mood),
        artist=wanted.artist,
        album=wanted.album,
    )
    tracks, total = await call.work.tracks.page(narrow, wanted.window(), _ORDERS[wanted.sorting[0]])
    return Reply(wanted.of(await tracks_shown(call, tracks), total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One track."""
    (track,) = await tracks_shown(call, [await call.work.tracks.get(call.item)])
    return Reply(track)


OPERATIONS = (
    Operation(
        name="list_tracks",
        method="GET",
        path="/tracks/",
        tag="Library",
        summary="List tracks",
        description=(
            "Tracks that can be played now. Sorted by what a track may lack (`year`, `bpm`), those without it are left "
            "out; sorted at `random`, each page is drawn anew."
        ),
        handle=listing,
        query=TrackList,
        answer=TrackPage,
    ),
    Operation(
        name="read_track",
        method="GET",
        path="/tracks/{id}",
        tag="Library",
        summary="Read a track",
        handle=read,
        answer=TrackRead,
    ),
)
