"""``/now-playing``: what the household is listening to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.events_told import Client, Position, TrackId
from appliance.api.rest.mentioned import TRACK_EXAMPLE, TrackMention
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.now_playing import Listener, stop_listening, tell_now_playing, who_listens

_Paused = Annotated[bool, Meta(description="Whether it stands still.", examples=[False])]


class NowPlayingRead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is listening."""

    id: Id
    user_id: Annotated[UUID, Meta(description="Who.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f30"])]
    user_name: Annotated[str, Meta(description="Who, by name.", examples=["ada"])]
    track: Annotated[TrackMention, Meta(description="To what.", examples=[TRACK_EXAMPLE])]
    position_ms: Position
    paused: _Paused
    client: Client
    told_at: Annotated[
        datetime,
        Meta(description="When the app said so (UTC); the position is of then.", examples=["2026-03-01T18:20:00Z"]),
    ]
    expires_at: Annotated[
        datetime, Meta(description="When it is forgotten (UTC), unless told again.", examples=["2026-03-01T18:31:22Z"])
    ]

    @classmethod
    def of(cls, listener: Listener) -> "NowPlayingRead":
        playing = listener.playing
        return cls(
            id=playing.id,
            user_id=playing.user_id,
            user_name=listener.user_name,
            track=TrackMention.of(listener.track),
            position_ms=playing.position_ms,
            paused=playing.paused,
            client=playing.client,
            told_at=playing.told_at,
            expires_at=playing.expires_at,
        )


class NowPlayingPage(Page[NowPlayingRead], frozen=True):
    """One page of who is listening."""


class NowPlayingCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller is listening to."""

    track_id: TrackId
    position_ms: Position = 0
    paused: _Paused = False
    client: Client = ""


class NowPlayingList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""


async def listing(call: Call[NowPlayingList, Nothing]) -> Reply:
    """One page of who is listening."""
    listeners, total = await who_listens(call.work, call.query.window())
    return Reply(call.query.of([NowPlayingRead.of(listener) for listener in listeners], total))


async def create(call: Call[Nothing, NowPlayingCreate]) -> Reply:
    """Say what the caller is listening to."""
    body = call.body
    listener = await tell_now_playing(
        call.work,
        call.caller.user,
        body.track_id,
        client=body.client,
        position_ms=body.position_ms,
        paused=body.paused,
    )
    return Reply(NowPlayingRead.of(listener))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Stop."""
    await stop_listening(call.work, call.caller.user)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_now_playing",
        method="GET",
        path="/now-playing/",
        tag="Listening",
        summary="See who is listening",
        description=(
            "What each user's apps told last, until the track's length and two minutes have passed. Users whose track "
            "you may not see are left out."
        ),
        handle=listing,
        query=NowPlayingList,
        answer=NowPlayingPage,
    ),
    Operation(
        name="create_now_playing",
        method="POST",
        path="/now-playing/",
        tag="Listening",
        summary="Say what you are listening to",
        description="Instead of what you said before. It is no play: that is for `/plays/`.",
        handle=create,
        body=NowPlayingCreate,
        status=201,
        answer=NowPlayingRead,
        access=Access.SIGNED_IN,
        refusals=(404,),
    ),
    Operation(
        name="delete_now_playing",
        method="DELETE",
        path="/now-playing/current",
        tag="Listening",
        summary="Say that you have stopped",
        description="Nothing to stop is no fault.",
        handle=delete,
        status=204,
        access=Access.SIGNED_IN,
    ),
)
