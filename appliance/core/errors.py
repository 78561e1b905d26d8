"""Everything that a use case may refuse, as types.

They are mapped to HTTP in ``api/rest/errors.py`` and to Subsonic codes in ``api/subsonic/errors.py``, and
nowhere else. The message is a sentence for the person who reads it.
"""

from collections.abc import Sequence
from typing import NamedTuple


class TonearmError(Exception):
    """Base of every refusal. ``str(error)`` is fit to be shown to a person."""


class NotFound(TonearmError):
    """No such thing, or not for this user: the two are never told apart."""


class Forbidden(TonearmError):
    """The user is known, and may not do this."""


class BadRequest(TonearmError):
    """The request cannot be meant: a malformed value, or parts that contradict each other."""


class FieldFault(NamedTuple):
    """What is wrong with one field of what somebody filled in."""

    field: str
    words: str
    """A sentence for a person."""
    kind: str
    """For a program: ``required``, ``invalid``, ``taken``…"""


class NotUsable(BadRequest):
    """Some of what was filled in cannot be used: each fault of it, at once."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        super().__init__(" ".join(fault.words for fault in faults))
        self.faults = tuple(faults)


class WrongCredentials(TonearmError):
    """No such user, or a wrong secret: the two are never told apart."""

    def __init__(self) -> None:
        super().__init__("Wrong username or password.")


class TokensOff(TonearmError):
    """Subsonic's token scheme is switched off here; the app has to send the password."""

    def __init__(self) -> None:
        super().__init__("This server takes passwords, not tokens.")


class TooManyAttempts(TonearmError):
    """This app, account or network guessed wrongly too often."""

    def __init__(self, retry_after: int) -> None:
        """``retry_after``: whole seconds until the next attempt is looked at."""
        super().__init__(f"Too many wrong attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Busy(TonearmError):
    """A limit was reached; the same request may succeed later."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        """``retry_after``: seconds after which a client should ask again."""
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(TonearmError):
    """The request is sound, but what is there already contradicts it."""


class Unavailable(TonearmError):
    """Something that the server needs (the database, a disk) does not answer now."""


class MediaGone(NotFound):
    """The catalogue knows the file, and it cannot be opened now: unplugged, moved or truncated."""


class MediaFault(TonearmError):
    """A file that cannot be read as what it claims to be; the message gives the reason."""
