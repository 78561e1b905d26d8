"""What the household is listening to at this moment: told by the apps, and forgotten by itself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from appliance.core.accounts import User
from appliance.core.catalogue import Track, Window
from appliance.core.events import Event
from appliance.core.ids import new_id
from appliance.core.listening import app_name
from appliance.core.ports import UnitOfWork

#: How much longer than its track an entry lives, for pauses and slow networks.
MARGIN = timedelta(minutes=2)
#: A file may claim to last for years; nobody is believed to listen so long without a word of the app.
LONGEST = timedelta(hours=24)


class Playing(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is listening to a track. One for each user: the latest that an app told."""

    id: UUID
    user_id: UUID
    track_id: UUID
    client: str
    """The name that the app gives itself."""
    position_ms: int
    """Where in the track, when it was told."""
    paused: bool
    told_at: datetime
    expires_at: datetime


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A user who is listening, as the household sees it."""

    playing: Playing
    user_name: str
    track: Track


def time_to_live(duration_ms: int) -> timedelta:
    """How long an entry counts after it was told: the track's length and a margin."""
    # As a number first: a duration of 2^63 fits into no timedelta.
    return timedelta(milliseconds=min(duration_ms, LONGEST // timedelta(milliseconds=1))) + MARGIN


async def tell_now_playing(
    work: UnitOfWork, user: User, track_id: UUID, *, client: str, position_ms: int, paused: bool
) -> Listener:
    """Say what the user listens to; what was said before is forgotten.

    Whoever listens to events is told of another track, and of a pause. Raises ``NotFound`` for a track that cannot
    be played now. Guests may.
    """
    track = await work.tracks.get(track_id)
    now = datetime.now(UTC)
    playing = Playing(
        id=new_id(),
        user_id=user.id,
        track_id=track_id,
        client=app_name(client),
        position_ms=position_ms,
        paused=paused,
        told_at=now,
        expires_at=now + time_to_live(track.duration_ms),
    )
    before = await work.now_playing.of(user.id, now)
    await work.now_playing.put(playing)
    # Not for each new position: an app may tell it every second.
    if before is None or (before.track_id, before.paused) != (track_id, paused):
        await work.events.add(Event.of_now_playing(user.id))
    return Listener(playing=playing, user_name=user.name, track=track)


async def who_listens(work: UnitOfWork, window: Window) -> tuple[list[Listener], int]:
    """One page of the users who are listening, who told last first, and how many there are in all.

    Somebody whose track the asking user may not see, or that is gone meanwhile, is left out.
    """
    told = await work.now_playing.current(datetime.now(UTC))
    tracks = {track.id: track for track in await work.tracks.many([playing.track_id for playing, _ in told])}
    listeners = [
        Listener(playing=playing, user_name=name, track=tracks[playing.track_id])
        for playing, name in told
        if playing.track_id in tracks
    ]
    return listeners[window.offset : window.offset + window.limit], len(listeners)


async def stop_listening(work: UnitOfWork, user: User) -> None:
    """Forget what the user listens to; nothing is no error."""
    if await work.now_playing.remove(user.id):
        await work.events.add(Event.of_now_playing(user.id))
