"""What happens, told to whoever listens: pages that show it, and apps that want to look again.

An event says what changed, not all of what it is now: a listener reads the thing itself, and sees what it may see.
"""

import re
from enum import StrEnum
from typing import Any, NamedTuple, Self
from uuid import UUID

import msgspec

from appliance.core.jobs import Job, JobProgress, JobState
from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState

#: The channel on which the store tells of events, by the number of the transaction that brings them.
CHANNEL = "tonearm_events"
#: Past every event of its transaction.
_LAST = 10**18 - 1
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


class EventKind(StrEnum):
    JOB = "job"
    SCAN = "scan"
    LIBRARY = "library"
    NOW_PLAYING = "now_playing"
    RESET = "reset"
    """What happened since is not known any more: look at everything anew."""


class JobChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A job was queued, begun, got on or ended."""

    id: UUID
    kind: str
    state: JobState
    progress: JobProgress


class ScanChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A scan was asked for, begun, got on or ended."""

    id: UUID
    kind: ScanKind
    state: ScanState
    counts: ScanCounts


class LibraryChanged(msgspec.Struct, frozen=True):
    """There is other music than before."""


class NowPlayingChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody plays something else, or nothing more."""

    user_id: UUID


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and who may know."""

    kind: EventKind
    data: msgspec.Struct
    user_id: UUID | None = None
    """Whose it is. None with ``administrators`` false is everybody's."""
    administrators: bool = False
    """Whether it is for administrators, beside ``user_id``."""

    @classmethod
    def of_job(cls, job: Job) -> Self:
        """For administrators, and for who asked for the job."""
        data = JobChanged(id=job.id, kind=job.kind, state=job.state, progress=job.progress)
        return cls(kind=EventKind.JOB, data=data, user_id=job.requested_by, administrators=True)

    @classmethod
    def of_scan(cls, scan: Scan) -> Self:
        """For everybody."""
        data = ScanChanged(id=scan.id, kind=scan.kind, state=scan.state, counts=scan.counts)
        return cls(kind=EventKind.SCAN, data=data)

    @classmethod
    def of_library(cls) -> Self:
        """For everybody: each then reads what they may see."""
        return cls(kind=EventKind.LIBRARY, data=LibraryChanged())

    @classmethod
    def of_now_playing(cls, user_id: UUID) -> Self:
        """For everybody: what is played is read, by those who may see it."""
        return cls(kind=EventKind.NOW_PLAYING, data=NowPlayingChanged(user_id=user_id))


class Cursor(NamedTuple):
    """A place in the order of events: after the one with this transaction and number. Written ``<xid>-<id>``."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def before(cls, horizon: int) -> "Cursor":
        """After every event of the transactions below ``horizon``."""
        return cls(horizon - 1, _LAST)

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """None for what is no cursor."""
        found = _CURSOR.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is read."""

    cursor: Cursor
    kind: EventKind
    data: dict[str, Any]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What came after a cursor."""

    events: list[Told]
    cursor: Cursor
    """From where to go on, also past what this user may not know."""
    horizon: int
    """Every transaction below this number has been read."""
    lost: bool = False
    """The cursor reaches further back than what is kept, or is not of this database: look anew, and go on from here."""
    more: bool = False
    """There is more to be read now."""
    waiting: bool = False
    """Events are there that cannot be read before an older transaction has ended: ask again in a moment."""
