"""From the table of operations to routes: who asks, what for, one transaction, the answer."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import trio
from quart import Blueprint, Response, request

from appliance.api.media_response import MediaResponse, cover_response, media_response
from appliance.api.origin import FOREIGN_WORDS, Cause, cause
from appliance.api.rest import reading
from appliance.api.rest.errors import Fault, Invalid, NotSignedIn, refused
from appliance.api.rest.operation import Access, Call, Caller, Nothing, Operation, Reply, Visitor
from appliance.api.services import Services
from appliance.core.accounts import SESSION_LIFETIME, Role, SignedIn, User
from appliance.core.devices import Device, Scope
from appliance.core.errors import Forbidden, NotFound, WrongCredentials
from appliance.core.ports import UnitOfWork
from appliance.visitors import network

#: Below this path the cookie is sent; ``/rest`` is not.
COOKIE_PATH = "/api"
COOKIE = "tonearm_session"


class Route:
    """One operation, served."""

    def __init__(self, operation: Operation, services: Services) -> None:
        self._operation = operation
        self._services = services

    async def __call__(self, id: str | None = None, **part: str) -> Response:  # noqa: A002 - the path's own word
        operation = self._operation
        token = _Token.of_request()
        if operation.method != "GET":
            _must_be_ours(token)
        data = await _body() if operation.body is not Nothing else b""
        # A write that has begun is finished, also when whoever asked has gone meanwhile: they find all of it, or none.
        with trio.CancelScope(shield=operation.method != "GET"):
            reply = await self._handled(token, data, id, part)
        if reply.refusal is not None:
            raise reply.refusal
        if reply.picture is not None:
            cover = await self._services.covers.get(reply.picture.artwork, reply.picture.size)
            return cover_response(cover, request)
        if reply.sound is not None:
            return media_response(self._services.media, reply.sound, request, refused)
        if reply.stream is not None and request.method != "HEAD":
            return MediaResponse(reply.stream, refused)
        return _response(operation.status, reply)

    async def _handled(self, token: "_Token | None", data: bytes, item: str | None, part: dict[str, str]) -> Reply:
        """The operation, in its transaction."""
        operation = self._operation
        async with self._services.store.begin() as work:
            caller = None if operation.access is Access.PUBLIC else await self._caller(work, token, network())
            query, body = self._read(data)
            call: Call[Any, Any] = Call(
                self._services,
                work if caller is None else work.seen_by(caller.user),
                caller=caller,
                visitor=Visitor(network(), request.host_url.rstrip("/"), request.headers.get("User-Agent", "")),
                item=None if item is None else _uuid(item),
                part=_part(operation.part, part),
                query=query,
                body=body,
            )
            return await operation.handle(call)

    async def _caller(self, work: UnitOfWork, token: "_Token | None", visits: str) -> Caller:
        """Who asks, if they may; ``visits``: the address that they come from."""
        if token is None:
            raise NotSignedIn
        accounts = self._services.accounts
        try:
            if token.from_cookie:
                signed = SignedIn(await accounts.by_session(work, token.text))
            else:
                signed = await accounts.by_bearer(work, token.text, visits)
        except WrongCredentials:
            raise NotSignedIn from None
        if signed.device is not None:
            _must_be_in_scope(signed.device, self._operation)
        _must_be_allowed(signed.acting, self._operation.access)
        again = partial(self._caller, token=token, visits=visits)
        return Caller(signed.acting, token.text, again, signed.device)

    def _read(self, data: bytes) -> tuple[msgspec.Struct, msgspec.Struct]:
        """Query and body; the faults of both are told together."""
        faults: list[Fault] = []
        query: msgspec.Struct = Nothing()
        body: msgspec.Struct = Nothing()
        try:
            query = reading.query(self._operation.query, dict(request.args.lists()))
        except Invalid as error:
            faults += error.faults
        if self._operation.body is not Nothing:
            try:
                body = self._read_body(data)
            except Invalid as error:
                faults += error.faults
        if faults:
            raise Invalid(faults)
        return query, body

    def _read_body(self, data: bytes) -> msgspec.Struct:
        if request.mimetype != "application/json":
            # Also what keeps a foreign page's form out: a browser asks before it sends this type across origins.
            raise Invalid([Fault(["header", "Content-Type"], "Send application/json.", "invalid")])
        return reading.body(self._operation.body, data)


def _must_be_in_scope(device: Device, operation: Operation) -> None:
    needed = Scope.READ if operation.method == "GET" else Scope.WRITE
    if needed not in device.scopes:
        raise Forbidden(f"This device lacks the scope {needed}.")


def _must_be_allowed(user: User, access: Access) -> None:
    if access is Access.ADMINISTRATORS and user.role is not Role.ADMIN:
        raise Forbidden("Only an administrator may do this.")
    if access is Access.MEMBERS and user.role is Role.GUEST:
        raise Forbidden("Guests listen; they do not change anything.")


class _Token(msgspec.Struct, frozen=True):
    """What a request brings to prove its session."""

    text: str
    from_cookie: bool

    @classmethod
    def of_request(cls) -> "_Token | None":
        """The bearer token, else the cookie."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and text.strip():
            return cls(text.strip(), from_cookie=False)
        cookie = request.cookies.get(COOKIE)
        return cls(cookie, from_cookie=True) if cookie else None


def _must_be_ours(token: _Token | None) -> None:
    """Refuse a write that a foreign page may have caused (cross-site request forgery).

    Browsers add the cookie by themselves, and tell where the request comes from. A bearer token no browser adds by
    itself. Signing in and setting up have no token yet: they are held to what the browser says, so that no page
    signs somebody in as somebody else.
    """
    if token is not None and not token.from_cookie:
        return
    said = cause(request.headers)
    if said is Cause.FOREIGN or (said is Cause.UNTOLD and token is not None):
        raise Forbidden(FOREIGN_WORDS)


async def _body() -> bytes:
    """The body. Raises 413 or 408 when it is too long or too slow."""
    data = await request.get_data()
    return data if isinstance(data, bytes) else data.encode()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"There is nothing with the id {text[:50]!r}.") from None


def _part(type_: type[msgspec.Struct], given: dict[str, str]) -> msgspec.Struct:
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError:
        raise NotFound("There is nothing at this address.") from None


def _response(status: int, reply: Reply) -> Response:
    headers = {"Cache-Control": "no-store"}
    if reply.body is None:
        answer = Response(b"", status, headers)
        del answer.headers["Content-Type"]
    else:
        answer = Response(msgspec.json.encode(reply.body), status, headers, content_type="application/json")
    if reply.cookie is not None:
        answer.set_cookie(
            COOKIE,
            reply.cookie,
            max_age=int(SESSION_LIFETIME.total_seconds()) if reply.cookie else 0,
            path=COOKIE_PATH,
            httponly=True,
            secure=request.is_secure,
            samesite="Lax",
        )
    return answer


def register(blueprint: Blueprint, operations: tuple[Operation, ...], services: Services) -> None:
    """Serve the operations on ``blueprint``."""
    for operation in operations:
        blueprint.add_url_rule(
            operation.path.replace("{", "<").replace("}", ">"),
            endpoint=operation.name,
            view_func=Route(operation, services).__call__,
            methods=[operation.method],
        )
