"""Somebody who listens to events, over a socket of their own."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio


class Told(msgspec.Struct):
    """One event as it arrived."""

    event: str
    data: Any
    id: str


class Listening:
    """The response's head, then event after event."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._received = b""
        self._text = ""
        self.head = ""
        self.last_id = ""
        self.comments = 0

    async def begin(self) -> None:
        self.head = (await self._until(b"\r\n\r\n")).decode()
        if self.status == 200:
            assert "retry: 3000" in await self._block()

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    async def next(self) -> Told:
        """The next event; comments and ids alone are noted and passed over."""
        while True:
            lines = dict(line.partition(": ")[::2] for line in await self._block())
            if "event" in lines:
                return Told(lines["event"], json.loads(lines["data"]), lines["id"])

    async def until_ended(self) -> list[Told]:
        """What still comes, until the server ends the response."""
        rest: list[Told] = []
        try:
            while True:
                rest.append(await self.next())
        except EOFError:
            return rest

    async def comment(self) -> None:
        """Return at the next sign of life."""
        before = self.comments
        while self.comments == before:
            await self._block()

    async def _block(self) -> list[str]:
        while "\n\n" not in self._text:
            size = int(await self._until(b"\r\n"), 16)
            if not size:
                raise EOFError
            self._text += (await self._exactly(size)).decode()
            await self._until(b"\r\n")
        block, _, self._text = self._text.partition("\n\n")
        lines = block.split("\n")
        for line in lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            if line.startswith(":"):
                self.comments += 1
        return lines

    async def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            await self._more()
        part, _, self._received = self._received.partition(end)
        return part

    async def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            await self._more()
        part, self._received = self._received[:size], self._received[size:]
        return part

    async def _more(self) -> None:
        with trio.fail_after(20):
            data = await self._stream.receive_some(65536)
        if not data:
            raise EOFError
        self._received += data


@asynccontextmanager
async def listening(
    port: int, headers: dict[str, str], *, after: str = "", receive_buffer: int | None = None
) -> AsyncIterator[Listening]:
    """Listen as long as the block runs."""
    raw = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await raw.connect(("127.0.0.1", port))
    stream = trio.SocketStream(raw)
    lines = [f"GET /api/v1/events/{after} HTTP/1.1", "Host: tonearm.local"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        await stream.send_all("\r\n".join([*lines, "", ""]).encode())
        listener = Listening(stream)
        await listener.begin()
        yield listener
    finally:
        await trio.aclose_forcefully(stream)
