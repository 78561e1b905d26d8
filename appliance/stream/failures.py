"""What could not be transcoded, remembered for a while: to try again costs a worker, and ends the same."""

from collections import OrderedDict
from typing import Final

import msgspec
import trio

from appliance.core.errors import MediaFault

_SECONDS: Final = 300.0
_ENTRIES: Final = 1000


class _Failure(msgspec.Struct, frozen=True):
    reason: str
    size: int
    """Bytes that there were before it."""
    until: float


class Failures:
    """By the names of transcodes: a file that is repaired has another name, and is tried at once."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    def remember(self, name: str, fault: MediaFault, size: int) -> None:
        """It failed after ``size`` bytes. The oldest leaves for it when there are too many."""
        self._failures[name] = _Failure(str(fault), size, trio.current_time() + _SECONDS)
        self._failures.move_to_end(name)
        if len(self._failures) > _ENTRIES:
            self._failures.popitem(last=False)

    def check(self, name: str, position: int) -> None:
        """Raise ``MediaFault`` if it failed lately, before there was a byte after ``position``.

        So what there is of a damaged file can be heard again, and a player that asks for the rest is answered at once.
        """
        failure = self._failures.get(name)
        if failure is None:
            return
        if failure.until <= trio.current_time():
            del self._failures[name]
        elif failure.size <= position:
            raise MediaFault(failure.reason)
