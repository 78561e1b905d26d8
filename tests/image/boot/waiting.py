"""Waiting for what makes no event here: another machine, in emulated time."""

import time
from collections.abc import Callable

_GLANCE_SECONDS = 0.5


def until(condition: Callable[[], object], what: str, *, seconds: float) -> float:
    """Wait until something is so; how many seconds that took. The test fails with ``what`` when it takes too long.

    It looks twice a second: the emulated machine pays for every look.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(_GLANCE_SECONDS)
    return time.monotonic() - began
