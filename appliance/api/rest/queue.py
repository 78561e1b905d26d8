"""``/queue``: what somebody is going to hear, on whatever device."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.events_told import Client, DeviceId, Milliseconds, TrackId
from appliance.api.rest.mentioned import TrackMention, TrackShown, tracks_mentioned
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.core.ports import UnitOfWork
from appliance.core.queues import LONGEST_QUEUE, PlayQueue, QueueChange, change_queue

_TRACKS = ["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"]
_Index = Annotated[int, Meta(ge=0, lt=LONGEST_QUEUE)]
_Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class QueueRead(msgspec.Struct, frozen=True, kw_only=True):
    """A play queue."""

    track_ids: Annotated[
        list[UUID],
        Meta(description="Its tracks in their order; those that are missing now are among them.", examples=[_TRACKS]),
    ]
    current_index: Annotated[
        _Index | None, Meta(description="Which of them is playing, from 0; null in an empty queue.", examples=[0])
    ]
    current: TrackShown
    position_ms: Annotated[Milliseconds, Meta(description="Where in that one, in milliseconds.", examples=[83_000])]
    client: Annotated[str, Meta(description="The app that changed it last.", examples=["Kitchen radio"])]
    device_id: DeviceId
    changed_at: Annotated[
        datetime | None,
        Meta(description="When that was (UTC); null while there never was a queue.", examples=["2026-03-01T18:20:00Z"]),
    ]
    revision: Annotated[_Revision, Meta(description="Another after every change.", examples=[17])]

    @classmethod
    def of(cls, queue: PlayQueue, current: TrackMention | None) -> "QueueRead":
        return cls(
            track_ids=list(queue.track_ids),
            current_index=queue.current_index,
            current=current,
            position_ms=queue.position_ms,
            client=queue.changed_by,
            device_id=queue.device_id,
            changed_at=queue.changed_at,
            revision=queue.revision,
        )


class QueueUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays, but for the position when another track is to play."""

    track_ids: (
        Annotated[
            tuple[UUID, ...],
            Meta(max_length=LONGEST_QUEUE, description="All its tracks; empty to clear it.", examples=[_TRACKS]),
        ]
        | UnsetType
    ) = UNSET
    current_index: (
        Annotated[_Index, Meta(description="Which of them plays; the first when only they are given.", examples=[0])]
        | UnsetType
    ) = UNSET
    position_ms: (
        Annotated[Milliseconds, Meta(description="Where in that one, in milliseconds.", examples=[83_000])] | UnsetType
    ) = UNSET
    client: Client = ""
    device_id: DeviceId = None
    revision: (
        Annotated[
            _Revision,
            Meta(description="The one that you have read: `409` if there is another by now.", examples=[17]),
        ]
        | UnsetType
    ) = UNSET


class EntryRead(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a queue."""

    index: Annotated[_Index, Meta(description="Which place, from 0.", examples=[0])]
    track_id: TrackId
    track: TrackShown


class EntryPage(Page[EntryRead], frozen=True):
    """One page of a queue."""


class EntryList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which places."""


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """The caller's queue."""
    return await _read(call.work, await call.work.queues.get(call.caller.user.id))


async def update(call: Call[Nothing, QueueUpdate]) -> Reply:
    """Change the caller's queue."""
    body = call.body
    change = QueueChange(
        track_ids=None if body.track_ids is UNSET else body.track_ids,
        current_index=None if body.current_index is UNSET else body.current_index,
        position_ms=None if body.position_ms is UNSET else body.position_ms,
        client=body.client,
        device_id=body.device_id,
        revision=None if body.revision is UNSET else body.revision,
    )
    return await _read(call.work, await change_queue(call.work, call.caller.user, change))


async def _read(work: UnitOfWork, queue: PlayQueue) -> Reply:
    if queue.current_index is None:
        return Reply(QueueRead.of(queue, None))
    current = queue.track_ids[queue.current_index]
    return Reply(QueueRead.of(queue, (await tracks_mentioned(work, [current])).get(current)))


async def entries(call: Call[EntryList, Nothing]) -> Reply:
    """One page of the caller's queue, with what is shown of each track."""
    window = call.query.window()
    track_ids, total = await call.work.queues.entries(call.caller.user.id, window)
    tracks = await tracks_mentioned(call.work, track_ids)
    items = [
        EntryRead(index=index, track_id=track_id, track=tracks.get(track_id))
        for index, track_id in enumerate(track_ids, window.offset)
    ]
    return Reply(call.query.of(items, total))


OPERATIONS = (
    Operation(
        name="read_queue",
        method="GET",
        path="/queue/",
        tag="Listening",
        summary="Read your play queue",
        description="One for all your devices: read it on another, and go on there.",
        handle=read,
        answer=QueueRead,
    ),
    Operation(
        name="update_queue",
        method="PATCH",
        path="/queue/",
        tag="Listening",
        summary="Change your play queue",
        description=(
            "All of it or nothing. Give the `revision` that you have read, and a change that another device made "
            "meanwhile is not lost: the answer is `409`. Without it the last one counts."
        ),
        handle=update,
        body=QueueUpdate,
        answer=QueueRead,
        access=Access.SIGNED_IN,
        refusals=(404, 409),
    ),
    Operation(
        name="list_queue_entries",
        method="GET",
        path="/queue/entries/",
        tag="Listening",
        summary="List the tracks of your play queue",
        description="In their order.",
        handle=entries,
        query=EntryList,
        answer=EntryPage,
    ),
)
