"""The machine that Tonearm is the only tenant of: what a person may wish of it. A PC has none of this."""

from datetime import datetime

import msgspec


class MachineState(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is set now."""

    name: str
    """Its host name, without a domain: ``tonearm`` for ``http://tonearm.local``."""
    time_zone: str
    """By its name in the IANA database: ``Europe/Berlin``."""


class MachineWishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change; what is None or empty stays as it is. Also what travels to ``tonearm host machine``, as JSON."""

    name: str | None = None
    """A host name: letters, digits and hyphens, at most 63 of them, a letter or digit at both ends."""
    time_zone: str | None = None
    clock: datetime | None = None
    """What time it is, with its offset; for a machine that has no clock and no network."""
    ssh_keys: tuple[str, ...] = ()
    """Public keys, as in ``authorized_keys``, in place of those that were there. Only the boot partition's file may
    ask for this, never the network."""
