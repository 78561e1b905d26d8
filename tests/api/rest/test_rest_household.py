"""The household's settings and its audit log, and where somebody is signed in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.audit import EntryPage
from appliance.api.rest.sessions import OpenSessionPage, UserRead
from appliance.api.rest.settings import SettingsRead
from appliance.api.services import Services
from appliance.core import audit, jobs
from appliance.core.audit import TERMINAL, Action
from appliance.jobs.forgetting import Forgetting
from tests.api.rest.api import Api

PASSWORD = "correct horse"

# --- Settings


async def test_settings_have_defaults_and_change_one_by_one(as_administrator: Api) -> None:
    assert await as_administrator.get("/settings/", SettingsRead) == SettingsRead(
        name="Tonearm", audit_days=365, invitation_days=7, jobs_days=14
    )
    changed = await as_administrator.patch("/settings/", {"name": " Küche\0", "audit_days": 30}, SettingsRead)
    assert changed == SettingsRead(name="Küche", audit_days=30, invitation_days=7, jobs_days=14)
    await as_administrator.patch("/settings/", {"audit_days": 31}, SettingsRead)
    assert await as_administrator.get("/settings/", SettingsRead) == SettingsRead(
        name="Küche", audit_days=31, invitation_days=7, jobs_days=14
    )
    assert await as_administrator.patch("/settings/", {}, SettingsRead) == SettingsRead(
        name="Küche", audit_days=31, invitation_days=7, jobs_days=14
    )
    entries = (await as_administrator.get("/audit/", EntryPage, action="settings_changed")).items
    assert [entry.fields for entry in entries] == [["audit_days"], ["audit_days", "name"]]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"colour": "red"}, "body.colour"),
        ({"name": ""}, "body.name"),
        ({"name": "  "}, ""),
        ({"name": "x" * 65}, "body.name"),
        ({"audit_days": 6}, "body.audit_days"),
        ({"audit_days": 2**63}, "body.audit_days"),
        ({"audit_days": None}, "body.audit_days"),
        ({"invitation_days": 31}, "body.invitation_days"),
        ({"invitation_days": "7"}, "body.invitation_days"),
    ],
)
async def test_a_setting_that_cannot_be_is_refused(as_administrator: Api, body: dict[str, Any], place: str) -> None:
    assert [where for where, _ in await as_administrator.refused(422, "PATCH", "/settings/", body)] == [place]


async def test_what_another_release_kept_is_left_aside(as_administrator: Api, database_url: str) -> None:
    with psycopg.connect(database_url) as witness:
        witness.execute("INSERT INTO settings (key, value) VALUES ('colour', '\"red\"'), ('audit_days', '1')")
    assert (await as_administrator.get("/settings/", SettingsRead)).audit_days == 365


async def test_ended_jobs_are_kept_as_long_as_it_says(
    services: Services, as_administrator: Api, database_url: str
) -> None:
    async with services.store.begin() as work:
        await jobs.enqueue(work, jobs.JobKind(name="noop", lane="light"))
        [job] = await work.jobs.take("light", ["noop"], 1)
        await work.jobs.end([jobs.done(job, None)])
    with psycopg.connect(database_url) as witness:
        witness.execute("UPDATE jobs SET finished_at = now() - interval '5 days'")
    forgetting = Forgetting(services.store)
    assert (await forgetting.forget())["job"] == 0
    await as_administrator.patch("/settings/", {"jobs_days": 4}, SettingsRead)
    assert (await forgetting.forget())["job"] == 1


# --- The audit log


async def sign_in(client: Client, name: str, password: str) -> int:
    return (await client.post("/api/v1/sessions/", json={"name": name, "password": password})).status_code


async def test_signing_in_is_written_down_whether_it_succeeds_or_not(
    client: Client, as_administrator: Api, as_member: Api, database_url: str
) -> None:
    member = await as_member.get("/me", UserRead)
    assert await sign_in(client, "Member", "hunter2") == 401
    assert await sign_in(client, "my password by mistake", "hunter2") == 401
    assert await sign_in(client, "member", PASSWORD) == 201
    entries = (await as_administrator.get("/audit/", EntryPage)).items
    assert [(entry.action, entry.actor_name, entry.subject_id, entry.subject_name) for entry in entries] == [
        ("signed_in", "member", member.id, "member"),
        ("sign_in_refused", None, None, None),
        ("sign_in_refused", None, member.id, "member"),
    ]
    assert len({entry.network for entry in entries}) == 1
    assert all(datetime.now(UTC) - entry.happened_at < timedelta(minutes=1) for entry in entries)
    with psycopg.connect(database_url) as witness:
        rows = witness.execute("SELECT audit::text FROM audit").fetchall()
    assert not [row for row in rows if "hunter2" in row[0] or PASSWORD in row[0] or "mistake" in row[0]]


async def test_those_that_the_throttle_turned_away_do_not_fill_it(client: Client, as_administrator: Api) -> None:
    statuses = [await sign_in(client, "admin", "wrong") for _ in range(14)]
    assert statuses == [401] * 10 + [429] * 4
    assert (await as_administrator.get("/audit/", EntryPage)).pagination.total_count == 10


async def test_it_is_narrowed_and_paged(client: Client, as_administrator: Api, as_member: Api) -> None:
    admin, member = await as_administrator.get("/me", UserRead), await as_member.get("/me", UserRead)
    await sign_in(client, "member", "wrong")
    await sign_in(client, "member", PASSWORD)
    await as_administrator.patch(f"/users/{member.id}", {"role": "guest"}, UserRead)
    every = await as_administrator.get("/audit/", EntryPage)
    assert [entry.action for entry in every.items] == ["user_changed", "signed_in", "sign_in_refused"]
    assert every.items[0].fields == ["role"]

    async def narrowed(**query: object) -> list[str]:
        return [entry.action for entry in (await as_administrator.get("/audit/", EntryPage, **query)).items]

    assert await narrowed(action="signed_in") == ["signed_in"]
    assert await narrowed(actor=admin.id) == ["user_changed"]
    assert await narrowed(subject=member.id) == ["user_changed", "signed_in", "sign_in_refused"]
    assert await narrowed(subject=member.id, actor=member.id) == ["signed_in"]
    assert await narrowed(since=every.items[1].happened_at) == ["user_changed", "signed_in"]
    assert await narrowed(until=every.items[1].happened_at) == ["sign_in_refused"]
    assert await narrowed(since="9999-12-31T23:59:59Z") == []
    assert await narrowed(until="0001-01-01T00:00:00Z") == []
    assert await narrowed(page=2, limit=1) == ["signed_in"]
    for name in ("since", "until"):
        for wrong in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "yesterday"):
            await as_administrator.refused(422, "GET", "/audit/", **{name: wrong})
    await as_administrator.refused(422, "GET", "/audit/", action="danced")
    await as_administrator.refused(422, "GET", "/audit/", actor="ada")


async def test_it_is_kept_as_long_as_the_household_wants(
    services: Services, as_administrator: Api, database_url: str
) -> None:
    async with services.store.begin() as work:
        for _ in range(3):
            await audit.record(work, Action.KEY_ROTATED, TERMINAL)
    with psycopg.connect(database_url) as witness:
        witness.execute(
            "UPDATE audit SET happened_at = now() - interval '8 days'"
            " WHERE id = (SELECT id FROM audit ORDER BY happened_at LIMIT 1)"
        )
    assert (await as_administrator.get("/audit/", EntryPage)).pagination.total_count == 3
    await as_administrator.patch("/settings/", {"audit_days": 7}, SettingsRead)
    entries = (await as_administrator.get("/audit/", EntryPage)).items
    assert [entry.action for entry in entries] == ["settings_changed", "key_rotated", "key_rotated"]
    assert (entries[1].actor_id, entries[1].network) == (None, "terminal")


async def test_there_is_an_end_to_how_many(services: Services, database_url: str) -> None:
    with psycopg.connect(database_url) as witness:
        witness.execute(
            "INSERT INTO audit (id, happened_at, action, network)"
            " SELECT gen_random_uuid(), now() - n * interval '1 second', 'signed_in', 'x'"
            " FROM generate_series(1, %s) AS n",
            [audit.MOST_ENTRIES + 5],
        )
    async with services.store.begin() as work:
        await audit.record(work, Action.KEY_ROTATED, TERMINAL)
    with psycopg.connect(database_url) as witness:
        ((count, latest),) = witness.execute(
            "SELECT count(*), count(*) FILTER (WHERE action = 'key_rotated') FROM audit"
        ).fetchall()
    assert (count, latest) == (audit.MOST_ENTRIES, 1)


@pytest.mark.parametrize("column", [None, "action", "actor_id", "subject_id"])
def test_each_way_to_read_it_has_an_index(database_url: str, column: str | None) -> None:
    with psycopg.connect(database_url) as witness:
        witness.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        where = f"WHERE {column} = NULL::{'text' if column == 'action' else 'uuid'}" if column else ""
        where = where.replace("= NULL::text", "= 'signed_in'").replace("NULL::uuid", "gen_random_uuid()")
        plan = witness.execute(
            f"EXPLAIN SELECT * FROM audit {where} ORDER BY happened_at DESC, id DESC LIMIT 50"  # noqa: S608
        ).fetchall()
    assert "Index Scan" in str(plan)
    assert "Sort" not in str(plan)


# --- Sessions


async def test_one_sees_where_one_is_signed_in_and_ends_it_there(client: Client, as_member: Api) -> None:
    other = await client.post(
        "/api/v1/sessions/",
        json={"name": "member", "password": PASSWORD},
        headers={"User-Agent": "Kitchen\0browser" + "x" * 300},
    )
    token = (await other.get_json())["token"]
    sessions = (await as_member.get("/sessions/", OpenSessionPage)).items
    assert [(session.current, session.agent[:15]) for session in sessions] == [
        (False, "Kitchen browser"),
        (True, ""),
    ]
    assert len(sessions[0].agent) == 200
    await as_member.delete(f"/sessions/{sessions[0].id}")
    assert (await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    await as_member.refused(404, "DELETE", f"/sessions/{sessions[0].id}")
    assert (await as_member.get("/sessions/", OpenSessionPage)).pagination.total_count == 1


async def test_another_s_sessions_are_not_there(as_member: Api, as_administrator: Api) -> None:
    (theirs,) = (await as_administrator.get("/sessions/", OpenSessionPage)).items
    assert await as_member.refused(404, "DELETE", f"/sessions/{theirs.id}") == [("", "not_found")]
    assert (await as_administrator.get("/me", UserRead)).name == "admin"


# --- Foreign pages


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users/"),
        ("POST", "/devices/"),
        ("POST", "/invitations/"),
        ("PATCH", "/settings/"),
        ("DELETE", "/sessions/current"),
    ],
)
async def test_no_foreign_page_writes_with_the_cookie(
    client: Client, administrator: dict[str, str], method: str, path: str
) -> None:
    cookie = {"Cookie": f"tonearm_session={administrator['Authorization'].removeprefix('Bearer ')}"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {}):
        response = await client.open(f"/api/v1{path}", method=method, json={}, headers=cookie | headers)
        assert response.status_code == 403
    response = await client.open(
        f"/api/v1{path}", method=method, json={}, headers=cookie | {"Host": "evil.example", "Sec-Fetch-Site": "none"}
    )
    assert response.status_code == 421
