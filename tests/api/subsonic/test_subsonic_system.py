"""Signing in, envelopes, unknown endpoints: what is true of every call."""

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import psycopg
import pytest
import structlog
import structlog.testing
import trio
import trio.testing
from psycopg.sql import SQL, Identifier
from structlog.typing import EventDict

from tests.api.subsonic.house import House
from tests.api.subsonic.world import PASSWORD

NAMESPACE = "{http://subsonic.org/restapi}"


async def test_ping_answers_in_json_with_the_fields_of_opensubsonic(house: House) -> None:
    assert await house.answer("ping") == {
        "status": "ok",
        "version": "1.16.1",
        "type": "tonearm",
        "serverVersion": "0.1.0",
        "openSubsonic": True,
    }


@pytest.mark.parametrize("way", ["p", "t"])
async def test_of_a_name_only_its_beginning_counts(house: House, way: str) -> None:
    """A megabyte of combining marks would otherwise be folded, by a stranger and on everybody's time."""
    token = {"t": hashlib.md5(f"{PASSWORD}salt".encode(), usedforsecurity=False).hexdigest(), "s": "salt"}
    proof = {"p": PASSWORD} if way == "p" else token
    name = f"ada{' ' * 200}and whatever else"
    response = await house.send("ping", form={"u": name, "c": "test", "f": "json"} | proof)
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["status"] == "ok"


async def test_xml_is_the_default_format(house: House) -> None:
    root = await house.xml("ping")
    assert root.tag == f"{NAMESPACE}subsonic-response"
    assert root.attrib == {
        "status": "ok",
        "version": "1.16.1",
        "type": "tonearm",
        "serverVersion": "0.1.0",
        "openSubsonic": "true",
    }


async def test_an_unknown_format_is_answered_in_xml(house: House) -> None:
    assert (await house.xml("ping", f="yaml")).get("status") == "ok"


async def test_jsonp_calls_the_callback(house: House) -> None:
    response = await house.send("ping", house.credentials() | {"f": "jsonp", "callback": "app.on$1"})
    text = await response.get_data(as_text=True)
    assert response.mimetype == "application/javascript"
    assert text.startswith("app.on$1(")
    assert json.loads(text.removeprefix("app.on$1(").removesuffix(");"))["subsonic-response"]["status"] == "ok"


@pytest.mark.parametrize("callback", ["alert(1)//", "a b", "</script>", "x" * 500, "a..b", "é"])
async def test_a_callback_that_is_no_name_is_refused_and_never_echoed_as_script(house: House, callback: str) -> None:
    response = await house.send("ping", house.credentials() | {"f": "jsonp", "callback": callback})
    assert response.content_type == "application/json"
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (content["status"], content["error"]["code"]) == ("failed", 0)


async def test_jsonp_needs_a_callback(house: House) -> None:
    assert await house.code("ping", f="jsonp") == 10


@pytest.mark.parametrize("path", ["getAlbumList2", "getAlbumList2.view"])
@pytest.mark.parametrize("place", ["query", "form"])
async def test_every_call_may_be_a_post_and_end_in_view(house: House, path: str, place: str) -> None:
    parameters = house.credentials() | {"f": "json", "type": "newest"}
    query, form = (parameters, {}) if place == "query" else ({}, parameters)
    response = await house.send(path, query, form=form)
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert len(content["albumList2"]["album"]) == 6


async def test_a_form_and_a_query_are_read_together(house: House) -> None:
    response = await house.send("getAlbum", {"f": "json", "id": "al-0"}, form=house.credentials())
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert content["error"]["code"] == 70


async def test_head_has_the_headers_of_get(house: House) -> None:
    response = await house.send("ping", house.credentials(), method="HEAD")
    assert response.status_code == 200
    assert response.content_type == "text/xml; charset=utf-8"


# --- credentials


def token(password: str, salt: str) -> dict[str, str]:
    return {"t": hashlib.md5(f"{password}{salt}".encode(), usedforsecurity=False).hexdigest(), "s": salt}


@pytest.mark.parametrize(
    "credentials",
    [
        token(PASSWORD, "longer salt"),
        token(PASSWORD, "x"),
        {key: value.upper() if key == "t" else value for key, value in token(PASSWORD, "SALT").items()},
        {"p": PASSWORD},
        {"p": "enc:" + PASSWORD.encode().hex()},
        {"p": "enc:" + PASSWORD.encode().hex().upper()},
    ],
)
@pytest.mark.parametrize("name", ["Bob", "bob"])
async def test_tokens_and_passwords_open_the_door(house: House, credentials: dict[str, str], name: str) -> None:
    response = await house.send("ping", {"u": name, "v": "1.2.0", "c": "old", "f": "json"} | credentials)
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["status"] == "ok"


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({}, 10),
        ({"u": ""}, 10),
        ({"p": PASSWORD}, 10),
        ({"u": "ada"}, 10),
        ({"u": "ada", "t": "abc"}, 10),
        ({"u": "ada", "s": "abc"}, 10),
        ({"u": "ada", "p": ""}, 40),
        ({"u": "ada", "p": "wrong"}, 40),
        ({"u": "ada", "p": "enc:"}, 40),
        ({"u": "ada", "p": "enc:abc"}, 40),
        ({"u": "ada", "p": "enc:zz"}, 40),
        ({"u": "ada", "p": "enc:ff"}, 40),
        ({"u": "ada", "t": "", "s": ""}, 40),
        ({"u": "ada"} | token("", "x"), 40),
        ({"u": "nobody"} | token("", "x"), 40),
        ({"u": "%"} | token(PASSWORD, "x"), 40),
        ({"u": "ad_"} | token(PASSWORD, "x"), 40),
        ({"u": "ada\0"} | token(PASSWORD, "x"), 40),
        ({"u": "ada", "p": PASSWORD, **token(PASSWORD, "x")}, 43),
        ({"u": ["ada", "Bob"]} | token(PASSWORD, "x"), 43),
        ({"u": "ada", "p": [PASSWORD, "wrong"]}, 43),
        ({"apiKey": "secret"}, 44),
        ({"apiKey": "secret", "u": "ada"}, 43),
        ({"apiKey": "secret", "p": PASSWORD}, 43),
    ],
)
async def test_other_credentials_do_not(house: House, credentials: dict[str, Any], code: int) -> None:
    response = await house.send("ping", {"f": "json"} | credentials)
    assert response.status_code == 200
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (content["status"], content["error"]["code"]) == ("failed", code)


async def test_a_name_given_twice_alike_is_given_once(house: House) -> None:
    assert await house.ok("getUser", u=["ada", "ada"], username="ada")


async def test_a_cookie_opens_nothing(house: House) -> None:
    response = await house.send("ping", {"f": "json"}, headers={"Cookie": "session=abc; u=ada"})
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["error"]["code"] == 10


async def test_too_many_wrong_guesses_are_not_looked_at_and_are_not_code_40(house: House) -> None:
    wrong = {"u": "ada", "p": "wrong", "c": "tests", "f": "json"}
    for _ in range(10):
        await house.send("ping", wrong)
    response = await house.send("ping", house.credentials() | {"f": "json"})
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (response.status_code, content["error"]["code"]) == (200, 0)
    assert int(response.headers["Retry-After"]) > 0
    elsewhere = await house.send("ping", house.credentials() | {"f": "json"}, client="198.51.100.9")
    assert json.loads(await elsewhere.get_data(as_text=True))["subsonic-response"]["status"] == "ok"


async def test_a_header_does_not_change_where_a_guess_comes_from(house: House) -> None:
    for number in range(10):
        forged = {"X-Forwarded-For": f"10.0.0.{number}", "Remote-Addr": f"10.0.0.{number}"}
        await house.send("ping", {"u": "ada", "p": "wrong", "c": "tests"}, headers=forged)
    assert await house.code("ping") == 0


@pytest.mark.parametrize("network", ["192.0.2.7", "2001:db8:0:1::{:x}"])
async def test_one_network_does_not_guess_over_many_names(house: House, network: str) -> None:
    for number in range(30):
        await house.send("ping", {"u": f"name{number}", "p": "wrong"}, client=network.format(number))
    response = await house.send("ping", house.credentials() | {"f": "json"}, client=network.format(0xFFFF))
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["error"]["code"] == 0


async def test_malformed_hex_counts_as_a_wrong_guess(house: House) -> None:
    for _ in range(10):
        await house.send("ping", {"u": "ada", "p": "enc:zz", "c": "tests"})
    assert await house.code("ping") == 0


async def test_the_extensions_are_public_even_with_contradictory_credentials(house: House) -> None:
    for credentials in ({}, {"u": "x", "p": "y", "t": "z", "apiKey": "k"}):
        response = await house.send("getOpenSubsonicExtensions", credentials | {"f": "json"})
        content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
        assert content["openSubsonicExtensions"] == [
            {"name": "apiKeyAuthentication", "versions": [1]},
            {"name": "formPost", "versions": [1]},
            {"name": "transcodeOffset", "versions": [1]},
        ]


async def test_the_extensions_in_xml(house: House) -> None:
    root = await house.xml("getOpenSubsonicExtensions")
    assert [(each.get("name"), [v.text for v in each]) for each in root] == [
        ("apiKeyAuthentication", ["1"]),
        ("formPost", ["1"]),
        ("transcodeOffset", ["1"]),
    ]


async def test_the_license_is_valid(house: House) -> None:
    assert await house.ok("getLicense") == {"valid": True}


# --- what is not there


@pytest.mark.parametrize("path", ["getPodcasts", "getVideos.view", "", "ping/x", "../ping", "PING", "hls.m3u8", "%00"])
async def test_an_unknown_endpoint_answers_an_envelope(house: House, path: str) -> None:
    response = await house.send(path, {"f": "json"})
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (response.status_code, content["status"], content["error"]["code"]) == (200, "failed", 0)


async def test_an_unknown_endpoint_finds_its_format_in_the_form(house: House) -> None:
    response = await house.send("getPodcasts", form={"f": "json"})
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["status"] == "failed"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_another_method_answers_an_envelope(house: House, method: str) -> None:
    response = await house.send("ping", {"f": "json"}, method=method)
    assert response.status_code == 405
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["status"] == "failed"


@pytest.mark.parametrize("path", ["ping", "stream", "getCoverArt.view", "nowhere"])
async def test_a_page_from_anywhere_may_read_what_it_asks_for_and_no_cookie(house: House, path: str) -> None:
    response = await house.send(path, house.credentials() | {"f": "json"}, headers={"Origin": "https://player.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Expose-Headers"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", ["ping", "stream.view", "nowhere"])
async def test_a_browser_that_asks_first_is_told_that_it_may(house: House, path: str) -> None:
    asking = {
        "Origin": "https://player.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range",
    }
    response = await house.send(path, {}, method="OPTIONS", headers=asking)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Headers"] == "*"


async def test_a_form_that_is_too_large_is_refused_in_an_envelope(house: House) -> None:
    response = await house.send("ping", {"f": "json"}, form=house.credentials() | {"x": "y" * 10_000_000})
    assert response.status_code == 413
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["error"]["code"] == 0


async def test_a_form_that_is_too_large_for_an_unknown_endpoint_is_an_envelope_too(house: House) -> None:
    response = await house.send("nowhere", {"f": "json"}, form={"x": "y" * 2_000_000})
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["error"]["code"] == 0


async def test_more_fields_than_anybody_needs_are_refused(house: House) -> None:
    response = await house.send("star", {"f": "json"}, form=house.credentials() | {"x": ["1"] * 30_000})
    assert json.loads(await response.get_data(as_text=True))["subsonic-response"]["error"]["code"] == 0


async def test_an_absent_database_is_an_outage_and_not_wrong_credentials(
    house: House, house_url: str, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(urlsplit(house_url).path[1:])))
    response = await house.send("ping", house.credentials() | {"f": "json"})
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (response.status_code, content["error"]["code"]) == (503, 0)
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("place", ["query", "form"])
async def test_a_fault_of_ours_is_an_envelope_and_is_logged(house: House, house_url: str, place: str) -> None:
    with psycopg.connect(house_url) as connection:
        connection.execute("ALTER TABLE users RENAME TO mislaid")
    query, form = ({}, house.credentials()) if place == "form" else (house.credentials(), None)
    with structlog.testing.capture_logs() as logged:
        response = await house.send("ping", query | {"f": "json"}, form=form)
    content = json.loads(await response.get_data(as_text=True))["subsonic-response"]
    assert (response.status_code, content["error"]["code"]) == (500, 0)
    assert "relation" not in content["error"]["message"]
    assert [(entry["log_level"], str(entry["exc_info"])) for entry in said_by_us(logged)] == [
        ("error", 'relation "users" does not exist')
    ]


async def test_a_client_that_leaves_in_the_middle_of_its_form_is_no_fault_of_ours(house: House) -> None:
    send, receive = trio.open_memory_channel[dict[str, Any]](2)

    async def take(_message: object) -> None:
        pass

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/rest/ping",
        "query_string": b"",
        "headers": [(b"host", b"tonearm.local"), (b"content-type", b"application/x-www-form-urlencoded")],
        "client": ("192.0.2.1", 4711),
    }
    with structlog.testing.capture_logs() as logged:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.app, scope, receive.receive, take)  # type: ignore[arg-type]  # looser than ASGI
            await send.send({"type": "http.request", "body": b"u=ad", "more_body": True})
            await trio.testing.wait_all_tasks_blocked()
            await send.send({"type": "http.disconnect"})
    assert said_by_us(logged) == []


def said_by_us(logged: list[EventDict]) -> list[EventDict]:
    """Without what the database's own process says meanwhile."""
    return [entry for entry in logged if entry["event"] != "PostgreSQL says"]


# --- old clients


async def test_dsub_is_not_sent_a_field_that_it_does_not_know(house: House) -> None:
    album = await house.ok("getAlbumList2", type="newest", size=1, offset=1)
    root = await house.xml("getAlbumList2", type="newest", size=1, offset=1, c="DSub", v="1.2.0")
    assert set(root.attrib) == {"status", "version"}
    (sent,) = root[0]
    assert "displayArtist" in album["album"][0]
    assert "displayArtist" not in sent.attrib
    assert len(sent) == 0
    assert sent.get("name") == album["album"][0]["name"]


async def test_dsub_is_not_sent_one_in_json_either(house: House) -> None:
    content = await house.answer("getSong", c="DSub", id=f"tr-{house.world.track('Alpha').id.hex}")
    assert set(content) == {"status", "version", "song"}
    assert "musicBrainzId" not in content["song"]
    assert content["song"]["isDir"] is False


async def test_xml_carries_hostile_text(house: House) -> None:
    root = await house.xml("search3", query='""')
    titles = {each.get("title") for each in root.iter(f"{NAMESPACE}song")}
    assert "de & 'f' \"g\"\n" in titles
    genres = await house.xml("getGenres")
    assert 'R&B <"' in {each.text for each in genres.iter(f"{NAMESPACE}genre")}
    assert ET.tostring(genres)
