"""``/shares/public``: what a link opens, for anybody who has it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Reply
from appliance.api.rest.schemas import ArtistDisplay, Duration
from appliance.core.catalogue import Track
from appliance.core.playback import Wish, plan
from appliance.core.shares import CODE_PATTERN, MOST_SHOWN, Shown, shared_track, visit
from appliance.core.throttle import Attempt

_CODE = Meta(pattern=CODE_PATTERN, description="What the link holds.", examples=["kPq3vX0nT7mJ2hYc8RwZsA"])
_Format = Annotated[str, Meta(max_length=10)]
_BitRate = Annotated[int, Meta(ge=0, le=10_000)]


class SharePart(msgspec.Struct, frozen=True, kw_only=True):
    """A link."""

    code: Annotated[str, _CODE]


class SharedTrackPart(SharePart, frozen=True, kw_only=True):
    """A track behind a link."""

    number: Annotated[
        int, Meta(ge=1, le=MOST_SHOWN, description="Of the track, as the link's page says.", examples=[1])
    ]


class SharedAudio(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As what the track is to be heard."""

    format: Annotated[
        _Format | None,
        Meta(
            description="`mp3`, `opus`, `aac` or `flac`; `raw`, and nothing: the file as it is, where the rate allows.",
            examples=["mp3"],
        ),
    ] = None
    max_bit_rate: Annotated[_BitRate | None, Meta(description="kbit/s at most; 0: no limit.", examples=[128])] = None


class SharedTrackRead(msgspec.Struct, frozen=True, kw_only=True):
    """A track behind a link."""

    number: Annotated[int, Meta(description="What it is asked for by.", examples=[1])]
    title: Annotated[str, Meta(description="Its name.", examples=["So What"])]
    artist_display: ArtistDisplay
    duration_ms: Duration
    audio_path: Annotated[
        str,
        Meta(
            description="Where it is heard, on this server.",
            examples=["/api/v1/shares/public/kPq3vX0nT7mJ2hYc8RwZsA/tracks/1/audio"],
        ),
    ]


class PublicShareRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a link opens: names and durations, and nothing else of the household."""

    title: Annotated[
        str,
        Meta(
            description="Of the album, track or playlist; empty where tracks were picked out.",
            examples=["Kind of Blue"],
        ),
    ]
    artist_display: ArtistDisplay
    description: Annotated[str, Meta(description="Words of whoever gave it; may be empty.", examples=["For the train"])]
    expires_at: Annotated[
        datetime | None, Meta(description="When the link ends (UTC); null: never.", examples=["2027-03-01T18:20:00Z"])
    ]
    tracks: Annotated[
        list[SharedTrackRead],
        Meta(
            max_length=MOST_SHOWN,
            description="In their order. A number may be missing: that track cannot be played now.",
            examples=[
                [
                    {
                        "number": 1,
                        "title": "So What",
                        "artist_display": "Miles Davis",
                        "duration_ms": 562_000,
                        "audio_path": "/api/v1/shares/public/kPq3vX0nT7mJ2hYc8RwZsA/tracks/1/audio",
                    }
                ]
            ],
        ),
    ]

    @classmethod
    def of(cls, shown: Shown) -> "PublicShareRead":
        return cls(
            title=shown.title,
            artist_display=shown.artist_display,
            description=shown.share.description,
            expires_at=shown.share.expires_at,
            tracks=[_track(shown.share.code, number, track) for number, track in shown.tracks],
        )


def _track(code: str, number: int, track: Track) -> SharedTrackRead:
    return SharedTrackRead(
        number=number,
        title=track.title,
        artist_display=track.artist_display,
        duration_ms=track.duration_ms,
        audio_path=f"/api/v1/shares/public/{code}/tracks/{number}/audio",
    )


def _attempt(call: Call[Any, Nothing], code: str) -> Attempt:
    return call.services.accounts.attempt("share", code, call.network)


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """Open a link."""
    code = call.part(SharePart).code
    return Reply(PublicShareRead.of(await visit(call.work, code, _attempt(call, code), datetime.now(UTC))))


async def audio(call: Call[SharedAudio, Nothing]) -> Reply:
    """The sound of a track behind a link."""
    part, wanted = call.part(SharedTrackPart), call.query
    track = await shared_track(call.work, part.code, part.number, _attempt(call, part.code), datetime.now(UTC))
    return Reply(sound=plan(track, Wish(format=wanted.format, max_bit_rate=wanted.max_bit_rate)))


OPERATIONS = (
    Operation(
        name="read_public_share",
        method="GET",
        path="/shares/public/{code}",
        tag="Shares",
        summary="Open a link",
        description=(
            "Counts as a visit. 404 for a link that has ended, is used up, was revoked or never was, all alike; wrong "
            "ones are throttled."
        ),
        handle=read,
        part=SharePart,
        answer=PublicShareRead,
        access=Access.PUBLIC,
        refusals=(429,),
    ),
    Operation(
        name="read_public_share_audio",
        method="GET",
        path="/shares/public/{code}/tracks/{number}/audio",
        tag="Shares",
        summary="Hear a track behind a link",
        description=(
            "As it is, unless a format or a lower rate is asked for; with `Range`. No visit, but where visits are "
            "limited, only within twelve hours of one. 404 as when the link is opened."
        ),
        handle=audio,
        query=SharedAudio,
        part=SharedTrackPart,
        sounds=("audio/*", "application/octet-stream"),
        access=Access.PUBLIC,
        refusals=(429, 500),
    ),
)
