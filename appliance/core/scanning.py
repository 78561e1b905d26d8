"""A scan as it is asked for, shown and ended."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

#: The channel on which the store tells that a scan was queued or cancelled.
CHANNEL = "tonearm_scans"


class ScanKind(StrEnum):
    """How much a scan reads."""

    QUICK = "quick"
    """Reads what is new or changed by size or mtime."""
    FULL = "full"
    """Reads every file again."""


class ScanState(StrEnum):
    """What has become of a scan."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ScanCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan is. All are files, over all libraries."""

    found: int = 0
    """Seen by the walk so far."""
    to_read: int = 0
    """New or changed: to be read for tags."""
    read: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    returned: int = 0
    faulty: int = 0


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: ScanKind
    state: ScanState
    counts: ScanCounts
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str | None = None
    """Why it failed, or what the owner should know."""


class ScanFault(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder of a library that could not be read, until it can be or is gone."""

    library: int
    path: str
    """Relative to the library's root, as text: bytes that are not UTF-8 are shown as U+FFFD."""
    reason: str
    seen_at: datetime
