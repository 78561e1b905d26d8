"""Which bytes of a representation a request gets: RFC 9110 sections 13 (conditions) and 14 (ranges), and no I/O."""

import re
import sys
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

import msgspec

from appliance.core.ports import Conditions

#: More ranges than this in one request are not a player's wish; the header is then ignored (RFC 9110, 14.2).
MAX_RANGES: Final = 16
#: Cannot occur in a part's headers, and need not be absent from the audio: its parts have lengths of their own.
BOUNDARY: Final = "tonearm-part-6f1d0c5be8a94c2f"

_SPEC: Final = re.compile(r"(\d*)-(\d*)", re.ASCII)
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
#: Longer numbers are past the end of any file; ``int`` would refuse the really long ones.
_MAX_DIGITS: Final = 18
_FAR: Final = 10**_MAX_DIGITS
_LATEST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z; an HTTP date has four digits for the year."""


class Span(msgspec.Struct, frozen=True):
    """Bytes from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


#: To the end, where the end is not known.
EVERYTHING: Final = Span(0, sys.maxsize)
#: Statuses of replies that have no body at all.
BODILESS: Final = frozenset({304, 416})


class Representation(msgspec.Struct, frozen=True, kw_only=True):
    """What could be sent, before a request's conditions are looked at."""

    size: int
    content_type: str
    etag: str
    """Strong, with its quotes."""
    modified: float | None = None
    """Seconds since 1970, UTC. None where the time means nothing."""


class Selection(msgspec.Struct, frozen=True):
    """The status line, the headers, and what the body is put together from; () where there is no body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: tuple[bytes | Span, ...]


def select(representation: Representation, conditions: Conditions) -> Selection:
    """Answer GET or HEAD: 200, 206, 304 or 416."""
    validators = _validators(representation)
    if _is_known(representation, conditions):
        return Selection(304, validators, ())
    spans = None if conditions.head else _wanted(representation, conditions)
    common = (*validators, ("Accept-Ranges", "bytes"))
    if spans is None:
        selection = _whole(representation, common)
    elif not spans:
        unsatisfied = (("Content-Range", f"bytes */{representation.size}"), ("Content-Length", "0"))
        selection = Selection(416, (*common, *unsatisfied), ())
    elif len(spans) == 1:
        selection = _part(representation, common, spans[0])
    else:
        selection = _parts(representation, common, spans)
    return msgspec.structs.replace(selection, body=()) if conditions.head else selection


def select_unsized(etag: str, content_type: str, conditions: Conditions) -> Selection:
    """The same for a representation that is still growing to an unknown size: 200 without a length, or 304."""
    if _tag_is_known(etag, conditions.if_none_match):
        return Selection(304, (("ETag", etag),), ())
    headers = (("ETag", etag), ("Accept-Ranges", "none"), ("Content-Type", content_type))
    return Selection(200, headers, () if conditions.head else (EVERYTHING,))


def parse(header: str, size: int) -> list[Span] | None:
    """The satisfiable spans of a ``Range`` header over ``size`` bytes, in their order, overlaps joined.

    None when the header is to be ignored (malformed, another unit, too many ranges, nothing to cut); an empty list
    when it is well-formed and no range of it can be satisfied.
    """
    unit, equals, rest = header.partition("=")
    specs = [spec.strip(" \t") for spec in rest.split(",")]
    specs = [spec for spec in specs if spec]
    if unit.strip().lower() != "bytes" or not equals or not specs or len(specs) > MAX_RANGES or size == 0:
        return None
    spans = []
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None or spec == "-":
            return None
        first, last = match.groups()
        if first and last and _number(last) < _number(first):
            return None
        if not first:
            start, stop = max(size - _number(last), 0), size
        else:
            start, stop = _number(first), min(_number(last) + 1, size) if last else size
        if start < stop:
            spans.append(Span(start, stop))
    return _joined(spans)


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return _FAR if len(digits) > _MAX_DIGITS else int(digits or "0")


def _joined(spans: list[Span]) -> list[Span]:
    """Overlapping and touching spans become one, at the place of the earliest named of them."""
    order = {span: index for index, span in reversed(list(enumerate(spans)))}
    joined: list[tuple[int, Span]] = []
    for span in sorted(order, key=lambda span: span.start):
        if joined and span.start <= joined[-1][1].stop:
            place, before = joined[-1]
            joined[-1] = (min(place, order[span]), Span(before.start, max(before.stop, span.stop)))
        else:
            joined.append((order[span], span))
    return [span for _, span in sorted(joined, key=lambda entry: entry[0])]


def _validators(representation: Representation) -> tuple[tuple[str, str], ...]:
    headers = [("ETag", representation.etag)]
    if representation.modified is not None:
        headers.append(("Last-Modified", http_date(representation.modified)))
    return tuple(headers)


def http_date(seconds: float) -> str:
    """An HTTP date, to the second; times that such a date cannot tell are moved to the nearest that it can."""
    return formatdate(min(max(int(seconds), 0), _LATEST_SECOND), usegmt=True)


def _tag_is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether ``If-None-Match`` names this entity tag, by the weak comparison."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in {tag.removeprefix("W/") for tag in _TAG.findall(if_none_match)}


def _is_known(representation: Representation, conditions: Conditions) -> bool:
    """Whether the client's copy is current: ``If-None-Match``, and only without it ``If-Modified-Since``."""
    if conditions.if_none_match is not None:
        return _tag_is_known(representation.etag, conditions.if_none_match)
    if conditions.if_modified_since is None or representation.modified is None:
        return False
    since = _seconds(conditions.if_modified_since)
    return since is not None and int(representation.modified) <= since


def _seconds(http_date_text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(http_date_text).timestamp())
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _wanted(representation: Representation, conditions: Conditions) -> list[Span] | None:
    if conditions.range is None or not _range_still_applies(representation, conditions.if_range):
        return None
    return parse(conditions.range, representation.size)


def _range_still_applies(representation: Representation, if_range: str | None) -> bool:
    """``If-Range`` needs a strong match: the same strong tag, or exactly our date (RFC 9110, 13.1.5)."""
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == representation.etag
    return representation.modified is not None and _seconds(if_range) == max(int(representation.modified), 0)


def _whole(representation: Representation, common: tuple[tuple[str, str], ...]) -> Selection:
    headers = (*common, ("Content-Type", representation.content_type), ("Content-Length", str(representation.size)))
    return Selection(200, headers, (Span(0, representation.size),) if representation.size else ())


def _part(representation: Representation, common: tuple[tuple[str, str], ...], span: Span) -> Selection:
    headers = (
        *common,
        ("Content-Type", representation.content_type),
        ("Content-Range", _content_range(span, representation.size)),
        ("Content-Length", str(len(span))),
    )
    return Selection(206, headers, (span,))


def _parts(representation: Representation, common: tuple[tuple[str, str], ...], spans: list[Span]) -> Selection:
    """multipart/byteranges (RFC 9110, 14.6)."""
    body: list[bytes | Span] = []
    for span in spans:
        head = (
            f"\r\n--{BOUNDARY}\r\n"
            f"Content-Type: {representation.content_type}\r\n"
            f"Content-Range: {_content_range(span, representation.size)}\r\n\r\n"
        )
        body += [head.encode("ascii"), span]
    body.append(f"\r\n--{BOUNDARY}--\r\n".encode("ascii"))
    headers = (
        *common,
        ("Content-Type", f"multipart/byteranges; boundary={BOUNDARY}"),
        ("Content-Length", str(sum(map(len, body)))),
    )
    return Selection(206, headers, tuple(body))


def _content_range(span: Span, size: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{size}"
