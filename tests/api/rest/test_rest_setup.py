"""Setting up by the native interface."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.services import Services
from appliance.core.machine import MachineWishes
from appliance.core.setup import Terms
from tests.core.setting_up import MemoryMachine

ADDRESS = "/api/v1/setup/"
ANSWERS = {"administrator": "ada", "password": "correct horse"}


async def post(client: Client, body: Any, **headers: str) -> tuple[int, Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.post(ADDRESS, json=body, headers=given)
    return response.status_code, await response.get_json()


async def is_needed(client: Client) -> bool:
    answer = await (await client.get(ADDRESS)).get_json()
    assert isinstance(answer["needed"], bool)
    return answer["needed"]


async def libraries(services: Services) -> list[bytes]:
    async with services.store.begin() as work:
        return [library.root for library in await work.libraries.all()]


async def test_it_tells_what_there_is_to_set_up(client: Client, tmp_path: Path) -> None:
    response = await client.get(ADDRESS)
    assert await response.get_json() == {
        "needed": True,
        "machine": {"device_name": "tonearm", "time_zone": "Etc/UTC"},
        "music_folder": str(tmp_path / "music"),
        "asks_for_code": False,
    }
    assert response.headers["Cache-Control"] == "no-store"


async def test_afterwards_it_tells_nothing(client: Client, administrator: dict[str, str]) -> None:
    assert administrator
    answer = await (await client.get(ADDRESS)).get_json()
    assert answer == {"needed": False, "machine": None, "music_folder": None, "asks_for_code": False}


async def test_it_signs_in_and_says_how_to_go_on(
    client: Client, services: Services, machine: MemoryMachine, tmp_path: Path
) -> None:
    machine.refuses = {"time_zone": "The time zone could not be set."}
    body = ANSWERS | {"device_name": "Küche", "time_zone": "Europe/Berlin", "clock": datetime.now(UTC).isoformat()}
    response = await client.post(ADDRESS, json=body, headers={"Host": "192.168.1.20"})
    assert response.status_code == 201
    done = await response.get_json()
    assert done["addresses"] == ["http://kuche.local", "http://192.168.1.20"]
    assert done["device_name"] == "kuche"
    assert done["music_folder"] == str(tmp_path / "music")
    assert done["notes"] == [{"field": "time_zone", "msg": "The time zone could not be set."}]
    assert (done["user"]["name"], done["user"]["role"]) == ("ada", "admin")
    assert machine.asked == [MachineWishes(name="kuche", time_zone="Europe/Berlin")]
    assert await libraries(services) == [bytes(tmp_path / "music")]
    assert (tmp_path / "music").is_dir()
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {done['token']}"})
    assert (await me.get_json())["name"] == "ada"
    cookie = response.headers["Set-Cookie"]
    assert f"tonearm_session={done['token']}" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/api" in cookie


async def test_it_asks_for_a_scan(client: Client, services: Services) -> None:
    await post(client, ANSWERS)
    async with services.store.begin() as work:
        scan = await work.scans.latest()
    assert scan is not None
    assert scan.finished_at is None


async def test_it_works_once(client: Client, services: Services, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert (await post(client, ANSWERS))[0] == 201
    status, answer = await post(client, ANSWERS | {"administrator": "eve", "music_folder": str(tmp_path / "other")})
    assert (status, answer["detail"][0]["type"]) == (409, "conflict")
    assert await libraries(services) == [bytes(tmp_path / "music")]
    async with services.store.begin() as work:
        assert [user.name for user in await work.users.all()] == ["ada"]


async def test_every_fault_is_told_at_once(client: Client) -> None:
    body = {"administrator": "", "password": "", "device_name": "?", "time_zone": "Mars", "music_folder": "music"}
    status, answer = await post(client, body)
    assert status == 422
    assert [tuple(fault["loc"]) for fault in answer["detail"]] == [
        ("body", "administrator"),
        ("body", "password"),
        ("body", "device_name"),
        ("body", "time_zone"),
        ("body", "music_folder"),
    ]
    assert all(fault["msg"] and fault["type"] for fault in answer["detail"])
    assert await is_needed(client)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
    ],
)
async def test_a_foreign_page_sets_nothing_up(client: Client, headers: dict[str, str]) -> None:
    status, _ = await post(client, ANSWERS, **headers)
    assert status == 403
    assert await is_needed(client)


async def test_under_a_foreign_name_there_is_nothing(client: Client) -> None:
    assert (await client.get(ADDRESS, headers={"Host": "evil.example"})).status_code == 421
    assert (await post(client, ANSWERS, Host="evil.example"))[0] == 421
    assert await is_needed(client)


async def test_a_page_of_ours_may(client: Client) -> None:
    assert (await post(client, ANSWERS, Host="tonearm.local", Origin="http://tonearm.local"))[0] == 201


#: JSON, what it is wrong of. Each is refused, and set-up stays open.
_BAD: list[Any] = [
    {},
    [],
    None,
    "ada",
    1,
    ANSWERS | {"administrator": None},
    ANSWERS | {"administrator": 1},
    ANSWERS | {"administrator": ["ada"]},
    ANSWERS | {"administrator": "\n\t"},
    ANSWERS | {"administrator": "\u0000"},
    ANSWERS | {"administrator": "a" * 65},
    ANSWERS | {"administrator": "a" * 100_000},
    ANSWERS | {"password": None},
    ANSWERS | {"password": ""},
    ANSWERS | {"password": "a\u0000b"},
    ANSWERS | {"password": "a" * 1025},
    ANSWERS | {"password": {"$ne": ""}},
    ANSWERS | {"device_name": ""},
    ANSWERS | {"device_name": "-"},
    ANSWERS | {"device_name": 7},
    ANSWERS | {"device_name": "localhost"},
    ANSWERS | {"device_name": "a" * 64},
    ANSWERS | {"device_name": "厨房"},
    ANSWERS | {"time_zone": ""},
    ANSWERS | {"time_zone": "Europe/Atlantis"},
    ANSWERS | {"time_zone": "localtime"},
    ANSWERS | {"time_zone": "Factory"},
    ANSWERS | {"time_zone": "/etc/passwd"},
    ANSWERS | {"time_zone": "Europe/Berlin\n"},
    ANSWERS | {"time_zone": 1},
    ANSWERS | {"clock": ""},
    ANSWERS | {"clock": "now"},
    ANSWERS | {"clock": "2026-11-20T14:05:00"},
    ANSWERS | {"clock": 1795176209},
    ANSWERS | {"clock": "2026-13-40T25:61:00Z"},
    ANSWERS | {"music_folder": ""},
    ANSWERS | {"music_folder": "music"},
    ANSWERS | {"music_folder": "~/Music"},
    ANSWERS | {"music_folder": "/"},
    ANSWERS | {"music_folder": "//"},
    ANSWERS | {"music_folder": "/proc"},
    ANSWERS | {"music_folder": "/proc/self/root"},
    ANSWERS | {"music_folder": "/dev"},
    ANSWERS | {"music_folder": "/etc/passwd"},
    ANSWERS | {"music_folder": "/srv/../proc"},
    ANSWERS | {"music_folder": "/no/such/folder"},
    ANSWERS | {"music_folder": "/srv\u0000/music"},
    ANSWERS | {"music_folder": "/" + "a" * 5000},
    ANSWERS | {"music_folder": ["/srv"]},
    ANSWERS | {"role": "admin"},
    ANSWERS | {"ssh_keys": ["ssh-ed25519 AAAA"]},
]


async def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(
    client: Client, services: Services, machine: MemoryMachine, tmp_path: Path
) -> None:
    before = await libraries(services)
    for body in _BAD:
        status, answer = await post(client, body)
        assert status == 422, body
        assert answer["detail"], body
    assert await is_needed(client)
    assert machine.asked == []
    assert await libraries(services) == before
    assert not (tmp_path / "music").exists()
    async with services.store.begin() as work:
        assert await work.users.all() == []


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"administrator=ada&password=x", b'{"administrator": "\\ud800", "password": "x"}'],
)
async def test_what_is_not_json_is_refused(client: Client, data: bytes) -> None:
    response = await client.post(ADDRESS, data=data, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert await is_needed(client)


async def test_a_form_is_not_taken(client: Client) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        response = await client.post(ADDRESS, data=json.dumps(ANSWERS).encode(), headers={"Content-Type": kind})
        assert response.status_code == 422
    assert await is_needed(client)


class TestWithACode:
    @pytest.fixture
    def terms(self, tmp_path: Path) -> Terms:
        return Terms(by_page=True, music_folder=tmp_path / "music", code="7KQM-2XWD")

    async def test_it_is_asked_for_and_taken(self, client: Client) -> None:
        assert (await (await client.get(ADDRESS)).get_json())["asks_for_code"]
        status, answer = await post(client, ANSWERS)
        assert (status, answer["detail"][0]["loc"]) == (422, ["body", "code"])
        assert (await post(client, ANSWERS | {"code": "7kqm2xwd"}))[0] == 201

    async def test_guesses_are_throttled(self, client: Client) -> None:
        statuses = [(await post(client, ANSWERS | {"code": f"guess {n}"}))[0] for n in range(12)]
        assert statuses[:10] == [422] * 10
        assert statuses[10:] == [429] * 2
        response = await client.post(ADDRESS, json=ANSWERS | {"code": "7KQM-2XWD"})
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) > 0
        assert await is_needed(client)
