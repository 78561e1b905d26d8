"""Which names this server answers to.

A page of a stranger's can point a name of its own at this address once it is open in somebody's browser (DNS
rebinding) and is then of the same origin as our pages. It cannot do that with an address, with ``localhost``, or with a
name that the public DNS does not give out; other names are named in the settings.

``/rest`` is not held to this: no cookie opens it, every request carries the password or a token made of it, so a
foreign page has nothing to gain; and apps reach a box by whatever name a router, a VPN or a proxy gives it.
"""

import ipaddress
from collections.abc import Collection

#: Suffixes below which nobody can register a name, since the public root does not delegate them: a name there comes
#: from the house's own router or computers. Whoever is in the house can have a machine named ``evil.lan`` (or
#: ``evil.local``) by asking for it; they need no trick to reach this one. A suffix that is delegated has to leave this
#: list. What routers use that is somebody's (``fritz.box``) cannot be on it.
_PRIVATE = (
    ".local",  # for multicast DNS alone: RFC 6762
    ".localhost",  # the machine itself: RFC 6761
    ".home.arpa",  # for houses; the public tree has it end nowhere: RFC 8375
    ".internal",  # reserved for private use: ICANN, 2024
    ".home",  # never to be delegated, since so many houses use it: ICANN, 2018. Some providers' routers
    ".lan",  # in use in so many houses that RFC 6762, appendix G, lists it; not delegated. OpenWrt and others
    ".localdomain",  # in use as much (ICANN's SAC045); not delegated. pfSense's older ones, virtual machines' networks
)


def may_be_called(host: str | None, allowed: Collection[str]) -> bool:
    """Whether ``host`` (a ``Host`` header, port and all) is a name that no stranger can have made up.

    ``allowed``: further names, in lower case.
    """
    name = _name(host or "")
    if not name:
        return False
    return "." not in name or name in allowed or name.endswith(_PRIVATE) or _is_address(name)


def address(server: tuple[str, int | None] | None) -> str | None:
    """The ``http://…`` by which whoever reached this end of a connection reaches it without a name.

    None where they cannot: behind a proxy, or by an address that means something on their own link only.
    """
    if server is None or server[1] is None:
        return None
    host, port = server
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return None
    # As a socket for both protocols has it.
    number = getattr(number, "ipv4_mapped", None) or number
    if number.is_loopback or number.is_link_local:
        return None
    return f"http://{f'[{number}]' if number.version == 6 else number}{'' if port == 80 else f':{port}'}"


def _name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.rpartition(":")[0].lower().rstrip(".") if ":" in host else host.lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
