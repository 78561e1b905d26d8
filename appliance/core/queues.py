"""Play queues: one for each user, which any of the user's devices reads, changes and takes over."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.core.errors import BadRequest, Conflict
from appliance.core.listening import app_name, must_exist
from appliance.core.ports import UnitOfWork

#: Tracks in a queue.
LONGEST_QUEUE = 10_000


class PlayQueue(msgspec.Struct, frozen=True, kw_only=True):
    """What a user is going to hear. Tracks that are missing keep their place."""

    user_id: UUID
    track_ids: tuple[UUID, ...] = ()
    current_index: int | None = None
    """Which of them is playing, from 0 on; None only in an empty queue."""
    position_ms: int = 0
    """Where in that one."""
    changed_by: str = ""
    """The name of the app that changed it last."""
    device_id: UUID | None = None
    changed_at: datetime | None = None
    """None where nobody ever had a queue."""
    revision: int = 0
    """Counts the changes."""


class QueueChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an app wants to change; None leaves it as it is."""

    track_ids: tuple[UUID, ...] | None = None
    current_index: int | None = None
    position_ms: int | None = None
    client: str = ""
    device_id: UUID | None = None
    revision: int | None = None
    """What the app has seen; None to change whatever is there."""


def changed(queue: PlayQueue, change: QueueChange, now: datetime) -> PlayQueue:
    """The queue after the change. A new list begins at its first track, another track at its beginning.

    Raises ``Conflict`` when the queue is another than the app has seen, ``BadRequest`` for an index that it does not
    have or a queue that is too long.
    """
    if change.revision not in {None, queue.revision}:
        raise Conflict(f"The queue was changed meanwhile, by {queue.changed_by or 'another app'}: read it again.")
    track_ids = queue.track_ids if change.track_ids is None else change.track_ids
    if len(track_ids) > LONGEST_QUEUE:
        raise BadRequest(f"A queue has at most {LONGEST_QUEUE} tracks.")
    index = queue.current_index if change.track_ids is None else None
    if change.current_index is not None:
        index = change.current_index
    elif index is None and track_ids:
        index = 0
    if index is not None and not 0 <= index < len(track_ids):
        raise BadRequest(f"The queue has {len(track_ids)} tracks; none has the index {index}.")
    stays = change.track_ids is None and index == queue.current_index
    position = change.position_ms if change.position_ms is not None else queue.position_ms if stays else 0
    return PlayQueue(
        user_id=queue.user_id,
        track_ids=track_ids,
        current_index=index,
        position_ms=position if track_ids else 0,
        changed_by=app_name(change.client),
        device_id=change.device_id,
        changed_at=now,
        revision=queue.revision + 1,
    )


async def change_queue(work: UnitOfWork, user: User, change: QueueChange) -> PlayQueue:
    """Change the user's queue, and answer it as it is then. Guests may.

    Raises ``Conflict`` or ``BadRequest`` as ``changed`` does, ``NotFound`` for a track that is unknown; nothing is
    changed then. What is in the queue already may stay, whatever has become of it.
    """
    queue = await work.queues.take(user.id)
    wanted = changed(queue, change, datetime.now(UTC))
    if change.track_ids is None:
        await work.queues.move(wanted)
        return wanted
    new = set(wanted.track_ids) - set(queue.track_ids)
    await must_exist(work, [(Item.TRACK, track_id) for track_id in dict.fromkeys(wanted.track_ids) if track_id in new])
    await work.queues.put(wanted)
    return wanted
