"""Changing the key: nothing is lost by it, wherever it is broken off, and whoever else is at work meanwhile."""

import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple
from uuid import UUID

import psycopg
import pytest
import trio

from appliance.core import devices
from appliance.core.accounts import Accounts, Role
from appliance.core.audit import TERMINAL
from appliance.core.devices import Scope
from appliance.core.ids import new_id
from appliance.core.rotation import Rotation, reseal
from appliance.core.throttle import Throttle
from appliance.key_file import BadKeyFile, KeyFile
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore
from appliance.vault import FileVault, open_vault

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

#: For each number on standard input: runs the command in a process of its own, which is killed when it is about to
#: touch a file or folder of the key for the n-th time, and tells how that ended. What is imported is imported once.
_KILLED = """
import os, signal, sys
import appliance.account_commands, appliance.terminal
from appliance.__main__ import main
data = sys.argv[1]
left = 0
def hook(event, given):
    global left
    if event in {"open", "os.link", "os.remove", "os.rename"} and isinstance(given[0], (str, os.PathLike)):
        path = os.fspath(given[0])
        if path == data or path.startswith(os.path.join(data, "secret.key")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.dup2(2, 1)
    left = int(line)
    sys.addaudithook(hook)
    os._exit(main(["key", "rotate", "--data-dir", data]))
"""


class Household(NamedTuple):
    """Ana, whose password is ``password``, and her phone."""

    store: PostgresStore
    folder: Path
    ana: UUID
    secret: str

    @property
    def key_file(self) -> Path:
        return self.folder / "secret.key"

    async def opened(self, vault: FileVault) -> list[str | None]:
        """What is sealed in the database, as this vault reads it."""
        async with self.store.begin() as work:
            accounts = [vault.open(sealed, id_) for id_, sealed in await work.users.sealed()]
            return [*accounts, *(vault.open(one.sealed, self.ana) for one in await work.devices.all_sealed())]

    async def rotated(self) -> Rotation:
        vault = open_vault(self.key_file)
        with vault.rotation():
            async with self.store.begin() as work:
                return await reseal(work, vault, TERMINAL)


def accounts_with(vault: FileVault) -> Accounts:
    return Accounts(vault, Throttle(trio.current_time))


@pytest.fixture
async def household(database: Database, tmp_path: Path) -> Household:
    store = PostgresStore(database, Listener(database))
    accounts = accounts_with(open_vault(tmp_path / "secret.key"))
    async with store.begin() as work:
        ana = await accounts.create(work, "Ana", "password", Role.ADMIN)
        phone = await devices.create(work, accounts, ana, name="Phone", scopes=list(Scope), network="203.0.113.1")
    return Household(store, tmp_path, ana.id, phone.secret)


async def test_after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(household: Household) -> None:
    old = household.key_file.read_bytes()
    assert await household.rotated() == Rotation(accounts=1, devices=1, lost=0)
    assert [path.name for path in household.folder.iterdir()] == ["secret.key"]
    assert household.key_file.stat().st_mode & 0o777 == 0o600
    assert household.key_file.read_bytes() != old
    assert await household.opened(open_vault(household.key_file)) == ["password", household.secret]
    assert await household.opened(FileVault(old)) == [None, None]


async def test_a_server_that_runs_finds_the_new_key_and_seals_under_it(household: Household) -> None:
    server = open_vault(household.key_file)
    await household.rotated()
    assert await household.opened(server) == ["password", household.secret]
    sealed = server.seal("later", household.ana)
    assert open_vault(household.key_file).open(sealed, household.ana) == "later"


async def test_what_no_key_opens_stays_as_it_is_and_is_told(household: Household, database_url: str) -> None:
    with psycopg.connect(database_url) as witness:
        witness.execute("UPDATE devices SET sealed = '\\x00'")
    assert await household.rotated() == Rotation(accounts=1, devices=0, lost=1)
    assert await household.opened(open_vault(household.key_file)) == ["password", None]


async def test_whoever_seals_meanwhile_waits_and_seals_under_the_new_key(
    household: Household, database_url: str, eventually: Eventually
) -> None:
    server = accounts_with(open_vault(household.key_file))

    async def join() -> None:
        async with household.store.begin() as work:
            await server.create(work, "Bo", "sealed meanwhile", Role.MEMBER)

    def bo_waits() -> bool:
        with psycopg.connect(database_url) as witness:
            return witness.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1

    vault = open_vault(household.key_file)
    async with trio.open_nursery() as nursery:
        with vault.rotation():
            async with household.store.begin() as work:
                await reseal(work, vault, TERMINAL)
                nursery.start_soon(join)
                await eventually(bo_waits)
    found = await household.opened(FileVault(household.key_file.read_bytes()))
    assert sorted(map(str, found)) == sorted(["password", "sealed meanwhile", household.secret])


async def test_one_that_is_broken_off_is_taken_up_with_the_same_new_key(household: Household) -> None:
    vault = open_vault(household.key_file)
    with pytest.raises(OSError, match="power"), vault.rotation():  # noqa: PT012 - it has to happen inside
        async with household.store.begin() as work:
            await reseal(work, vault, TERMINAL)
        raise OSError("power")
    coming = household.key_file.with_name("secret.key.next").read_bytes()
    assert await household.opened(open_vault(household.key_file)) == ["password", household.secret]
    await household.rotated()
    assert household.key_file.read_bytes() == coming
    assert await household.opened(open_vault(household.key_file)) == ["password", household.secret]


def test_two_do_not_rotate_at_once(tmp_path: Path) -> None:
    vault, other = open_vault(tmp_path / "secret.key"), open_vault(tmp_path / "secret.key")
    with vault.rotation(), pytest.raises(BadKeyFile, match="already"), other.rotation():
        pass
    with other.rotation():
        pass


def test_a_key_that_is_gone_is_told_to_whoever_seals_and_opens_nothing(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "secret.key")
    sealed = vault.seal("password", UUID(int=1))
    (tmp_path / "secret.key").unlink()
    assert vault.open(sealed, UUID(int=1)) == "password"
    assert vault.open(sealed, UUID(int=2)) is None
    with pytest.raises(BadKeyFile, match="gone"):
        vault.seal("password", new_id())
    with pytest.raises(BadKeyFile, match="gone"):
        KeyFile(tmp_path / "secret.key").keys()


async def test_it_may_be_killed_at_any_point(
    household: Household, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONEARM_DATABASE_URL", database_url)
    killed = 0
    command = [sys.executable, "-c", _KILLED, str(household.folder)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as rotating:  # noqa: ASYNC220 - it starts at once
        assert rotating.stdin is not None
        assert rotating.stdout is not None
        # The later ones first: what was committed and not yet settled is then struck again, before it is taken up.
        for touch in range(16, 0, -1):
            print(touch, file=rotating.stdin, flush=True)
            ended = int(await trio.to_thread.run_sync(rotating.stdout.readline))
            assert ended in {0, -signal.SIGKILL}
            assert await household.opened(open_vault(household.key_file)) == ["password", household.secret], touch
            killed += ended != 0
        rotating.stdin.close()
    # Reading, making the new key, sealing each secret, putting the key in its place: each was struck.
    assert killed >= 10
    last = household.key_file.read_bytes()
    await household.rotated()
    assert household.key_file.read_bytes() != last
    assert not household.key_file.with_name("secret.key.next").exists()
    assert await household.opened(FileVault(household.key_file.read_bytes())) == ["password", household.secret]
