"""What the core and the protocol refuse, as Subsonic error codes. The only place where the two meet.

The codes are those of https://opensubsonic.netlify.app/docs/responses/error/. An answer that a client can
understand comes with HTTP 200, because many clients look no further at any other status; docs/subsonic.md lists
the exceptions.
"""

from enum import IntEnum

from werkzeug.exceptions import HTTPException

from appliance.core.errors import (
    Busy,
    Forbidden,
    NotFound,
    TokensOff,
    TonearmError,
    TooManyAttempts,
    Unavailable,
    WrongCredentials,
)

#: Seconds after which a client should ask again when the database does not answer.
_OUTAGE_SECONDS = 5


class Code(IntEnum):
    """Those of the error codes that Tonearm gives."""

    GENERIC = 0
    MISSING_PARAMETER = 10
    WRONG_CREDENTIALS = 40
    TOKENS_NOT_SUPPORTED = 41
    CONFLICTING_AUTHENTICATION = 43
    INVALID_API_KEY = 44
    NOT_AUTHORIZED = 50
    NOT_FOUND = 70


class Refusal(Exception):
    """An answer with ``status="failed"``."""

    def __init__(self, code: Code, message: str, *, status: int = 200, retry_after: int | None = None) -> None:
        """``status``: of HTTP. ``retry_after``: seconds."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after


def missing(name: str) -> Refusal:
    """A required parameter is not there, or empty."""
    return Refusal(Code.MISSING_PARAMETER, f"Required parameter is missing: {name}.")


def malformed(name: str, meaning: str) -> Refusal:
    """A parameter that is not ``meaning``, e.g. ``a whole number``."""
    return Refusal(Code.GENERIC, f"The parameter {name} must be {meaning}.")


def refusal(error: TonearmError) -> Refusal:
    """How this API says what the core refused.

    Too many attempts is code 0: on 40 clients try again at once with the other way to sign in.
    """
    code, status, retry_after = Code.GENERIC, 200, None
    match error:
        case NotFound():
            code = Code.NOT_FOUND
        case Forbidden():
            code = Code.NOT_AUTHORIZED
        case WrongCredentials():
            code = Code.WRONG_CREDENTIALS
        case TokensOff():
            code = Code.TOKENS_NOT_SUPPORTED
        case TooManyAttempts():
            retry_after = error.retry_after
        case Busy():
            status, retry_after = 429, error.retry_after
        case Unavailable():
            status, retry_after = 503, _OUTAGE_SECONDS
    return Refusal(code, str(error), status=status, retry_after=retry_after)


def http_refusal(error: HTTPException) -> Refusal:
    """What HTTP itself refuses: a body that is too long, or too slow to come."""
    return Refusal(Code.GENERIC, error.description or error.name, status=error.code or 400)
