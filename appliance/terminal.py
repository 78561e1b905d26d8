"""The command line's voice: short lines, and one progress bar at a time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm

from appliance.core.ports import Progress

#: As tqdm has it, but for a rate that never turns into seconds for each.
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}]"


class Terminal:
    """Speaks to the person who waits. Says the same without colours and bars where nobody watches."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._watched = stream.isatty()
        self._bar: tqdm[None] | None = None

    def say(self, line: str = "") -> None:
        """One line, above the bar if there is one."""
        self.write(f"{line}\n")
        self.flush()

    def write(self, text: str) -> None:
        """Whole lines, above the bar if there is one: so a log may take the terminal for its stream."""
        if self._bar is None:
            self._stream.write(text)
        else:
            self._bar.write(text, file=self._stream, end="")

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether somebody watches."""
        return self._watched

    def emphasised(self, text: str) -> str:
        """``text`` in bold on a terminal."""
        return f"\033[1m{text}\033[0m" if self._watched else text

    @contextmanager
    def progress(self, title: str, unit: str) -> Iterator[Progress]:
        """A bar with its rate, until the block ends; call what it gives with (done, total or None).

        ``unit``: what is counted, in the plural. Where nobody watches: a line at the beginning.
        """
        if not self._watched:
            self.say(f"{title}…")
            yield _unwatched
            return
        with tqdm(
            desc=title,
            unit=f" {unit}",
            bar_format=_BAR,
            file=self._stream,
            dynamic_ncols=True,
            leave=False,
            smoothing=0.1,
        ) as bar:
            self._bar = bar
            try:
                yield _moving(bar)
            finally:
                self._bar = None


def _unwatched(_done: int, _total: int | None, /) -> None:
    """Nobody watches."""


def _moving(bar: "tqdm[None]") -> Callable[[int, int | None], None]:
    def move(done: int, total: int | None) -> None:
        bar.total = total
        bar.n = done
        bar.refresh()

    return move
