"""Which names this server answers to.

A page of a stranger's can point a name of its own at this address once it is open in somebody's browser (DNS
rebinding) and is then of the same origin as our pages. It cannot do that with an address, with ``localhost``, or with a
name that the public DNS does not give out; other names are named in the settings.

``/rest`` is not held to this: no cookie opens it, every request carries the password or a token made of it, so a
foreign page has nothing to gain; and apps reach a box by whatever name a router, a VPN or a proxy gives it.
"""

import ipaddress
from collections.abc import Collection

#: Suffixes that nobody can register: RFC 6762, RFC 8375, ICANN's reservation for private use, RFC 6761.
_PRIVATE = (".local", ".home.arpa", ".internal", ".localhost")


def may_be_called(host: str | None, allowed: Collection[str]) -> bool:
    """Whether ``host`` (a ``Host`` header, port and all) is a name that no stranger can have made up.

    ``allowed``: further names, in lower case.
    """
    name = _name(host or "")
    if not name:
        return False
    return "." not in name or name in allowed or name.endswith(_PRIVATE) or _is_address(name)


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
