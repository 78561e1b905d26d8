"""``core.ports.Vault``: argon2id for passwords, AES-GCM under a key file for what must be read back."""

import os
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.core.errors import Busy
from appliance.key_file import BadKeyFile, KeyFile

_NONCE_BYTES = 12
_QUEUE = 3
_REMEMBERED = 256


class FileVault:
    """Keeps its key in a file that only the server's user can read, outside the database and its backups."""

    def __init__(self, *keys: bytes, file: KeyFile | None = None) -> None:
        """``keys``: each 32 random bytes. ``file``: where they are kept, and may be changed while we run."""
        # Those that this process has known, the one to seal with first.
        self._keys = list(keys)
        self._file = file
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
        if self._file is not None:
            self._learn(self._file.keys())
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._keys[0]).encrypt(nonce, secret.encode(), owner.bytes)

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        opened = self._opened(sealed, owner)
        if opened is None and self._file is not None:
            # The key may have been changed meanwhile, by another process.
            with suppress(BadKeyFile):
                self._learn(self._file.keys())
            opened = self._opened(sealed, owner)
        return opened

    @contextmanager
    def rotation(self) -> Iterator[None]:
        """While this lasts, what is sealed is sealed under a new key; when it ends well, that is the only one left.

        So all that was sealed must be sealed anew inside, and be committed before the block ends. A rotation that was
        broken off, wherever, leaves both keys in place, and everything can be opened; the next one takes it up. Raises
        ``BadKeyFile``, also while another one goes on.
        """
        assert self._file is not None
        with self._file.rotation():
            yield

    def _learn(self, keys: list[bytes]) -> None:
        self._keys = [*keys, *(key for key in self._keys if key not in keys)]

    def _opened(self, sealed: bytes, owner: UUID) -> str | None:
        for key in self._keys:
            with suppress(InvalidTag, ValueError):
                return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes).decode()
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
    file = KeyFile(key_file)
    file.make()
    return FileVault(*file.keys(), file=file)
