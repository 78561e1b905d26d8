"""The key of the vault, in a file that only the server's user can read: made once, and changed without a gap."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.core.errors import TonearmError
from appliance.durable import sync_folder

_KEY_BYTES = 32
#: Of the file of the key that is to take the place of the one that is there.
_NEXT = ".next"


class BadKeyFile(TonearmError):
    """The key file cannot be used; the message says what to do."""


class KeyFile:
    """One key, or two while it is changed: the old one under its name, the new one beside it.

    Whoever needs a key reads the new one first and then the old one: if it finds no new one any more, then the one
    under the name is the new one by then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + _NEXT)

    def make(self) -> None:
        """A first key, if there is none. Raises ``BadKeyFile``."""
        if not os.path.lexists(self._path):
            self._write(self._path)

    def keys(self) -> list[bytes]:
        """Those that are there, the one to seal with first. Raises ``BadKeyFile``."""
        found = [key for key in (self._read(self._next), self._read(self._path)) if key is not None]
        if not found:
            raise BadKeyFile(f"The key file {self._path} is gone. Put it back from a backup.")
        return found

    @contextmanager
    def rotation(self) -> Iterator[None]:
        """A new key beside the old one, and in its place once the block has ended well. Raises ``BadKeyFile``.

        It ends by a crash, or by an error, as it was in between; the next one goes on with the same new key, since
        something may be sealed under it already.
        """
        with self._alone():
            if not os.path.lexists(self._next):
                self._write(self._next)
            yield
            try:
                os.replace(self._next, self._path)
                sync_folder(self._path.parent)
            except OSError as error:
                raise BadKeyFile(f"The key file {self._path} cannot be written: {error.strerror}.") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process rotate. The kernel forgets the lock with the process, however that ends."""
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BadKeyFile("The key is being changed already, by another command.") from error
            yield
        finally:
            os.close(descriptor)

    def _read(self, path: Path) -> bytes | None:
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadKeyFile(f"The key file {path} cannot be read: {error.strerror}.") from error
        if len(key) != _KEY_BYTES:
            raise BadKeyFile(
                f"The key file {path} is damaged. Put it back from a backup, or remove it and set every password anew."
            )
        return key

    def _write(self, path: Path) -> None:
        """A new key, whole on disk under its name or not there at all; never in place of one that is there."""
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, secrets.token_bytes(_KEY_BYTES))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            with suppress(FileExistsError):
                os.link(fresh, path)
            os.unlink(fresh)
            sync_folder(path.parent)
        except OSError as error:
            raise BadKeyFile(f"The key file {path} cannot be written: {error.strerror}.") from error
