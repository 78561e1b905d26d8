"""Whether a wish can be granted, told before anything is changed; on the side of root, which believes nobody."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from appliance.core.machine import MachineWishes
from appliance.host import ssh_keys

ZONEINFO: Final = Path("/usr/share/zoneinfo")
#: No clock is right that says a time before this program was written, or one that none of us will see.
_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_MOST_KEYS: Final = 100


def faults(wishes: MachineWishes, zoneinfo: Path = ZONEINFO) -> dict[str, str]:
    """What cannot be granted: by field, a sentence for a person. ``zoneinfo``: the machine's time zones."""
    found = {
        "name": wishes.name is not None and _name_fault(wishes.name),
        "time_zone": wishes.time_zone is not None and _zone_fault(wishes.time_zone, zoneinfo),
        "clock": wishes.clock is not None and _clock_fault(wishes.clock),
        "ssh_keys": _keys_fault(wishes.ssh_keys),
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
    """Also holds the name to the folder: it becomes a part of a path."""
    wrong = "A time zone has a name such as Europe/Berlin or America/New_York."
    if not _ZONE.fullmatch(zone) or zone.partition("/")[0] in {"posix", "right"}:
        return wrong
    try:
        with (zoneinfo / zone).open("rb") as file:
            return None if file.read(4) == b"TZif" else wrong
    except OSError:
        return f"There is no time zone {zone}. {wrong}"


def _clock_fault(clock: datetime) -> str | None:
    if clock.tzinfo is None or not _EARLIEST <= clock < _LATEST:
        return "This cannot be the time. Set the clock of your phone or computer first."
    return None


def _keys_fault(keys: tuple[str, ...]) -> str | None:
    if len(keys) > _MOST_KEYS:
        return f"At most {_MOST_KEYS} ssh keys can be given."
    return next((sentence for key in keys if (sentence := ssh_keys.fault(key))), None)
