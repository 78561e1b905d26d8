"""Plays: what was heard, when, on what, and from where. What counts as one the app decides."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from appliance.core.accounts import User
from appliance.core.catalogue import Item, Window
from appliance.core.errors import Conflict
from appliance.core.ids import new_id
from appliance.core.listening import (
    EARLIEST,
    ContextKind,
    PlayEvent,
    TimeOrder,
    Told,
    app_name,
    believed,
    must_exist,
)
from appliance.core.ports import UnitOfWork


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What an app tells of a play."""

    track_id: UUID
    client: str = ""
    """The name that the app gives itself."""
    heard_ms: int | None = None
    """How much of it was heard; None where the app does not say."""
    device_id: UUID | None = None
    context_kind: ContextKind | None = None
    context_id: UUID | None = None


class PlayFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a history; None does not narrow."""

    track_id: UUID | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    """Exclusive, so that months follow one another without a gap or an overlap."""


#: Beyond what any clock says, and within what a database stores in any time zone.
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


async def history(
    work: UnitOfWork, user: User, narrow: PlayFilter, order: TimeOrder, window: Window
) -> tuple[list[PlayEvent], int]:
    """One page of what the user has heard, and how much that is in all."""
    bounded = msgspec.structs.replace(narrow, from_time=_bounded(narrow.from_time), to_time=_bounded(narrow.to_time))
    return await work.plays.page(user.id, bounded, order, window)


def _bounded(at: datetime | None) -> datetime | None:
    """The ends of the calendar have no UTC in some zones; nothing that was heard lies beyond these."""
    return None if at is None else min(max(at, EARLIEST), _LATEST)


async def add_play(work: UnitOfWork, user: User, heard: Heard, told: Told) -> PlayEvent:
    """Append a play. Told again, under the same id or by the same app with the same time, it is recorded once.

    Answers it as it was recorded. Raises ``NotFound`` for an unknown track, ``Conflict`` when the id is that of
    something else. Guests may: what they hear is counted as anybody's.
    """
    await must_exist(work, [(Item.TRACK, heard.track_id)])
    now = datetime.now(UTC)
    event = PlayEvent(
        id=told.id or new_id(),
        user_id=user.id,
        track_id=heard.track_id,
        client=app_name(heard.client),
        happened_at=believed(told.happened_at, now).astimezone(UTC),
        recorded_at=now,
        heard_ms=heard.heard_ms,
        device_id=heard.device_id,
        context_kind=heard.context_kind,
        context_id=heard.context_id,
    )
    if await work.plays.add(event):
        return event
    known = await work.plays.like(event)
    if (known.user_id, known.track_id) != (user.id, event.track_id):
        raise Conflict(f"The id {event.id} is taken by another event.")
    return known
