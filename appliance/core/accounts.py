"""Who may listen: users, sessions, the secret of an app, and what wrong guesses cost."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from unicodedata import category
from uuid import UUID

import msgspec

from appliance.core.errors import BadRequest, Conflict, TokensOff, WrongCredentials
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork, Vault
from appliance.core.text import clean
from appliance.core.throttle import Throttle

#: How long a session of the web pages lasts after it was opened.
SESSION_LIFETIME = timedelta(days=30)
_MAXIMUM_NAME = 64
_MAXIMUM_PASSWORD = 1024


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    """May listen, and change nothing."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    role: Role
    created_at: datetime
    libraries: tuple[int, ...] | None = None
    """The numbers of the libraries that they may see; None is every one, also those to come."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user together with what proves it. Never leaves ``core`` and ``store``."""

    user: User
    password_hash: str
    app_secret: bytes | None
    """The password sealed by the vault, for Subsonic's token scheme; None when that is switched off."""


class FirstAdministrator(msgspec.Struct, frozen=True):
    """What the terminal shows, once, when no administrator was named."""

    name: str
    password: str


class Accounts:
    """The use cases of signing in. Holds no user: only the vault, the throttle and a policy."""

    def __init__(self, vault: Vault, throttle: Throttle, *, token_scheme: bool = True) -> None:
        """``token_scheme``: whether a recoverable secret is kept so that Subsonic's ``t`` and ``s`` work."""
        self._vault = vault
        self._throttle = throttle
        self._token_scheme = token_scheme

    async def create(self, work: UnitOfWork, name: str, password: str, role: Role) -> User:
        """Add a user. Raises ``BadRequest`` for an unusable name or password, ``Conflict`` when the name is taken."""
        if fault := fault_of_name(name) or fault_of_password(password):
            raise BadRequest(fault)
        name = clean(name)
        user = User(id=new_id(), name=name, role=role, created_at=datetime.now(UTC))
        secret = self._vault.seal(password, user.id) if self._token_scheme else None
        account = Account(user=user, password_hash=await self._vault.hash(password), app_secret=secret)
        if not await work.users.add(account):
            raise Conflict(f"There is already a user named {name}.")
        return user

    async def first_administrator(
        self, work: UnitOfWork, name: str | None, password: str | None
    ) -> FirstAdministrator | None:
        """Make sure that somebody can sign in. Returns what must be shown when a password had to be made up.

        Does nothing when an administrator exists. ``name`` and ``password`` come from the settings; without a
        password a random one of 79 bits is made, and it is stored nowhere in the clear.
        """
        await work.users.lock()
        if await work.users.administrator_exists():
            return None
        chosen = FirstAdministrator(name or "admin", password or _pronounceable())
        await self.create(work, chosen.name, chosen.password, Role.ADMIN)
        return None if password else chosen

    async def by_password(self, work: UnitOfWork, name: str, password: str, network: str) -> User:
        """The user of this name and password. ``network``: where the attempt comes from, for the throttle.

        Raises ``WrongCredentials``, ``TooManyAttempts``, or ``Busy`` when many sign in at once.
        """
        return await self._by_hash(work, _Attempt(name, network), password)

    async def by_app_password(self, work: UnitOfWork, name: str, password: str, network: str, *, app: str = "") -> User:
        """Like ``by_password``, for an ``app`` that sends it with every request: the sealed secret answers at once.

        Where there is none that can be read (tokens switched off, a lost key) the hash decides.
        """
        attempt = _Attempt(name, network, app)
        self._throttle.check(*attempt)
        account = await work.users.by_name(name)
        secret = self._app_secret(account)
        # An unknown name is refused as quickly as a known one.
        if secret is None and (account is not None or not self._token_scheme):
            return await self._by_hash(work, attempt, password)
        return self._settle(account, attempt, matches=secret is not None and _equal(secret, password))

    async def by_token(
        self, work: UnitOfWork, name: str, token: str, salt: str, network: str, *, app: str = ""
    ) -> User:
        """The user whose ``token`` is md5(password + ``salt``), as Subsonic 1.13 has it. ``app``: what it calls itself.

        Raises ``TokensOff`` where the scheme is switched off, ``WrongCredentials`` or ``TooManyAttempts``.
        """
        if not self._token_scheme:
            raise TokensOff
        attempt = _Attempt(name, network, app)
        self._throttle.check(*attempt)
        account = await work.users.by_name(name)
        secret = self._app_secret(account)
        salted = ((secret or secrets.token_hex()) + salt).encode(errors="replace")
        expected = hashlib.md5(salted, usedforsecurity=False).hexdigest()
        matches = secret is not None and _equal(expected, token.lower())
        return self._settle(account, attempt, matches=matches)

    async def open_session(self, work: UnitOfWork, user: User) -> str:
        """A new session's token, for a cookie or a bearer header; only its hash is stored."""
        token = secrets.token_urlsafe(32)
        await work.sessions.add(_token_hash(token), user.id, datetime.now(UTC) + SESSION_LIFETIME)
        return token

    async def by_session(self, work: UnitOfWork, token: str) -> User:
        """The user of an open session. Raises ``WrongCredentials`` when there is none."""
        user = await work.sessions.user(_token_hash(token), datetime.now(UTC))
        if user is None:
            raise WrongCredentials
        return user

    async def close_session(self, work: UnitOfWork, token: str) -> None:
        """End a session; ending an unknown one is no error."""
        await work.sessions.remove(_token_hash(token))

    def _app_secret(self, account: Account | None) -> str | None:
        """None also where the token scheme was switched off after the secret was sealed."""
        if account is None or account.app_secret is None or not self._token_scheme:
            return None
        return self._vault.open(account.app_secret, account.user.id)

    async def _by_hash(self, work: UnitOfWork, attempt: "_Attempt", password: str) -> User:
        self._throttle.check(*attempt)
        account = await work.users.by_name(attempt.name)
        matches = await self._vault.verify(account.password_hash if account else None, password)
        return self._settle(account, attempt, matches=matches)

    def _settle(self, account: Account | None, attempt: "_Attempt", *, matches: bool) -> User:
        # Once more: while this attempt was looked at, others that came with it may have failed.
        self._throttle.check(*attempt)
        if account is None or not matches:
            self._throttle.failed(*attempt)
            raise WrongCredentials
        self._throttle.succeeded(*attempt)
        return account.user


class _Attempt(NamedTuple):
    """Who tries, and from where, as the throttle counts it."""

    name: str
    network: str
    app: str = ""


def fault_of_name(name: str) -> str | None:
    """Why nobody can be called so; None when somebody can."""
    # Its length first: to clean a megabyte of accents takes minutes.
    if len(name) <= 4 * _MAXIMUM_NAME and 1 <= len(clean(name)) <= _MAXIMUM_NAME:
        return None
    return f"A user name has 1 to {_MAXIMUM_NAME} characters."


def fault_of_password(password: str) -> str | None:
    """Why this cannot be a password; None when it can."""
    if password and len(password) <= _MAXIMUM_PASSWORD and all(category(c) not in {"Cc", "Cs"} for c in password):
        return None
    return f"A password has 1 to {_MAXIMUM_PASSWORD} characters, none of them a control character."


def _equal(ours: str, theirs: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(ours.encode(), theirs.encode(errors="surrogatepass"))


def _pronounceable() -> str:
    """A password to be read off a screen and typed: 16 characters in fours, 79 bits, none easily mistaken."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
