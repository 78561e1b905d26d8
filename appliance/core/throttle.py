"""What wrong guesses cost, per account and per network."""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

from appliance.core.errors import TooManyAttempts
from appliance.core.text import fold

_FREE_ATTEMPTS = 10
_REFILL_SECONDS = 30.0
_REMEMBERED = 10_000
#: Characters of a name that count: no account's has more, and a stranger must not fill the memory with long ones.
_NAME = 64


class Throttle:
    """A leaking bucket for each account and each network: ten wrong attempts, and one more every 30 seconds.

    Kept in memory: a restart forgives, and several processes on one database each count for themselves. An
    account's bucket is keyed by account *and* network, so that a stranger cannot lock the owner out; the
    network's bucket bounds guesses over many names. An account that once got in from a network is held to its own
    bucket alone there: behind a proxy the whole house is one address, and one app with an old password must not lock
    out the others.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: monotonic seconds, ``trio.current_time`` in the running program."""
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._at_home: OrderedDict[str, None] = OrderedDict()

    def check(self, name: str, network: str) -> None:
        """Raise ``TooManyAttempts`` if an attempt is not to be looked at now."""
        account, block = self._keys(name, network)
        for key, size in (account,) if account[0] in self._at_home else (account, block):
            level = self._level(key)
            if level > size - 1:
                raise TooManyAttempts(math.ceil((level - size + 1) * _REFILL_SECONDS))

    def failed(self, name: str, network: str) -> None:
        """Count a wrong attempt."""
        for key, _ in self._keys(name, network):
            self._buckets[key] = (self._level(key) + 1, self._clock())
            self._buckets.move_to_end(key)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)

    def succeeded(self, name: str, network: str) -> None:
        """Forgive the account on this network; the network itself stays as it was."""
        account = self._keys(name, network)[0][0]
        self._buckets.pop(account, None)
        self._at_home[account] = None
        self._at_home.move_to_end(account)
        while len(self._at_home) > _REMEMBERED:
            self._at_home.popitem(last=False)

    def _level(self, key: str) -> float:
        level, since = self._buckets.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - since) / _REFILL_SECONDS)

    @staticmethod
    def _keys(name: str, network: str) -> tuple[tuple[str, int], tuple[str, int]]:
        block = network_block(network)
        return (f"account {fold(name[:_NAME])} {block}", _FREE_ATTEMPTS), (f"network {block}", 3 * _FREE_ATTEMPTS)


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
