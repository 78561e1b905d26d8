"""The first start: whose account is the first, and where the music is. Later starts find both, and change neither."""

from functools import partial
from pathlib import Path

import structlog
import trio

from appliance.core.accounts import Accounts, FirstAdministrator
from appliance.core.errors import Unavailable
from appliance.core.ports import Store
from appliance.core.setup import Setup, Terms
from appliance.core.throttle import Throttle
from appliance.demo.library import write_demo
from appliance.following import counted
from appliance.host.machine import SocketMachine
from appliance.ingest.music_folders import MusicFolders
from appliance.settings import Settings
from appliance.terminal import Terminal

_log = structlog.stdlib.get_logger(__name__)

#: Seconds after which a folder that could not be used is tried again.
_AGAIN_SECONDS = 10.0


class Music:
    """Which folders the music is in.

    One for the whole server: a folder that hangs keeps a thread, and of those it has its own few.
    """

    def __init__(self, settings: Settings, store: Store, terminal: Terminal) -> None:
        self.folders = MusicFolders(settings.music_folder, settings.data_dir)
        self._settings = settings
        self._store = store
        self._terminal = terminal

    async def settle(self) -> None:
        """Choose the folders to use. Raises ``Unavailable`` where there is none to be had.

        Those of the settings; else those that were used before; else the demo library where the terminal sets up, and
        the folder that set-up offers where people do. While set-up is open there are none: it settles them.
        """
        settings = self._settings
        roots = settings.music_dirs
        if not roots:
            async with self._store.begin() as work:
                # One that people took out of use is not replaced by the folder that is offered.
                if await work.libraries.chosen():
                    return
                is_open = settings.setup == "page" and not await work.users.administrator_exists()
            if is_open:
                return
            roots = (await self._demo() if settings.setup == "terminal" else await self._home(),)
        async with self._store.begin() as work:
            await work.libraries.settle([bytes(root) for root in roots])

    async def settle_if_it_can_be(self) -> None:
        """The same at a start, which a disk that is not there must not stop: everything else works."""
        try:
            await self.settle()
        except Unavailable:
            if self._settings.setup == "terminal" or self._settings.music_dirs:
                raise

    async def until_settled(self) -> None:
        """The same, for as long as it takes: the disk may be plugged in later."""
        told = ""
        while True:
            try:
                await self.settle()
            except Unavailable as error:
                if told != str(error):
                    _log.warning("There is no folder for music yet", reason=str(error))
                told = str(error)
                await trio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def state(self) -> str:
        """Whether there are folders, in a few words. Raises ``Unavailable`` where there should be one."""
        async with self._store.begin() as work:
            libraries = await work.libraries.all()
            is_open = not libraries and not await work.users.administrator_exists()
            chosen = await work.libraries.chosen()
        if is_open:
            return "waits for set-up"
        if chosen:
            return counted(len(libraries), "folder")
        home = self._settings.music_folder
        fault = await self.folders.fault(home)
        raise Unavailable(f"The folder for music is {home}. {fault or 'It will be used in a moment.'}")

    async def _demo(self) -> Path:
        folder = self._settings.demo_dir
        with self._terminal.progress("Composing a demo library", "tracks") as progress:
            # A thread that is abandoned leaves whole tracks; the next start makes the others.
            compose = partial(write_demo, folder, progress=progress)
            try:
                await trio.to_thread.run_sync(compose, abandon_on_cancel=True)
            except OSError as error:
                raise Unavailable(f"The demo library cannot be written: {error}.") from error
        return folder

    async def _home(self) -> Path:
        folder = self._settings.music_folder
        if fault := await self.folders.prepare(folder):
            raise Unavailable(f"The folder for music is {folder}. {fault}")
        return folder


def open_setup(settings: Settings, accounts: Accounts, throttle: Throttle, music: Music) -> Setup:
    """The first set-up, on these terms."""
    terms = Terms(
        by_page=settings.setup == "page",
        music_folder=None if settings.music_dirs else settings.music_folder,
        code=settings.setup_code,
    )
    machine = SocketMachine(settings.machine_socket) if settings.machine_socket else None
    return Setup(terms, accounts, throttle, music.folders, machine)


async def first_administrator(settings: Settings, store: Store, accounts: Accounts) -> FirstAdministrator | None:
    """Nothing to show where people set up by the page, and the settings name nobody."""
    if settings.setup == "page" and not settings.admin_password:
        return None
    async with store.begin() as work:
        return await accounts.first_administrator(work, settings.admin_user, settings.admin_password)


async def greet(
    settings: Settings, store: Store, accounts: Accounts, setup: Setup, terminal: Terminal, *, addresses: list[str]
) -> None:
    """Make the first administrator where the terminal does, and say where to go.

    All at once, so that no line of the log comes between.
    """
    made = await first_administrator(settings, store, accounts)
    async with store.begin() as work:
        is_open = await setup.is_open(work)
    terminal.say()
    for address in addresses:
        terminal.say(f"  Tonearm plays at {terminal.emphasised(f'http://{address}')}")
    if is_open:
        terminal.say("  Open it in a browser: it asks for a name and a password, and where your music is.")
    if made is not None:
        name, password = terminal.emphasised(made.name), terminal.emphasised(made.password)
        terminal.say(f"  Sign in as {name} with the password {password}")
        terminal.say("  (shown only now; any Subsonic app takes the same address, name and password)")
    terminal.say()
