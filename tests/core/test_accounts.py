"""Every way to sign in, and every way not to, with a real vault."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import md5

import pytest
import trio
import trio.testing

from appliance.core.accounts import SESSION_LIFETIME, Accounts, Role, User
from appliance.core.errors import BadRequest, Conflict, TokensOff, TooManyAttempts, WrongCredentials
from appliance.core.ports import UnitOfWork
from appliance.core.throttle import Throttle
from appliance.vault import FileVault
from tests.core.conftest import Memory

HOME, AWAY = "203.0.113.5", "198.51.100.7"
PASSWORD = "pässword 100%"
SALT = "c19b2d"


class CountingVault(FileVault):
    """The real one, which tells how often it was asked to do slow work."""

    def __init__(self, key: bytes = bytes(32)) -> None:
        super().__init__(key)
        self.verified = 0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified += 1
        return await super().verify(password_hash, password)


@pytest.fixture
def vault() -> CountingVault:
    return CountingVault()


@pytest.fixture
def accounts(vault: CountingVault) -> Accounts:
    return Accounts(vault, Throttle(trio.current_time))


@pytest.fixture
async def ana(accounts: Accounts, work: UnitOfWork) -> User:
    return await accounts.create(work, "Ana", PASSWORD, Role.MEMBER)


@pytest.fixture
async def household(accounts: Accounts, ana: User) -> Accounts:
    """With Ana in it."""
    assert ana.name == "Ana"
    return accounts


def without_tokens(vault: FileVault) -> Accounts:
    return Accounts(vault, Throttle(trio.current_time), token_scheme=False)


def token(password: str, salt: str = SALT) -> str:
    return md5((password + salt).encode(), usedforsecurity=False).hexdigest()


# --- Adding users


async def test_a_user_is_created_with_a_clean_name(accounts: Accounts, work: UnitOfWork) -> None:
    user = await accounts.create(work, " Bj\u006f\u0308rk\0 ", PASSWORD, Role.GUEST)
    assert (user.name, user.role) == ("Björk", Role.GUEST)
    assert await accounts.by_password(work, "björk", PASSWORD, HOME) == user


@pytest.mark.parametrize("name", ["", "   ", "\0", "\ud800", "x" * 65])
async def test_a_name_that_nobody_can_have(accounts: Accounts, work: UnitOfWork, memory: Memory, name: str) -> None:
    with pytest.raises(BadRequest, match="user name"):
        await accounts.create(work, name, PASSWORD, Role.MEMBER)
    assert not memory.users.accounts


@pytest.mark.parametrize("password", ["", "x" * 1025, "nul\0", "line\n", "half \ud800"])
async def test_a_password_that_nobody_can_have(
    accounts: Accounts, work: UnitOfWork, memory: Memory, password: str
) -> None:
    with pytest.raises(BadRequest, match="password"):
        await accounts.create(work, "Ana", password, Role.MEMBER)
    assert not memory.users.accounts


async def test_a_name_is_given_once_however_it_is_spelt(household: Accounts, work: UnitOfWork) -> None:
    with pytest.raises(Conflict, match="ÁNA"):
        await household.create(work, "ÁNA", PASSWORD, Role.MEMBER)


async def test_nothing_that_is_kept_holds_the_password(ana: User, memory: Memory) -> None:
    account = memory.users.accounts["ana"]
    assert account.user == ana
    assert account.app_secret is not None
    assert PASSWORD not in account.password_hash
    assert PASSWORD.encode() not in account.app_secret


async def test_without_the_token_scheme_nothing_can_be_read_back(
    vault: FileVault, work: UnitOfWork, memory: Memory
) -> None:
    await without_tokens(vault).create(work, "Ana", PASSWORD, Role.MEMBER)
    assert memory.users.accounts["ana"].app_secret is None


# --- The first administrator


async def test_the_first_administrator_is_made_up_and_shown_once(
    accounts: Accounts, work: UnitOfWork, memory: Memory
) -> None:
    shown = await accounts.first_administrator(work, None, None)
    assert shown is not None
    assert shown.name == "admin"
    assert re.fullmatch(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", shown.password)
    assert memory.users.locked
    assert (await accounts.by_password(work, shown.name, shown.password, HOME)).role is Role.ADMIN
    assert await accounts.first_administrator(work, None, None) is None
    assert len(memory.users.accounts) == 1


async def test_no_two_made_up_passwords_are_alike(accounts: Accounts) -> None:
    made = {shown.password for shown in [await accounts.first_administrator(Memory().work, None, None)] if shown}
    made |= {shown.password for shown in [await accounts.first_administrator(Memory().work, None, None)] if shown}
    assert len(made) == 2


async def test_a_named_administrator_with_a_password_is_not_shown(accounts: Accounts, work: UnitOfWork) -> None:
    assert await accounts.first_administrator(work, "Ana", PASSWORD) is None
    assert (await accounts.by_password(work, "ana", PASSWORD, HOME)).role is Role.ADMIN


async def test_a_member_is_no_administrator(household: Accounts, work: UnitOfWork) -> None:
    assert await household.first_administrator(work, None, None) is not None


# --- By password


async def test_the_right_password_signs_in(accounts: Accounts, work: UnitOfWork, ana: User) -> None:
    assert await accounts.by_password(work, "ana", PASSWORD, HOME) == ana
    assert await accounts.by_app_password(work, "ana", PASSWORD, HOME) == ana


@pytest.mark.parametrize("way", ["by_password", "by_app_password"])
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "wrong"),
        ("ana", ""),
        ("ana", PASSWORD + "\0"),
        ("ana", PASSWORD[:-1] + "\ud800"),
        ("bo", PASSWORD),
        ("%", PASSWORD),
        ("an_", PASSWORD),
        ("a\0na", PASSWORD),
        ("\ud800", PASSWORD),
        ("", PASSWORD),
        ("", ""),
    ],
)
async def test_anything_else_does_not(
    household: Accounts, work: UnitOfWork, way: str, name: str, password: str
) -> None:
    with pytest.raises(WrongCredentials):
        await getattr(household, way)(work, name, password, HOME)


@pytest.mark.parametrize("spelling", ["ana", "ANA", " Ána ", "ana\0"])
async def test_a_name_is_known_however_it_is_spelt(
    accounts: Accounts, work: UnitOfWork, ana: User, spelling: str
) -> None:
    assert await accounts.by_app_password(work, spelling, PASSWORD, HOME) == ana


async def test_half_a_character_is_not_a_question_mark(accounts: Accounts, work: UnitOfWork) -> None:
    await accounts.create(work, "Ana", "what?", Role.MEMBER)
    with pytest.raises(WrongCredentials):
        await accounts.by_app_password(work, "ana", "what\ud800", HOME)


async def test_an_app_s_password_costs_no_hash_and_neither_does_an_unknown_name(
    household: Accounts, vault: CountingVault, work: UnitOfWork
) -> None:
    await household.by_app_password(work, "ana", PASSWORD, HOME)
    for name in ("ana", "nobody"):
        with pytest.raises(WrongCredentials):
            await household.by_app_password(work, name, "wrong", HOME)
    assert vault.verified == 0


async def test_without_the_token_scheme_an_app_s_password_is_looked_at_like_any(
    vault: CountingVault, work: UnitOfWork
) -> None:
    accounts = without_tokens(vault)
    user = await accounts.create(work, "Ana", PASSWORD, Role.MEMBER)
    assert await accounts.by_app_password(work, "ana", PASSWORD, HOME) == user
    for name in ("ana", "nobody"):
        with pytest.raises(WrongCredentials):
            await accounts.by_app_password(work, name, "wrong", HOME)
    assert vault.verified == 3


async def test_after_the_key_has_changed_passwords_still_sign_in_and_tokens_do_not(work: UnitOfWork, ana: User) -> None:
    accounts = Accounts(FileVault(b"k" * 32), Throttle(trio.current_time))
    assert await accounts.by_app_password(work, "ana", PASSWORD, HOME) == ana
    with pytest.raises(WrongCredentials):
        await accounts.by_token(work, "ana", token(PASSWORD), SALT, HOME)


# --- By token


@pytest.mark.parametrize("salt", [SALT, "", "sälz", "x" * 10_000])
async def test_the_right_token_signs_in(accounts: Accounts, work: UnitOfWork, ana: User, salt: str) -> None:
    assert await accounts.by_token(work, "ana", token(PASSWORD, salt), salt, HOME) == ana
    assert await accounts.by_token(work, "ANA", token(PASSWORD, salt).upper(), salt, HOME) == ana


@pytest.mark.parametrize("name", ["ana", "nobody", "%", "\ud800", "ana\0", ""])
@pytest.mark.parametrize("wrong", [token(""), token("None"), token("wrong"), "", "ü", "\ud800", token(PASSWORD)[:-1]])
async def test_any_other_token_does_not(household: Accounts, work: UnitOfWork, name: str, wrong: str) -> None:
    with pytest.raises(WrongCredentials):
        await household.by_token(work, name, wrong, SALT, HOME)


async def test_a_salt_of_half_a_character_is_wrong_and_no_fault(household: Accounts, work: UnitOfWork) -> None:
    with pytest.raises(WrongCredentials):
        await household.by_token(work, "ana", token(PASSWORD), "\ud800", HOME)


async def test_without_the_token_scheme_no_token_signs_in(vault: FileVault, work: UnitOfWork) -> None:
    accounts = without_tokens(vault)
    await accounts.create(work, "Ana", PASSWORD, Role.MEMBER)
    for wrong in (token(PASSWORD), token(""), token("None")):
        with pytest.raises(TokensOff):
            await accounts.by_token(work, "ana", wrong, SALT, HOME)


async def test_switching_the_token_scheme_off_shuts_its_door_for_those_who_had_a_secret(
    vault: CountingVault, work: UnitOfWork, ana: User
) -> None:
    now = without_tokens(vault)
    with pytest.raises(TokensOff):
        await now.by_token(work, "ana", token(PASSWORD), SALT, HOME)
    assert await now.by_app_password(work, "ana", PASSWORD, HOME) == ana
    assert vault.verified == 1


# --- Wrong guesses


async def test_after_ten_wrong_guesses_the_right_one_waits_on_every_door(
    household: Accounts, work: UnitOfWork, autojump_clock: trio.testing.MockClock
) -> None:
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await household.by_token(work, "ana", token("wrong"), SALT, HOME)
    for attempt in (
        partial(household.by_token, work, "ana", token(PASSWORD), SALT, HOME),
        partial(household.by_password, work, "ana", PASSWORD, HOME),
        partial(household.by_app_password, work, "ana", PASSWORD, HOME),
    ):
        with pytest.raises(TooManyAttempts):
            await attempt()
    await household.by_password(work, "ana", PASSWORD, AWAY)
    autojump_clock.jump(30)
    await household.by_password(work, "ana", PASSWORD, HOME)


async def test_guesses_that_come_all_at_once_are_no_more_than_those_in_a_row(
    household: Accounts, work: UnitOfWork
) -> None:
    outcomes: list[type[Exception] | None] = []

    async def attempt(password: str) -> None:
        try:
            await household.by_app_password(work, "ana", password, HOME)
        except (WrongCredentials, TooManyAttempts) as refusal:
            outcomes.append(type(refusal))
        else:
            outcomes.append(None)

    async with trio.open_nursery() as nursery:
        for number in range(1000):
            nursery.start_soon(attempt, f"guess {number}")
    assert outcomes.count(WrongCredentials) == 10
    assert outcomes.count(TooManyAttempts) == 990


async def test_many_right_requests_at_once_are_all_served(accounts: Accounts, work: UnitOfWork, ana: User) -> None:
    served: list[User] = []

    async def request() -> None:
        served.append(await accounts.by_token(work, "ana", token(PASSWORD), SALT, HOME))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(request)
    assert served == [ana] * 100


async def test_signing_in_forgives_what_was_mistyped_before(household: Accounts, work: UnitOfWork) -> None:
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(WrongCredentials):
                await household.by_app_password(work, "ana", "wrong", HOME)
        await household.by_app_password(work, "ana", PASSWORD, HOME)


# --- Sessions


async def test_a_session_knows_its_user_until_it_is_closed(accounts: Accounts, work: UnitOfWork, ana: User) -> None:
    opened, other = await accounts.open_session(work, ana), await accounts.open_session(work, ana)
    assert opened != other
    assert await accounts.by_session(work, opened) == ana
    await accounts.close_session(work, opened)
    await accounts.close_session(work, opened)
    with pytest.raises(WrongCredentials):
        await accounts.by_session(work, opened)
    assert await accounts.by_session(work, other) == ana


async def test_only_a_session_s_hash_is_kept_and_for_thirty_days(
    accounts: Accounts, work: UnitOfWork, memory: Memory, ana: User
) -> None:
    opened = await accounts.open_session(work, ana)
    ((token_hash, (user_id, expires_at)),) = memory.sessions.open.items()
    assert opened.encode() not in token_hash
    assert user_id == ana.id
    assert timedelta() <= datetime.now(UTC) + SESSION_LIFETIME - expires_at < timedelta(minutes=5)


async def test_a_session_that_has_expired_is_none(
    accounts: Accounts, work: UnitOfWork, memory: Memory, ana: User
) -> None:
    opened = await accounts.open_session(work, ana)
    (token_hash,) = memory.sessions.open
    memory.sessions.open[token_hash] = (ana.id, datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(WrongCredentials):
        await accounts.by_session(work, opened)


@pytest.mark.parametrize("forged", ["", "guess", "ü", "\ud800", "\0"])
async def test_a_forged_session_is_none(household: Accounts, work: UnitOfWork, forged: str) -> None:
    await household.close_session(work, forged)
    with pytest.raises(WrongCredentials):
        await household.by_session(work, forged)
