"""Running a program, with what it says in a log, and the end of that log where it fails."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance.terminal import Terminal
from image.failure import ImageFailed

#: Lines of the log that a failure shows.
_LAST = 15


class Runner:
    """Runs one step's programs.

    What they print goes to ``log``; ``heard`` is called with each line as it comes, so that whoever waits can be shown
    that something moves.
    """

    def __init__(self, log: Path, heard: Callable[[str], None] | None = None) -> None:
        self._log = log
        self._heard = heard or _unheard

    def run(self, command: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str] | None = None) -> None:
        """Waits for it. ``env`` is added to the environment, whose language is English. Raises ``ImageFailed``."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        named = [os.fspath(word) for word in command]
        with (
            self._log.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                named,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                text=True,
                errors="replace",
            ) as process,
        ):
            log.write(f"$ {' '.join(named)}\n")
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                log.flush()
                self._heard(line.rstrip())
        if process.returncode != 0:
            raise ImageFailed(f"{named[0]} failed ({process.returncode}):\n{self.last()}\n(all of it: {self._log})")

    def last(self) -> str:
        """The last lines that were printed."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_LAST:])


def repeating(terminal: Terminal, *prefixes: str) -> Callable[[str], None]:
    """Says again what a program says in lines that begin so."""

    def heard(line: str) -> None:
        if line.startswith(prefixes):
            terminal.say(f"    {line}")

    return heard


def _unheard(_line: str) -> None:
    """Nobody listens."""
