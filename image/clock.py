"""The steps of a build, each with its seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.terminal import Terminal


class Clock:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        #: Seconds by step, in their order.
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Says the title, and counts the seconds until the block ends, however it ends."""
        self._terminal.say(self._terminal.emphasised(title))
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[title] = round(time.monotonic() - begun, 1)

    def table(self) -> str:
        """One line for each step, and their sum."""
        rows = {**self.seconds, "all": sum(self.seconds.values())}
        wide = max(len(title) for title in rows)
        return "\n".join(f"  {title:<{wide}}  {seconds:>7.1f} s" for title, seconds in rows.items())
