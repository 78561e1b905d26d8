"""What one operation of the interface is. The table of them makes both the routes and the document."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.services import Services
from appliance.core.accounts import User
from appliance.core.audit import Actor
from appliance.core.catalogue import Artwork, Window
from appliance.core.devices import Device
from appliance.core.errors import Forbidden, TonearmError
from appliance.core.playback import Plan
from appliance.core.ports import MediaReply, UnitOfWork

Query = TypeVar("Query")
Body = TypeVar("Body")
ItemT = TypeVar("ItemT")
PartT = TypeVar("PartT", bound=msgspec.Struct)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters, or no body."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks."""

    user: User
    """As far as the device may act for them."""
    token: str
    """Of the session; the secret of the device."""
    again: "Callable[[UnitOfWork], Awaitable[Caller]]"
    """Looks anew who it is, however much later; raises as at the door."""
    device: Device | None = None
    """By whose secret; None for a session."""


class Visitor(msgspec.Struct, frozen=True):
    """Where a request comes from."""

    network: str
    """The address that it came from."""
    address: str
    """Where it was sent, as ``http://HOST:PORT``: what the client calls this server."""
    agent: str
    """What the browser or program calls itself."""


class Call(Generic[Query, Body]):
    """One request, authenticated and checked, inside its transaction."""

    def __init__(
        self,
        services: Services,
        work: UnitOfWork,
        *,
        caller: Caller | None,
        visitor: Visitor,
        item: UUID | None,
        part: msgspec.Struct,
        query: Query,
        body: Body,
    ) -> None:
        self.services = services
        self.work = work
        self.network = visitor.network
        self.address = visitor.address
        self.agent = visitor.agent
        self.query = query
        self.body = body
        self._caller = caller
        self._item = item
        self._part = part

    @property
    def caller(self) -> Caller:
        """Who asks, in an operation that is not ``public``."""
        assert self._caller is not None
        return self._caller

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit log."""
        return Actor(self.caller.user, self.network)

    def must_be_a_session(self) -> None:
        """Raise ``Forbidden`` for a device: none may give itself, or others of its kind, more than it was given."""
        if self.caller.device is not None:
            raise Forbidden("This is done by whoever is signed in with their password, not by a device.")

    @property
    def item(self) -> UUID:
        """The ``{id}`` of a path that has one."""
        assert self._item is not None
        return self._item

    def part(self, type_: type[PartT]) -> PartT:
        """What else varies in the path: the operation's ``part``, of which ``type_`` is the type."""
        assert isinstance(self._part, type_)
        return self._part


class Picture(msgspec.Struct, frozen=True):
    """Cover art, to be read when the transaction is over."""

    artwork: Artwork | None
    """None is the placeholder."""
    size: int | None
    """Pixels; None is the original."""


class Reply(msgspec.Struct, frozen=True):
    """An operation's answer, to be encoded after the transaction is committed."""

    body: object = None
    cookie: str | None = None
    """A session's token to be kept by the browser; empty: to be forgotten."""
    picture: Picture | None = None
    """A picture instead of a body."""
    sound: Plan | None = None
    """Audio instead of a body, opened while it is sent."""
    stream: AbstractAsyncContextManager[MediaReply] | None = None
    """An answer that goes on instead of a body, opened when the transaction is committed."""
    refusal: TonearmError | None = None
    """A refusal of which something is to be kept: it is answered when the transaction is committed."""


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
    """Below ``/api/v1``; may have one ``{id}``, a UUID, or the fields of ``part`` by their names."""
    tag: str
    summary: str
    description: str = ""
    handle: Callable[[Call[Any, Any]], Awaitable[Reply]]
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] = Nothing
    status: int = 200
    answer: Any = None
    """The type of the body; None for an empty one."""
    part: type[msgspec.Struct] = Nothing
    """What varies in the path beside an ``{id}``: bounded texts and numbers. One that does not fit is not found."""
    streams: str | None = None
    """The media type of an answer that goes on for as long as somebody listens."""
    pictures: tuple[str, ...] = ()
    """The media types of an answer that is a picture."""
    sounds: tuple[str, ...] = ()
    """The media types of an answer that is sound, sent in parts where they are asked for."""
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


#: Rows of a list that can be passed over: what an INTEGER of PostgreSQL holds, and more than any list has.
_FARTHEST = 2**31 - 1


class Paged(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters that every list has."""

    page: Annotated[int, Meta(ge=1, le=10_000_000, description="Which page, from 1 on.", examples=[1])] = 1
    limit: Annotated[int, Meta(ge=1, le=500, description="Items on a page.", examples=[50])] = 50

    def window(self) -> Window:
        return Window(self.limit, min((self.page - 1) * self.limit, _FARTHEST))

    def of(self, items: "list[ItemT]", total: int) -> "Page[ItemT]":
        """A page with these items."""
        return Page(items, Pagination(total, max(1, -(-total // self.limit))))
