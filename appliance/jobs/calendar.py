"""``core.ports.Calendar`` by cronsim: cron as Debian's reads it, daylight saving time included."""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

#: The machine's zone is a link to its file below a folder of this name.
_LOCALTIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"
_LONGEST = 200


class CronCalendar:
    def __init__(self, localtime: Path = _LOCALTIME) -> None:
        self._localtime = localtime

    def next(self, cron: str, time_zone: str | None, after: datetime) -> datetime | None:
        zone = _zone(time_zone or self._own_zone()) or UTC
        try:
            return next(CronSim(cron, after.astimezone(zone))).astimezone(UTC)
        except (CronSimError, StopIteration, OverflowError):
            return None

    def fault_of_cron(self, cron: str) -> str | None:
        try:
            if len(cron) <= _LONGEST and len(cron.split()) == 5 and CronSim(cron, datetime.now(UTC)):
                return None
        except (CronSimError, ValueError):
            pass
        return "A schedule has five fields, as cron does: minute, hour, day of the month, month, day of the week."

    def fault_of_zone(self, time_zone: str) -> str | None:
        if len(time_zone) <= _LONGEST and _zone(time_zone) is not None:
            return None
        return "There is no such time zone. Name it as in Europe/Berlin."

    def _own_zone(self) -> str:
        # Each time: set-up, or whoever owns the machine, may change it.
        _, found, name = os.path.realpath(self._localtime).rpartition(_ZONES)
        return name if found else "UTC"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
