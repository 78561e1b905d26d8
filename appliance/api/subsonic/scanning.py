"""Scans, as far as this API knows them."""

from appliance.api.subsonic.call import Call, Element
from appliance.api.subsonic.responses import ScanStatus
from appliance.core.accounts import Role
from appliance.core.errors import Forbidden
from appliance.core.scanning import Scan, ScanKind, ScanState


async def start_scan(call: Call) -> Element:
    """Queue a scan: a quick one, or with ``fullScan=true`` (Navidrome's addition) one that reads every file again."""
    full = call.parameters.flag("fullScan", default=False)
    if call.user.role is not Role.ADMIN:
        raise Forbidden("Only administrators may start a scan.")
    return _status(await call.work.scans.request(ScanKind.FULL if full else ScanKind.QUICK))


async def get_scan_status(call: Call) -> Element:
    """Whether a scan runs or waits, and how many files it has seen."""
    return _status(await call.work.scans.latest())


def _status(scan: Scan | None) -> Element:
    if scan is None:
        return Element("scanStatus", ScanStatus(scanning=False, count=0))
    scanning = scan.state in {ScanState.QUEUED, ScanState.RUNNING}
    return Element("scanStatus", ScanStatus(scanning=scanning, count=scan.counts.found))
