"""Who may listen: users, sessions, the secret of an app, and what wrong guesses cost."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from unicodedata import category
from uuid import UUID

import msgspec

from appliance.core.devices import Device, Scope, SealedDevice
from appliance.core.errors import BadRequest, Conflict, Forbidden, TokensOff, WrongCredentials
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork, Vault
from appliance.core.secret import is_secret, secret_hash
from appliance.core.text import clean
from appliance.core.throttle import Attempt, Throttle
from appliance.core.users import Account, Role, User

__all__ = [
    "SESSION_LIFETIME",
    "Account",
    "Accounts",
    "FirstAdministrator",
    "Proof",
    "Role",
    "Session",
    "SignedIn",
    "User",
    "fault_of_name",
    "fault_of_password",
    "token_hash",
]

#: How long a session of the web pages lasts after it was opened.
SESSION_LIFETIME = timedelta(days=30)
_MAXIMUM_NAME = 64
_MAXIMUM_PASSWORD = 1024
_LONGEST_AGENT = 200


class Proof(NamedTuple):
    """What is kept of a password."""

    password_hash: str
    app_secret: bytes | None


class SignedIn(NamedTuple):
    """Whoever proved who they are."""

    user: User
    device: Device | None = None
    """By whose secret; None for the user's own password or a session."""

    @property
    def acting(self) -> User:
        """The user as far as the device may act for them: without ``admin`` no administrator."""
        if self.device is None or Scope.ADMIN in self.device.scopes or self.user.role is not Role.ADMIN:
            return self.user
        return msgspec.structs.replace(self.user, role=Role.MEMBER)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in by a browser or a program."""

    id: UUID
    agent: str
    """What it calls itself."""
    created_at: datetime
    expires_at: datetime
    token_hash: bytes


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

    async def create(
        self, work: UnitOfWork, name: str, password: str, role: Role, *, libraries: tuple[int, ...] | None = None
    ) -> User:
        """Add a user. Raises ``BadRequest`` for an unusable name or password, ``Conflict`` when the name is taken."""
        name = self.name(name)
        user = User(id=new_id(), name=name, role=role, created_at=datetime.now(UTC), libraries=libraries)
        proof = await self.prove(work, user.id, password)
        account = Account(user=user, password_hash=proof.password_hash, app_secret=proof.app_secret)
        if not await work.users.add(account):
            raise Conflict(f"There is already a user named {name}.")
        return user

    def name(self, name: str) -> str:
        """``name`` as an account has it. Raises ``BadRequest`` where nobody can be called so."""
        if fault := fault_of_name(name):
            raise BadRequest(fault)
        return clean(name)

    async def prove(self, work: UnitOfWork, user_id: UUID, password: str) -> Proof:
        """What is to be kept of ``password``. Holds the users' lock when it returns. Raises ``BadRequest``."""
        if fault := fault_of_password(password):
            raise BadRequest(fault)
        # First: it takes a tenth of a second, in which others may go on.
        hashed = await self._vault.hash(password)
        return Proof(hashed, await self.seal(work, password, user_id))

    async def seal(self, work: UnitOfWork, secret: str, user_id: UUID) -> bytes | None:
        """``secret`` sealed, so that Subsonic's token scheme can use it; None where that is switched off.

        Under the users' lock: whoever rotates the key holds it, and finds all that was sealed under the old one.
        """
        await work.users.lock()
        return self._vault.seal(secret, user_id) if self._token_scheme else None

    def attempt(self, door: str, secret: str, network: str) -> Attempt:
        """An attempt by a secret that we made up, to be counted by the throttle. ``door``: what it is to open.

        Counted for this secret, so that what has an old one stops itself and nobody else, and for the network.
        """
        return Attempt(self._throttle, f"{door} {secret_hash(secret).hex()}", network)

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
        return (await self._by_hash(work, Attempt(self._throttle, name, network), password)).user

    async def sign_in(
        self, work: UnitOfWork, name: str, password: str, network: str, *, agent: str = ""
    ) -> tuple[User, str]:
        """The same, with the token of a new session. Raises as ``by_password`` does.

        A password that is changed while this goes on opens none: either the new one is noticed here, or whoever
        changes it waits for this session, and ends it.
        """
        account = await self._by_hash(work, Attempt(self._throttle, name, network), password)
        if not await work.users.still_has(account.user.id, account.password_hash):
            raise WrongCredentials
        return account.user, await self.open_session(work, account.user, agent=agent)

    async def by_app_password(self, work: UnitOfWork, name: str, password: str, network: str, *, app: str = "") -> User:
        """Like ``by_password``, for an ``app`` that sends it with every request: the sealed secret answers at once.

        Where there is none that can be read (tokens switched off, a lost key) the hash decides. A device's secret is a
        password as well. Raises ``Forbidden`` for a device that is not for Subsonic.
        """
        attempt = Attempt(self._throttle, name, network, app)
        attempt.check()
        account = await work.users.by_name(name)
        if is_secret(password):
            found = await work.devices.by_secret(secret_hash(password))
            if account is not None and found is not None and found.user.id == account.user.id:
                attempt.settle(matches=True)
                return await self._by_subsonic(work, found)
        secret = self._app_secret(account)
        # An unknown name is refused as quickly as a known one.
        if secret is None and (account is not None or not self._token_scheme):
            return (await self._by_hash(work, attempt, password)).user
        attempt.settle(matches=secret is not None and _equal(secret, password))
        assert account is not None
        return account.user

    async def by_token(
        self, work: UnitOfWork, name: str, token: str, salt: str, network: str, *, app: str = ""
    ) -> User:
        """The user whose ``token`` is md5(password + ``salt``), as Subsonic 1.13 has it. ``app``: what it calls itself.

        The password is the user's own, or the secret of one of their devices. Raises ``TokensOff`` where the scheme is
        switched off, ``WrongCredentials`` or ``TooManyAttempts``, ``Forbidden`` for a device that is not for Subsonic.
        """
        if not self._token_scheme:
            raise TokensOff
        attempt = Attempt(self._throttle, name, network, app)
        attempt.check()
        account = await work.users.by_name(name)
        secret = self._app_secret(account)
        matches = _is_token(token, secret or secrets.token_hex(), salt) and secret is not None
        device = None
        if account is not None and not matches:
            device = self._device_of_token(await work.devices.sealed(account.user.id), token, salt)
        attempt.settle(matches=matches or device is not None)
        assert account is not None
        return account.user if device is None else await self._by_subsonic(work, SignedIn(account.user, device))

    async def by_api_key(self, work: UnitOfWork, key: str, network: str) -> User:
        """The user of the device whose secret ``key`` is.

        Raises ``WrongCredentials``, ``TooManyAttempts``, or ``Forbidden`` for a device that is not for Subsonic.
        """
        return await self._by_subsonic(work, await self._by_device(work, key, network))

    async def by_bearer(self, work: UnitOfWork, token: str, network: str) -> SignedIn:
        """Whose session or device this is. Raises ``WrongCredentials``, or ``TooManyAttempts`` for a device.

        Sessions are not counted: nobody guesses 256 bits, and a page that was left open must not shut its user out.
        """
        if not is_secret(token):
            return SignedIn(await self.by_session(work, token))
        signed = await self._by_device(work, token, network)
        await self._seen(work, signed)
        return signed

    async def open_session(self, work: UnitOfWork, user: User, *, agent: str = "") -> str:
        """A new session's token, for a cookie or a bearer header; only its hash is stored.

        ``agent``: what the browser or program calls itself, to be recognised by.
        """
        token = secrets.token_urlsafe(32)
        await work.sessions.add(
            token_hash(token), user.id, datetime.now(UTC) + SESSION_LIFETIME, clean(agent[:_LONGEST_AGENT])
        )
        return token

    async def by_session(self, work: UnitOfWork, token: str) -> User:
        """The user of an open session. Raises ``WrongCredentials`` when there is none."""
        user = await work.sessions.user(token_hash(token), datetime.now(UTC))
        if user is None:
            raise WrongCredentials
        return user

    async def close_session(self, work: UnitOfWork, token: str) -> None:
        """End a session; ending an unknown one is no error."""
        await work.sessions.remove(token_hash(token))

    def _app_secret(self, account: Account | None) -> str | None:
        """None also where the token scheme was switched off after the secret was sealed."""
        if account is None or account.app_secret is None or not self._token_scheme:
            return None
        return self._vault.open(account.app_secret, account.user.id)

    def _device_of_token(self, sealed: Iterable[SealedDevice], token: str, salt: str) -> Device | None:
        for device, secret in sealed:
            opened = self._vault.open(secret, device.user_id)
            if opened is not None and _is_token(token, opened, salt):
                return device
        return None

    async def _by_device(self, work: UnitOfWork, secret: str, network: str) -> SignedIn:
        attempt = self.attempt("device", secret, network)
        attempt.check()
        found = await work.devices.by_secret(secret_hash(secret))
        attempt.settle(matches=found is not None)
        assert found is not None
        return found

    async def _by_subsonic(self, work: UnitOfWork, signed: SignedIn) -> User:
        assert signed.device is not None
        if Scope.SUBSONIC not in signed.device.scopes:
            raise Forbidden("This device is not for the Subsonic interface: it lacks the scope subsonic.")
        await self._seen(work, signed)
        return signed.acting

    async def _seen(self, work: UnitOfWork, signed: SignedIn) -> None:
        now = datetime.now(UTC)
        if signed.device is not None and signed.device.is_seen_again(now):
            await work.devices.seen(signed.device.id, now)

    async def _by_hash(self, work: UnitOfWork, attempt: Attempt, password: str) -> Account:
        attempt.check()
        account = await work.users.by_name(attempt.name)
        matches = await self._vault.verify(account.password_hash if account else None, password)
        attempt.settle(matches=account is not None and matches)
        assert account is not None
        return account


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


def _is_token(token: str, secret: str, salt: str) -> bool:
    salted = (secret + salt).encode(errors="replace")
    return _equal(hashlib.md5(salted, usedforsecurity=False).hexdigest(), token.lower())


def token_hash(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
