"""What the console shows, in a person's words: how the box is, and what to do about it."""

from typing import Final, NamedTuple

from appliance.host.server_state import ServerState

#: Seconds of silence. systemd waits for a disk for 90; the first start makes a database.
_MOUNTED_BY: Final = 100.0
_SERVES_BY: Final = 240.0

STARTING: Final = "Starting. The first time this takes a minute or two."
LATE: Final = (
    'Tonearm has not started. Turn the box off and on. If this stays, see "When it does not boot" in the manual. '
    "Your music is safe."
)
NO_MUSIC_DISK: Final = (
    "The partition with your music could not be mounted. Nothing is written to it. Turn the box off and on; if this "
    'stays, see "A damaged data partition" in the manual.'
)
NO_CABLE: Final = "No network. Plug a network cable into the box and into your router."
NO_ADDRESS: Final = (
    "The router has given the box no address yet. If this stays, try another cable, or turn the router off and on."
)
NO_DATABASE: Final = (
    "The database does not answer. Nothing is lost; the box tries again by itself. If this stays, turn it off and on."
)
SETUP: Final = "Ready to be set up. Open the address on a phone in your home."
READY: Final = "Ready."
HALF: Final = "Ready, but something is not well:"


class Facts(NamedTuple):
    """What was found out about the machine."""

    name: str
    """What the house finds it by: its host name, or what Avahi made of that where another machine is called so."""
    urls: tuple[str, ...]
    """Of its addresses in the house, the best one first."""
    linked: bool
    """Whether it is connected to any network."""
    music_disk_missing: bool
    server: ServerState
    silent_for: float
    """Seconds since the server answered last, or since power-on."""
    code: str
    """That set-up asks for; empty when it asks for none."""
    problem: str
    """What could not be done of the boot partition's file; empty when all is well."""


class Sight(NamedTuple):
    """What there is to see. Two that are equal look the same."""

    name: str
    urls: tuple[str, ...]
    code: str
    state: str
    is_bad: bool
    """Whether somebody should do something."""
    problem: str
    is_settled: bool
    """Whether nothing is left to come or to do, so that the screen may go dark."""


def sight(facts: Facts, port: int) -> Sight:
    """What to show of the facts. ``port``: where the server is reached."""
    state = _state(facts)
    named = (url(f"{facts.name}.local", port),) if facts.urls else ()
    return Sight(
        name=facts.name,
        urls=named + facts.urls,
        code=facts.code if facts.server.open_for_setup else "",
        state=state,
        is_bad=state not in {STARTING, SETUP, READY},
        problem=facts.problem,
        is_settled=state == READY and not facts.problem,
    )


def url(host: str, port: int) -> str:
    """``http://kitchen.local``; the port only where browsers would not guess it."""
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def _state(facts: Facts) -> str:
    server = facts.server
    if not server.answers:
        if facts.music_disk_missing and facts.silent_for > _MOUNTED_BY:
            return NO_MUSIC_DISK
        return STARTING if facts.silent_for < _SERVES_BY else LATE
    if "database" in server.failing:
        return NO_DATABASE
    if not facts.urls:
        return NO_ADDRESS if facts.linked else NO_CABLE
    if server.open_for_setup:
        return SETUP
    if server.failing:
        return f"{HALF} {next(iter(server.failing.values()))}"
    return READY
