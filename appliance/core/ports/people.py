"""Who may come in, and what the household decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.catalogue import Window

if TYPE_CHECKING:
    from appliance.core.accounts import Account, Role, Session, SignedIn, User
    from appliance.core.audit import AuditFilter, Entry
    from appliance.core.devices import Device, SealedDevice
    from appliance.core.household import Household
    from appliance.core.invitations import Invitation


class Users(Protocol):
    async def lock(self) -> None:
        """Wait until no other transaction creates or changes users, or seals a secret; held to the end of this one."""
        ...

    async def add(self, account: "Account") -> bool:
        """False when the (folded) name is taken."""
        ...

    async def by_name(self, name: str) -> "Account | None":
        """Compared folded and exactly; never as a pattern."""
        ...

    async def get(self, user_id: UUID) -> "Account | None": ...

    async def administrator_exists(self, without: UUID | None = None) -> bool:
        """Whether there is one, beside the one that is named."""
        ...

    async def all(self) -> list["User"]:
        """By name."""
        ...

    async def page(self, role: "Role | None", window: Window) -> tuple[list["User"], int]:
        """Some of them by name, and how many there are in all. ``role``: only of this one."""
        ...

    async def change(self, user: "User") -> None:
        """Make name, role and libraries of the user with this id those. The name must be free."""
        ...

    async def still_has(self, user_id: UUID, password_hash: str) -> bool:
        """Whether this is the user's; if so, it is not changed until the end of this transaction."""
        ...

    async def set_proof(self, user_id: UUID, password_hash: str, app_secret: bytes | None) -> None: ...

    async def remove(self, user_id: UUID) -> None:
        """With everything that is theirs."""
        ...

    async def sealed(self) -> list[tuple[UUID, bytes]]:
        """Every sealed secret, with its user's id."""
        ...

    async def reseal(self, sealed: Mapping[UUID, bytes]) -> None:
        """Put these sealed secrets in place of the users'."""
        ...


class Sessions(Protocol):
    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime, agent: str = "") -> None:
        """Also forgets sessions that have expired."""
        ...

    async def user(self, token_hash: bytes, now: datetime) -> "User | None": ...

    async def remove(self, token_hash: bytes) -> None: ...

    async def page(self, user_id: UUID, window: Window) -> tuple[list["Session"], int]:
        """Some of the user's that are open, latest first, and how many there are."""
        ...

    async def end(self, session_id: UUID, user_id: UUID) -> bool:
        """End the user's session of this id; False when they have none."""
        ...

    async def remove_of(self, user_id: UUID, *, but: bytes | None) -> None:
        """End all of the user's, but for the one of this hash."""
        ...


class Devices(Protocol):
    async def add(self, device: "Device", secret_hash: bytes, sealed: bytes | None) -> None: ...

    async def get(self, device_id: UUID) -> "Device | None": ...

    async def count(self, user_id: UUID) -> int: ...

    async def page(self, user_id: UUID, window: Window) -> tuple[list["Device"], int]:
        """Some of the user's, latest first, and how many they have."""
        ...

    async def by_secret(self, secret_hash: bytes) -> "SignedIn | None": ...

    async def sealed(self, user_id: UUID) -> list["SealedDevice"]:
        """Those of the user's that have a sealed secret, last seen first."""
        ...

    async def change(self, device: "Device") -> None:
        """Make name and scopes of the device with this id those."""
        ...

    async def seen(self, device_id: UUID, now: datetime) -> None: ...

    async def remove(self, device_id: UUID) -> None: ...

    async def all_sealed(self) -> list["SealedDevice"]: ...

    async def reseal(self, sealed: Mapping[UUID, bytes]) -> None:
        """Put these sealed secrets in place of the devices'."""
        ...


class Invitations(Protocol):
    async def add(self, invitation: "Invitation", code_hash: bytes) -> None: ...

    async def get(self, invitation_id: UUID) -> "Invitation | None": ...

    async def page(self, window: Window) -> tuple[list["Invitation"], int]:
        """Some of them, latest first, and how many there are in all."""
        ...

    async def by_code(self, code_hash: bytes, now: datetime) -> "Invitation | None":
        """The one of this code that can be accepted."""
        ...

    async def take(self, invitation_id: UUID, now: datetime) -> bool:
        """Mark it as accepted; False when it was already, or has been taken back."""
        ...

    async def remove(self, invitation_id: UUID) -> None: ...

    async def remove_of(self, user_id: UUID) -> None:
        """Take back what this user has given and nobody accepted."""
        ...

    async def forget(self, before: datetime) -> None:
        """Remove those that had expired by then."""
        ...


class Audit(Protocol):
    """Appended to, and cut off at its old end; nothing changes an entry."""

    async def add(self, entry: "Entry") -> None: ...

    async def forget(self, before: datetime, most: int) -> None:
        """Remove what is older than that, and all but the latest ``most``."""
        ...

    async def page(self, narrow: "AuditFilter", window: Window) -> tuple[list["Entry"], int]:
        """Some of it, latest first, and how much there is in all."""
        ...


class HouseholdSettings(Protocol):
    async def read(self) -> "Household": ...

    async def write(self, values: Mapping[str, object]) -> None:
        """Keep these, by the names of the fields; the others stay."""
        ...


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
