"""Whether a wish can be granted, told before anything is changed; on the side of root, which believes nobody."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from appliance.core.machine import MachineWishes, is_plausible

ZONEINFO: Final = Path("/usr/share/zoneinfo")
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
#: Zones begin with a capital. ``posix`` and ``right`` do not, ``posixrules`` neither, nor ``localtime``: a link to
#: /etc/localtime, which would lead to itself.
_ZONE: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
#: What a machine is in that was never told where it is.
NOWHERE: Final = "Factory"


def faults(wishes: MachineWishes, zoneinfo: Path = ZONEINFO) -> dict[str, str]:
    """What cannot be granted: by field, a sentence for a person. ``zoneinfo``: the machine's time zones."""
    found = {
        "name": wishes.name is not None and _name_fault(wishes.name),
        "time_zone": wishes.time_zone is not None and _zone_fault(wishes.time_zone, zoneinfo),
        "clock": wishes.clock is not None and _clock_fault(wishes.clock),
    }
    return {field: sentence for field, sentence in found.items() if sentence}


def _name_fault(name: str) -> str | None:
    if not _NAME.fullmatch(name) or name.isdecimal():
        return (
            "A name has letters a to z, digits and hyphens, at most 63 of them, begins and ends with a letter or "
            "digit, and is not all digits: kitchen, or living-room."
        )
    return "Every machine calls itself localhost; choose another name." if name.lower() == "localhost" else None


def _zone_fault(zone: str, zoneinfo: Path) -> str | None:
    """Also holds the name to the folder, links and all: it becomes a part of a path."""
    wrong = "A time zone has a name such as Europe/Berlin or America/New_York."
    if not _ZONE.fullmatch(zone) or zone == NOWHERE:
        return wrong
    try:
        path = Path(os.path.realpath(zoneinfo / zone, strict=True))
        if not path.is_relative_to(os.path.realpath(zoneinfo)):
            return wrong
        with path.open("rb") as file:
            return None if file.read(4) == b"TZif" else wrong
    except OSError:
        return f"There is no time zone {zone}. {wrong}"


def _clock_fault(clock: datetime) -> str | None:
    if clock.tzinfo is None or not is_plausible(clock):
        return "This cannot be the time. Set the clock of your phone or computer first."
    return None
