"""One TCP connection: Hypercorn's HTTP/1.1 protocol on a Trio stream.

It stands in for ``hypercorn.trio.tcp_server.TCPServer``, which shields every send without a deadline, so that one
client that does not read keeps a server from stopping. Here a send can be cancelled, and a connection whose send
was cancelled is closed, since half a message may be out. HTTP/2 and WebSocket are not spoken: nothing here uses
them, and each would be one more door. Why so: docs/decisions/0009-http-connections.md.
"""

import h11
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import TrioSingleTask, WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState, H11SendableEvent
from hypercorn.utils import parse_socket_addr

_READ_BYTES = 65_536
#: Seconds that a client is read on after the last byte to it, so that it sees an answer given before its request ended.
_LINGER = 2.0

_log = structlog.stdlib.get_logger(__name__)


class Connection:
    """Serves the requests that come over one stream, one after another."""

    def __init__(self, app: AppWrapper, config: Config, context: WorkerContext, stream: trio.SocketStream) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._sending = trio.Lock()
        self._idle = TrioSingleTask()
        self._reading = trio.CancelScope()
        self._ended = False
        self.idle_since: float | None = trio.current_time()
        """Since when there has been no request under way (``trio.current_time``); None while there is one."""

    async def run(self) -> None:
        """Return when the connection is closed. Cancellation closes it at once; nothing of it is shielded."""
        socket = self._stream.socket
        try:
            client = parse_socket_addr(socket.family, socket.getpeername())
            server = parse_socket_addr(socket.family, socket.getsockname())
            async with TaskGroup() as self._tasks:
                self._protocol = _Http11(
                    self._app,
                    self._config,
                    self._context,
                    self._tasks,
                    ConnectionState({}),
                    False,  # noqa: FBT003 - Hypercorn's parameter: whether this is TLS
                    client,
                    server,
                    self._send,
                )
                await self._idle.restart(self._tasks, self._close_when_idle)
                with self._reading:
                    await self._read()
                await self._protocol.handle(Closed())
                await self._idle.stop()
        except OSError as error:
            _log.debug("The connection broke", reason=str(error))
        finally:
            socket.close()

    def abort(self) -> None:
        """Close the socket under whatever is being sent or read."""
        self._stream.socket.close()

    async def _read(self) -> None:
        """Hand the protocol what comes, until the client ends or breaks the connection."""
        while True:
            try:
                data = bytes(await self._stream.receive_some(_READ_BYTES))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            if not self._ended:
                await self._protocol.handle(RawData(data))
            if not data:
                return

    async def _send(self, event: Event) -> None:
        """What the protocol wants of the connection."""
        if isinstance(event, RawData):
            await self._send_bytes(event.data)
        elif isinstance(event, Closed):
            await self._end()
        elif isinstance(event, Updated):
            self.idle_since = trio.current_time() if event.idle else None
            if event.idle:
                await self._idle.restart(self._tasks, self._close_when_idle)
            else:
                await self._idle.stop()

    async def _send_bytes(self, data: bytes) -> None:
        async with self._sending:
            try:
                await self._stream.send_all(data)
            except trio.Cancelled:
                self.abort()
                raise
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                await self._protocol.handle(Closed())

    async def _end(self) -> None:
        """Send no more, and read on for a moment."""
        self._ended = True
        try:
            await self._stream.send_eof()
        except (trio.BrokenResourceError, trio.BusyResourceError, trio.ClosedResourceError):
            self.abort()
        self._reading.deadline = trio.current_time() + _LINGER
        await self._protocol.handle(Closed())

    async def _close_when_idle(self) -> None:
        """Close when no whole request head has come in time, whether nothing came or byte after byte."""
        with trio.move_on_after(self._config.keep_alive_timeout):
            await self._context.terminated.wait()
        self._ended = True
        self.abort()


class _Http11(H11Protocol):
    """Hypercorn's protocol without its ways out of HTTP/1.1; sends a response's head together with its first bytes."""

    _head = b""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Turn to no other protocol, as RFC 9110 section 7.8 lets a server do, whatever upgrade is offered."""

    async def _create_stream(self, request: h11.Request) -> None:
        """Open the exchange.

        An ``Upgrade`` is not shown to Hypercorn, which would turn to WebSocket. A target is reduced to path and query.
        """
        target = _origin_form(request)
        if target is None or request.http_version not in {b"1.0", b"1.1"}:
            await self._send_error_response(400 if target is None else 505)
            await self.send(Closed())
            return
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        plain = h11.Request(method=request.method, target=target, headers=headers, http_version=request.http_version)
        await super()._create_stream(plain)

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        if isinstance(event, h11.Response):
            self._head = data
            return
        whole, self._head = self._head + data if data else self._head, b""
        if whole:
            await self.send(RawData(data=whole))


def _origin_form(request: h11.Request) -> bytes | None:
    """The target as path and query (RFC 9112 section 3.2); None for one that names no resource of ours."""
    target: bytes = request.target
    if target.startswith(b"/") or (target == b"*" and request.method == b"OPTIONS"):
        return target
    scheme, found, rest = target.partition(b"://")
    if not found or scheme.lower() not in {b"http", b"https"}:
        return None
    return b"/" + rest.partition(b"/")[2]
