"""Refusals as HTTP: the one place where a core error gets its status. All bodies have the one shape of ``Problem``."""

from typing import Annotated

import msgspec
from msgspec import Meta
from quart import Response

from appliance.core.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    MediaFault,
    NotFound,
    NotUsable,
    TonearmError,
    TooManyAttempts,
    Unavailable,
    WrongCredentials,
)


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request."""

    loc: Annotated[
        list[str],
        Meta(
            description="Where: `query`, `body`, `header` or `path`, then the name; empty for the whole request.",
            examples=[["query", "limit"]],
        ),
    ]
    msg: Annotated[str, Meta(description="A sentence for a person.", examples=["Expected `int` <= 500"])]
    type: Annotated[str, Meta(description="What kind of fault, for a program.", examples=["invalid"])]


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused: every fault at once."""

    detail: Annotated[
        list[Fault],
        Meta(
            description="Each thing that is wrong.",
            examples=[[{"loc": ["query", "limit"], "msg": "Expected `int` <= 500", "type": "invalid"}]],
        ),
    ]


class Invalid(Exception):
    """A request whose parameters or body are not as the document says: answered 422 with every fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.msg for fault in faults))
        self.faults = faults


class NotSignedIn(TonearmError):
    """No session where one is needed, or one that has ended."""

    def __init__(self) -> None:
        super().__init__("Sign in first.")


#: Most special first: an error counts as the first of these that it is.
_STATUS: tuple[tuple[type[TonearmError], int, str], ...] = (
    (NotSignedIn, 401, "not_signed_in"),
    (WrongCredentials, 401, "wrong_credentials"),
    (NotFound, 404, "not_found"),
    (Forbidden, 403, "forbidden"),
    (BadRequest, 422, "invalid"),
    (TooManyAttempts, 429, "too_many_attempts"),
    (Busy, 429, "busy"),
    (Conflict, 409, "conflict"),
    (Unavailable, 503, "unavailable"),
    (MediaFault, 500, "media_fault"),
)


def problem(status: int, message: str, kind: str) -> Response:
    """A refusal with a single fault that is nowhere in particular."""
    return _response(status, [Fault([], message, kind)])


def refused(error: TonearmError) -> Response:
    """The answer to a core error."""
    if isinstance(error, NotUsable):
        return _response(
            422, [Fault(["body", *fault.field.split(".")], fault.words, fault.kind) for fault in error.faults]
        )
    status, kind = next(((status, kind) for type_, status, kind in _STATUS if isinstance(error, type_)), (500, "error"))
    answer = problem(status, str(error), kind)
    if isinstance(error, TooManyAttempts | Busy):
        answer.headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Tonearm"'
    return answer


def invalid(error: Invalid) -> Response:
    """The answer to a malformed request."""
    return _response(422, error.faults)


def _response(status: int, faults: list[Fault]) -> Response:
    return Response(msgspec.json.encode(Problem(faults)), status, content_type="application/json")
