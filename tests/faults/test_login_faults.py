"""Every odd way to sign in, on both doors."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.server import ADMIN, PASSWORD, Server, tonearm

_FORM = {"v": "1.16.1", "c": "stranger", "f": "json"}


@pytest.fixture(scope="module")
def server(pressed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("logins") / "data"
    # A guest whose name would match everything if it were a pattern
    added = tonearm("user", "add", "b%b", "--guest", "--password-stdin", "--data-dir", data, stdin="guest's own\n")
    assert added.returncode == 0, added.stderr
    with Server(data, pressed, watch="false") as server:
        server.until_scanned()
        yield server


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_addresses = itertools.count(2)


def ping(server: Server, *pairs: tuple[str, str], post: bool = False) -> dict[str, Any]:
    """As somebody on another machine of the house each time, so that no throttle is in the way."""
    given: list[tuple[str, Any]] = [*_FORM.items(), *pairs]
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{next(_addresses)}")
    with httpx.Client(transport=transport) as client:
        if post:
            form = "&".join(f"{name}={httpx.QueryParams({'x': value})['x']}" for name, value in given)
            answer = client.post(
                f"{server.url}/rest/ping.view",
                content=form,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        else:
            answer = client.get(f"{server.url}/rest/ping", params=given)
    assert answer.status_code == 200, answer.text
    envelope: dict[str, Any] = json.loads(answer.content)["subsonic-response"]
    return envelope


def code(envelope: dict[str, Any]) -> int:
    assert envelope["status"] == "failed", envelope
    number: int = envelope["error"]["code"]
    return number


_WRONG = {
    "a pattern as a name": (("u", "%"), ("p", PASSWORD)),
    "a pattern as a name, by token": (("u", "%"), ("s", "x"), ("t", md5(PASSWORD + "x"))),
    "a name that a pattern would match": (("u", "bob"), ("p", "guest's own")),
    "an injection": (("u", f"{ADMIN}' OR '1'='1"), ("p", "x")),
    "an empty password's token": (("u", ADMIN), ("s", "salt"), ("t", md5("salt"))),
    "an unknown name with the salt's token": (("u", "nobody"), ("s", "salt"), ("t", md5("salt"))),
    "an unknown name with None's token": (("u", "nobody"), ("s", "salt"), ("t", md5("Nonesalt"))),
    "a token for a password": (("u", ADMIN), ("p", md5(PASSWORD))),
    "an enc: of nothing": (("u", ADMIN), ("p", "enc:")),
    "an enc: of odd length": (("u", ADMIN), ("p", "enc:" + PASSWORD.encode().hex()[:-1])),
    "an enc: that is no hex": (("u", ADMIN), ("p", "enc:zz")),
    "an enc: that is no UTF-8": (("u", ADMIN), ("p", "enc:ff")),
    "an enc: of a NUL": (("u", ADMIN), ("p", "enc:00")),
    "a NUL": (("u", f"{ADMIN}\0"), ("p", PASSWORD)),
    "a long name": (("u", "a" * 5000), ("p", "x")),
    "a long password": (("u", ADMIN), ("p", "a" * 20_000)),
    "a surrogate": (("u", "\ufffd"), ("p", "\ufffd")),
}


@pytest.mark.parametrize("way", _WRONG)
def test_it_is_wrong_and_no_more_is_said(server: Server, way: str) -> None:
    post = way == "a long password"
    assert code(ping(server, *_WRONG[way], post=post)) == 40


_REFUSED = {
    "no name": ((("p", "x"),), 10),
    "an empty name": ((("u", ""), ("p", PASSWORD)), 10),
    "nothing that proves": ((("u", ADMIN),), 10),
    "an empty token": ((("u", ADMIN), ("t", ""), ("s", "")), 40),
    "a token without its salt": ((("u", ADMIN), ("t", "x")), 10),
    "a password and a token": ((("u", ADMIN), ("p", PASSWORD), ("t", md5(PASSWORD + "x")), ("s", "x")), 43),
    "two names": ((("u", ADMIN), ("u", "b%b"), ("p", PASSWORD)), 43),
    "two passwords": ((("u", ADMIN), ("p", PASSWORD), ("p", "x")), 43),
    "a key and a name": ((("apiKey", "x"), ("u", ADMIN)), 43),
    "a key": ((("apiKey", "x"),), 44),
}


@pytest.mark.parametrize("way", _REFUSED)
def test_it_is_refused_for_what_it_is(server: Server, way: str) -> None:
    pairs, expected = _REFUSED[way]
    assert code(ping(server, *pairs)) in {expected, 40 if expected == 10 else expected}


_RIGHT = {
    "plainly": (("u", ADMIN), ("p", PASSWORD)),
    "with enc:": (("u", ADMIN), ("p", "enc:" + PASSWORD.encode().hex())),
    "with enc: in capitals": (("u", ADMIN), ("p", "enc:" + PASSWORD.encode().hex().upper())),
    "with a salt of one character": (("u", ADMIN), ("s", "x"), ("t", md5(PASSWORD + "x"))),
    "with a token in capitals": (("u", ADMIN), ("s", "x"), ("t", md5(PASSWORD + "x").upper())),
    "with the same name twice": (("u", ADMIN), ("u", ADMIN), ("p", PASSWORD)),
    "with a name that is a pattern": (("u", "b%b"), ("p", "guest's own")),
}


@pytest.mark.parametrize("way", _RIGHT)
def test_it_signs_in(server: Server, way: str) -> None:
    assert ping(server, *_RIGHT[way])["status"] == "ok"


def test_a_guest_changes_nothing_and_sees_nobody(server: Server) -> None:
    app = server.app(user="b%b", password="guest's own")
    song = app.songs()[0]["id"]
    assert app.call("getUser", username="b%b")["user"]["adminRole"] is False
    for endpoint, more in {
        "startScan": {},
        "getUser": {"username": ADMIN},
        "star": {"id": song},
        "setRating": {"id": song, "rating": 5},
    }.items():
        assert app.envelope(endpoint, **more)["error"]["code"] == 50, endpoint
    assert app.get("stream", id=song).headers["Content-Type"].startswith("audio/")


def test_stars_are_each_listeners_own(server: Server) -> None:
    app, guest = server.app(), server.app(user="b%b", password="guest's own")
    song = app.songs()[0]["id"]
    app.call("star", id=song)
    assert guest.call("getStarred2")["starred2"].get("song", []) == []
    assert "starred" not in guest.call("getSong", id=song)["song"]


def test_a_cookie_opens_no_rest(server: Server) -> None:
    signed_in = httpx.post(f"{server.url}/api/v1/sessions/", json={"name": ADMIN, "password": PASSWORD})
    cookies = dict(signed_in.cookies)
    answer = httpx.get(
        f"{server.url}/rest/ping", params=_FORM, headers={"Cookie": "; ".join(map("=".join, cookies.items()))}
    )
    assert code(answer.json()["subsonic-response"]) == 10


def _guess(server: Server, number: int, address: str) -> int:
    """The code of a wrong guess, -1 for one that was not looked at."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
        answer = client.get(f"{server.url}/rest/ping", params=_FORM | {"u": ADMIN, "p": f"guess {number}"})
    return -1 if "Retry-After" in answer.headers else int(answer.json()["subsonic-response"]["error"]["code"])


def test_guesses_are_throttled_on_rest_and_others_go_on(server: Server) -> None:
    codes = [_guess(server, number, "127.1.0.1") for number in range(15)]
    assert codes[:5] == [40] * 5
    assert codes[-3:] == [-1] * 3
    # The owner elsewhere, and the owner's other door from there.
    assert server.app().call("ping")


def test_guesses_are_throttled_on_sessions(server: Server) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.1.0.2")) as client:
        address = f"{server.url}/api/v1/sessions/"
        answers = [client.post(address, json={"name": ADMIN, "password": f"guess {n}"}) for n in range(14)]
        assert [answer.status_code for answer in answers[:5]] == [401] * 5
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) > 0
        # The right password is not looked at either, or a guesser would learn of it.
        assert client.post(address, json={"name": ADMIN, "password": PASSWORD}).status_code == 429


def test_thirty_guesses_on_one_account_shut_every_door_to_it(server: Server) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.1.0.9")) as client:
        for number in range(40):
            guess = {"u": ADMIN, "p": f"guess {number}", "c": f"app {number}"}
            client.get(f"{server.url}/rest/ping", params=_FORM | guess)
        rest = client.get(f"{server.url}/rest/ping", params=_FORM | {"u": ADMIN, "p": PASSWORD})
        assert rest.json()["subsonic-response"]["status"] == "failed"
        page = client.post(f"{server.url}/api/v1/sessions/", json={"name": ADMIN, "password": PASSWORD})
        assert page.status_code == 429


def test_a_lying_header_changes_nobodys_network(server: Server) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.1.0.3")) as client:
        codes = []
        for number in range(14):
            answer = client.get(
                f"{server.url}/rest/ping",
                params=_FORM | {"u": ADMIN, "p": f"guess {number}"},
                headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"},
            )
            codes.append("Retry-After" in answer.headers)
    assert codes[-1]
