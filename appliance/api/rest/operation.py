"""What one operation of the interface is. The table of them makes both the routes and the document."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.services import Services
from appliance.core.accounts import User
from appliance.core.catalogue import Window
from appliance.core.ports import UnitOfWork

Query = TypeVar("Query")
Body = TypeVar("Body")
ItemT = TypeVar("ItemT")


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters, or no body."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks."""

    user: User
    token: str
    """Of the session."""


class Call(Generic[Query, Body]):
    """One request, authenticated and checked, inside its transaction."""

    def __init__(
        self,
        services: Services,
        work: UnitOfWork,
        *,
        caller: Caller | None,
        network: str,
        address: str,
        item: UUID | None,
        query: Query,
        body: Body,
    ) -> None:
        self.services = services
        self.work = work
        self.network = network
        """The address that the request came from."""
        self.address = address
        """Where the request was sent, as ``http://HOST:PORT``: what the client calls this server."""
        self.query = query
        self.body = body
        self._caller = caller
        self._item = item

    @property
    def caller(self) -> Caller:
        """Who asks, in an operation that is not ``public``."""
        assert self._caller is not None
        return self._caller

    @property
    def item(self) -> UUID:
        """The ``{id}`` of a path that has one."""
        assert self._item is not None
        return self._item


class Reply(msgspec.Struct, frozen=True):
    """An operation's answer, to be encoded after the transaction is committed."""

    body: object = None
    cookie: str | None = None
    """A session's token to be kept by the browser; empty: to be forgotten."""


class Access(StrEnum):
    """Who may."""

    PUBLIC = "public"
    """Anybody."""
    SIGNED_IN = "signed_in"
    """Whoever is signed in, guests as well."""
    MEMBERS = "members"
    """Whoever is signed in, and not a guest."""
    ADMINISTRATORS = "administrators"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path."""

    name: str
    """The ``operationId``."""
    method: str
    path: str
    """Below ``/api/v1``; may have one ``{id}``, a UUID."""
    tag: str
    summary: str
    description: str = ""
    handle: Callable[[Call[Any, Any]], Awaitable[Reply]]
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] = Nothing
    status: int = 200
    answer: Any = None
    """The type of the body; None for an empty one."""
    access: Access = Access.SIGNED_IN
    refusals: tuple[int, ...] = ()
    """Statuses beside those that follow from the rest (401, 403, 404, 413, 422, 503)."""


class Pagination(msgspec.Struct, frozen=True):
    """Where a page stands in its list."""

    total_count: Annotated[int, Meta(ge=0, description="Items in the whole list.", examples=[1042])]
    max_page: Annotated[int, Meta(ge=1, description="Number of the last page; 1 for an empty list.", examples=[21])]


class Page(msgspec.Struct, Generic[ItemT], frozen=True):
    """One page of a list."""

    items: Annotated[list[ItemT], Meta(description="The items of this page, each as it is read alone.", examples=[[]])]
    pagination: Annotated[
        Pagination, Meta(description="Where this page stands.", examples=[{"total_count": 1042, "max_page": 21}])
    ]


class Paged(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters that every list has."""

    page: Annotated[int, Meta(ge=1, le=10_000_000, description="Which page, from 1 on.", examples=[1])] = 1
    limit: Annotated[int, Meta(ge=1, le=500, description="Items on a page.", examples=[50])] = 50

    def window(self) -> Window:
        return Window(self.limit, (self.page - 1) * self.limit)

    def of(self, items: "list[ItemT]", total: int) -> "Page[ItemT]":
        """A page with these items."""
        return Page(items, Pagination(total, max(1, -(-total // self.limit))))
