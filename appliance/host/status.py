"""What the server is doing, in one plain line for ``systemctl status``."""

import msgspec

from appliance.core.scanning import Scan, ScanState


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What the server does now."""

    streams: int
    """Responses with audio that are being sent."""
    scan: Scan | None
    """The one running, else the latest."""
    waits_for_setup: bool = False
    """Whether nobody has set it up yet."""


def status_line(activity: Activity) -> str:
    """Such as ``Playing for 2 listeners; reading your music: 1,204 of 20,000 files.``."""
    if activity.waits_for_setup:
        return "Waiting for somebody to set it up, at /setup."
    parts = [_playing(activity.streams), _reading(activity.scan)]
    line = "; ".join(part for part in parts if part) or "ready, and quiet"
    return f"{line[0].upper()}{line[1:]}."


def _playing(streams: int) -> str:
    if not streams:
        return ""
    return "playing for 1 listener" if streams == 1 else f"playing for {streams:,} listeners"


def _reading(scan: Scan | None) -> str:
    if scan is None or scan.state is not ScanState.RUNNING:
        return ""
    if not scan.counts.to_read:
        return f"looking for music: {scan.counts.found:,} files so far"
    return f"reading your music: {scan.counts.read:,} of {scan.counts.to_read:,} files"
