"""Sound and pictures: which plan, which headers, what is held open, and what is said when there is none."""

import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
import trio
import trio.testing
from quart import Response
from quart_trio.asgi import TrioASGIHTTPConnection

from appliance.api.media_response import MediaResponse
from appliance.core.errors import Busy, MediaFault, MediaGone
from appliance.core.playback import Codec, Profile, RawPlan, TranscodePlan
from tests.api.subsonic.house import House

NAMESPACE = "{http://subsonic.org/restapi}"


def alpha(house: House) -> str:
    return f"tr-{house.world.track('Alpha').id.hex}"


async def stream(house: House, path: str = "stream", **parameters: Any) -> Response:
    return await house.send(path, house.credentials() | {"id": alpha(house)} | parameters)


async def test_a_song_is_never_transcoded_unasked(house: House) -> None:
    response = await stream(house)
    assert (response.status_code, response.content_type, response.content_length) == (200, "audio/flac", 12)
    assert await response.get_data(as_text=False) == b"fLaC\0\0\0\0\0end"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert house.media.asked[0][0] == RawPlan(house.world.track("Alpha"))


async def test_the_password_works_on_stream(house: House) -> None:
    parameters = {"u": "ada", "p": "enc:" + b"sesame & coriander".hex(), "v": "1.2.0", "id": alpha(house)}
    for path in ("stream", "stream.view"):
        assert (await house.send(path, parameters)).content_type == "audio/flac"
        assert (await house.send(path, form=parameters)).content_type == "audio/flac"


@pytest.mark.parametrize(
    ("parameters", "profile", "offset_ms"),
    [
        ({"format": "mp3"}, Profile(Codec.MP3, 192), 0),
        ({"maxBitRate": 96}, Profile(Codec.OPUS, 96), 0),
        ({"format": "opus", "timeOffset": "12.5"}, Profile(Codec.OPUS, 128), 12_500),
        ({"timeOffset": 30}, Profile(Codec.FLAC, 0), 30_000),
    ],
)
async def test_a_wish_becomes_a_plan(
    house: House, parameters: dict[str, Any], profile: Profile, offset_ms: int
) -> None:
    await stream(house, **parameters)
    assert house.media.asked[0][0] == TranscodePlan(house.world.track("Alpha"), profile, offset_ms)


@pytest.mark.parametrize("parameters", [{"format": "raw"}, {"maxBitRate": 0}, {"format": ""}, {"maxBitRate": 2000}])
async def test_a_wish_that_the_file_fulfils_is_the_file(house: House, parameters: dict[str, Any]) -> None:
    await stream(house, **parameters)
    assert isinstance(house.media.asked[0][0], RawPlan)


async def test_the_length_is_never_estimated(house: House) -> None:
    response = await stream(house, estimateContentLength="true")
    assert response.content_length == 12


async def test_the_conditions_of_the_request_reach_the_media(house: House) -> None:
    headers = {
        "Range": "bytes=0-3",
        "If-Range": '"a"',
        "If-None-Match": '"b"',
        "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT",
    }
    response = await house.send("stream", house.credentials() | {"id": alpha(house)}, headers=headers)
    (_, conditions, _) = house.media.asked[0]
    assert (conditions.range, conditions.if_range, conditions.if_none_match) == ("bytes=0-3", '"a"', '"b"')
    assert conditions.if_modified_since == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert (response.status_code, response.headers["Content-Range"], response.content_length) == (
        206,
        "bytes 0-3/12",
        4,
    )
    assert await response.get_data(as_text=False) == b"fLaC"


@pytest.mark.parametrize("header", ["bytes=-500", "bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=abc"])
async def test_ranges_are_the_business_of_the_media_alone(house: House, header: str) -> None:
    response = await house.send("stream", house.credentials() | {"id": alpha(house)}, headers={"Range": header})
    assert response.status_code == 206
    assert house.media.asked[0][1].range == header


async def test_what_has_no_body_has_none(house: House) -> None:
    parameters = house.credentials() | {"id": alpha(house)}
    unchanged = await house.send("stream", parameters, headers={"If-None-Match": '"sound"'})
    assert unchanged.status_code == 304
    assert await unchanged.get_data(as_text=False) == b""
    beyond = await house.send("stream", parameters, headers={"Range": "bytes=999-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */12")


async def test_a_download_is_the_file_as_an_attachment(house: House) -> None:
    await stream(house, "download", format="mp3", maxBitRate=32)
    assert house.media.asked[0][0] == RawPlan(house.world.track("Alpha"))
    assert house.media.asked[0][2] is True


async def test_a_stream_is_no_play(house: House) -> None:
    await stream(house)
    assert await house.plays() == []


async def test_a_guest_may_listen(house: House) -> None:
    response = await house.send("stream", house.credentials("guy") | {"id": alpha(house)})
    assert response.content_type == "audio/flac"


# --- what is held


async def test_the_transaction_is_over_before_the_sound_begins(house: House) -> None:
    await stream(house)
    assert house.media.transactions_seen == [0]
    assert house.media.open_now == 0


class Listener:
    """A client that asked for a song, takes what comes, and may leave. (Quart's test client waits for the end.)"""

    def __init__(self, house: House, *headers: tuple[bytes, bytes], method: str = "GET") -> None:
        self._house = house
        self._method = method
        self._headers = headers
        self._leave, self._left = trio.open_memory_channel[dict[str, Any]](1)
        self._put, self._got = trio.open_memory_channel[dict[str, Any]](0)

    async def run(self) -> None:
        """Return when the application is done with the request."""
        query = urlencode(self._house.credentials() | {"id": alpha(self._house)})
        scope = {
            "type": "http",
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
            "method": self._method,
            "scheme": "http",
            "path": "/rest/stream",
            "raw_path": b"/rest/stream",
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"tonearm.local"), *self._headers],
            "client": ("192.0.2.1", 4711),
            "server": ("192.0.2.2", 80),
            "extensions": {},
        }
        await self._house.app(scope, self._left.receive, self._put.send)  # type: ignore[arg-type]

    async def next(self) -> dict[str, Any]:
        return await self._got.receive()

    async def leave(self) -> None:
        await self._leave.send({"type": "http.disconnect"})


async def test_sound_is_not_cut_off_after_a_minute(house: House, mock_clock: trio.testing.MockClock) -> None:
    house.media.endless = True
    listener = Listener(house)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        assert (await listener.next())["status"] == 200
        assert (await listener.next())["body"] == b"fLaC"
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(3600)
        await trio.testing.wait_all_tasks_blocked()
        assert house.media.open_now == 1
        await listener.leave()


async def test_a_client_that_goes_away_frees_the_media(house: House) -> None:
    house.media.endless = True
    listener = Listener(house)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        await listener.next()
        assert house.media.open_now == 1
        await listener.leave()
    assert house.media.open_now == 0


async def test_a_client_that_goes_away_before_the_first_byte_frees_the_media(house: House) -> None:
    """Nobody takes the response's head: the media is open by then, and is closed."""
    listener = Listener(house)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        await house.media.opened.wait()
        await trio.testing.wait_all_tasks_blocked()
        assert house.media.open_now == 1
        await listener.leave()
    assert house.media.open_now == 0


async def test_nothing_is_open_between_the_handler_and_the_sending(house: House) -> None:
    """What the application does to every response may be cancelled, and nothing would then close the media."""
    closed: list[int] = []
    lingering = trio.Event()

    @house.app.after_request
    async def linger(response: Response) -> Response:
        closed.append(house.media.open_now)
        lingering.set()
        await trio.Event().wait()
        return response

    listener = Listener(house)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        await lingering.wait()
        await listener.leave()
    assert closed == [0]
    assert house.media.open_now == 0


async def test_the_head_of_the_answer_is_the_media_and_nothing_else(house: House) -> None:
    listener = Listener(house, (b"if-none-match", b'"sound"'))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        head = await listener.next()
        headers = [header for header in head["headers"] if not header[0].startswith(b"access-control-")]
        assert (head["status"], headers) == (304, [(b"etag", b'"sound"')])
        await listener.leave()


async def test_head_is_answered_with_the_length_and_no_body(house: House) -> None:
    listener = Listener(house, method="HEAD")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        head = await listener.next()
        assert (head["status"], dict(head["headers"])[b"content-length"]) == (200, b"12")
        assert await listener.next() == {"type": "http.response.body", "body": b"", "more_body": False}
    assert house.media.asked[0][1].head


async def test_sound_that_breaks_off_is_not_ended_as_if_it_were_whole(house: House) -> None:
    house.media.breaks = MediaFault("The file was cut short.")
    listener = Listener(house)
    with pytest.RaisesGroup(pytest.RaisesExc(MediaFault), flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            await listener.next()
            assert await listener.next() == {"type": "http.response.body", "body": b"fLaC", "more_body": True}
            last = await listener.next()
            assert last["more_body"]
            await listener.next()
    assert house.media.open_now == 0


async def test_headers_of_the_application_stay_on_the_sound(house: House) -> None:
    @house.app.after_request
    async def sign(response: Response) -> Response:
        response.headers["X-Signed"] = "yes"
        return response

    response = await stream(house)
    assert (response.headers["X-Signed"], response.headers.getlist("Content-Type")) == ("yes", ["audio/flac"])
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_an_application_without_media_connections_fails_loudly(house: House) -> None:
    house.app.asgi_http_class = TrioASGIHTTPConnection
    response = await stream(house)
    assert response.status_code == 500
    assert house.media.open_now == 0


async def test_a_response_of_another_kind_is_left_alone(house: House) -> None:
    response = await house.send("ping", house.credentials())
    assert not isinstance(response, MediaResponse)


# --- refusals


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (MediaGone("The file is not there now."), 200, 70),
        (MediaFault("It cannot be decoded."), 200, 0),
        (Busy("All transcoders are at work.", 7), 429, 0),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_refusal_is_an_envelope_and_never_audio(
    house: House, failure: Exception, status: int, code: int, form: str
) -> None:
    house.media.failure = failure  # type: ignore[assignment]
    response = await stream(house, f=form)
    data = await response.get_data(as_text=False)
    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert response.content_length == len(data)
    if form == "json":
        assert response.content_type == "application/json"
        assert json.loads(data)["subsonic-response"]["error"]["code"] == code
    else:
        assert response.content_type == "text/xml; charset=utf-8"
        assert ET.fromstring(data)[0].get("code") == str(code)  # noqa: S314


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"id": ""}, 10),
        ({"id": "al-1"}, 70),
        ({"id": "tr-" + "f" * 32}, 70),
        ({"format": "flv"}, 0),
        ({"format": "../../etc/passwd"}, 0),
        ({"maxBitRate": -1}, 0),
        ({"maxBitRate": 2**31}, 0),
        ({"timeOffset": "NaN"}, 0),
        ({"timeOffset": "half"}, 0),
        ({"timeOffset": "inf"}, 0),
        ({"timeOffset": -3}, 0),
        ({"timeOffset": "1e300"}, 0),
        ({"p": "also"}, 43),
    ],
)
async def test_a_stream_that_cannot_be_is_an_envelope(house: House, parameters: dict[str, Any], code: int) -> None:
    response = await stream(house, f="json", **parameters)
    assert response.content_type == "application/json"
    assert json.loads(await response.get_data(as_text=False))["subsonic-response"]["error"]["code"] == code
    assert house.media.asked == []


# --- pictures


@pytest.mark.parametrize("kind", ["ar", "al", "tr", "pi"])
async def test_covers_are_found_by_every_kind_of_id(house: House, kind: str) -> None:
    world = house.world
    picture = world.picture
    ids = {
        "ar": world.artist("The Needles").id,
        "al": world.album("Groove").id,
        "tr": world.track("Alpha").id,
        "pi": picture.id,
    }
    response = await house.send("getCoverArt", house.credentials() | {"id": f"{kind}-{ids[kind].hex}", "size": 64})
    assert (response.status_code, response.content_type) == (200, "image/jpeg")
    assert await response.get_data(as_text=False) == f"{picture.id.hex} 64".encode()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert house.covers.asked == [(picture, 64)]


@pytest.mark.parametrize(
    ("parameters", "size"),
    [({}, None), ({"size": ""}, None), ({"size": 0}, None), ({"size": -1}, -1), ({"size": 10**9}, 10**9)],
)
async def test_every_size_is_left_to_the_bounds_of_the_covers(
    house: House, parameters: dict[str, Any], size: int | None
) -> None:
    picture = f"pi-{house.world.picture.id.hex}"
    await house.send("getCoverArt", house.credentials() | {"id": picture} | parameters)
    assert house.covers.asked == [(house.world.picture, size)]


async def test_what_has_no_cover_gets_the_placeholder_at_its_size(house: House) -> None:
    album = f"al-{house.world.album('となりのトトロ').id.hex}"
    response = await house.send("getCoverArt", house.credentials() | {"id": album, "size": 200})
    assert await response.get_data(as_text=False) == b"placeholder 200"
    assert "coverArt" not in await house.ok("getAlbum", id=album)


async def test_a_cover_that_the_client_has_is_not_sent_again(house: House) -> None:
    parameters = house.credentials() | {"id": f"pi-{house.world.picture.id.hex}"}
    first = await house.send("getCoverArt", parameters)
    again = await house.send("getCoverArt", parameters, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, await again.get_data(as_text=False)) == (304, b"")


async def test_only_under_its_own_id_is_a_picture_kept_without_asking(house: House) -> None:
    own = {"id": f"pi-{house.world.picture.id.hex}"}
    album = {"id": f"al-{house.world.album('Groove').id.hex}"}
    kept = await house.send("getCoverArt", house.credentials() | own)
    assert kept.headers["Cache-Control"] == "private, max-age=86400"
    asked = await house.send("getCoverArt", house.credentials() | album)
    assert asked.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(("id_", "code"), [("", 10), ("pi-" + "f" * 32, 70), ("al-" + "f" * 32, 70), ("mf-1", 70)])
async def test_a_cover_of_nothing_is_an_envelope(house: House, id_: str, code: int) -> None:
    assert await house.code("getCoverArt", id=id_) == code


async def test_a_cover_size_that_is_no_number_is_refused(house: House) -> None:
    assert await house.code("getCoverArt", id=f"pi-{house.world.picture.id.hex}", size="1e9") == 0
