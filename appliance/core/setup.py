"""The first set-up: whoever comes first becomes the administrator, and says what the box is called (docs/setup.md)."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import trio

from appliance.core.accounts import Accounts, Role, User, fault_of_name
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.machine import MachineState, MachineWishes, is_plausible
from appliance.core.ports import Machine, MusicFolders, UnitOfWork
from appliance.core.scanning import ScanKind
from appliance.core.setup_answers import (
    Answers,
    faults_for_machine,
    faults_of_account,
    faults_without_machine,
    field_fault,
    folder_path,
    host_name,
    is_code,
    time_to_set,
)
from appliance.core.text import clean
from appliance.core.throttle import Throttle

#: What the throttle counts guesses of the code under; no user's name is empty.
_CODE = ""
_FIELDS = {"name": "device_name"}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of set-up."""

    by_page: bool
    """Whether people set up by the page; else the terminal of the first start does, and the page is never open."""
    music_folder: Path | None
    """The folder that is offered, absolute; None where the settings name the folders, so that none is asked for."""
    code: str | None = None
    """What has to be typed; None asks for nothing."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to answer, while set-up is open."""

    machine: MachineState | None
    """None where Tonearm is a guest on somebody's computer, which is left as it is."""
    music_folder: Path | None
    asks_for_code: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    administrator: User
    host_name: str | None
    """What the machine is called now; None where it is not ours to name."""
    former_host_name: str | None
    music_folder: Path | None
    """None where the settings say it."""
    notes: dict[str, str]
    """By field: what could not be done, as a sentence for a person."""

    def addresses(self, opened: str) -> list[str]:
        """Where the server is found from now on, that which stays right for longest first.

        ``opened``: the address that was used to set up, as ``http://HOST:PORT``. It is left out where it is a name of
        the machine's own: the first is that name, or the one that took its place.
        """
        if self.host_name is None:
            return [opened]
        scheme, _, authority = opened.partition("://")
        host = (urlsplit(opened).hostname or "").lower()
        port = authority.rpartition("]")[2] if authority.startswith("[") else authority[len(host) :]
        by_name = f"{scheme}://{self.host_name}.local{port}"
        ours = {f"{name}{domain}" for name in (self.host_name, self.former_host_name) for domain in ("", ".local")}
        return [by_name] if host in ours else [by_name, opened]


class Setup:
    """The use case. Open until the first administrator exists, and never again."""

    def __init__(
        self, terms: Terms, accounts: Accounts, throttle: Throttle, folders: MusicFolders, machine: Machine | None
    ) -> None:
        """``machine``: None on somebody's own computer."""
        self._terms = terms
        self._accounts = accounts
        self._throttle = throttle
        self._folders = folders
        self._machine = machine
        self._over = trio.Event()
        if not terms.by_page:
            self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether it is known, without asking the store, that set-up is not open. It stays so."""
        return self._over.is_set()

    async def until_over(self) -> None:
        """Wait until that is known. Somebody has to ask: a page, or whoever gives systemd its signs of life."""
        await self._over.wait()

    async def is_open(self, work: UnitOfWork) -> bool:
        if not self.is_over and await work.users.administrator_exists():
            self._over.set()
        return not self.is_over

    async def offer(self, work: UnitOfWork) -> Offer | None:
        """What to ask for; None once set-up is over."""
        if not await self.is_open(work):
            return None
        return Offer(
            machine=None if self._machine is None else await self._machine.state(),
            music_folder=self._terms.music_folder,
            asks_for_code=bool(self._terms.code),
        )

    async def finish(self, work: UnitOfWork, answers: Answers, network: str) -> Outcome:
        """Set up. ``network``: where the answers come from, for the throttle of guessed codes.

        Raises ``Conflict`` when set-up is over, also when somebody else was quicker; ``NotUsable`` with every fault of
        the answers; ``TooManyAttempts`` after wrong codes. Whatever it raises, nothing is kept, but for a clock that is
        right by then. What the machine refuses stops nothing: it becomes a note.

        The machine is named when all else is done: what is left is the commit, which the caller must not let be
        interrupted, or the box would have another address and still be nobody's.
        """
        if not await self.is_open(work):
            raise _too_late()
        if faults := await self._faults(work, answers, network):
            raise NotUsable(faults)
        await work.users.lock()
        if await work.users.administrator_exists():
            raise _too_late()
        folder = await self._prepared(answers)
        # First: the account is then dated by a clock that is right.
        notes = await self._set_clock(answers)
        user = await self._accounts.create(work, answers.administrator, answers.password, Role.ADMIN)
        if folder is not None:
            await work.libraries.settle([bytes(folder)])
        await work.scans.request(ScanKind.QUICK)
        machine = await self._name_machine(answers)
        return Outcome(
            administrator=user,
            host_name=machine.now,
            former_host_name=machine.before,
            music_folder=folder,
            notes=notes | machine.notes,
        )

    async def _faults(self, work: UnitOfWork, answers: Answers, network: str) -> list[FieldFault]:
        code = self._fault_of_code(answers.code or "", network)
        found = [
            code,
            *faults_of_account(answers),
            *await self._faults_of_machine(answers),
        ]
        if code is None:
            # Whoever does not know the code learns nothing of the house: not who lives there, nor which folders.
            found += [await _fault_if_taken(work, answers.administrator), await self._fault_of_folder(answers)]
        return [fault for fault in found if fault is not None]

    async def _faults_of_machine(self, answers: Answers) -> list[FieldFault | None]:
        if self._machine is None:
            return faults_without_machine(answers)
        return faults_for_machine(answers, (await self._machine.state()).time_zones)

    def _fault_of_code(self, typed: str, network: str) -> FieldFault | None:
        if not self._terms.code:
            return None
        self._throttle.check(_CODE, network)
        if not typed.strip():
            return FieldFault("code", "Type the code that the screen shows.", "required")
        if not is_code(typed, self._terms.code):
            self._throttle.failed(_CODE, network)
            return FieldFault("code", "That is not the code on the screen.", "wrong_code")
        self._throttle.succeeded(_CODE, network)
        return None

    async def _fault_of_folder(self, answers: Answers) -> FieldFault | None:
        if answers.music_folder is None:
            return None
        if self._terms.music_folder is None:
            return FieldFault("music_folder", "The settings of this server say where the music is.", "not_here")
        return field_fault("music_folder", await self._folders.fault(folder_path(answers.music_folder)))

    async def _prepared(self, answers: Answers) -> Path | None:
        """The folder of music, there and readable; None where the settings name it."""
        if self._terms.music_folder is None:
            return None
        folder = self._terms.music_folder if answers.music_folder is None else folder_path(answers.music_folder)
        if fault := field_fault("music_folder", await self._folders.prepare(folder)):
            raise NotUsable([fault])
        return folder

    async def _set_clock(self, answers: Answers) -> dict[str, str]:
        """What could not be done, by field. A clock that is right is not touched."""
        clock = time_to_set(answers.clock)
        if self._machine is None or clock is None:
            return {}
        if not is_plausible(clock):
            return {"clock": "The time of your own device cannot be right, so the box kept its own."}
        return await self._machine.apply(MachineWishes(clock=clock))

    async def _name_machine(self, answers: Answers) -> "_Renamed":
        """Only what differs is asked of it: its name and its time zone."""
        if self._machine is None:
            return _Renamed(None, None, {})
        state = await self._machine.state()
        wishes = MachineWishes(
            name=None if answers.device_name is None else _unless(state.name, host_name(answers.device_name)),
            time_zone=_unless(state.time_zone, answers.time_zone),
        )
        refused = {} if wishes == MachineWishes() else await self._machine.apply(wishes)
        notes = {_FIELDS.get(field, field): words for field, words in refused.items()}
        # Asked again: it may have been renamed although something about it is to be told.
        return _Renamed(state.name, (await self._machine.state()).name, notes)


class _Renamed(NamedTuple):
    """What became of the machine."""

    before: str | None
    now: str | None
    notes: dict[str, str]


async def _fault_if_taken(work: UnitOfWork, name: str) -> FieldFault | None:
    """Somebody may have been added by the command line, who is no administrator."""
    if fault_of_name(name) or await work.users.by_name(clean(name)) is None:
        return None
    return FieldFault("administrator", f"There is already a user named {clean(name)}.", "taken")


def _unless(present: str, wished: str | None) -> str | None:
    """``wished``, if it is anything else than what is so already."""
    return None if wished == present else wished


def _too_late() -> Conflict:
    return Conflict("Somebody has set Tonearm up already. Sign in with the account that was made then.")
