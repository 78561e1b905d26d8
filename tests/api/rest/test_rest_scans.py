"""Scans: asked for, followed, cancelled; and what they could not read."""

from typing import Any

from quart.typing import TestClientProtocol as Client

from appliance.core.ports import Store

Headers = dict[str, str]


async def ask(client: Client, headers: Headers, **body: str) -> Any:
    return await client.post("/api/v1/scans/", json=body, headers=headers)


async def test_a_scan_is_asked_for_and_read(client: Client, administrator: Headers) -> None:
    response = await ask(client, administrator, kind="full")
    assert response.status_code == 201
    scan = await response.get_json()
    assert (scan["kind"], scan["state"]) == ("full", "queued")
    read = await client.get(f"/api/v1/scans/{scan['id']}", headers=administrator)
    assert await read.get_json() == scan
    listed = await (await client.get("/api/v1/scans/", headers=administrator)).get_json()
    assert listed["items"][0] == scan
    assert listed["pagination"]["total_count"] == 2


async def test_a_scan_is_quick_unless_said_otherwise(client: Client, administrator: Headers) -> None:
    assert (await (await ask(client, administrator)).get_json())["kind"] == "quick"


async def test_progress_shows_in_the_scan(client: Client, administrator: Headers, store: Store) -> None:
    scan = await (await ask(client, administrator)).get_json()
    async with store.begin() as work:
        assert await work.scans.take() is not None
    read = await (await client.get(f"/api/v1/scans/{scan['id']}", headers=administrator)).get_json()
    assert read["state"] == "running"
    assert read["started_at"] is not None


async def test_a_scan_is_cancelled(client: Client, administrator: Headers) -> None:
    scan = await (await ask(client, administrator)).get_json()
    response = await client.delete(f"/api/v1/scans/{scan['id']}", headers=administrator)
    assert response.status_code == 204
    read = await (await client.get(f"/api/v1/scans/{scan['id']}", headers=administrator)).get_json()
    assert read["state"] == "cancelled"


async def test_an_ended_scan_stays_as_it_is(client: Client, administrator: Headers) -> None:
    (ended,) = (await (await client.get("/api/v1/scans/", headers=administrator)).get_json())["items"]
    assert (await client.delete(f"/api/v1/scans/{ended['id']}", headers=administrator)).status_code == 204
    assert await (await client.get(f"/api/v1/scans/{ended['id']}", headers=administrator)).get_json() == ended


async def test_only_administrators_ask_and_cancel(client: Client, member: Headers) -> None:
    assert (await ask(client, member)).status_code == 403
    (ended,) = (await (await client.get("/api/v1/scans/", headers=member)).get_json())["items"]
    assert (await client.delete(f"/api/v1/scans/{ended['id']}", headers=member)).status_code == 403


async def test_an_unknown_kind_is_refused(client: Client, administrator: Headers) -> None:
    for kind in ["sideways", "", 1, None, ["full"], {"full": 1}]:
        response = await client.post("/api/v1/scans/", json={"kind": kind}, headers=administrator)
        assert response.status_code == 422
        assert (await response.get_json())["detail"][0]["loc"] == ["body", "kind"]


async def test_what_could_not_be_read_is_listed_with_its_reason(client: Client, member: Headers) -> None:
    answer = await (await client.get("/api/v1/scans/faults/", headers=member)).get_json()
    (fault,) = answer["items"]
    assert (fault["path"], fault["reason"]) == ("Broken/\ufffd.mp3", "No audio was found in it.")
    assert answer["pagination"] == {"total_count": 1, "max_page": 1}
