"""Scans, asked for and followed."""

from typing import Protocol
from uuid import UUID

from appliance.core.catalogue import Window
from appliance.core.scanning import Scan, ScanCounts, ScanFault, ScanKind, ScanState


class Scans(Protocol):
    async def request(self, kind: ScanKind) -> Scan:
        """Queue a scan and wake the scanner on commit. A queued scan that covers ``kind`` is returned instead."""
        ...

    async def take(self) -> Scan | None:
        """Start the oldest queued scan, or take up one whose process is gone; None when there is nothing to do."""
        ...

    async def progress(self, scan_id: UUID, counts: ScanCounts) -> bool:
        """Write the counts. False when the scan was cancelled meanwhile."""
        ...

    async def finish(self, scan_id: UUID, state: ScanState, counts: ScanCounts, message: str | None = None) -> None:
        """End a running scan; one that was cancelled meanwhile stays so. Forgets all but the latest few hundred."""
        ...

    async def cancel(self, scan_id: UUID) -> Scan:
        """Cancel a queued or running scan, waking the scanner on commit. An ended one stays as it is. ``NotFound``."""
        ...

    async def get(self, scan_id: UUID) -> Scan:
        """Raises ``NotFound``."""
        ...

    async def page(self, window: Window) -> tuple[list[Scan], int]:
        """Latest first, and how many in all."""
        ...

    async def latest(self) -> Scan | None:
        """The one running, else the one requested last."""
        ...

    async def faults(self, window: Window) -> tuple[list[ScanFault], int]:
        """What could not be read, by library and path, and how many in all."""
        ...
