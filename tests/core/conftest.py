"""A transaction over nothing but memory, as honest as the ports ask for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
import trio

from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Item
from appliance.core.devices import SealedDevice
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.ports import UnitOfWork
from appliance.core.text import fold


class MemoryUsers:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.locked = False

    async def lock(self) -> None:
        self.locked = True

    async def add(self, account: Account) -> bool:
        return self.accounts.setdefault(fold(account.user.name), account) is account

    async def by_name(self, name: str) -> Account | None:
        await trio.lowlevel.checkpoint()
        return self.accounts.get(fold(name))

    async def administrator_exists(self) -> bool:
        return any(account.user.role is Role.ADMIN for account in self.accounts.values())

    async def all(self) -> list[User]:
        return [account.user for _, account in sorted(self.accounts.items())]


class MemorySessions:
    def __init__(self, users: MemoryUsers) -> None:
        self._users = users
        self.open: dict[bytes, tuple[UUID, datetime]] = {}

    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime, agent: str = "") -> None:
        assert len(agent) <= 200
        self.open[token_hash] = (user_id, expires_at)

    async def user(self, token_hash: bytes, now: datetime) -> User | None:
        user_id, expires_at = self.open.get(token_hash, (None, now))
        return next((user for user in await self._users.all() if user.id == user_id and now < expires_at), None)

    async def remove(self, token_hash: bytes) -> None:
        self.open.pop(token_hash, None)


class MemoryDevices:
    """What signing in asks of devices, where there is none. With some it is tested on the real store."""

    async def by_secret(self, secret_hash: bytes) -> None:
        assert len(secret_hash) == 32

    async def sealed(self, user_id: UUID) -> list[SealedDevice]:
        assert user_id
        return []


class MemoryListening:
    def __init__(self) -> None:
        self.items: set[tuple[Item, UUID]] = set()
        """Those that exist."""
        self.likes: list[LikeEvent] = []
        self.ratings: list[RatingEvent] = []
        self.plays: dict[tuple[UUID, UUID, str, datetime], PlayEvent] = {}

    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        return [item for item in items if item not in self.items]

    async def add_likes(self, events: Sequence[LikeEvent]) -> None:
        self.likes += events

    async def add_ratings(self, events: Sequence[RatingEvent]) -> None:
        self.ratings += events

    async def add_plays(self, events: Sequence[PlayEvent]) -> None:
        for event in events:
            self.plays.setdefault((event.user_id, event.track_id, event.client, event.happened_at), event)


class Memory:
    """What the use cases of accounts and listening need of a transaction."""

    def __init__(self) -> None:
        self.users = MemoryUsers()
        self.sessions = MemorySessions(self.users)
        self.devices = MemoryDevices()
        self.listening = MemoryListening()

    @property
    def work(self) -> UnitOfWork:
        return cast("UnitOfWork", SimpleNamespace(**vars(self)))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def work(memory: Memory) -> UnitOfWork:
    return memory.work


@pytest.fixture
def member() -> User:
    return User(id=UUID(int=1), name="Ana", role=Role.MEMBER, created_at=datetime(2026, 1, 1, tzinfo=UTC))
