"""A block's own error, plain."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def plainly(context: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Enter ``context``, and let an error of the block leave as itself.

    A nursery wraps whatever its block raises into an exception group. Where the nursery is ours and the block is the
    caller's, that is our secret: the caller wants to catch what it raised. The context sees the block end well, so it
    must not rely on the error to stop its tasks. Cancellation goes its usual way.
    """
    failure: Exception | None = None
    async with context as value:
        try:
            yield value
        except Exception as error:  # noqa: BLE001 - it is raised again, one level further out
            failure = error
    if failure is not None:
        raise failure
