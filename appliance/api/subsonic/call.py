"""What a handler is given, and what it may answer with."""

from collections.abc import Awaitable, Callable

import msgspec

from appliance.api.services import Services
from appliance.api.subsonic.request import Parameters
from appliance.api.subsonic.responses import Extension, Node
from appliance.core.accounts import User
from appliance.core.catalogue import Artwork
from appliance.core.playback import Plan
from appliance.core.ports import UnitOfWork


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One authenticated request, inside its transaction."""

    services: Services
    work: UnitOfWork
    user: User
    parameters: Parameters


class Done(msgspec.Struct, frozen=True):
    """Success, with nothing to say."""


class Element(msgspec.Struct, frozen=True):
    """Success, with one object under its name (or, once in the protocol, a list of them)."""

    name: str
    body: Node | list[Extension]


class Sound(msgspec.Struct, frozen=True):
    """Audio, to be opened when the transaction is over."""

    plan: Plan
    attachment: bool = False


class Picture(msgspec.Struct, frozen=True):
    """Cover art, to be read when the transaction is over."""

    artwork: Artwork | None
    size: int | None
    """Pixels; None is the original."""
    keep_seconds: int
    """For how long a client may keep it without asking."""


Answer = Done | Element | Sound | Picture
Handler = Callable[[Call], Awaitable[Answer]]
