"""The terminal that the console draws on: Linux's own on HDMI (``console_codes(4)``), or somebody's over ssh."""

import array
import errno
import fcntl
import os
import struct
import termios
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from appliance.host.canvas import Ink

#: ``ioctl_console(2)``: which characters the font has. Nothing but a virtual terminal answers it.
_GIO_UNIMAP: Final = 0x4B66
_MOST_PAIRS: Final = 8192
_HALVES: Final = frozenset(map(ord, "▀▄█"))

#: By colours that are ours on a virtual terminal; see ``_PALETTE``.
_OURS: Final = {Ink.QUIET: "0;37", Ink.TEXT: "0;1;37", Ink.ACCENT: "0;33", Ink.BAD: "0;31", Ink.MODULE: "0;1;37;40"}
#: On somebody's own terminal only a QR code needs colours: its ground may be light.
_THEIRS: Final = {Ink.QUIET: "0", Ink.TEXT: "0;1", Ink.ACCENT: "0;1", Ink.BAD: "0;1", Ink.MODULE: "0;1;97;40"}
#: LOOK's dark colours, by the number that the terminal knows each under.
_PALETTE: Final = {"0": "14110f", "1": "e2786b", "3": "e0a458", "7": "b5a898", "F": "f3ece4"}

_HIDE_CURSOR, _SHOW_CURSOR = "\033[?25l", "\033[?25h"
_NO_WRAP, _WRAP = "\033[?7l", "\033[?7h"
_CLEAR: Final = "\033[0m\033[2J\033[H"
_UTF8: Final = "\033%G"
_OLD_PALETTE: Final = "\033]R"
_UNBLANK: Final = "\033[13]"


class Terminal:
    """Somewhere to draw. Every method raises ``OSError`` when it is gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        characters = _characters(descriptor)
        self.is_virtual = characters is not None
        """Whether it is Linux's own, on the machine's screen."""
        self.has_halves = characters is None or characters >= _HALVES
        """Whether its font has half blocks; a terminal of today's does."""
        self._attributes = termios.tcgetattr(descriptor) if os.isatty(descriptor) else None

    @property
    def inks(self) -> Mapping[Ink, str]:
        return _OURS if self.is_virtual else _THEIRS

    def size(self) -> tuple[int, int]:
        """Columns and rows; 80 and 25 where nobody knows."""
        try:
            rows, columns = struct.unpack("HHHH", fcntl.ioctl(self._descriptor, termios.TIOCGWINSZ, bytes(8)))[:2]
        except OSError as error:
            if error.errno != errno.ENOTTY:
                raise
            rows = columns = 0
        return (columns or 80), (rows or 25)

    def open(self) -> None:
        """Make it a picture: no cursor, no echo of keys, our colours where it has a palette of its own."""
        if self._attributes is not None:
            silent = [*self._attributes]
            silent[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, silent)
        colours = "".join(f"\033]P{number}{colour}" for number, colour in _PALETTE.items()) if self.is_virtual else ""
        self._write(_UTF8 * self.is_virtual + colours + _HIDE_CURSOR + _NO_WRAP + _CLEAR)

    def close(self) -> None:
        """Leave it dark, and as it was."""
        self._write(_OLD_PALETTE * self.is_virtual + _WRAP + _SHOW_CURSOR + _CLEAR)
        if self._attributes is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._attributes)

    def paint(self, lines: Iterable[str]) -> None:
        """Put the lines over those that are there. Nothing is cleared before, so that nothing blinks."""
        self._write("".join(f"\033[{row};1H{line}\033[K" for row, line in enumerate(lines, 1)))

    def wake(self, *, dark_after: int) -> None:
        """Light the screen up, and let it go dark again after so many minutes without a key (0: never)."""
        if self.is_virtual:
            self._write(f"\033[9;{dark_after}]{_UNBLANK}")

    def _write(self, text: str) -> None:
        rest = text.encode()
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _characters(descriptor: int) -> frozenset[int] | None:
    """What the font of a virtual terminal has, as code points; None where it is none, or does not tell."""
    pairs = array.array("H", bytes(4 * _MOST_PAIRS))
    asked = struct.pack("@HP", _MOST_PAIRS, pairs.buffer_info()[0])
    with suppress(OSError):
        count: int = struct.unpack("@HP", fcntl.ioctl(descriptor, _GIO_UNIMAP, asked))[0]
        return frozenset(pairs[: 2 * count : 2])
    return None
