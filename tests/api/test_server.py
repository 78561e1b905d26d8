"""The server as a socket sees it: nothing here goes through an HTTP library that would tidy up."""

import inspect
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

import pytest
import trio
from hypercorn.protocol.h11 import H11Protocol
from quart import Response, request

from appliance.api.connection import _Http11
from appliance.api.exchange import App
from appliance.api.metrics import Metrics
from appliance.api.server import serve

BIG = 64 * 1024 * 1024
CHUNK = bytes(256 * 1024)

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


class Site:
    """An application with a page for each way to behave, and what became of its handlers."""

    def __init__(self) -> None:
        self.app = App(Metrics())
        self.freed = trio.Event()
        self.app.config["MAX_CONTENT_LENGTH"] = 1_000_000
        self.app.get("/health")(self.health)
        self.app.get("/big")(self.big)
        self.app.get("/chunked")(self.chunked)
        self.app.get("/wait")(self.wait)
        self.app.get("/broken-body")(self.broken_body)
        self.app.post("/echo")(self.echo)
        self.reached = trio.Event()
        self.release = trio.Event()

    async def health(self) -> str:
        return "alive"

    async def big(self) -> Response:
        async def body() -> AsyncIterator[bytes]:
            try:
                for _ in range(BIG // len(CHUNK)):
                    yield CHUNK
            finally:
                self.freed.set()

        response = Response(body(), content_type="audio/flac")
        response.content_length = BIG
        response.timeout = None
        return response

    async def chunked(self) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"la "

        return Response(body(), content_type="text/plain")

    async def wait(self) -> str:
        self.reached.set()
        await self.release.wait()
        return "waited"

    async def broken_body(self) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("the disk is gone")

        response = Response(body(), content_type="text/plain")
        response.content_length = 1000
        return response

    async def echo(self) -> Response:
        return Response(await request.get_data())


@pytest.fixture
def site() -> Site:
    return Site()


async def start(nursery: trio.Nursery, site: Site, **options: Any) -> int:
    """Serve the site; the port."""
    (address,) = await nursery.start(partial(serve, site.app, bind="127.0.0.1:0", **options))
    return int(address.rpartition(":")[2])


@asynccontextmanager
async def client(port: int, *, receive_buffer: int | None = None) -> AsyncIterator[trio.SocketStream]:
    raw = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await raw.connect(("127.0.0.1", port))
    stream = trio.SocketStream(raw)
    try:
        yield stream
    finally:
        await trio.aclose_forcefully(stream)


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: tonearm.local", *headers, "", ""]).encode()


async def until_closed(stream: trio.SocketStream) -> bytes:
    """All that comes until the server closes; a test that waits in vain fails by its deadline."""
    received = bytearray()
    with trio.fail_after(10):
        while data := await stream.receive_some(65536):
            received += data
    return bytes(received)


async def one_response(stream: trio.SocketStream) -> bytes:
    """A response with a Content-Length."""
    received = bytearray()
    with trio.fail_after(10):
        while b"\r\n\r\n" not in received:
            received += await stream.receive_some(65536)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += await stream.receive_some(65536)
    return head + b"\r\n\r\n" + body


@pytest.mark.parametrize("path", ["/health", "/chunked", "/nowhere"])
async def test_connection_close_closes(nursery: trio.Nursery, site: Site, path: str) -> None:
    port = await start(nursery, site, keep_alive=600)
    async with client(port) as stream:
        await stream.send_all(get(path, "Connection: close"))
        answer = await until_closed(stream)
    assert answer.startswith(b"HTTP/1.1 ")
    assert b"hypercorn" not in answer.lower()


@pytest.mark.parametrize("path", ["/health", "/chunked"])
async def test_an_idle_connection_is_closed_after_its_response(nursery: trio.Nursery, site: Site, path: str) -> None:
    port = await start(nursery, site, keep_alive=0.5)
    async with client(port) as stream:
        await stream.send_all(get(path))
        answer = await until_closed(stream)
    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_connection_that_asks_nothing_is_closed(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site, keep_alive=0.2)
    async with client(port) as stream:
        assert await until_closed(stream) == b""


async def test_one_connection_carries_many_requests(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        for _ in range(20):
            await stream.send_all(get("/health"))
            assert (await one_response(stream)).endswith(b"alive")


async def test_pipelined_requests_are_answered_in_order(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("/health") + get("/nowhere") + get("/health", "Connection: close"))
        answer = await until_closed(stream)
    assert [part[:4] for part in answer.split(b"HTTP/1.1")[1:]] == [b" 200", b" 404", b" 200"]


async def test_http_1_0_is_answered_and_closed(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(b"GET /chunked HTTP/1.0\r\n\r\n")
        assert (await until_closed(stream)).endswith(b"la la la ")


async def test_head_has_the_length_and_no_body(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("/health", "Connection: close", method="HEAD"))
        answer = await until_closed(stream)
    assert b"content-length: 5" in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


async def test_a_client_that_vanishes_mid_body_frees_the_handler(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port, receive_buffer=4096) as stream:
        await stream.send_all(get("/big"))
        await stream.receive_some(1000)
    with trio.fail_after(1):
        await site.freed.wait()


async def test_a_client_that_vanishes_while_its_answer_is_made_ends_the_handler(
    nursery: trio.Nursery, site: Site, eventually: Eventually
) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("/wait"))
        await site.reached.wait()
    await eventually(lambda: number(site, "tonearm_http_requests_in_flight") == 0)


async def test_a_body_that_breaks_off_breaks_the_connection_and_nothing_else(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("/broken-body"))
        answer = await until_closed(stream)
    assert answer.endswith(b"begun")
    assert await is_alive(port)


async def test_a_header_sent_byte_by_byte_is_cut(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site, keep_alive=0.3)
    async with client(port) as stream, trio.open_nursery() as sending:

        async def drip() -> None:
            for byte in get("/health", "X-Padding: " + "x" * 100_000):
                await stream.send_all(bytes([byte]))
                await a_moment()

        sending.start_soon(drip)
        assert await until_closed(stream) == b""
        sending.cancel_scope.cancel()
    assert await is_alive(port)


async def test_a_head_that_is_too_long_is_refused(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("/health", "X-Padding: " + "x" * 100_000))
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("framing", ["Content-Length: 10000000", "Transfer-Encoding: chunked"])
async def test_a_body_of_ten_megabytes_is_refused_and_the_refusal_arrives(
    nursery: trio.Nursery, site: Site, framing: str
) -> None:
    port = await start(nursery, site)
    body = b"x" * 10_000_000 if "Length" in framing else b"989680\r\n" + b"x" * 10_000_000 + b"\r\n0\r\n\r\n"
    async with client(port) as stream, trio.open_nursery() as sending:

        async def send() -> None:
            try:
                await stream.send_all(get("/echo", framing, method="POST") + body)
            except trio.BrokenResourceError:
                return

        sending.start_soon(send)
        answer = b""
        with trio.fail_after(10):
            while b"\r\n\r\n" not in answer:
                answer += await stream.receive_some(65536)
        sending.cancel_scope.cancel()
    assert answer.startswith(b"HTTP/1.1 413")
    assert await is_alive(port)


@pytest.mark.parametrize(
    "asked",
    [
        get(
            "/health", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"
        ),
        get("/health", "Connection: Upgrade", "Upgrade: websocket"),
        get("/health", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    ],
)
async def test_an_upgrade_is_not_taken_up(nursery: trio.Nursery, site: Site, asked: bytes) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(asked)
        assert (await one_response(stream)).endswith(b"alive")


def test_what_is_overridden_of_hypercorn_is_still_there() -> None:
    """A method that an update renamed would be called by nobody; most of it shows above, the joined head does not."""
    ours = {name for name, value in vars(_Http11).items() if inspect.isfunction(value)}
    assert ours
    assert ours <= vars(H11Protocol).keys()


async def test_an_absolute_target_is_served(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    async with client(port) as stream:
        await stream.send_all(get("http://tonearm.local:4533/health?x=1"))
        assert (await one_response(stream)).endswith(b"alive")


@pytest.mark.parametrize(
    "asked",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /health HTTP/9.9\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://tonearm.local HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET mailto:ada@example.org HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /%00%ff%zz HTTP/1.1\r\nHost: [\r\n\r\n",
        b"\r\n" * 1000,
    ],
)
async def test_nonsense_harms_nobody_else(nursery: trio.Nursery, site: Site, asked: bytes) -> None:
    port = await start(nursery, site, keep_alive=0.3)
    async with client(port) as stream:
        await stream.send_all(asked)
        answer = await until_closed(stream)
    assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 505")
    assert await is_alive(port)


async def test_two_hundred_slow_readers_do_not_stop_health(
    nursery: trio.Nursery, site: Site, eventually: Eventually
) -> None:
    port = await start(nursery, site)
    async with AsyncClients() as clients:
        for _ in range(200):
            stream = await clients.open(port)
            await stream.send_all(get("/big"))
        await eventually(lambda: number(site, "tonearm_streams") == 200)
        for _ in range(5):
            assert await is_alive(port)


async def test_a_connection_too_many_is_closed_and_room_is_found_again(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site, connections=1)
    async with client(port) as first:
        await first.send_all(get("/wait"))
        await site.reached.wait()
        async with client(port) as second:
            assert await until_closed(second) == b""
        site.release.set()
        await one_response(first)
    with trio.fail_after(10):
        while not await is_let_in(port):
            await trio.lowlevel.checkpoint()


async def test_who_does_nothing_keeps_nobody_out(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site, connections=2)
    async with client(port) as longest, client(port) as shorter:
        await longest.send_all(get("/health"))
        await one_response(longest)
        await shorter.send_all(get("/health"))
        await one_response(shorter)
        assert await is_alive(port)
        assert await until_closed(longest) == b""
        await shorter.send_all(get("/health"))
        await one_response(shorter)


async def test_stopping_lets_a_response_finish(nursery: trio.Nursery, site: Site) -> None:
    stop = trio.Event()
    ended = trio.Event()
    port = await start_stoppable(nursery, site, stop, ended)
    async with client(port) as stream, client(port) as idle:
        await stream.send_all(get("/wait"))
        await site.reached.wait()
        stop.set()
        assert await until_closed(idle) == b""
        assert not ended.is_set()
        with pytest.raises(OSError, match="failed"):
            await trio.open_tcp_stream("127.0.0.1", port)
        site.release.set()
        assert (await until_closed(stream)).endswith(b"waited")
    with trio.fail_after(1):
        await ended.wait()


@pytest.mark.parametrize("path", ["/big", "/wait"])
async def test_stopping_cuts_what_does_not_finish(
    nursery: trio.Nursery, site: Site, eventually: Eventually, path: str
) -> None:
    stop = trio.Event()
    ended = trio.Event()
    port = await start_stoppable(nursery, site, stop, ended, grace=0.5)
    async with client(port, receive_buffer=4096) as paused:
        await paused.send_all(get(path))
        await eventually(lambda: number(site, "tonearm_http_requests_in_flight") == 1)
        stop.set()
        with trio.fail_after(6):
            await ended.wait()


async def test_cancelling_stops_gracefully_too(site: Site) -> None:
    with trio.fail_after(6):
        async with trio.open_nursery() as nursery:
            port = await start(nursery, site)
            async with client(port) as stream:
                await stream.send_all(get("/wait"))
                await site.reached.wait()
                nursery.cancel_scope.cancel()
                with trio.CancelScope(shield=True):
                    site.release.set()
                    assert (await until_closed(stream)).endswith(b"waited")


async def test_a_socket_bound_by_somebody_else_is_taken_over(nursery: trio.Nursery, site: Site) -> None:
    inherited = socket.create_server(("127.0.0.1", 0))
    port = inherited.getsockname()[1]
    bind = [f"fd://{inherited.detach()}", "127.0.0.1:0"]
    addresses = await nursery.start(partial(serve, site.app, bind=bind))
    assert addresses[0] == f"127.0.0.1:{port}"
    assert [await is_alive(int(address.rpartition(":")[2])) for address in addresses] == [True, True]


async def test_an_address_in_use_is_an_error_and_leaves_nothing_open(nursery: trio.Nursery, site: Site) -> None:
    port = await start(nursery, site)
    free = socket.create_server(("127.0.0.1", 0))
    other = free.getsockname()[1]
    free.close()
    with pytest.raises(OSError, match="in use"):
        await serve(site.app, bind=[f"127.0.0.1:{other}", f"127.0.0.1:{port}"])
    socket.create_server(("127.0.0.1", other)).close()


async def test_ipv6_is_served_and_told_in_brackets(nursery: trio.Nursery, site: Site) -> None:
    (address,) = await nursery.start(partial(serve, site.app, bind="[::1]:0"))
    assert address.startswith("[::1]:")


class AsyncClients:
    """Clients that read nothing, closed together."""

    def __init__(self) -> None:
        self._streams: list[trio.SocketStream] = []

    async def open(self, port: int) -> trio.SocketStream:
        raw = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await raw.connect(("127.0.0.1", port))
        self._streams.append(trio.SocketStream(raw))
        return self._streams[-1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            stream.socket.close()


async def start_stoppable(
    nursery: trio.Nursery, site: Site, stop: trio.Event, ended: trio.Event, grace: float = 4.0
) -> int:
    async def run(*, task_status: trio.TaskStatus[list[str]]) -> None:
        await serve(site.app, bind="127.0.0.1:0", stop=stop.wait, grace=grace, task_status=task_status)
        ended.set()

    (address,) = await nursery.start(run)
    return int(address.rpartition(":")[2])


async def is_let_in(port: int) -> bool:
    try:
        return await is_alive(port)
    except trio.BrokenResourceError:
        return False


async def a_moment() -> None:
    """The pace of a client that sends byte by byte: the header would take half an hour."""
    await trio.sleep(0.02)


async def is_alive(port: int) -> bool:
    async with client(port) as stream:
        await stream.send_all(get("/health", "Connection: close"))
        return (await until_closed(stream)).endswith(b"alive")


def number(site: Site, name: str) -> float:
    value = site.app.metrics.registry.get_sample_value(name)
    assert value is not None
    return value
