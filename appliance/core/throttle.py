"""What wrong guesses cost, per app, per account and per network (docs/decisions/0012-throttle-in-memory.md)."""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from appliance.core.errors import TooManyAttempts, WrongCredentials
from appliance.core.text import fold

_FOR_APP = 10
_FOR_ACCOUNT = 30
_FOR_NETWORK = 30
_REFILL_SECONDS = 30.0
_REMEMBERED = 10_000
#: Characters of a name that count: no account's has more, and a stranger must not fill the memory with long ones.
_NAME = 64


class Throttle:
    """Leaking buckets of wrong attempts; each forgives one every 30 seconds.

    Ten for an account as one app on one network: an app with an old password stops itself, and not the others. Thirty
    for an account on one network, whatever the app calls itself: a stranger elsewhere cannot lock the owner out. Thirty
    for a network over all names; but an account that once got in from there is not held to that, since behind a proxy
    the whole house is one address.

    Kept in memory: a restart forgives, and several processes on one database each count for themselves.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: monotonic seconds, ``trio.current_time`` in the running program."""
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._at_home: OrderedDict[str, None] = OrderedDict()

    def check(self, name: str, network: str, app: str = "") -> None:
        """Raise ``TooManyAttempts`` if an attempt is not to be looked at now."""
        as_app, account, block = _keys(name, network, app)
        bounds = [(as_app, _FOR_APP), (account, _FOR_ACCOUNT)]
        if account not in self._at_home:
            bounds.append((block, _FOR_NETWORK))
        over = max(self._level(key) - bound + 1 for key, bound in bounds)
        if over > 0:
            raise TooManyAttempts(math.ceil(over * _REFILL_SECONDS))

    def failed(self, name: str, network: str, app: str = "") -> None:
        """Count a wrong attempt."""
        for key in _keys(name, network, app):
            self._buckets[key] = (self._level(key) + 1, self._clock())
            self._buckets.move_to_end(key)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)

    def succeeded(self, name: str, network: str, app: str = "") -> None:
        """Forgive this app. Not the account: its owner's success must not give a guesser new attempts."""
        as_app, account, _ = _keys(name, network, app)
        self._buckets.pop(as_app, None)
        self._at_home[account] = None
        self._at_home.move_to_end(account)
        while len(self._at_home) > _REMEMBERED:
            self._at_home.popitem(last=False)

    def _level(self, key: str) -> float:
        level, since = self._buckets.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - since) / _REFILL_SECONDS)


class Attempt(NamedTuple):
    """Who tries, and from where, as a throttle counts it."""

    throttle: Throttle
    name: str
    network: str
    app: str = ""

    def check(self) -> None:
        """Raise ``TooManyAttempts`` if it is not to be looked at now."""
        self.throttle.check(self.name, self.network, self.app)

    def settle(self, *, matches: bool) -> None:
        """Count it. Raises ``WrongCredentials`` where nothing matches."""
        # Once more: while this attempt was looked at, others that came with it may have failed.
        self.check()
        if not matches:
            self.failed()
            raise WrongCredentials
        self.succeeded()

    def failed(self) -> None:
        self.throttle.failed(self.name, self.network, self.app)

    def succeeded(self) -> None:
        self.throttle.succeeded(self.name, self.network, self.app)


def _keys(name: str, network: str, app: str) -> tuple[str, str, str]:
    """Of the account as this app, of the account, and of the network; all on this network."""
    block = network_block(network)
    account = f"account {fold(name[:_NAME])} {block}"
    return f"{account} as {app[:_NAME]}", account, f"network {block}"


def network_block(address: str) -> str:
    """The network that one person is assumed to own: an IPv4 address, or an IPv6 /64 (mapped IPv4 unwrapped)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)
