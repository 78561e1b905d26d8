"""Devices through the interface: what their secrets open, and what they do not."""

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.audit import EntryPage
from appliance.api.rest.devices import DeviceCreated, DevicePage, DeviceRead
from appliance.api.rest.invitations import InvitationCreated
from appliance.api.rest.sessions import UserRead
from appliance.core.devices import MOST_DEVICES
from tests.api.rest.api import Api


async def made(api: Api, name: str = "Phone", **more: object) -> DeviceCreated:
    return await api.post("/devices/", {"name": name, **more}, DeviceCreated)


def by(client: Client, secret: str) -> Api:
    """Whoever has this secret."""
    return Api(client, {"Authorization": f"Bearer {secret}"})


def shown(device: DeviceCreated) -> DeviceRead:
    return DeviceRead(**{name: getattr(device, name) for name in DeviceRead.__struct_fields__})


# --- Making, finding, changing, revoking


async def test_a_device_is_made_found_changed_and_revoked(as_member: Api) -> None:
    phone = await made(as_member, " Phone ")
    assert (phone.name, phone.scopes, phone.last_seen_at) == ("Phone", ("read", "write", "subsonic"), None)
    assert await as_member.get(f"/devices/{phone.id}", DeviceRead) == shown(phone)
    script = await made(as_member, "Script", scopes=["write", "read", "read"])
    assert script.scopes == ("read", "write")
    listed = await as_member.get("/devices/", DevicePage)
    assert (listed.items, listed.pagination.total_count) == ([shown(script), shown(phone)], 2)
    assert (await as_member.get("/devices/", DevicePage, page=2, limit=1)).items == [shown(phone)]

    changed = await as_member.patch(f"/devices/{phone.id}", {"name": "Old phone", "scopes": ["read"]}, DeviceRead)
    assert (changed.id, changed.name, changed.scopes) == (phone.id, "Old phone", ("read",))
    assert await as_member.patch(f"/devices/{phone.id}", {}, DeviceRead) == changed
    await as_member.delete(f"/devices/{phone.id}")
    await as_member.refused(404, "GET", f"/devices/{phone.id}")
    await as_member.refused(404, "DELETE", f"/devices/{phone.id}")
    assert (await as_member.get("/devices/", DevicePage)).items == [shown(script)]


async def test_the_secret_is_shown_once_and_kept_nowhere(client: Client, as_member: Api, database_url: str) -> None:
    response = await client.post("/api/v1/devices/", json={"name": "Phone"}, headers=as_member.headers)
    assert response.headers["Cache-Control"] == "no-store"
    phone = await response.get_json()
    bare = phone["secret"].replace("-", "")
    assert len(bare) == 28
    assert len(set(bare)) > 5
    listed = await client.get("/api/v1/devices/", headers=as_member.headers)
    assert "secret" not in await listed.get_data(as_text=True)
    with psycopg.connect(database_url) as witness:
        (row,) = witness.execute("SELECT devices::text FROM devices").fetchall()
        assert phone["secret"] not in row[0]
        assert phone["secret"].encode().hex() not in row[0]
        assert bare.encode().hex() not in row[0]


async def test_the_link_tells_an_app_all_that_it_needs(as_member: Api, as_administrator: Api) -> None:
    await as_administrator.patch("/settings/", {"name": "Küche & Co"}, dict[str, Any])
    phone = await made(as_member)
    parts = urlsplit(phone.link)
    assert (parts.scheme, parts.netloc) == ("tonearm", "connect")
    assert parse_qs(parts.query) == {
        "server": ["http://localhost"],
        "user": ["member"],
        "secret": [phone.secret],
        "name": ["Küche & Co"],
    }
    assert len(phone.link) < 300


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "body.name"),
        ({"name": " "}, ""),
        ({"name": "x" * 101}, "body.name"),
        ({"name": "x", "scopes": []}, "body.scopes"),
        ({"name": "x", "scopes": ["everything"]}, "body.scopes.0"),
        ({"name": "x", "scopes": ["read"] * 11}, "body.scopes"),
        ({"name": "x", "secret": "mine"}, "body.secret"),
    ],
)
async def test_what_cannot_be_is_refused(as_member: Api, body: dict[str, object], place: str) -> None:
    assert [where for where, _ in await as_member.refused(422, "POST", "/devices/", body)] == [place]


async def test_there_is_an_end_to_how_many(as_member: Api) -> None:
    for number in range(MOST_DEVICES):
        await made(as_member, f"Device {number}")
    await as_member.refused(409, "POST", "/devices/", {"name": "One more"})


async def test_guests_make_none(as_guest: Api) -> None:
    await as_guest.refused(403, "POST", "/devices/", {"name": "Phone"})
    assert (await as_guest.get("/devices/", DevicePage)).items == []


async def test_another_s_device_is_not_there_but_for_administrators(as_member: Api, as_administrator: Api) -> None:
    theirs = await made(as_administrator)
    for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
        for id_ in (theirs.id, uuid4()):
            assert await as_member.refused(404, method, f"/devices/{id_}", body) == [("", "not_found")]
    await as_member.refused(403, "GET", "/devices/", user=theirs.user_id)
    phone = await made(as_member)
    assert (await as_member.get("/devices/", DevicePage, user=phone.user_id)).items == [shown(phone)]
    assert (await as_administrator.get("/devices/", DevicePage)).items == [shown(theirs)]
    assert (await as_administrator.get("/devices/", DevicePage, user=phone.user_id)).items == [shown(phone)]
    assert await as_administrator.get(f"/devices/{phone.id}", DeviceRead) == shown(phone)
    await as_administrator.refused(403, "PATCH", f"/devices/{phone.id}", {"name": "spied upon"})
    await as_administrator.delete(f"/devices/{phone.id}")
    assert (await as_member.get("/devices/", DevicePage)).items == []


# --- What a secret opens


async def test_a_secret_is_a_bearer_token_however_it_is_typed(client: Client, as_member: Api) -> None:
    phone = await made(as_member)
    for secret in (phone.secret, phone.secret.upper(), phone.secret.replace("-", ""), phone.secret.replace("-", " ")):
        assert (await by(client, secret).get("/me", UserRead)).name == "member"
    cookie = {"Cookie": f"tonearm_session={phone.secret}", "Sec-Fetch-Site": "same-origin"}
    assert (await client.get("/api/v1/me", headers=cookie)).status_code == 401
    await as_member.delete(f"/devices/{phone.id}")
    await by(client, phone.secret).refused(401, "GET", "/me")


@pytest.mark.parametrize(
    ("scopes", "statuses"),
    [(["read"], (200, 403)), (["write"], (403, 200)), (["read", "write"], (200, 200)), (["subsonic"], (403, 403))],
)
async def test_a_device_stays_within_its_scopes(
    client: Client, as_member: Api, scopes: list[str], statuses: tuple[int, int]
) -> None:
    """Asked to read, and to write."""
    phone = await made(as_member, scopes=scopes)
    device = by(client, phone.secret)
    me = (await as_member.get("/me", UserRead)).id
    read = await client.get("/api/v1/tracks/", headers=device.headers)
    written = await client.patch(f"/api/v1/users/{me}", json={}, headers=device.headers)
    assert (read.status_code, written.status_code) == statuses


async def test_only_the_scope_admin_makes_an_administrator_of_it(client: Client, as_administrator: Api) -> None:
    modest, mighty = await made(as_administrator), await made(as_administrator, scopes=["read", "write", "admin"])
    await by(client, modest.secret).refused(403, "GET", "/users/")
    assert (await by(client, modest.secret).get("/me", UserRead)).role == "member"
    other = await as_administrator.post("/users/", {"name": "b", "password": "b"}, UserRead)
    await by(client, modest.secret).refused(404, "GET", f"/users/{other.id}")
    invited = await by(client, mighty.secret).post("/invitations/", {}, InvitationCreated)
    assert (await by(client, mighty.secret).get("/me", UserRead)).role == "admin"
    assert invited.role == "member"


async def test_the_scope_admin_makes_no_administrator_of_a_member(client: Client, as_member: Api) -> None:
    phone = await made(as_member, scopes=["read", "write", "admin", "subsonic"])
    await by(client, phone.secret).refused(403, "GET", "/users/")


async def test_a_device_gives_itself_and_others_nothing(client: Client, as_administrator: Api) -> None:
    phone = await made(as_administrator, scopes=["read", "write", "admin"])
    other = await made(as_administrator)
    device = by(client, phone.secret)
    await device.refused(403, "POST", "/devices/", {"name": "child", "scopes": ["subsonic"]})
    await device.refused(403, "PATCH", f"/devices/{phone.id}", {"scopes": ["subsonic"]})
    await device.refused(403, "DELETE", f"/devices/{other.id}")
    await device.refused(403, "DELETE", "/sessions/current")
    await device.refused(403, "DELETE", f"/sessions/{uuid4()}")
    await device.delete(f"/devices/{phone.id}")
    await device.refused(401, "GET", "/me")


async def test_when_it_was_seen_is_written_down_once_an_hour(client: Client, as_member: Api, database_url: str) -> None:
    phone = await made(as_member)
    device = by(client, phone.secret)

    async def seen() -> datetime | None:
        await device.get("/me", UserRead)
        return (await as_member.get(f"/devices/{phone.id}", DeviceRead)).last_seen_at

    first = await seen()
    assert first is not None
    assert datetime.now(UTC) - first < timedelta(minutes=1)
    assert await seen() == first
    with psycopg.connect(database_url) as witness:
        witness.execute("UPDATE devices SET last_seen_at = last_seen_at - interval '61 minutes'")
    again = await seen()
    assert again is not None
    assert again >= first


async def test_guesses_are_throttled_and_who_has_a_secret_is_not_shut_out(client: Client, as_member: Api) -> None:
    phone = await made(as_member)
    device = by(client, phone.secret)
    await device.get("/me", UserRead)
    old = by(client, "a" * 28)
    for _ in range(10):
        await old.refused(401, "GET", "/me")
    await old.refused(429, "GET", "/me")
    statuses = []
    for number in range(40):
        guess = f"{'b' * 26}{'abcdefghjk'[number // 10]}{'abcdefghjk'[number % 10]}"
        response = await client.get("/api/v1/me", headers=by(client, guess).headers)
        statuses.append(response.status_code)
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert "Retry-After" in response.headers
    await device.get("/me", UserRead)
    await as_member.get("/me", UserRead)


async def test_it_is_written_down_without_the_secret(as_administrator: Api, database_url: str) -> None:
    phone = await made(as_administrator)
    await as_administrator.patch(f"/devices/{phone.id}", {"name": "Old phone"}, DeviceRead)
    await as_administrator.delete(f"/devices/{phone.id}")
    entries = (await as_administrator.get("/audit/", EntryPage, subject=phone.id)).items
    assert [(entry.action, entry.subject_name, entry.fields) for entry in entries] == [
        ("device_revoked", "Old phone", []),
        ("device_changed", "Old phone", ["name"]),
        ("device_created", "Phone", []),
    ]
    assert {entry.actor_name for entry in entries} == {"admin"}
    with psycopg.connect(database_url) as witness:
        rows = witness.execute("SELECT audit::text FROM audit").fetchall()
        assert not [row for row in rows if phone.secret in row[0]]


# --- Subsonic


async def rest(client: Client, endpoint: str = "ping", **parameters: str) -> dict[str, Any]:
    query = {"v": "1.16.1", "c": "test", "f": "json"} | parameters
    response = await client.get(f"/rest/{endpoint}", query_string=query)
    envelope: dict[str, Any] = (await response.get_json())["subsonic-response"]
    return envelope


def code(envelope: dict[str, Any]) -> int:
    assert envelope["status"] == "failed", envelope
    number: int = envelope["error"]["code"]
    return number


def token(secret: str, salt: str = "c19b2d") -> dict[str, str]:
    return {"t": md5((secret + salt).encode(), usedforsecurity=False).hexdigest(), "s": salt}


async def test_a_secret_is_every_kind_of_credential_for_subsonic(client: Client, as_member: Api) -> None:
    await made(as_member, "Another")
    phone = await made(as_member)
    for credentials in (
        {"apiKey": phone.secret},
        {"u": "member", "p": phone.secret},
        {"u": "member", "p": "enc:" + phone.secret.encode().hex()},
        {"u": "member"} | token(phone.secret),
        {"u": "member"} | token("correct horse"),
        {"u": "member", "p": "correct horse"},
    ):
        assert (await rest(client, **credentials))["status"] == "ok", credentials
    assert (await as_member.get(f"/devices/{phone.id}", DeviceRead)).last_seen_at is not None
    await as_member.delete(f"/devices/{phone.id}")
    assert code(await rest(client, apiKey=phone.secret)) == 44
    assert code(await rest(client, u="member", p=phone.secret)) == 40
    assert code(await rest(client, u="member", **token(phone.secret))) == 40


async def test_a_key_tells_whose_it_is_and_comes_alone(client: Client, as_member: Api) -> None:
    phone = await made(as_member)
    assert (await rest(client, "tokenInfo", apiKey=phone.secret))["tokenInfo"] == {"username": "member"}
    for more in ({"u": "member"}, {"p": "x"}, {"t": "x"}, {"s": "x"}):
        assert code(await rest(client, apiKey=phone.secret, **more)) == 43
    for wrong in ("x", "", "a" * 28, "\0", "é" * 500):
        assert code(await rest(client, apiKey=wrong)) in {10, 44}
    offered = (await rest(client, "getOpenSubsonicExtensions"))["openSubsonicExtensions"]
    assert {"name": "apiKeyAuthentication", "versions": [1]} in offered


async def test_a_secret_opens_one_s_own_account_alone(client: Client, as_member: Api, as_administrator: Api) -> None:
    phone = await made(as_member)
    await as_administrator.get("/me", UserRead)
    assert code(await rest(client, u="admin", p=phone.secret)) == 40
    assert code(await rest(client, u="admin", **token(phone.secret))) == 40
    assert code(await rest(client, u="nobody", p=phone.secret)) == 40


async def test_a_device_that_is_not_for_subsonic_is_told_so(client: Client, as_member: Api) -> None:
    script = await made(as_member, scopes=["read"])
    for credentials in (
        {"apiKey": script.secret},
        {"u": "member", "p": script.secret},
        {"u": "member"} | token(script.secret),
    ):
        assert code(await rest(client, **credentials)) == 50


async def test_without_the_scope_admin_an_administrator_s_app_is_a_member_s(
    client: Client, as_administrator: Api
) -> None:
    modest, mighty = await made(as_administrator), await made(as_administrator, scopes=["subsonic", "admin"])
    for secret, admin in ((modest.secret, False), (mighty.secret, True)):
        user = (await rest(client, "getUser", apiKey=secret, username="admin"))["user"]
        assert user["adminRole"] is admin
    assert code(await rest(client, "startScan", apiKey=modest.secret)) == 50
    assert (await rest(client, "startScan", apiKey=mighty.secret))["status"] == "ok"


async def test_keys_are_not_guessed_for_ever(client: Client, as_member: Api) -> None:
    phone = await made(as_member)
    assert (await rest(client, apiKey=phone.secret))["status"] == "ok"
    assert [code(await rest(client, apiKey="a" * 28)) for _ in range(12)] == [44] * 10 + [0] * 2
    assert (await rest(client, apiKey=phone.secret))["status"] == "ok"
