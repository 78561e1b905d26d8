"""A box to set up: what the use case needs of the world, in memory and honest."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import msgspec
import trio

from appliance.core.accounts import Accounts
from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.core.machine import MachineState, MachineWishes
from appliance.core.ports import UnitOfWork
from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState
from appliance.core.setup import Setup, Terms
from appliance.core.setup_answers import Answers
from appliance.core.throttle import Throttle
from appliance.vault import FileVault
from tests.core.conftest import Memory

MUSIC = Path("/srv/tonearm/music")
ANSWERS = Answers(administrator="Ada", password="correct horse")
ZONES = frozenset({"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Tokyo"})


class MemoryMachine:
    """A machine that does what it is asked, or refuses."""

    def __init__(self, name: str = "tonearm", time_zone: str = "Etc/UTC") -> None:
        self.now = MachineState(name=name, time_zone=time_zone, time_zones=ZONES)
        self.asked: list[MachineWishes] = []
        self.refuses: dict[str, str] = {}
        self.admits: dict[str, str] = {}
        """What it does, and has something to say of."""

    async def state(self) -> MachineState:
        return self.now

    async def apply(self, wishes: MachineWishes) -> dict[str, str]:
        await trio.lowlevel.checkpoint()
        self.asked.append(wishes)
        done = {
            field: value
            for field in ("name", "time_zone")
            if (value := getattr(wishes, field)) is not None and field not in self.refuses
        }
        self.now = msgspec.structs.replace(self.now, **done)
        said = self.refuses | self.admits
        return {field: words for field, words in said.items() if getattr(wishes, field) is not None}


class MemoryFolders:
    """A disk on which some folders are."""

    def __init__(self) -> None:
        self.there = {Path("/music")}
        self.can_write = True

    async def fault(self, folder: Path) -> str | None:
        await trio.lowlevel.checkpoint()
        return None if folder in self.there or folder == MUSIC else "There is no such folder."

    async def prepare(self, folder: Path) -> str | None:
        if folder == MUSIC and not self.can_write:
            return "This folder cannot be made."
        if folder == MUSIC:
            self.there.add(folder)
        return await self.fault(folder)


class MemoryLibraries:
    def __init__(self) -> None:
        self.roots: list[bytes] = []

    async def all(self) -> list[Library]:
        return [
            Library(id=UUID(int=number), number=number, name="Music", root=root)
            for number, root in enumerate(self.roots, 1)
        ]

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        self.roots = list(roots)
        return await self.all()


class MemoryScans:
    def __init__(self) -> None:
        self.requested: list[ScanKind] = []

    async def request(self, kind: ScanKind) -> Scan:
        self.requested.append(kind)
        now = datetime.now(UTC)
        return Scan(id=new_id(), kind=kind, state=ScanState.QUEUED, counts=ScanCounts(), requested_at=now)


class Box:
    """Everything about one set-up."""

    def __init__(self, memory: Memory) -> None:
        self.users = memory.users
        self.libraries = MemoryLibraries()
        self.scans = MemoryScans()
        self.folders = MemoryFolders()
        self.machine: MemoryMachine | None = MemoryMachine()
        self.terms = Terms(by_page=True, music_folder=MUSIC)
        self.throttle = Throttle(trio.current_time)
        self.accounts = Accounts(FileVault(bytes(32)), self.throttle)

    @property
    def work(self) -> UnitOfWork:
        parts = SimpleNamespace(users=self.users, libraries=self.libraries, scans=self.scans)
        return cast("UnitOfWork", parts)

    def setup(self) -> Setup:
        """As a server that starts now has it."""
        return Setup(self.terms, self.accounts, self.throttle, self.folders, self.machine)

    def assert_untouched(self) -> None:
        """Nothing was kept, made or asked of anybody."""
        assert not self.users.accounts
        assert not self.libraries.roots
        assert not self.scans.requested
        assert MUSIC not in self.folders.there
        assert self.machine is None or not self.machine.asked
