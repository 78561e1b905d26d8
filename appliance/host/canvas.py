"""A screen of characters, each with its ink, before anybody knows what terminal it will be on."""

from collections.abc import Mapping
from enum import Enum, auto
from itertools import groupby
from typing import Final


class Ink(Enum):
    QUIET = auto()
    """What frames the rest."""
    TEXT = auto()
    ACCENT = auto()
    BAD = auto()
    MODULE = auto()
    """The light parts of a QR code: as bright as there is, on a ground as dark as there is."""


#: What the kernel's console draws with the font that it is born with (code page 437) and with those of Debian for
#: western languages alike; and what stands in for characters that people write all the same.
_INSTEAD: Final = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "’": "'", "\u2018": "'", "“": '"', "”": '"', "\t": " "}
)
_DRAWN: Final = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("▀▄█°²·ÄÅÆÇÉÑÖÜßàáâäåæçèéêëìíîïñòóôöùúûüÿ")


def drawable(text: str) -> str:
    """``text`` in characters that any Linux console has; what it has not is a question mark."""
    return "".join(letter if letter in _DRAWN else "?" for letter in text.translate(_INSTEAD))


class Canvas:
    """Dark everywhere, until something is put on it. What does not fit is cut."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._cells = [[(" ", Ink.QUIET)] * columns for _ in range(rows)]

    def put(self, column: int, row: int, text: str, ink: Ink) -> None:
        """One line of text, beginning at a cell."""
        for at, letter in enumerate(drawable(text), column):
            if 0 <= row < self.rows and 0 <= at < self.columns:
                self._cells[row][at] = (letter, ink)

    def plain(self) -> list[str]:
        """The lines as text, without ink and without the blanks at their ends."""
        return ["".join(letter for letter, _ in row).rstrip() for row in self._cells]

    def inked(self, inks: Mapping[Ink, str]) -> list[str]:
        """The lines with the ``Select Graphic Rendition`` of each ink around what is written in it."""
        return [
            "".join(
                f"\033[{inks[ink]}m{''.join(letter for letter, _ in run)}"
                for ink, run in groupby(self._cut(row), key=lambda cell: cell[1])
            )
            + "\033[0m"
            for row in self._cells
        ]

    @staticmethod
    def _cut(row: list[tuple[str, Ink]]) -> list[tuple[str, Ink]]:
        width = len("".join(letter for letter, _ in row).rstrip())
        return row[:width]
