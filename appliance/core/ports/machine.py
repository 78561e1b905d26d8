"""The machine, and whoever waits in front of it."""

from pathlib import Path
from typing import Protocol

from appliance.core.machine import MachineState, MachineWishes


class Machine(Protocol):
    """What set-up may change of the machine."""

    async def state(self) -> MachineState: ...

    async def apply(self, wishes: MachineWishes) -> dict[str, str]:
        """Do what is wished, each by itself. Returns what could not be done: by field, a sentence for a person.

        Never raises for a machine that refuses or does not answer: set-up goes on without.
        """
        ...


class MusicFolders(Protocol):
    """Folders that somebody who sets up may name."""

    async def fault(self, folder: Path) -> str | None:
        """Why music cannot be kept in ``folder``, as a sentence; None when it can.

        The folder that is offered may be missing: it can be made. Nothing is changed.
        """
        ...

    async def prepare(self, folder: Path) -> str | None:
        """Make the folder that is offered, where it is missing. Returns as ``fault`` does."""
        ...


class Progress(Protocol):
    """Where a person waits: told how far something is."""

    def __call__(self, done: int, total: int | None, /) -> None: ...
