"""Invitations through the interface: made once, accepted once, and not guessed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import trio
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.audit import EntryPage
from appliance.api.rest.invitations import InvitationCreated, InvitationPage, InvitationRead
from appliance.api.rest.sessions import SessionRead, UserRead
from appliance.api.rest.users import UserPage
from tests.api.rest.api import Api

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


async def invited(api: Api, **more: object) -> InvitationCreated:
    return await api.post("/invitations/", more, InvitationCreated)


@pytest.fixture
def stranger(client: Client) -> Api:
    return Api(client)


async def accepted(stranger: Api, code: str, **more: object) -> SessionRead:
    body = {"code": code, "password": "cobol", "name": "Grace"} | more
    return await stranger.post("/invitations/accept", body, SessionRead)


async def test_somebody_is_invited_and_comes(client: Client, as_administrator: Api, stranger: Api) -> None:
    made = await invited(as_administrator, role="guest", libraries=[1])
    assert made.path == f"/invitation/{made.code}"
    admin = await as_administrator.get("/me", UserRead)
    assert (made.user_id, made.name, made.role, made.libraries) == (admin.id, None, "guest", (1,))
    assert made.accepted_at is None
    shown = await as_administrator.get(f"/invitations/{made.id}", InvitationRead)
    assert shown == InvitationRead(**{name: getattr(made, name) for name in InvitationRead.__struct_fields__})

    session = await accepted(stranger, made.code)
    assert (session.user.name, session.user.role, session.user.libraries) == ("Grace", "guest", (1,))
    grace = Api(client, {"Authorization": f"Bearer {session.token}"})
    assert await grace.get("/me", UserRead) == session.user
    (remembered,) = (await as_administrator.get("/invitations/", InvitationPage)).items
    assert (remembered.id, remembered.accepted_at is not None) == (made.id, True)
    entries = (await as_administrator.get("/audit/", EntryPage, subject=made.id)).items
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("invitation_accepted", "Grace"),
        ("invitation_created", "admin"),
    ]


async def test_it_is_good_once(as_administrator: Api, stranger: Api) -> None:
    made = await invited(as_administrator)
    await accepted(stranger, made.code)
    body = {"code": made.code, "password": "x", "name": "Second"}
    assert await stranger.refused(404, "POST", "/invitations/accept", body) == [("", "not_found")]


async def test_of_many_who_come_at_once_one_gets_in(
    client: Client, as_administrator: Api, database_url: str, eventually: Eventually
) -> None:
    made = await invited(as_administrator)
    statuses: list[int] = []

    async def come(number: int) -> None:
        body = {"code": made.code, "password": "x", "name": f"Guest {number}"}
        statuses.append((await client.post("/api/v1/invitations/accept", json=body)).status_code)

    def all_wait() -> bool:
        with psycopg.connect(database_url) as witness:
            return witness.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 4

    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7066010002)")
        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(come, number)
            await eventually(all_wait)
            holder.commit()
    assert sorted(statuses) == [201, 404, 404, 404]
    assert (await as_administrator.get("/users/", UserPage)).pagination.total_count == 2


async def test_a_name_or_a_password_that_cannot_be_leaves_it_good(as_administrator: Api, stranger: Api) -> None:
    made = await invited(as_administrator)
    for status, more in (
        (409, {"name": "ADMIN"}),
        (422, {"name": "x" * 65}),
        (422, {"name": None}),
        (422, {"password": ""}),
        (422, {"code": "x" * 201}),
    ):
        body = {"code": made.code, "password": "cobol", "name": "Grace"} | more
        await stranger.refused(status, "POST", "/invitations/accept", body)
    assert (await accepted(stranger, made.code)).user.name == "Grace"


async def test_a_name_that_was_chosen_for_them_is_theirs(as_administrator: Api, stranger: Api) -> None:
    made = await invited(as_administrator, name=" Grace ")
    assert made.name == "Grace"
    assert (await accepted(stranger, made.code, name="Eve")).user.name == "Grace"
    await as_administrator.refused(422, "POST", "/invitations/", {"name": " "})


async def test_it_lasts_as_long_as_it_says_and_at_most_thirty_days(
    as_administrator: Api, stranger: Api, database_url: str
) -> None:
    now = datetime.now(UTC)
    made = await invited(as_administrator)
    assert timedelta(days=6, hours=23) < made.expires_at - now < timedelta(days=7, minutes=1)
    await as_administrator.patch("/settings/", {"invitation_days": 3}, dict[str, object])
    assert (await invited(as_administrator)).expires_at - now < timedelta(days=3, minutes=1)
    chosen = now + timedelta(hours=1)
    assert (await invited(as_administrator, expires_at=chosen)).expires_at == chosen
    for wrong in (now - timedelta(seconds=1), now + timedelta(days=31)):
        faults = await as_administrator.refused(422, "POST", "/invitations/", {"expires_at": wrong})
        assert faults == [("body.expires_at", "invalid")]
    for wrong_text in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"):
        await as_administrator.refused(422, "POST", "/invitations/", {"expires_at": wrong_text})
    with psycopg.connect(database_url) as witness:
        witness.execute("UPDATE invitations SET expires_at = now() WHERE id = %s", [made.id])
    body = {"code": made.code, "password": "x", "name": "Late"}
    await stranger.refused(404, "POST", "/invitations/accept", body)
    # And forgotten a month later.
    with psycopg.connect(database_url) as witness:
        witness.execute("UPDATE invitations SET expires_at = now() - interval '31 days' WHERE id = %s", [made.id])
    await invited(as_administrator)
    await as_administrator.refused(404, "GET", f"/invitations/{made.id}")


async def test_one_that_is_taken_back_is_none(as_administrator: Api, stranger: Api) -> None:
    made = await invited(as_administrator)
    await as_administrator.delete(f"/invitations/{made.id}")
    for method in ("GET", "DELETE"):
        await as_administrator.refused(404, method, f"/invitations/{made.id}")
        await as_administrator.refused(404, method, f"/invitations/{uuid4()}")
    body = {"code": made.code, "password": "x", "name": "Late"}
    await stranger.refused(404, "POST", "/invitations/accept", body)


async def test_it_is_for_libraries_that_there_are(as_administrator: Api) -> None:
    faults = await as_administrator.refused(422, "POST", "/invitations/", {"libraries": [1, 99, 98]})
    assert faults == [("body.libraries", "unknown")]


async def test_codes_are_kept_nowhere_and_not_guessed_for_ever(
    as_administrator: Api, stranger: Api, database_url: str
) -> None:
    made = await invited(as_administrator)
    with psycopg.connect(database_url) as witness:
        rows = witness.execute("SELECT invitations::text FROM invitations").fetchall()
        rows += witness.execute("SELECT audit::text FROM audit").fetchall()
    assert not [row for row in rows if made.code in row[0]]
    for number in range(30):
        guess = {"code": f"guess {number}", "password": "x", "name": "Eve"}
        await stranger.refused(404, "POST", "/invitations/accept", guess)
    for code in ("guess 31", made.code):
        body = {"code": code, "password": "x", "name": "Eve"}
        await stranger.refused(429, "POST", "/invitations/accept", body)


async def test_a_foreign_page_accepts_nothing_for_anybody(client: Client, as_administrator: Api) -> None:
    made = await invited(as_administrator)
    body = {"code": made.code, "password": "x", "name": "Eve"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        response = await client.post("/api/v1/invitations/accept", json=body, headers=headers)
        assert response.status_code == 403
    form = await client.post("/api/v1/invitations/accept", form=body)
    assert form.status_code == 422
    renamed = await client.post("/api/v1/invitations/accept", json=body, headers={"Host": "evil.example"})
    assert renamed.status_code == 421
    own = await client.post("/api/v1/invitations/accept", json=body, headers={"Origin": "http://localhost"})
    assert own.status_code == 201
    assert own.headers["Set-Cookie"].startswith("tonearm_session=")
