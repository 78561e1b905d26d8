"""``core.ports.Vault``: argon2id for passwords, AES-GCM under a key file for what must be read back."""

import os
import secrets
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.core.errors import Busy, TonearmError
from appliance.durable import sync_folder

_KEY_BYTES = 32
_NONCE_BYTES = 12
_QUEUE = 3
_REMEMBERED = 256


class BadKeyFile(TonearmError):
    """The key file cannot be used; the message says what to do."""


class FileVault:
    """Keeps its key in a file that only the server's user can read, outside the database and its backups."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 random bytes."""
        self._cipher = AESGCM(key)
        # 19 MiB and two passes, the smaller of OWASP's recommendations: a Zero 2 W has 512 MB for everything.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        # One at a time: a flood of sign-ins must not take the memory or both cores.
        self._limiter = trio.CapacityLimiter(1)
        self._nobody: str | None = None
        # Apps may send the password with every request: what matched before is known by a digest under a key of ours.
        self._matched: OrderedDict[bytes, None] = OrderedDict()
        self._digest_key = os.urandom(32)

    async def hash(self, password: str) -> str:
        return await trio.to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        against = password_hash or await self._nobodys_hash()
        digest = self._digest(against, password)
        if digest in self._matched:
            return True
        if self._limiter.statistics().tasks_waiting >= _QUEUE:
            # Each holds a connection to the database while it waits; the music needs the others.
            raise Busy("Many people are signing in at once. Try again in a moment.", retry_after=2)
        matches = await trio.to_thread.run_sync(self._matches, against, password, limiter=self._limiter)
        if not matches or password_hash is None:
            return False
        self._matched[digest] = None
        if len(self._matched) > _REMEMBERED:
            self._matched.popitem(last=False)
        return True

    def seal(self, secret: str, owner: UUID) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), owner.bytes)

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes).decode()
        except (InvalidTag, ValueError):
            return None

    def _digest(self, password_hash: str, password: str) -> bytes:
        text = f"{password_hash}\0{password}".encode(errors="surrogatepass")
        return blake2b(text, key=self._digest_key, digest_size=32).digest()

    async def _nobodys_hash(self) -> str:
        """The hash of a password that nobody has, so that an unknown name takes as long as a known one."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_hex())
        return self._nobody

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def open_vault(key_file: Path) -> FileVault:
    """The vault of this key file, made when it is not there. Raises ``BadKeyFile``."""
    try:
        key = key_file.read_bytes()
    except FileNotFoundError:
        key = _make(key_file)
    except OSError as error:
        raise BadKeyFile(f"The key file {key_file} cannot be read: {error.strerror}.") from error
    if len(key) != _KEY_BYTES:
        raise BadKeyFile(
            f"The key file {key_file} is damaged. Put it back from a backup, or remove it and set every password anew."
        )
    return FileVault(key)


def _make(key_file: Path) -> bytes:
    """A new key, whole on disk under its name or not there at all; never in place of one that is there."""
    key = secrets.token_bytes(_KEY_BYTES)
    fresh = key_file.with_name(f"{key_file.name}.{secrets.token_hex(4)}")
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, key)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(fresh, key_file)
        except FileExistsError:
            key = key_file.read_bytes()
        os.unlink(fresh)
        sync_folder(key_file.parent)
    except OSError as error:
        raise BadKeyFile(f"The key file {key_file} cannot be written: {error.strerror}.") from error
    return key
