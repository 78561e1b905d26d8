"""A lane: jobs that share so many places."""

import math
from typing import Final

import msgspec
import trio


class Lane(msgspec.Struct, frozen=True):
    name: str
    places: int
    """How many of its jobs run at once in this process."""


#: What is quick, or waits for others: many at once. What works the disk or a core: one after another.
LIGHT: Final = Lane("light", 8)
HEAVY: Final = Lane("heavy", 1)
LANES: Final = (LIGHT, HEAVY)


class Places:
    """The places of a lane, and the bell that tells that jobs may wait for them."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.free = lane.places
        self._bell = trio.Event()
        self._freed = trio.Event()

    def ring(self) -> None:
        """There may be a job now."""
        self._bell.set()

    def occupy(self) -> None:
        self.free -= 1

    def leave(self) -> None:
        self.free += 1
        self._freed.set()

    async def until_free(self) -> None:
        """Return when there is at least one free place."""
        while not self.free:
            self._freed = trio.Event()
            await self._freed.wait()

    async def until_rung(self, seconds: float = math.inf) -> None:
        """Return when there may be a job, at the latest after ``seconds``."""
        with trio.move_on_after(seconds):
            await self._bell.wait()

    def hush(self) -> None:
        """From here on the bell tells of what comes later: to be called before looking."""
        self._bell = trio.Event()
