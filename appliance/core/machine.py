"""The machine that Tonearm is the only tenant of: what a person may wish of it. A PC has none of this."""

from datetime import UTC, datetime

import msgspec

#: No clock is right that says a time before this program was written, or one that none of us will see.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class MachineState(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is set now."""

    name: str
    """Its host name, without a domain: ``tonearm`` for ``http://tonearm.local``."""
    time_zone: str
    """By its name in the IANA database: ``Europe/Berlin``."""
    time_zones: frozenset[str]
    """The names of those that it can be set to."""


class MachineWishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change; what is None stays as it is. Also what travels to ``tonearm host machine``, as JSON."""

    name: str | None = None
    """A host name: letters, digits and hyphens, at most 63 of them, a letter or digit at both ends."""
    time_zone: str | None = None
    clock: datetime | None = None
    """What time it is, with its offset; for a machine that has no clock and no network."""


def is_plausible(clock: datetime) -> bool:
    """Whether it can be that time now. ``clock`` has its offset."""
    return _EARLIEST <= clock < _LATEST
