"""Which bytes are sent, against an oracle that thinks in single bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.ports import Conditions
from appliance.stream.ranges import (
    BOUNDARY,
    EVERYTHING,
    MAX_RANGES,
    Representation,
    Selection,
    Span,
    select,
    select_unsized,
)

_DATA = bytes(range(256)) * 2
_MODIFIED = 1_700_000_000.9
_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


def _representation(size: int = 100) -> Representation:
    return Representation(size=size, content_type="audio/flac", etag='"tag"', modified=_MODIFIED)


def _header(selection: Selection, name: str) -> str | None:
    return dict(selection.headers).get(name)


def _sent(selection: Selection) -> bytes:
    return b"".join(part if isinstance(part, bytes) else _DATA[part.start : part.stop] for part in selection.body)


def _parts(selection: Selection) -> list[tuple[int, int, bytes]]:
    """First and last byte and bytes of each part, read as a client reads a 206."""
    sent = _sent(selection)
    assert int(_header(selection, "Content-Length") or -1) == len(sent)
    single = _header(selection, "Content-Range")
    if single is not None:
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", single)
        assert found is not None
        return [(int(found[1]), int(found[2]), sent)]
    assert _header(selection, "Content-Type") == f"multipart/byteranges; boundary={BOUNDARY}"
    opening, *parts, closing = sent.split(b"\r\n--" + BOUNDARY.encode())
    assert (opening, closing) == (b"", b"--\r\n")
    read = []
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found_part = re.search(rb"Content-Range: bytes (\d+)-(\d+)/", head)
        assert found_part is not None
        assert b"Content-Type: audio/flac" in head
        read.append((int(found_part[1]), int(found_part[2]), content))
    return read


def _wanted_bytes(specs: list[tuple[int | None, int | None]], size: int) -> set[int]:
    """The oracle: for each byte, whether a range names it."""
    return {
        place
        for place in range(size)
        for first, last in specs
        if (first is None and last is not None and place >= size - last)
        or (first is not None and first <= place and (last is None or place <= last))
    }


_numbers = st.integers(0, 120)
_specs = st.one_of(
    st.tuples(_numbers, st.none()),
    st.tuples(st.none(), _numbers),
    st.tuples(_numbers, _numbers).map(lambda pair: (min(pair), max(pair))),
)


@given(st.lists(_specs, min_size=1, max_size=MAX_RANGES), st.integers(1, 110))
def test_exactly_the_bytes_that_were_asked_for_are_sent_each_once(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    header = "bytes=" + ", ".join(f"{'' if a is None else a}-{'' if b is None else b}" for a, b in specs)
    selection = select(_representation(size), Conditions(range=header))
    wanted = _wanted_bytes(specs, size)
    if not wanted:
        assert selection.status == 416
        assert _header(selection, "Content-Range") == f"bytes */{size}"
        assert selection.body == ()
        return
    assert selection.status == 206
    places: list[int] = []
    for first, last, content in _parts(selection):
        assert content == _DATA[first : last + 1]
        places += range(first, last + 1)
    assert sorted(places) == sorted(wanted)


@given(st.text() | st.from_regex(r"bytes=[0-9, \-]{0,60}", fullmatch=True), st.integers(0, 50))
def test_no_header_is_answered_with_anything_but_200_206_and_416(header: str, size: int) -> None:
    assert select(_representation(size), Conditions(range=header)).status in {200, 206, 416}


@pytest.mark.parametrize(
    "header",
    [
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=5-4",
        "bytes=0-1,9-8",
        "bytes=--5",
        "bytes=+1-2",
        "bytes=1.5-2",
        "bytes=\u0661-\u0662",
        "seconds=0-1",
        "bytes=" + ",".join(f"{place * 2}-{place * 2}" for place in range(MAX_RANGES + 1)),
    ],
)
def test_a_malformed_or_excessive_range_is_ignored(header: str) -> None:
    selection = select(_representation(), Conditions(range=header))
    assert selection.status == 200
    assert selection.body == (Span(0, 100),)


def test_a_range_with_thousands_of_digits_is_past_the_end_and_not_an_error() -> None:
    far = "9" * 6000
    assert select(_representation(), Conditions(range=f"bytes={far}-")).status == 416
    assert select(_representation(), Conditions(range=f"bytes=99-{far}")).body == (Span(99, 100),)
    assert select(_representation(), Conditions(range=f"bytes=-{far}")).body == (Span(0, 100),)


def test_overlapping_and_touching_ranges_become_one_part_and_the_order_asked_for_is_kept() -> None:
    selection = select(_representation(), Conditions(range="bytes=90-, 10-19, 15-24, 25-29, 0-0"))
    assert [(first, last) for first, last, _ in _parts(selection)] == [(90, 99), (10, 29), (0, 0)]
    assert select(_representation(), Conditions(range="bytes=0-9,5-19,20-20")).body == (Span(0, 21),)


def test_an_empty_file_has_no_range_and_is_sent_whole() -> None:
    selection = select(_representation(0), Conditions(range="bytes=0-"))
    assert (selection.status, _header(selection, "Content-Length"), selection.body) == (200, "0", ())


def test_head_tells_the_whole_length_and_has_no_body_and_no_range() -> None:
    selection = select(_representation(), Conditions(head=True, range="bytes=0-9"))
    assert (selection.status, _header(selection, "Content-Length"), selection.body) == (200, "100", ())
    assert _header(selection, "Accept-Ranges") == "bytes"


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"tag"', 206),
        (_DATE, 206),
        ('"other"', 200),
        ('W/"tag"', 200),
        ("Tue, 14 Nov 2023 22:13:21 GMT", 200),
        ("Tue, 14 Nov 2023 22:13:19 GMT", 200),
        ("yesterday", 200),
    ],
)
def test_a_range_applies_only_to_the_representation_that_if_range_names(if_range: str, status: int) -> None:
    assert select(_representation(), Conditions(range="bytes=0-9", if_range=if_range)).status == status


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "status"),
    [
        ('"tag"', None, 304),
        ('W/"tag"', None, 304),
        ('"a", "tag" , "b"', None, 304),
        ("*", None, 304),
        ('"other"', None, 200),
        ('"other"', _DATE, 200),
        ("tag", None, 200),
        (None, _DATE, 304),
        (None, "Wed, 15 Nov 2023 00:00:00 GMT", 304),
        (None, "Tue, 14 Nov 2023 22:13:19 GMT", 200),
        (None, "nonsense", 200),
        (None, "Tue, 14 Nov 99999 22:13:19 GMT", 200),
    ],
)
def test_a_current_copy_is_not_sent_again(
    if_none_match: str | None, if_modified_since: str | None, status: int
) -> None:
    conditions = Conditions(if_none_match=if_none_match, if_modified_since=if_modified_since, range="bytes=0-")
    selection = select(_representation(), conditions)
    assert selection.status == (206 if status == 200 else 304)
    assert _header(selection, "ETag") == '"tag"'


@pytest.mark.parametrize("modified", [-5e9, 0.0, 1e15])
def test_a_clock_that_lies_makes_a_date_that_can_be_told(modified: float) -> None:
    representation = Representation(size=1, content_type="a/b", etag='"t"', modified=modified)
    date = _header(select(representation, Conditions()), "Last-Modified")
    assert date is not None
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", date)


def test_what_grows_to_an_unknown_size_is_sent_whole_without_a_length() -> None:
    selection = select_unsized('"tag"', "audio/aac", Conditions(range="bytes=5-"))
    assert (selection.status, selection.body) == (200, (EVERYTHING,))
    assert _header(selection, "Content-Length") is None
    assert _header(selection, "Accept-Ranges") == "none"
    assert select_unsized('"tag"', "audio/aac", Conditions(if_none_match='"tag"')).status == 304
    assert select_unsized('"tag"', "audio/aac", Conditions(head=True)).body == ()
