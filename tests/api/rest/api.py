"""Somebody who uses the native interface: typed answers, and refusals as their faults.

Each answer is held against the document as well: see ``witness``.
"""

from typing import Any, TypeVar

import msgspec
from quart.typing import TestClientProtocol as Client

T = TypeVar("T")


class Api:
    """The interface, as one user sees it. Paths are below ``/api/v1``; a query is given by name, lists as lists."""

    def __init__(self, client: Client, headers: dict[str, str] | None = None) -> None:
        self._client = client
        self.headers = headers or {}

    async def get(self, path: str, answer: type[T], **query: object) -> T:
        """What is there."""
        return msgspec.json.decode(await self._succeeded("GET", path, None, query), type=answer)

    async def post(self, path: str, body: object, answer: type[T]) -> T:
        """What was made. ``body``: a dictionary, or the schema's struct."""
        return msgspec.json.decode(await self._succeeded("POST", path, body, {}), type=answer)

    async def patch(self, path: str, body: object, answer: type[T]) -> T:
        """What has become of it."""
        return msgspec.json.decode(await self._succeeded("PATCH", path, body, {}), type=answer)

    async def delete(self, path: str, **query: object) -> None:
        assert await self._succeeded("DELETE", path, None, query) == b""

    async def refused(
        self, status: int, method: str, path: str, body: object = None, **query: object
    ) -> list[tuple[str, str]]:
        """The place and the type of each fault, for instance ``("query.limit", "invalid")``, of a refusal."""
        response_status, data = await self._ask(method, path, body, query)
        assert response_status == status, (response_status, data)
        return [(".".join(fault["loc"]), fault["type"]) for fault in msgspec.json.decode(data)["detail"]]

    async def _succeeded(self, method: str, path: str, body: object, query: dict[str, object]) -> bytes:
        status, data = await self._ask(method, path, body, query)
        assert 200 <= status < 300, (method, path, status, data)
        return data

    async def _ask(self, method: str, path: str, body: object, query: dict[str, object]) -> tuple[int, bytes]:
        given: dict[str, Any] = {} if body is None else {"json": msgspec.to_builtins(body)}
        response = await self._client.open(
            f"/api/v1{path}", method=method, headers=self.headers, query_string=msgspec.to_builtins(query), **given
        )
        data = await response.get_data()
        assert isinstance(data, bytes)
        return response.status_code, data
