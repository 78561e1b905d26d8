"""What the command line does to accounts. A server may be running on the same data meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from appliance.compose import joining, open_accounts, open_store
from appliance.core import users
from appliance.core.accounts import Account, Role, User
from appliance.core.audit import TERMINAL
from appliance.core.errors import NotFound
from appliance.core.ports import UnitOfWork
from appliance.core.rotation import Rotation, reseal
from appliance.core.text import clean
from appliance.core.throttle import Throttle
from appliance.core.users import Draft
from appliance.settings import Settings
from appliance.supervisor import Supervisor
from appliance.terminal import Terminal
from appliance.vault import open_vault


async def add_user(settings: Settings, terminal: Terminal, name: str, password: str, role: Role) -> User:
    """Raises ``BadRequest``, ``Conflict``."""
    async with _begin(settings, terminal) as work:
        await work.users.lock()  # set-up may be at it
        draft = Draft(name=name, password=password, role=role)
        return await users.create(work, open_accounts(settings, Throttle(trio.current_time)), TERMINAL, draft)


async def list_users(settings: Settings, terminal: Terminal) -> list[User]:
    """By name."""
    async with _begin(settings, terminal) as work:
        return await work.users.all()


async def remove_user(settings: Settings, terminal: Terminal, name: str) -> User:
    """With all that is theirs. Raises ``NotFound``, ``Conflict`` for the last administrator."""
    async with _begin(settings, terminal) as work:
        await work.users.lock()
        account = await _named(work, name)
        await users.remove(work, TERMINAL, account.user)
        return account.user


async def set_password(settings: Settings, terminal: Terminal, name: str, password: str) -> User:
    """And end the user's sessions. Raises ``NotFound``, ``BadRequest``."""
    accounts = open_accounts(settings, Throttle(trio.current_time))
    async with _begin(settings, terminal) as work:
        return await users.reset_password(work, accounts, TERMINAL, name, password)


async def rotate_key(settings: Settings, terminal: Terminal) -> Rotation:
    """Seal every secret under a new key, and forget the old one. Raises ``BadKeyFile``.

    May be broken off at any point, by a power cut as well: everything can be opened then as before, and the next run
    finishes it. A server that is running finds the new key by itself.
    """
    vault = open_vault(settings.data_dir / "secret.key")
    async with open_store(joining(settings), Supervisor(), terminal) as store:
        with vault.rotation():
            async with store.begin() as work:
                return await reseal(work, vault, TERMINAL)


@asynccontextmanager
async def _begin(settings: Settings, terminal: Terminal) -> AsyncIterator[UnitOfWork]:
    async with open_store(joining(settings), Supervisor(), terminal) as store, store.begin() as work:
        yield work


async def _named(work: UnitOfWork, name: str) -> Account:
    account = await work.users.by_name(name)
    if account is None:
        raise NotFound(f"There is no user named {clean(name)}.")
    return account
