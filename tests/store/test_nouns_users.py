"""Users and their sessions."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import trio

from appliance.core import users
from appliance.core.accounts import Account, Accounts, Role, User
from appliance.core.audit import TERMINAL
from appliance.core.errors import WrongCredentials
from appliance.core.ids import new_id
from appliance.core.throttle import Throttle
from appliance.store.unit_of_work import PostgresStore
from appliance.vault import FileVault

NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


def account(name: str, role: Role = Role.MEMBER) -> Account:
    user = User(id=new_id(), name=name, role=role, created_at=NOW)
    return Account(user=user, password_hash=f"hash of {name}", app_secret=b"\x00secret")


async def test_an_account_comes_back_as_it_was_added(store: PostgresStore) -> None:
    ana = account("Ana")
    bare = Account(user=account("Bo").user, password_hash="hash", app_secret=None)
    async with store.begin() as work:
        assert await work.users.add(ana)
        assert await work.users.add(bare)
    async with store.begin() as work:
        assert await work.users.by_name("Ana") == ana
        assert await work.users.by_name("Bo") == bare
        assert await work.users.all() == [ana.user, bare.user]


async def test_names_are_unique_and_found_whatever_their_case_and_accents(store: PostgresStore) -> None:
    zoe = account("Zoë")
    async with store.begin() as work:
        assert await work.users.add(zoe)
        assert not await work.users.add(account("ZOE"))
        assert await work.users.by_name("zoe") == zoe
        assert await work.users.all() == [zoe.user]


@pytest.mark.parametrize("name", ["%", "_na", "An", "Ana%", "", "Ana\x00", "\ud800", "' OR true --", "x" * 100_000])
async def test_a_name_is_no_pattern(store: PostgresStore, name: str) -> None:
    async with store.begin() as work:
        assert await work.users.add(account("Ana"))
        assert await work.users.by_name(name) is None


async def test_only_an_administrator_is_one(store: PostgresStore) -> None:
    async with store.begin() as work:
        await work.users.add(account("Ana"))
        assert not await work.users.administrator_exists()
        await work.users.add(account("Bo", Role.ADMIN))
        assert await work.users.administrator_exists()


async def test_two_who_make_the_first_administrator_at_once_make_one(
    store: PostgresStore, database_url: str, eventually: Eventually
) -> None:
    async def first(name: str) -> None:
        async with store.begin() as work:
            await work.users.lock()
            if not await work.users.administrator_exists():
                await work.users.add(account(name, Role.ADMIN))

    def one_waits() -> bool:
        with psycopg.connect(database_url) as witness:
            return witness.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1

    async with trio.open_nursery() as nursery, store.begin() as work:
        await work.users.lock()
        nursery.start_soon(first, "Bo")
        await eventually(one_waits)
        assert not await work.users.administrator_exists()
        await work.users.add(account("Ana", Role.ADMIN))
    async with store.begin() as work:
        assert [user.name for user in await work.users.all()] == ["Ana"]


async def test_a_session_lasts_until_it_expires_or_is_closed(store: PostgresStore, user_id: UUID) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    async with store.begin() as work:
        await work.sessions.add(b"one", user_id, later)
        await work.sessions.add(b"two", user_id, later)
    async with store.begin() as work:
        user = await work.sessions.user(b"one", later - timedelta(seconds=1))
        assert user is not None
        assert user.id == user_id
        assert await work.sessions.user(b"one", later) is None
        assert await work.sessions.user(b"none", NOW) is None
        await work.sessions.remove(b"one")
        await work.sessions.remove(b"none")
        assert await work.sessions.user(b"one", NOW) is None
        assert await work.sessions.user(b"two", NOW) is not None


async def test_expired_sessions_are_forgotten_when_one_is_opened(
    store: PostgresStore, user_id: UUID, database_url: str
) -> None:
    async with store.begin() as work:
        await work.sessions.add(b"old", user_id, datetime.now(UTC) - timedelta(seconds=1))
    async with store.begin() as work:
        await work.sessions.add(b"new", user_id, datetime.now(UTC) + timedelta(days=1))
    with psycopg.connect(database_url) as witness:
        assert witness.execute("SELECT token_hash FROM sessions").fetchall() == [(b"new",)]


class Overtaken(FileVault):
    """While it verifies a password, somebody changes it."""

    def __init__(self, change: Callable[[], Awaitable[None]]) -> None:
        super().__init__(bytes(32))
        self._change = change

    async def verify(self, password_hash: str | None, password: str) -> bool:
        matches = await super().verify(password_hash, password)
        await self._change()
        return matches


async def test_a_password_that_is_changed_meanwhile_opens_no_session(store: PostgresStore, database_url: str) -> None:
    accounts = Accounts(FileVault(bytes(32)), Throttle(trio.current_time))
    async with store.begin() as work:
        await accounts.create(work, "Ana", "stolen", Role.MEMBER)

    async def change() -> None:
        async with store.begin() as work:
            await users.reset_password(work, accounts, TERMINAL, "Ana", "new")

    overtaken = Accounts(Overtaken(change), Throttle(trio.current_time))
    with pytest.raises(WrongCredentials):
        async with store.begin() as work:
            await overtaken.sign_in(work, "Ana", "stolen", "203.0.113.1")
    with psycopg.connect(database_url) as witness:
        assert witness.execute("SELECT FROM sessions").rowcount == 0


async def test_whoever_changes_a_password_waits_for_a_session_that_is_opened_and_ends_it(
    store: PostgresStore, database_url: str, eventually: Eventually
) -> None:
    accounts = Accounts(FileVault(bytes(32)), Throttle(trio.current_time))
    async with store.begin() as work:
        await accounts.create(work, "Ana", "stolen", Role.MEMBER)

    async def change() -> None:
        async with store.begin() as work:
            await users.reset_password(work, accounts, TERMINAL, "Ana", "new")

    def it_waits() -> bool:
        with psycopg.connect(database_url) as witness:
            return witness.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1

    async with trio.open_nursery() as nursery, store.begin() as work:
        await accounts.sign_in(work, "Ana", "stolen", "203.0.113.1")
        nursery.start_soon(change)
        await eventually(it_waits)
    with psycopg.connect(database_url) as witness:
        assert witness.execute("SELECT FROM sessions").rowcount == 0
