"""What is not kept for ever."""

from collections.abc import Awaitable, Callable, Sequence

from appliance.core.ports import Store, UnitOfWork

#: So many ended jobs are kept, for as many days as the household wants.
MOST_JOBS = 5_000
#: Events are kept for so many days, and so many of them.
EVENT_DAYS, MOST_EVENTS = 3, 10_000

Hook = Callable[[UnitOfWork], Awaitable[int]]
"""Forgets what is old, in a transaction of its own; returns how many."""


class Forgetting:
    """Everything that grows by itself, and is cut back here."""

    def __init__(self, store: Store, hooks: Sequence[tuple[str, Hook]] = ()) -> None:
        """``hooks``: beside jobs and events, with the noun of what each forgets."""
        self._store = store
        self._hooks: tuple[tuple[str, Hook], ...] = (("job", _jobs), ("event", _events), *hooks)

    async def forget(self) -> dict[str, int]:
        """Forget what is old. Returns how many of what. Raises ``Unavailable``."""
        counts: dict[str, int] = {}
        for name, hook in self._hooks:
            async with self._store.begin() as work:
                counts[name] = await hook(work)
        return counts


async def _jobs(work: UnitOfWork) -> int:
    household = await work.household.read()
    return await work.jobs.forget(days=household.jobs_days, most=MOST_JOBS)


async def _events(work: UnitOfWork) -> int:
    return await work.events.forget(days=EVENT_DAYS, most=MOST_EVENTS)
