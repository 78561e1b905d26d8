"""Whatever is sent: never an error of ours, always a well-formed answer."""

import json
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.api.subsonic.door import ENDPOINTS, PUBLIC
from tests.api.subsonic.asked import WatchedStore
from tests.api.subsonic.conftest import Furnished
from tests.api.subsonic.house import House, build_house, open_house
from tests.api.subsonic.world import World

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
    # The id of something that is there, of that kind or of another.
    st.tuples(st.sampled_from(["ar", "al", "tr", "pi"]), st.integers(0, 40)),
)
Pairs = list[tuple[str, str | tuple[str, int]]]
Example = Callable[[House], Awaitable[None]]

PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)


@pytest.fixture
def resident(house_url: str, furnished: Furnished) -> Iterator[Callable[[Example], None]]:
    """Runs example after example against one house, in a Trio run that goes on between them."""
    started: queue.SimpleQueue[tuple[WatchedStore, trio.lowlevel.TrioToken]] = queue.SimpleQueue()
    stop = trio.Event()

    async def keep() -> None:
        async with open_house(house_url, furnished.world) as house:
            started.put((house.store, trio.lowlevel.current_trio_token()))
            await stop.wait()

    thread = threading.Thread(target=trio.run, args=[keep], name="house")
    thread.start()
    store, token = started.get(timeout=60)

    async def afresh(example: Example) -> None:
        # A door at which nobody has guessed yet, or the first wrong passwords would shut out all other examples.
        house = build_house(store, furnished.world)
        await example(house)
        assert house.store.open == house.media.open_now == 0

    yield lambda example: trio.from_thread.run(afresh, example, trio_token=token)
    token.run_sync_soon(stop.set)
    thread.join()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    endpoint=st.sampled_from(sorted({*ENDPOINTS, *PUBLIC})),
    query=PAIRS,
    form=st.none() | PAIRS,
    credentials=st.sampled_from(["none", "right"]),
)
def test_every_answer_is_well_formed(
    resident: Callable[[Example], None], endpoint: str, query: Pairs, form: Pairs | None, credentials: str
) -> None:
    async def exchange(house: House) -> None:
        parameters = as_lists(house.world, query)
        if credentials == "right":
            parameters |= house.credentials()
        body = None if form is None else as_lists(house.world, form)
        response = await house.send(endpoint, parameters, form=body)
        assert response.status_code < 500
        check(response.content_type or "", await response.get_data(as_text=False))

    resident(exchange)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.binary(max_size=60), body=st.binary(max_size=60), path=st.sampled_from(["ping", "search3.view", "x"]))
def test_bytes_that_are_no_text_are_answered_as_well(
    resident: Callable[[Example], None], query: bytes, body: bytes, path: str
) -> None:
    async def exchange(house: House) -> None:
        encoded = "".join(f"%{byte:02x}" if byte > 0x20 else chr(byte + 0x40) for byte in query)
        response = await house.app.test_client().post(
            f"/rest/{path}?{encoded}", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert response.status_code < 500
        check(response.content_type or "", await response.get_data(as_text=False))

    resident(exchange)


def as_lists(world: World, pairs: Pairs) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value if isinstance(value, str) else known(world, *value))
    return lists


def known(world: World, prefix: str, number: int) -> str:
    ids = [
        *(artist.id for artist in world.artists),
        *(album.id for album in world.albums),
        *(track.id for track in world.tracks),
        world.picture.id,
    ]
    return f"{prefix}-{ids[number % len(ids)].hex}"


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
