"""Files: several may hold one track, in different qualities or places."""

from datetime import datetime
from uuid import UUID

import msgspec


class HeldFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a library has, or had."""

    id: UUID
    track_id: UUID
    library_number: int
    path: bytes
    """Relative to the library's root."""
    size: int
    """Bytes at the last scan."""
    mtime_ns: int
    identity: bytes
    """16 bytes: of the encoded audio, tags excluded."""
    suffix: str
    codec: str
    duration_ms: int
    bit_rate: int
    """kbit/s"""
    sample_rate: int
    """Hz"""
    channels: int
    bit_depth: int | None
    missing_since: datetime | None
    """When a scan did not find it any more; None while it is there."""
    created_at: datetime


class FileFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a list of files; None does not narrow."""

    track: UUID | None = None
    library: int | None = None
    missing: bool | None = None
