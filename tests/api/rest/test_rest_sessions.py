"""Signing in and out, and who may do what."""

from typing import Any

from quart.typing import TestClientProtocol as Client

Headers = dict[str, str]
PASSWORD = "correct horse"


async def sign_in(client: Client, headers: Headers | None = None, **body: object) -> Any:
    return await client.post("/api/v1/sessions/", json=body, headers=headers)


async def test_signing_in_gives_a_token_that_opens_the_library(doorstep: Client) -> None:
    response = await sign_in(doorstep, name="member", password=PASSWORD)
    assert response.status_code == 201
    session = await response.get_json()
    assert session["user"]["name"] == "member"
    me = await doorstep.get("/api/v1/me", headers={"Authorization": f"Bearer {session['token']}"})
    assert await me.get_json() == session["user"]


async def test_the_cookie_is_for_the_interface_only_and_hidden_from_scripts(doorstep: Client) -> None:
    cookie = (await sign_in(doorstep, name="member", password=PASSWORD)).headers["Set-Cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/api", "max-age=2592000"} <= parts
    assert cookie.startswith("tonearm_session=")


async def test_the_cookie_opens_the_interface_and_not_rest(doorstep: Client) -> None:
    session = await (await sign_in(doorstep, name="member", password=PASSWORD)).get_json()
    cookie = {"Cookie": f"tonearm_session={session['token']}"}
    assert (await doorstep.get("/api/v1/me", headers=cookie)).status_code == 200
    subsonic = await doorstep.get("/rest/ping.view?f=json&v=1.16.1&c=test", headers=cookie)
    assert (await subsonic.get_json())["subsonic-response"]["status"] == "failed"


async def test_signing_out_ends_the_session(client: Client, member: Headers) -> None:
    response = await client.delete("/api/v1/sessions/current", headers=member)
    assert response.status_code == 204
    assert await response.get_data() == b""
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert (await client.get("/api/v1/me", headers=member)).status_code == 401


async def test_nothing_is_open_without_a_session(client: Client) -> None:
    for headers in [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic bWVtYmVyOmNvcnJlY3QgaG9yc2U="},
        {"Cookie": "tonearm_session="},
        {"Cookie": "tonearm_session=wrong"},
        {"Authorization": "Bearer \xff"},
    ]:
        for path in ["me", "tracks/", "albums/", "artists/", "scans/", "scans/faults/", "tracks/x"]:
            response = await client.get(f"/api/v1/{path}", headers=headers)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert (await response.get_json())["detail"][0]["type"] == "not_signed_in"


async def test_a_wrong_name_and_a_wrong_password_look_the_same(doorstep: Client) -> None:
    for name, password in [("member", "wrong"), ("nobody", PASSWORD), ("%", PASSWORD), ("member", ""), ("", "")]:
        response = await sign_in(doorstep, name=name, password=password)
        assert response.status_code == 401
        assert (await response.get_json())["detail"] == [
            {"loc": [], "msg": "Wrong username or password.", "type": "wrong_credentials"}
        ]
        assert "Set-Cookie" not in response.headers


async def test_too_many_wrong_attempts_are_told_to_wait(doorstep: Client) -> None:
    statuses = [(await sign_in(doorstep, name="member", password="wrong")).status_code for _ in range(12)]
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429
    response = await sign_in(doorstep, name="member", password=PASSWORD)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


async def test_a_malformed_body_is_refused_with_every_fault(client: Client) -> None:
    for body, places in [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b"null", ["body"]),
        (b"\xff", ["body"]),
        (b"[" * 100_000, ["body"]),
        (b"{}", ["body.name", "body.password"]),
        (b'{"name": 1, "password": null, "admin": true}', ["body.admin", "body.name", "body.password"]),
        (b'{"name": "x", "password": "' + b"y" * 2000 + b'"}', ["body.password"]),
        (b'{"name": "a\\ud800", "password": "x"}', ["body"]),
    ]:
        response = await client.post("/api/v1/sessions/", data=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert sorted(".".join(fault["loc"]) for fault in (await response.get_json())["detail"]) == places


async def test_faults_of_query_and_body_are_listed_together(doorstep: Client) -> None:
    response = await doorstep.post("/api/v1/sessions/?remember=1", json={"name": "member"})
    places = sorted(".".join(fault["loc"]) for fault in (await response.get_json())["detail"])
    assert places == ["body.password", "query.remember"]


async def test_a_form_is_not_a_body(doorstep: Client) -> None:
    response = await doorstep.post("/api/v1/sessions/", form={"name": "member", "password": PASSWORD})
    assert response.status_code == 422


async def test_a_body_over_a_megabyte_is_refused(client: Client) -> None:
    response = await sign_in(client, name="x" * 2_000_000, password="x")
    assert response.status_code == 413
    assert (await response.get_json())["detail"][0]["msg"].startswith("A request's body has at most")


async def test_a_write_by_cookie_must_come_from_our_own_page(client: Client, administrator: Headers) -> None:
    for headers, status in [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "http://localhost:8080"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[broken"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 403),
    ]:
        token = administrator["Authorization"].removeprefix("Bearer ")
        response = await client.post(
            "/api/v1/scans/", json={}, headers={"Cookie": f"tonearm_session={token}", **headers}
        )
        assert response.status_code == status


async def test_a_foreign_page_cannot_sign_somebody_in(doorstep: Client) -> None:
    response = await sign_in(doorstep, {"Sec-Fetch-Site": "cross-site"}, name="member", password=PASSWORD)
    assert response.status_code == 403


async def test_a_bearer_token_writes_from_anywhere(client: Client, administrator: Headers) -> None:
    headers = {**administrator, "Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert (await client.post("/api/v1/scans/", json={}, headers=headers)).status_code == 201
