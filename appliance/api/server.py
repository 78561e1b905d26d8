"""The HTTP server: listens, hands connections to Hypercorn's protocol, and stops within its grace."""

import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
import trio
from hypercorn.config import Config
from hypercorn.logging import Logger
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework
from hypercorn.utils import wrap_app

from appliance.api.connection import Connection
from appliance.core.errors import TonearmError

#: Seconds without a whole request head after which a connection is closed.
KEEP_ALIVE = 15.0
#: Seconds that responses under way are given when the server stops; one that is then unfinished is cut.
GRACE = 3.5
#: Connections at once. Below the 1,024 file descriptors of a common ``ulimit``, so that a flood of connections leaves
#: the database and the music files theirs.
CONNECTIONS = 768
_HEAD_BYTES = 32_768

_log = structlog.stdlib.get_logger(__name__)


async def serve(
    app: ASGIFramework,
    *,
    bind: str | Sequence[str],
    stop: Callable[[], Awaitable[object]] = trio.sleep_forever,
    keep_alive: float = KEEP_ALIVE,
    grace: float = GRACE,
    connections: int = CONNECTIONS,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve ``app`` until ``stop`` returns or this is cancelled; either way stop gracefully.

    ``bind``: ``HOST:PORT``, ``[V6]:PORT``, or ``fd://N`` for a socket that somebody else has bound and that is
    listened on already. A port 0 takes any free one. ``task_status`` is told the addresses, as ``HOST:PORT``, once
    connections are accepted. Raises ``OSError`` when an address cannot be bound, ``ValueError`` when it is none.

    ``connections``: how many are open at once at most. For one more, that which has been idle for longest is closed, so
    that nobody keeps others out by doing nothing; where none is idle, the new one is.

    Stopping: no new connections; idle ones are closed; responses under way have ``grace`` seconds, and are then
    cut whether their clients read or not.
    """
    config = Config()
    config.keep_alive_timeout = keep_alive
    config.h11_max_incomplete_size = _HEAD_BYTES
    config.include_server_header = False
    config.logger_class = _Log
    listeners = await _listeners(bind)
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_wait_for_stop, stop, stopping)
        doors = _Doors(wrap_app(app, config.wsgi_max_body_size, "asgi"), config, grace, connections)
        with trio.CancelScope(shield=True):
            await doors.keep_open(listeners, stopping, task_status)
        nursery.cancel_scope.cancel()


async def _wait_for_stop(stop: Callable[[], Awaitable[object]], stopping: trio.Event) -> None:
    try:
        await stop()
    finally:
        stopping.set()


class _Doors:
    """The listeners and what came in through them."""

    def __init__(self, app: AppWrapper, config: Config, grace: float, most: int) -> None:
        self._app = app
        self._config = config
        self._grace = grace
        self._most = most
        self._context = WorkerContext(None)
        self._open: set[Connection] = set()

    async def keep_open(
        self, listeners: list[trio.SocketListener], stopping: trio.Event, task_status: trio.TaskStatus[list[str]]
    ) -> None:
        """Accept and serve until ``stopping``, then drain: returns at most ``grace`` and a moment after it."""
        async with trio.open_nursery() as draining:
            async with trio.open_nursery() as connections:
                async with trio.open_nursery() as accepting:
                    await accepting.start(
                        partial(trio.serve_listeners, self._serve, listeners, handler_nursery=connections)
                    )
                    task_status.started([_address(listener.socket) for listener in listeners])
                    await stopping.wait()
                    accepting.cancel_scope.cancel()
                for listener in listeners:
                    listener.socket.close()
                await self._context.terminated.set()
                draining.start_soon(self._cut, connections)
            draining.cancel_scope.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        """One connection. Whatever goes wrong with it stays with it."""
        if len(self._open) >= self._most and not self._make_room():
            stream.socket.close()
            return
        connection = Connection(self._app, self._config, self._context, stream)
        self._open.add(connection)
        try:
            await connection.run()
        except Exception:  # noqa: BLE001 - one connection must not end the others
            _log.exception("A connection failed")
        finally:
            self._open.discard(connection)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for longest; False where each has a request under way."""
        idle = [(since, connection) for connection in self._open if (since := connection.idle_since) is not None]
        if not idle:
            return False
        _, longest = min(idle, key=lambda entry: entry[0])
        self._open.discard(longest)
        longest.abort()
        return True

    async def _cut(self, connections: trio.Nursery) -> None:
        """End what is not finished in time. The sockets first: a response's last bytes are shielded from cancelling."""
        await trio.sleep(self._grace)
        _log.info("Cut what was still being sent", connections=len(self._open))
        for connection in self._open:
            connection.abort()
        connections.cancel_scope.cancel()


class _Log(Logger):
    """Where Hypercorn's own words go. Requests are logged by the exchange, which knows more of them."""

    def __init__(self, config: Config) -> None:
        pass

    async def access(self, request: object, response: object, request_time: float) -> None:
        pass

    async def exception(self, message: str, *args: object, **kwargs: object) -> None:
        if reasons := _refusals(sys.exception()):
            # A body that could not be sent to its end: the file was cut short, the disk went away.
            _log.warning("A response broke off", reasons=reasons)
        else:
            _log.exception(message, *args, **kwargs)


def _refusals(error: BaseException | None) -> list[str]:
    """What the core refused, if that is all that ``error`` is made of."""
    if isinstance(error, BaseExceptionGroup):
        inner = [_refusals(each) for each in error.exceptions]
        return [reason for reasons in inner for reason in reasons] if all(inner) else []
    return [str(error)] if isinstance(error, TonearmError) else []


async def _listeners(bind: str | Sequence[str]) -> list[trio.SocketListener]:
    """Listening sockets for all of ``bind``, or none of them and an error."""
    opened: list[trio.SocketListener] = []
    try:
        for address in [bind] if isinstance(bind, str) else bind:
            if address.startswith("fd://"):
                inherited = socket.socket(fileno=int(address.removeprefix("fd://")))
                opened.append(trio.SocketListener(trio.socket.from_stdlib_socket(inherited)))
            else:
                host, _, port = address.rpartition(":")
                opened += await trio.open_tcp_listeners(int(port), host=host.strip("[]") or None)
    except BaseException:
        for listener in opened:
            listener.socket.close()
        raise
    return opened


def _address(listening: trio.socket.SocketType) -> str:
    name = listening.getsockname()
    if not isinstance(name, tuple):
        return str(name)
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"
