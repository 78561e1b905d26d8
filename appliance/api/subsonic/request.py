"""The parameters of a call: query string and form body together, read as what they must be.

A missing one is refused with 10, a malformed one with 0. An optional parameter that is there and empty counts as
absent, as many clients send every field of their forms.
"""

import math
from collections.abc import Sequence
from urllib.parse import parse_qsl

from quart import Request

from appliance.api.subsonic.errors import Code, Refusal, malformed, missing

#: Whole numbers are those of the protocol's XML schema: signed, 32 bits.
INT32 = 2**31 - 1
_MOST_FIELDS = 20_000
_FORM = "application/x-www-form-urlencoded"
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


class Parameters:
    """The pairs of a request, in order."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            # PostgreSQL keeps no NUL; nothing that contains one can be found, and it must not break the search.
            self._values.setdefault(name, []).append(value.replace("\0", "\ufffd"))

    def many(self, name: str) -> list[str]:
        """Every value that is not empty."""
        return [value for value in self._values.get(name, []) if value]

    def given(self, name: str) -> str | None:
        """The first value, which may be empty; None where the parameter is absent."""
        values = self._values.get(name)
        return values[0] if values else None

    def optional(self, name: str) -> str | None:
        """The first value; None where it is absent or empty."""
        return self.given(name) or None

    def text(self, name: str) -> str:
        """The first value, which must be there."""
        value = self.optional(name)
        if value is None:
            raise missing(name)
        return value

    def whole(self, name: str, *, least: int = -INT32 - 1, most: int = INT32) -> int | None:
        """A whole number between ``least`` and ``most``; None where it is absent."""
        value = self.optional(name)
        if value is None:
            return None
        try:
            number = int(value) if len(value) <= 20 else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise malformed(name, f"a whole number from {least} to {most}")
        return number

    def required_whole(self, name: str, *, least: int = -INT32 - 1, most: int = INT32) -> int:
        """A whole number that must be there."""
        number = self.whole(name, least=least, most=most)
        if number is None:
            raise missing(name)
        return number

    def count(self, name: str, default: int, *, most: int) -> int:
        """How many things are wanted; more than ``most`` counts as ``most``."""
        number = self.whole(name, least=0)
        return default if number is None else min(number, most)

    def offset(self, name: str) -> int:
        """How many things come before those that are wanted."""
        return self.whole(name, least=0) or 0

    def milliseconds(self, name: str) -> int:
        """A time within a track, given in seconds (fractions are fine), in ms; 0 where it is absent."""
        value = self.optional(name)
        try:
            seconds = float(value or 0)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= INT32 / 1000:
            raise malformed(name, "a number of seconds")
        return round(seconds * 1000)

    def flag(self, name: str, *, default: bool) -> bool:
        """``true`` or ``false``; ``default`` where it is absent."""
        value = (self.optional(name) or str(default)).lower()
        if value not in _TRUE | _FALSE:
            raise malformed(name, "true or false")
        return value in _TRUE

    def folder(self) -> int | None:
        """The number of the music folder that the answer is narrowed to; None for all."""
        return self.whole("musicFolderId")


def query_parameters(request: Request) -> Parameters:
    """Those of the query string alone: enough to know in which form to refuse the rest."""
    return Parameters(_pairs(request.query_string)[:_MOST_FIELDS])


async def read_parameters(request: Request) -> Parameters:
    """Those of the query string and of the form body, if there is one.

    Refuses more fields than anybody needs. Raises ``HTTPException`` for a body that is too long or too slow, as the
    application bounds it.
    """
    pairs = _pairs(request.query_string)
    if request.method == "POST" and request.mimetype == _FORM:
        pairs += _pairs(await request.get_data(cache=True, as_text=False, parse_form_data=False))
    if len(pairs) > _MOST_FIELDS:
        raise Refusal(Code.GENERIC, f"A request has at most {_MOST_FIELDS} parameters.")
    return Parameters(pairs)


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    return parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
