"""Where a request was caused: by a page of ours, by a foreign one, or by a program.

A foreign page can make somebody's browser send us a form or a script's request, with our cookie on it (cross-site
request forgery). It cannot make the browser lie about where it comes from: ``Sec-Fetch-Site`` says so, and ``Origin``
where that is missing, in older browsers and in all browsers over plain HTTP.
"""

from enum import StrEnum

from werkzeug.datastructures import Headers


class Cause(StrEnum):
    """Who caused a request."""

    OURS = "ours"
    """A page of this server, or a person who typed the address."""
    FOREIGN = "foreign"
    UNTOLD = "untold"
    """A program, or a browser of before 2020: neither header is there."""


FOREIGN_WORDS = "This request comes from another site's page."


def cause(headers: Headers) -> Cause:
    """What the browser says. ``Origin: null``, of a page that hides where it is from, is foreign."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return Cause.OURS if site in {"same-origin", "none"} else Cause.FOREIGN
    origin = headers.get("Origin")
    if origin is None:
        return Cause.UNTOLD
    ours = origin.partition("://")[2].lower() == headers.get("Host", "").lower()
    return Cause.OURS if ours else Cause.FOREIGN
