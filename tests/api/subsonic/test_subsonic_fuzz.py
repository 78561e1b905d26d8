"""Whatever is sent: never an error of ours, always a well-formed answer."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.api.subsonic.door import ENDPOINTS, PUBLIC
from tests.api.subsonic.house import build_house

NAMES = [
    *("id", "albumId", "artistId", "type", "size", "offset", "count", "fromYear", "toYear", "genre", "musicFolderId"),
    *("query", "artistCount", "artistOffset", "albumCount", "albumOffset", "songCount", "songOffset", "format"),
    *("maxBitRate", "timeOffset", "estimateContentLength", "rating", "time", "submission", "username", "fullScan"),
    *("ifModifiedSince", "callback", "f", "c", "v", "u", "t", "s", "p", "apiKey"),
]
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.sampled_from(
        ["", '""', "NaN", "-1", "0", "1", "500", "true", "false", "json", "jsonp", "xml", "byYear", "byGenre"]
    ),
    st.sampled_from(
        ["newest", "raw", "mp3", "opus", "%", "\0", "\ufffe", "enc:", "Rock", "ada", "\u0661", "1_000", "al-"]
    ),
    st.tuples(st.sampled_from(["ar", "al", "tr", "pi"]), st.integers(0, 40)).map(
        lambda pair: f"{pair[0]}-{pair[1]:032x}"
    ),
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    endpoint=st.sampled_from(sorted({*ENDPOINTS, *PUBLIC})),
    query=PAIRS,
    form=st.none() | PAIRS,
    credentials=st.sampled_from(["none", "right"]),
)
def test_every_answer_is_well_formed(
    endpoint: str,
    query: list[tuple[str, str]],
    form: list[tuple[str, str]] | None,
    credentials: str,
) -> None:
    async def exchange() -> None:
        house = await build_house()
        parameters = as_lists(query)
        if credentials == "right":
            parameters |= house.credentials()
        response = await house.send(endpoint, parameters, form=None if form is None else as_lists(form))
        assert response.status_code < 500
        check(response.content_type or "", await response.get_data(as_text=False))
        assert house.store.open == house.media.open_now == 0

    trio.run(exchange)


@settings(max_examples=60, deadline=None)
@given(query=st.binary(max_size=60), body=st.binary(max_size=60), path=st.sampled_from(["ping", "search3.view", "x"]))
def test_bytes_that_are_no_text_are_answered_as_well(query: bytes, body: bytes, path: str) -> None:
    async def exchange() -> None:
        house = await build_house()
        encoded = "".join(f"%{byte:02x}" if byte > 0x20 else chr(byte + 0x40) for byte in query)
        response = await house.app.test_client().post(
            f"/rest/{path}?{encoded}", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert response.status_code < 500
        check(response.content_type or "", await response.get_data(as_text=False))

    trio.run(exchange)


def as_lists(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def check(content_type: str, data: bytes) -> None:
    """Audio, a picture, or an envelope in one of its three forms."""
    if content_type == "text/xml; charset=utf-8":
        assert ET.fromstring(data).get("status") in {"ok", "failed"}  # noqa: S314  # our own answer
    elif content_type == "application/json":
        assert json.loads(data)["subsonic-response"]["status"] in {"ok", "failed"}
    elif content_type == "application/javascript; charset=utf-8":
        callback, _, rest = data.decode().partition("(")
        assert callback.replace(".", "").replace("$", "").isidentifier() or not callback.strip("$.")
        assert json.loads(rest.removesuffix(");"))["subsonic-response"]["status"] in {"ok", "failed"}
    else:
        assert content_type.startswith(("audio/", "image/"))
        assert data
