"""``/plays``: what somebody has heard."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.events_told import (
    Client,
    DeviceId,
    HappenedAt,
    Milliseconds,
    OwnId,
    RecordedAt,
    ToldAt,
    TrackId,
)
from appliance.api.rest.mentioned import TrackMention, TrackShown, tracks_mentioned
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.listening import ContextKind, PlayEvent, TimeOrder, Told
from appliance.core.plays import Heard, PlayFilter, add_play, history
from appliance.core.ports import UnitOfWork

_HeardMs = Annotated[
    Milliseconds | None,
    Meta(description="How much of it was heard, in milliseconds; null where the app does not say.", examples=[240_000]),
]


class PlayContext(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From what it was played."""

    kind: Annotated[ContextKind, Meta(description="What kind of thing.", examples=["album"])]
    id: Annotated[
        UUID | None,
        Meta(
            description="Of the album, the playlist…, if it has one.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"]
        ),
    ] = None


_Context = Annotated[
    PlayContext | None,
    Meta(
        description="From what it was played; null where the app does not say.",
        examples=[{"kind": "album", "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"}],
    ),
]


class PlayRead(msgspec.Struct, frozen=True, kw_only=True):
    """A play."""

    id: Id
    track_id: TrackId
    track: TrackShown
    played_at: HappenedAt
    recorded_at: RecordedAt
    heard_ms: _HeardMs
    client: Client
    device_id: DeviceId
    context: _Context

    @classmethod
    def of(cls, play: PlayEvent, track: TrackMention | None) -> "PlayRead":
        kind = play.context_kind
        return cls(
            id=play.id,
            track_id=play.track_id,
            track=track,
            played_at=play.happened_at,
            recorded_at=play.recorded_at,
            heard_ms=play.heard_ms,
            client=play.client,
            device_id=play.device_id,
            context=None if kind is None else PlayContext(kind=kind, id=play.context_id),
        )


class PlayPage(Page[PlayRead], frozen=True):
    """One page of a history."""


class PlayCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was heard."""

    track_id: TrackId
    id: OwnId = None
    happened_at: ToldAt = None
    heard_ms: _HeardMs = None
    client: Client = ""
    device_id: DeviceId = None
    context: _Context = None


class PlaySorting(StrEnum):
    """By what plays can be sorted."""

    PLAYED_DOWN = "-played_at"
    PLAYED = "played_at"


_ORDERS = {PlaySorting.PLAYED_DOWN: TimeOrder.NEWEST, PlaySorting.PLAYED: TimeOrder.OLDEST}
_Time = Annotated[datetime, Meta(tz=True)]


class PlayList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which plays."""

    track_id: Annotated[
        UUID | None, Meta(description="Only of this track.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])
    ] = None
    from_time: Annotated[
        _Time | None, Meta(description="Only from this time on, with its zone.", examples=["2026-03-01T00:00:00Z"])
    ] = None
    to_time: Annotated[
        _Time | None, Meta(description="Only before this time, with its zone.", examples=["2026-04-01T00:00:00Z"])
    ] = None
    sorting: Annotated[
        tuple[PlaySorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-played_at"]]),
    ] = (PlaySorting.PLAYED_DOWN,)


async def listing(call: Call[PlayList, Nothing]) -> Reply:
    """One page of the caller's history."""
    wanted = call.query
    narrow = PlayFilter(track_id=wanted.track_id, from_time=wanted.from_time, to_time=wanted.to_time)
    plays, total = await history(call.work, call.caller.user, narrow, _ORDERS[wanted.sorting[0]], wanted.window())
    tracks = await tracks_mentioned(call.work, [play.track_id for play in plays])
    return Reply(wanted.of([PlayRead.of(play, tracks.get(play.track_id)) for play in plays], total))


async def create(call: Call[Nothing, PlayCreate]) -> Reply:
    """Record a play."""
    body = call.body
    heard = Heard(
        track_id=body.track_id,
        client=body.client,
        heard_ms=body.heard_ms,
        device_id=body.device_id,
        context_kind=body.context.kind if body.context else None,
        context_id=body.context.id if body.context else None,
    )
    told = Told(id=body.id, happened_at=body.happened_at)
    return await _read(call.work, await add_play(call.work, call.caller.user, heard, told))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One play."""
    return await _read(call.work, await call.work.plays.get(call.caller.user.id, call.item))


async def _read(work: UnitOfWork, play: PlayEvent) -> Reply:
    tracks = await tracks_mentioned(work, [play.track_id])
    return Reply(PlayRead.of(play, tracks.get(play.track_id)))


OPERATIONS = (
    Operation(
        name="list_plays",
        method="GET",
        path="/plays/",
        tag="Listening",
        summary="List what you have heard",
        description="Your own history, latest first unless sorted otherwise. Tracks that are gone stay in it.",
        handle=listing,
        query=PlayList,
        answer=PlayPage,
    ),
    Operation(
        name="create_play",
        method="POST",
        path="/plays/",
        tag="Listening",
        summary="Record a play",
        description=(
            "What counts as one the app decides. Sent again, under the same `id` or with the same track, client and "
            "time, it changes nothing; `409` when the `id` is that of something else."
        ),
        handle=create,
        body=PlayCreate,
        status=201,
        answer=PlayRead,
        access=Access.SIGNED_IN,
        refusals=(404, 409),
    ),
    Operation(
        name="read_play",
        method="GET",
        path="/plays/{id}",
        tag="Listening",
        summary="Read a play",
        handle=read,
        answer=PlayRead,
    ),
)
