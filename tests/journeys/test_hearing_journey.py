"""What a player hears: every format and rate, from the beginning and from the middle, whole and in pieces."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.recordings import listen, record
from tests.journeys.server import App, Server

_SECONDS = 7.3
_CODECS = {"mp3": {"mp3", "mp3float"}, "opus": {"opus", "libopus"}, "aac": {"aac"}, "flac": {"flac"}}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio") / "music"
    record(folder / "lossless.flac", seconds=_SECONDS, pitch=440)
    record(folder / "lossy.mp3", seconds=_SECONDS, pitch=450)
    return folder


@pytest.fixture(scope="module")
def server(studio: Path) -> Iterator[Server]:
    with Server(studio.parent / "data", studio) as server:
        server.until_scanned()
        yield server


@pytest.fixture(scope="module")
def app(server: Server) -> App:
    return server.app()


@pytest.fixture(scope="module")
def lossless(app: App) -> dict[str, Any]:
    return next(song for song in app.songs() if song["suffix"] == "flac")


@pytest.fixture(scope="module")
def lossy(app: App) -> dict[str, Any]:
    return next(song for song in app.songs() if song["suffix"] == "mp3")


@pytest.mark.parametrize(
    ("kind", "rate"),
    [(kind, rate) for kind in ("mp3", "opus", "aac") for rate in (0, 32, 96, 256)] + [("flac", 0)],
)
def test_each_format_and_rate_is_whole(app: App, lossless: dict[str, Any], kind: str, rate: int) -> None:
    asked = {"id": lossless["id"], "format": kind} | ({"maxBitRate": rate} if rate else {})
    answer = app.get("stream", **asked)
    assert answer.status_code == 200
    heard = listen(answer.content)
    assert heard.codec in _CODECS[kind]
    assert heard.seconds == pytest.approx(_SECONDS, abs=0.1)
    if rate:
        assert len(answer.content) * 8 / _SECONDS / 1000 == pytest.approx(rate, rel=0.15)
    # Again, from the cache: the same bytes.
    assert app.get("stream", **asked).content == answer.content


@pytest.mark.parametrize("offset", [2, 5, 7])
@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "flac", "raw", ""])
def test_an_offset_leaves_out_just_that_much(app: App, lossless: dict[str, Any], kind: str, offset: int) -> None:
    answer = app.get("stream", id=lossless["id"], format=kind, timeOffset=offset)
    assert listen(answer.content).seconds == pytest.approx(_SECONDS - offset, abs=0.1)


def test_an_offset_into_a_lossy_file_stays_in_its_format(app: App, lossy: dict[str, Any]) -> None:
    heard = listen(app.get("stream", id=lossy["id"], timeOffset=3).content)
    assert heard.codec in _CODECS["mp3"]
    assert heard.seconds == pytest.approx(_SECONDS - 3, abs=0.1)


def test_a_ceiling_above_the_file_sends_the_file(app: App, lossy: dict[str, Any], studio: Path) -> None:
    content = app.get("stream", id=lossy["id"], maxBitRate=320).content
    assert content == (studio / "lossy.mp3").read_bytes()


def test_a_ceiling_below_the_file_is_kept(app: App, lossy: dict[str, Any]) -> None:
    content = app.get("stream", id=lossy["id"], maxBitRate=64).content
    assert len(content) * 8 / _SECONDS / 1000 <= 64 * 1.15
    assert listen(content).seconds == pytest.approx(_SECONDS, abs=0.1)


@pytest.mark.parametrize("kind", ["mp3", "opus"])
def test_a_first_play_can_be_sought_at_once(tmp_path: Path, studio: Path, kind: str) -> None:
    """The first request that there ever is for this transcode asks for its middle, and knows its length."""
    with Server(tmp_path / "data", studio, watch="false") as server:
        server.until_scanned()
        app = server.app()
        (song,) = (song for song in app.songs() if song["suffix"] == "flac")
        asked = {"id": song["id"], "format": kind, "maxBitRate": 128}
        middle = app.get("stream", {"Range": "bytes=60000-60999"}, **asked)
        whole = app.get("stream", **asked)
        assert (middle.status_code, whole.status_code) == (206, 200)
        assert middle.content == whole.content[60000:61000]
        assert middle.headers["Content-Range"] == f"bytes 60000-60999/{len(whole.content)}"
        assert int(whole.headers["Content-Length"]) == len(whole.content)
        assert middle.headers["ETag"] == whole.headers["ETag"]


_PARTS = {
    "bytes=0-0": slice(0, 1),
    "bytes=100-199": slice(100, 200),
    "bytes=-500": slice(-500, None),
    "bytes=1000-": slice(1000, None),
    "bytes=0-999999999999": slice(0, None),
    "bytes=-999999999999": slice(0, None),
}


@pytest.mark.parametrize("endpoint", ["download", "stream"])
@pytest.mark.parametrize("wanted", _PARTS)
def test_a_range_of_a_file_is_that_part(
    app: App, lossless: dict[str, Any], studio: Path, endpoint: str, wanted: str
) -> None:
    content = (studio / "lossless.flac").read_bytes()
    answer = app.get(endpoint, {"Range": wanted}, id=lossless["id"])
    assert answer.status_code == 206
    assert answer.content == content[_PARTS[wanted]]
    first, stop, _ = _PARTS[wanted].indices(len(content))
    assert answer.headers["Content-Range"] == f"bytes {first}-{stop - 1}/{len(content)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", "bytes=99999999-999999999"])
def test_a_range_beyond_the_end_is_refused(app: App, lossless: dict[str, Any], wanted: str) -> None:
    answer = app.get("stream", {"Range": wanted}, id=lossless["id"])
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{lossless['size']}"


@pytest.mark.parametrize("wanted", ["bytes=200-100", "bytes=a-b", "bytes=", "items=0-5", "bytes", "bytes=1-2-3", "="])
def test_a_range_that_is_none_is_ignored(app: App, lossless: dict[str, Any], wanted: str) -> None:
    answer = app.get("stream", {"Range": wanted}, id=lossless["id"])
    assert (answer.status_code, len(answer.content)) == (200, lossless["size"])


def test_several_ranges_come_as_parts(app: App, lossless: dict[str, Any], studio: Path) -> None:
    content = (studio / "lossless.flac").read_bytes()
    answer = app.get("stream", {"Range": "bytes=0-9,1000-1009"}, id=lossless["id"])
    assert answer.status_code == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges")
    assert content[:10] in answer.content
    assert content[1000:1010] in answer.content
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_thousands_of_ranges_cost_no_more_than_the_file(app: App, lossless: dict[str, Any]) -> None:
    many = ",".join(f"{number}-" for number in range(1000))
    answer = app.get("stream", {"Range": f"bytes={many}"}, id=lossless["id"])
    assert answer.status_code in {200, 206, 416}
    assert len(answer.content) < 2 * lossless["size"]


def test_conditions_are_heeded(app: App, lossless: dict[str, Any]) -> None:
    whole = app.get("stream", id=lossless["id"])
    tag = whole.headers["ETag"]
    assert not tag.startswith("W/")
    assert app.get("stream", {"If-None-Match": tag}, id=lossless["id"]).status_code == 304
    same = app.get("stream", {"Range": "bytes=5-9", "If-Range": tag}, id=lossless["id"])
    other = app.get("stream", {"Range": "bytes=5-9", "If-Range": '"other"'}, id=lossless["id"])
    assert (same.status_code, other.status_code) == (206, 200)
    assert same.content == whole.content[5:10]


def test_head_tells_the_length_and_sends_nothing(app: App, lossless: dict[str, Any]) -> None:
    for more in ({}, {"format": "mp3"}):
        head = app.http.head(app.address("stream", id=lossless["id"], **more))
        assert head.status_code == 200
        assert head.content == b""
        assert int(head.headers["Content-Length"]) == len(app.get("stream", id=lossless["id"], **more).content)
        assert head.headers["Accept-Ranges"] == "bytes"


def test_a_download_is_named_and_an_unasked_length_is_never_guessed(app: App, lossless: dict[str, Any]) -> None:
    download = app.get("download", id=lossless["id"])
    assert download.headers["Content-Disposition"].startswith("attachment")
    aac = app.get("stream", id=lossless["id"], format="aac", maxBitRate=160, estimateContentLength="true")
    assert int(aac.headers.get("Content-Length", len(aac.content))) == len(aac.content)


def test_the_native_interface_lists_what_the_app_lists(server: Server, app: App) -> None:
    with server.rest() as rest:
        items = rest.get("/tracks/", params={"limit": 10}).json()["items"]
    assert {item["title"] for item in items} == {song["title"] for song in app.songs()}


def test_without_signing_in_there_is_an_error_and_no_sound(server: Server, lossless: dict[str, Any]) -> None:
    answer = httpx.get(f"{server.url}/rest/stream", params={"id": lossless["id"]})
    assert answer.headers["Content-Type"].startswith(("application/xml", "text/xml"))
    assert b'status="failed"' in answer.content
