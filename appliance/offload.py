"""Short jobs in worker processes: ``core.ports.Offload`` over trio-parallel.

A worker starts as a fresh interpreter, confines itself (``sandbox.confine``) and imports what its job's module
imports, nothing more; so a job's module stays small (mutagen or Pillow, never the server's libraries), and the
program's main module imports lazily, since a worker imports it when it is a script. Workers are kept warm between
jobs and leave when idle, so that a server at rest holds none.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, TypeVar

import trio
import trio_parallel

from appliance.core.errors import MediaFault
from appliance.core.ports import Offload
from appliance.sandbox import confine, has_worked

T = TypeVar("T")

#: Private memory of one worker, interpreter included.
DEFAULT_MEMORY_BYTES: Final = 256 * 1024 * 1024
_IDLE_SECONDS: Final = 15.0
# A worker is replaced after this much work, so that whatever leaks or fragments does not live for months. Twice as
# much ends it by force: a job that loops for ever dies even when the server that would have killed it is gone.
_WORKER_CPU_SECONDS: Final = 300
_CLOSING_SECONDS: Final = 2.0


@asynccontextmanager
async def open_offload(*, workers: int, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> AsyncIterator[Offload]:
    """At most ``workers`` processes at a time, each within ``memory_bytes``; the block's end ends them all.

    Further jobs wait for their turn. Leave the block only when no task runs a job any more: it waits for those.
    """
    pool = trio_parallel.open_worker_context(
        idle_timeout=_IDLE_SECONDS,
        init=partial(confine, memory_bytes=memory_bytes, cpu_seconds=2 * _WORKER_CPU_SECONDS),
        retire=partial(has_worked, seconds=_WORKER_CPU_SECONDS),
        grace_period=_CLOSING_SECONDS,
    )
    context = await pool.__aenter__()
    try:
        yield _Workers(context, trio.CapacityLimiter(workers))
    finally:
        # By hand, so that this error cannot hide one that is leaving the block: an idle worker had been killed by
        # somebody, or had to be now. Either way it is gone, which is what closing is for.
        with suppress(trio_parallel.BrokenWorkerError):
            await pool.__aexit__(None, None, None)


class _Workers:
    def __init__(self, context: Any, limiter: trio.CapacityLimiter) -> None:
        self._context = context
        self._limiter = limiter

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        async with self._limiter:
            with trio.move_on_after(seconds):
                return await self._call(job, *arguments)
        raise MediaFault(f"It took longer than {seconds:g} seconds, and was given up.")

    async def _call(self, job: Callable[..., T], *arguments: object) -> T:
        try:
            # Bounded by our own limiter before the clock starts, so the library's has nothing left to bound.
            result: T = await self._context.run_sync(
                job, *arguments, kill_on_cancel=True, limiter=trio.CapacityLimiter(1)
            )
        except trio_parallel.BrokenWorkerError as broken:
            raise MediaFault("It made the reader crash.") from broken
        except MemoryError as error:
            raise MediaFault("It needs more memory than a reader may have.") from error
        return result
