"""Showing a scan to the person who waits for it."""

from uuid import UUID

import trio

from appliance.core.ports import Store
from appliance.core.scanning import Scan, ScanState
from appliance.terminal import Terminal

_GLANCE_SECONDS = 0.25


async def follow_scan(store: Store, scan_id: UUID, terminal: Terminal) -> Scan:
    """Show the scan's progress until it has ended; returns it as it ended."""
    with terminal.progress("Scanning your music", "files") as progress:
        while True:
            async with store.begin() as work:
                scan = await work.scans.get(scan_id)
            progress(scan.counts.read, scan.counts.to_read or None)
            if scan.state not in {ScanState.QUEUED, ScanState.RUNNING}:
                return scan
            await trio.sleep(_GLANCE_SECONDS)


def summary(scan: Scan) -> str:
    """What came of a scan, in a sentence or two."""
    counts = scan.counts
    if scan.state is ScanState.FAILED:
        return f"The scan did not finish: {scan.message}"
    if scan.state is ScanState.CANCELLED:
        return "The scan was cancelled. What it had read is kept."
    changes = [
        f"{count:,} {word}"
        for count, word in (
            (counts.added, "new"),
            (counts.changed, "changed"),
            (counts.moved, "moved"),
            (counts.returned, "back again"),
            (counts.missing, "missing"),
        )
        if count
    ]
    words = f"{counted(counts.found, 'file')}: {', '.join(changes) if changes else 'nothing has changed'}."
    if not (counts.found or changes):
        words = "No music was found."
    if counts.faulty:
        words += f" {counts.faulty:,} could not be read; `tonearm scan` lists them."
    return f"{words} {scan.message}" if scan.message else words


def counted(number: int, noun: str) -> str:
    """``1 file``, ``1,200 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
