"""What the owner is told of the boot partition's file: on the screen until the next start, and in a note beside it."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from appliance.durable import remove_file, replace_file

NOTE: Final = "tonearm-problem.txt"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner should know."""

    heading: str
    sentences: Sequence[str]
    advice: str


class Told:
    """Both places. The note outlives a restart, and only a file that is better takes it away."""

    def __init__(self, boot: Path, screen: Path) -> None:
        """``screen``: the file in memory that the console shows."""
        self._note = boot / NOTE
        self._screen = screen

    def tell(self, trouble: Trouble) -> None:
        """Say it in both places, instead of what was said before."""
        self.show(trouble)
        # For Windows' oldest editor. A partition that cannot be written must not hide what the screen can tell.
        with suppress(OSError):
            lines = [trouble.heading, "", *trouble.sentences, "", trouble.advice, ""]
            replace_file(self._note, "\r\n".join(lines).encode())

    def show(self, trouble: Trouble) -> None:
        """Say it on the screen alone."""
        replace_file(self._screen, "\n".join([trouble.heading, *trouble.sentences, ""]).encode())

    def shown(self, heading: str) -> list[str]:
        """The sentences that stand on the screen below this heading; none where another one does."""
        lines = self._screen.read_text().splitlines() if self._screen.exists() else []
        return lines[1:] if lines[:1] == [heading] else []

    def clear_screen(self) -> None:
        remove_file(self._screen)

    def withdraw(self, heading: str = "") -> None:
        """Take the note away, if it has this heading; what cannot be taken away stays."""
        with suppress(OSError):
            if self._note.read_bytes().startswith(heading.encode()):
                remove_file(self._note)
