"""Who may come in."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from appliance.core.accounts import Account, User


class Users(Protocol):
    async def lock(self) -> None:
        """Wait until no other transaction is creating users; held to the end of this one."""
        ...

    async def add(self, account: "Account") -> bool:
        """False when the (folded) name is taken."""
        ...

    async def by_name(self, name: str) -> "Account | None":
        """Compared folded and exactly; never as a pattern."""
        ...

    async def administrator_exists(self) -> bool: ...

    async def all(self) -> list["User"]:
        """By name."""
        ...


class Sessions(Protocol):
    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime) -> None:
        """Also forgets sessions that have expired."""
        ...

    async def user(self, token_hash: bytes, now: datetime) -> "User | None": ...

    async def remove(self, token_hash: bytes) -> None: ...


class Vault(Protocol):
    """Keeps secrets."""

    async def hash(self, password: str) -> str:
        """An argon2id hash in PHC format."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether they match. Takes as long for None, which never matches.

        Raises ``Busy`` when too many ask at once.
        """
        ...

    def seal(self, secret: str, owner: UUID) -> bytes:
        """Encrypt so that only this server, for this owner, can read it back."""
        ...

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        """What was sealed; None when the key has changed or the seal is broken."""
        ...
