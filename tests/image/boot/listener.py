"""Somebody in the house who uses the box: over its native interface, and with py-opensonic."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from libopensonic import AsyncConnection

from tests.image.boot.machine import Machine
from tests.image.boot.waiting import until
from tests.journeys.server import App

T = TypeVar("T")


class Listener:
    """One account, on one box."""

    def __init__(self, machine: Machine, name: str, password: str) -> None:
        self.machine = machine
        self.name, self.password = name, password

    def signs_in(self) -> bool:
        """Whether the box knows them."""
        answer = httpx.post(
            f"{self.machine.url}/api/v1/sessions/", json={"name": self.name, "password": self.password}, timeout=60
        )
        assert answer.status_code in {201, 401}, answer.text
        return answer.status_code == 201

    def rest(self) -> httpx.Client:
        """The native interface, signed in."""
        url = f"{self.machine.url}/api/v1"
        answer = httpx.post(f"{url}/sessions/", json={"name": self.name, "password": self.password}, timeout=60)
        assert answer.status_code == 201, answer.text
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {answer.json()['token']}"}, timeout=60)

    def scan(self) -> dict[str, Any]:
        """Scan now; the scan as it ended."""
        with self.rest() as rest:
            asked = rest.post("/scans/", json={"kind": "quick"})
            assert asked.status_code in {200, 201, 202}, asked.text
            scan: dict[str, Any] = {}

            def is_over() -> bool:
                scan.update(rest.get(f"/scans/{asked.json()['id']}").json())
                return scan["state"] not in {"queued", "running"}

            until(is_over, "the end of the scan", seconds=180)
        assert scan["state"] == "done", scan
        return scan

    def songs(self) -> dict[str, str]:
        """The whole library: each song's id by its title."""
        app = App(self.machine.url, self.name, self.password)
        try:
            return {song["title"]: song["id"] for song in app.songs()}
        finally:
            app.http.close()

    def walk(self, walk: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something with py-opensonic, which lives on asyncio."""

        async def run() -> T:
            address = httpx.URL(self.machine.url)
            connection = AsyncConnection(
                f"http://{address.host}", port=address.port, username=self.name, password=self.password
            )
            try:
                return await walk(connection)
            finally:
                await connection.cleanup()

        # A loop of asyncio's own: importing trio-asyncio, as the store does, makes another one the default.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(run())
