"""Numbers, lists and bodies that nobody needs, over HTTP: a refusal or an answer, and never an accident."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.server import App, Server

_NUMBERS = [
    "-1",
    "0",
    "1e9",
    "NaN",
    "inf",
    "9223372036854775808",
    "-9223372036854775809",
    "0x10",
    "1.5",
    " 1",
    "\uff11",
    "²",
    "9" * 400,
]
_COUNTED = {
    "getAlbumList2": ["size", "offset", "fromYear", "toYear", "musicFolderId"],
    "getAlbumList": ["size", "offset"],
    "getRandomSongs": ["size", "fromYear", "toYear", "musicFolderId"],
    "getSongsByGenre": ["count", "offset"],
    "search2": ["songCount", "songOffset", "albumCount", "artistOffset"],
    "search3": ["songCount", "songOffset", "albumCount", "artistOffset", "musicFolderId"],
    "getIndexes": ["ifModifiedSince", "musicFolderId"],
    "getCoverArt": ["size"],
    "stream": ["maxBitRate", "timeOffset"],
    "setRating": ["rating"],
    "scrobble": ["time"],
    "getMusicDirectory": ["id"],
}


@pytest.fixture(scope="module")
def server(pressed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("numbers") / "data", pressed, watch="false") as server:
        server.until_scanned()
        yield server


@pytest.fixture(scope="module")
def app(server: Server) -> App:
    return server.app()


@pytest.fixture(scope="module")
def song(app: App) -> str:
    return str(app.songs()[0]["id"])


@pytest.mark.parametrize("endpoint", _COUNTED)
def test_a_number_is_used_or_refused(app: App, song: str, endpoint: str) -> None:
    needed = {"type": "byYear", "fromYear": 1, "toYear": 3000} if "AlbumList" in endpoint else {"id": song}
    for name in _COUNTED[endpoint]:
        for number in _NUMBERS:
            asked: dict[str, object] = {"genre": "x", "query": '""', **needed, name: number}
            answer = app.get(endpoint, **asked)
            assert answer.status_code in {200, 206}, (endpoint, name, number, answer.text[:300])
            if answer.headers["Content-Type"].startswith("application/json"):
                envelope = answer.json()["subsonic-response"]
                assert envelope["status"] == "ok" or envelope["error"]["code"] in {0, 10, 70}, (name, number, envelope)


@pytest.mark.parametrize(
    "id_", ["", "0", "-1", "tr-", "tr-x", "x" * 5000, "../../etc/passwd", "\0", "tr-" + "0" * 32, "'"]
)
def test_an_id_that_is_none_is_not_found(app: App, id_: str) -> None:
    for endpoint in (
        "getSong",
        "getAlbum",
        "getArtist",
        "getMusicDirectory",
        "stream",
        "download",
        "getCoverArt",
        "star",
    ):
        answer = app.get(endpoint, id=id_)
        assert answer.status_code == 200, (endpoint, answer.text[:300])
        assert answer.json()["subsonic-response"]["error"]["code"] in {0, 10, 70}, endpoint


def test_five_thousand_ids_are_starred_at_once(app: App) -> None:
    ids = [song["id"] for song in app.songs()]
    many = (ids * 1000)[:5000]
    form = dict(app.parameters()) | {"id": many}
    answer = app.http.post(f"{app.url}/rest/star.view", data=form)
    assert answer.json()["subsonic-response"]["status"] == "ok"
    assert len(app.call("getStarred2")["starred2"]["song"]) == len(ids)


def test_one_unknown_id_among_many_stars_nothing_by_halves(app: App, song: str) -> None:
    app.call("unstar", id=[each["id"] for each in app.songs()])
    refused = app.envelope("star", id=[song, "tr-00000000-0000-7000-8000-000000000000"])
    starred = {each["id"] for each in app.call("getStarred2")["starred2"].get("song", [])}
    assert (refused["status"], starred) in [("failed", set()), ("ok", {song})]


def test_a_body_of_ten_megabytes_is_refused_or_read(app: App) -> None:
    form = "&".join(f"{name}={value}" for name, value in app.parameters())
    for body in (form + "&x=" + "a" * 10_000_000, form + "&id=1" * 2_000_000):
        answer = app.http.post(
            f"{app.url}/rest/ping",
            content=body.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code in {200, 413}
        assert app.call("ping")


@pytest.mark.parametrize("callback", ["alert(1)//", "<script>", "a b", "x" * 5000, "", "a\u2028b"])
def test_a_callback_is_a_name_or_refused(app: App, callback: str) -> None:
    answer = app.get("ping", f="jsonp", callback=callback)
    assert answer.status_code < 500
    assert b"<script>" not in answer.content
    assert not answer.text.startswith("alert")
    assert not answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("form", ["yaml", "", "JSON", "json\0", "xml" * 1000])
def test_an_unknown_format_is_answered(app: App, form: str) -> None:
    assert app.get("ping", f=form).status_code == 200


@pytest.mark.parametrize(
    "endpoint", ["nothing", "ping.view.view", "../api/v1/me", "getLyrics", "%00", "stream/", "a" * 3000]
)
def test_an_unknown_endpoint_answers_an_envelope(app: App, endpoint: str) -> None:
    answer = app.get(endpoint.replace("../", "%2e%2e%2f"))
    assert answer.json()["subsonic-response"]["error"]["code"] == 0


_QUERIES: list[tuple[str, dict[str, str]]] = [
    ("/tracks/", {"limit": "0"}),
    ("/tracks/", {"limit": "-1"}),
    ("/tracks/", {"limit": "1000000000"}),
    ("/tracks/", {"page": "9223372036854775807"}),
    ("/tracks/", {"page": "NaN"}),
    ("/tracks/", {"sorting": "password"}),
    ("/tracks/", {"sorting": "title,-title"}),
    ("/tracks/", {"year": "1e400"}),
    ("/tracks/", {"genre": "\0"}),
    ("/tracks/", {"nothing": "1"}),
    ("/albums/", {"limit": "x" * 5000}),
    ("/artists/", {"page": "-9223372036854775809"}),
    ("/tracks/not-a-uuid", {}),
    ("/albums/00000000-0000-7000-8000-000000000000", {}),
]


@pytest.mark.parametrize(("path", "query"), _QUERIES, ids=str)
def test_the_native_interface_refuses_with_every_fault(server: Server, path: str, query: dict[str, str]) -> None:
    with server.rest() as rest:
        answer = rest.get(path, params=query)
    assert answer.status_code in {200, 404, 422}, answer.text
    if answer.status_code != 200:
        assert all(fault.keys() == {"loc", "msg", "type"} for fault in answer.json()["detail"])


_BODIES: dict[str, bytes] = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"name":' * 20_000 + b"1" + b"}" * 20_000,
    "duplicate keys": b'{"name":"a","name":"b","password":"c"}',
    "NaN": b'{"name":NaN,"password":1e999}',
    "huge number": b'{"name":' + b"9" * 10_000 + b"}",
    "not UTF-8": b'{"name":"\xff","password":"x"}',
    "a lone surrogate": b'{"name":"\\ud800","password":"x"}',
    "a NUL": b'{"name":"a\\u0000b","password":"x"}',
    "nothing": b"",
    "null": b"null",
    "unknown": b'{"name":"a","password":"b","admin":true}',
    "large": b'{"name":"' + b"a" * 10_000_000 + b'"}',
}


@pytest.mark.parametrize("body", _BODIES)
def test_a_body_that_is_no_sign_in_is_refused(server: Server, body: str) -> None:
    answer = httpx.post(
        f"{server.url}/api/v1/sessions/", content=_BODIES[body], headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {401, 413, 422, 429}, answer.text[:300]
    assert json.loads(answer.content)["detail"]


@pytest.mark.parametrize("kind", ["everything", "", None, 1, ["quick"]])
def test_a_scan_of_an_unknown_kind_is_refused(server: Server, kind: Any) -> None:
    with server.rest() as rest:
        assert rest.post("/scans/", json={"kind": kind}).status_code == 422


def test_nothing_of_this_was_an_accident(server: Server) -> None:
    server.assert_untroubled()
    assert server.ready_status() == 200
