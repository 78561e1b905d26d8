"""Where the card is tried out: one machine at a time, since emulating one takes both of this computer's cores."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.image.boot.boards import board_for
from tests.image.boot.card import Card
from tests.image.boot.machine import Machine


class Bench:
    """Has one power socket: what is switched on takes the place of what was, which loses its power."""

    def __init__(self, card: Card, arch: str, folder: Path) -> None:
        """``folder`` takes disks of machines, each of which goes when its machine does."""
        self.card = card
        self.arch = arch
        self.machine: Machine | None = None
        """What is running."""
        self._folder = folder
        self._running = ExitStack()

    def copy(self) -> Card:
        """The card, to be written to before or after it is in a machine. Stays until the bench is cleared."""
        return self.card.copy(self._room())

    def switch_on(
        self, card: Card | None = None, *, gigabytes: int = 0, clock: str = "utc", cable: bool = True
    ) -> Machine:
        """Put a copy of the card into a machine, or else the card itself, on which what is written does not stay.

        ``gigabytes``: as if the card were of that size. ``clock`` and ``cable``: see ``Machine``.
        """
        self.switch_off()
        room = self._room()
        self._running.callback(shutil.rmtree, room)
        disk = self.card.overlay(room, gigabytes=gigabytes) if card is None else card.path
        board = board_for(self.arch, card or self.card, room)
        self.machine = self._running.enter_context(Machine(board, disk, clock=clock, cable=cable))
        return self.machine

    def switch_on_other(self, disk: Path, *started: str) -> Machine:
        """Put another disk than a card into the same board. ``started``: QEMU's arguments for what starts it."""
        self.switch_off()
        room = self._room()
        self._running.callback(shutil.rmtree, room)
        bare = board_for(self.arch, self.card, room)
        board = bare._replace(arguments=(*bare.arguments, *started))
        self.machine = self._running.enter_context(Machine(board, disk))
        return self.machine

    def switch_off(self) -> None:
        """Cut the power of what is running."""
        self.machine = None
        self._running.close()

    def _room(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.switch_off()
        shutil.rmtree(self._folder, ignore_errors=True)
