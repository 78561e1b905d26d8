"""Users through the interface: what administrators do, what everybody may do about themselves, and what nobody may."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
import trio
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.audit import EntryPage
from appliance.api.rest.devices import DeviceCreated
from appliance.api.rest.invitations import InvitationCreated, InvitationPage
from appliance.api.rest.sessions import OpenSessionPage, UserRead
from appliance.api.rest.users import UserPage
from appliance.api.services import Services
from appliance.core import users
from appliance.core.accounts import Role, User
from appliance.core.audit import TERMINAL
from appliance.core.catalogue import Item, TrackFilter, Window
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.listening import LikeEvent
from appliance.store.tables import metadata
from tests.api.rest.api import Api

PASSWORD = "correct horse"
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


async def me(api: Api) -> UserRead:
    return await api.get("/me", UserRead)


async def signed_in(client: Client, name: str, password: str) -> Api | None:
    response = await client.post("/api/v1/sessions/", json={"name": name, "password": password})
    if response.status_code != 201:
        return None
    return Api(client, {"Authorization": f"Bearer {(await response.get_json())['token']}"})


# --- Administrators


async def test_an_administrator_adds_finds_changes_and_removes_somebody(client: Client, as_administrator: Api) -> None:
    grace = await as_administrator.post(
        "/users/", {"name": " Grace ", "password": "cobol", "role": "guest", "libraries": [1, 1]}, UserRead
    )
    assert (grace.name, grace.role, grace.libraries) == ("Grace", Role.GUEST, (1,))
    assert await as_administrator.get(f"/users/{grace.id}", UserRead) == grace
    guests = await as_administrator.get("/users/", UserPage, role="guest")
    assert (guests.items, guests.pagination.total_count) == ([grace], 1)
    everybody = await as_administrator.get("/users/", UserPage)
    assert [user.name for user in everybody.items] == ["admin", "Grace"]
    assert (await as_administrator.get("/users/", UserPage, page=2, limit=1)).items == [grace]

    changed = await as_administrator.patch(
        f"/users/{grace.id}", {"name": "Hopper", "role": "member", "libraries": None, "password": "fortran"}, UserRead
    )
    assert (changed.id, changed.name, changed.role, changed.libraries) == (grace.id, "Hopper", Role.MEMBER, None)
    assert await signed_in(client, "grace", "fortran") is None
    assert await signed_in(client, "hopper", "cobol") is None
    assert await signed_in(client, "hopper", "fortran")
    assert await as_administrator.patch(f"/users/{grace.id}", {}, UserRead) == changed

    await as_administrator.delete(f"/users/{grace.id}")
    assert await as_administrator.refused(404, "GET", f"/users/{grace.id}") == [("", "not_found")]
    assert await signed_in(client, "hopper", "fortran") is None


async def test_what_is_left_out_has_a_modest_default(as_administrator: Api) -> None:
    grace = await as_administrator.post("/users/", {"name": "Grace", "password": "cobol"}, UserRead)
    assert (grace.role, grace.libraries) == (Role.MEMBER, None)


async def test_a_name_is_given_once(as_administrator: Api, as_member: Api) -> None:
    member = await me(as_member)
    assert await as_administrator.refused(409, "POST", "/users/", {"name": "MÉMBER", "password": "x"}) == [
        ("", "conflict")
    ]
    await as_administrator.refused(409, "PATCH", f"/users/{member.id}", {"name": "Admin"})
    renamed = await as_administrator.patch(f"/users/{member.id}", {"name": "Member"}, UserRead)
    assert renamed.name == "Member"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "", "password": "x"}, ""),
        ({"name": "x" * 65, "password": "x"}, ""),
        ({"name": "x" * 201, "password": "x"}, "body.name"),
        ({"name": "x", "password": ""}, ""),
        ({"name": "x", "password": "y" * 1025}, "body.password"),
        ({"name": "x", "password": "x", "role": "king"}, "body.role"),
        ({"name": "x", "password": "x", "libraries": [99]}, "body.libraries"),
        ({"name": "x", "password": "x", "libraries": [2**31]}, "body.libraries"),
        ({"name": "x", "password": "x", "libraries": [1] * 1001}, "body.libraries"),
        ({"name": "x", "password": "x", "id": "1"}, "body.id"),
    ],
)
async def test_what_cannot_be_is_refused(as_administrator: Api, body: dict[str, object], place: str) -> None:
    faults = await as_administrator.refused(422, "POST", "/users/", body)
    assert [where.removesuffix(".0") for where, _ in faults] == [place]
    assert (await as_administrator.get("/users/", UserPage)).pagination.total_count == 1


# --- The last administrator


async def test_the_last_administrator_stays_one(as_administrator: Api) -> None:
    admin = await me(as_administrator)
    await as_administrator.refused(409, "DELETE", f"/users/{admin.id}")
    await as_administrator.refused(409, "PATCH", f"/users/{admin.id}", {"role": "member"})
    other = await as_administrator.post("/users/", {"name": "b", "password": "b", "role": "admin"}, UserRead)
    await as_administrator.delete(f"/users/{other.id}")
    await as_administrator.refused(409, "PATCH", f"/users/{admin.id}", {"role": "guest"})


async def test_two_administrators_who_depose_each_other_leave_one(
    services: Services, database_url: str, eventually: Eventually
) -> None:
    """Both have been let in as administrators before either is heard."""
    async with services.store.begin() as work:
        ana, bo = [await services.accounts.create(work, name, "x", Role.ADMIN) for name in ("ana", "bo")]
    refused: list[str] = []

    async def depose(by: User, whom: User) -> None:
        try:
            async with services.store.begin() as work:
                wishes = users.Wishes(role=Role.MEMBER)
                await users.change(work, services.accounts, TERMINAL._replace(user=by), whom.id, wishes)
        except Exception as error:  # noqa: BLE001 - which, is asked below
            refused.append(type(error).__name__)

    def both_wait() -> bool:
        with psycopg.connect(database_url) as witness:
            return witness.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 2

    async with trio.open_nursery() as nursery, services.store.begin() as work:
        await work.users.lock()
        nursery.start_soon(depose, ana, bo)
        nursery.start_soon(depose, bo, ana)
        await eventually(both_wait)
    assert refused == ["Conflict"]
    async with services.store.begin() as work:
        assert sorted(user.role for user in await work.users.all()) == [Role.ADMIN, Role.MEMBER]


# --- Oneself


async def test_everybody_reads_and_changes_themselves_and_nobody_else(as_administrator: Api, as_member: Api) -> None:
    member, admin = await me(as_member), await me(as_administrator)
    assert await as_member.get(f"/users/{member.id}", UserRead) == member
    for method, body in (("GET", None), ("PATCH", {"password": "x", "current_password": PASSWORD})):
        assert await as_member.refused(404, method, f"/users/{admin.id}", body) == [("", "not_found")]
        assert await as_member.refused(404, method, f"/users/{uuid4()}", body) == [("", "not_found")]
    for change in ({"role": "admin"}, {"name": "boss"}, {"libraries": None}):
        assert await as_member.refused(403, "PATCH", f"/users/{member.id}", change) == [("", "forbidden")]
    assert await me(as_member) == member


async def test_one_s_own_password_needs_the_old_one(client: Client, as_member: Api, as_administrator: Api) -> None:
    for api in (as_member, as_administrator):
        own = f"/users/{(await me(api)).id}"
        assert await api.refused(422, "PATCH", own, {"password": "new"}) == [("body.current_password", "required")]
        assert await api.refused(422, "PATCH", own, {"password": "new", "current_password": "guess"}) == [
            ("body.current_password", "wrong_password")
        ]
        changed = await api.patch(own, {"password": "new", "current_password": PASSWORD}, UserRead)
        assert await signed_in(client, changed.name, PASSWORD) is None
        assert await signed_in(client, changed.name, "new")


async def test_guesses_of_the_old_password_are_throttled(as_member: Api) -> None:
    own = f"/users/{(await me(as_member)).id}"
    for number in range(10):
        await as_member.refused(422, "PATCH", own, {"password": "new", "current_password": f"guess {number}"})
    await as_member.refused(429, "PATCH", own, {"password": "new", "current_password": PASSWORD})


async def test_a_new_password_ends_every_other_session(client: Client, as_member: Api, as_administrator: Api) -> None:
    other = await signed_in(client, "member", PASSWORD)
    assert other is not None
    member = await me(as_member)
    assert (await as_member.get("/sessions/", OpenSessionPage)).pagination.total_count == 2
    await as_member.patch(f"/users/{member.id}", {"password": "new", "current_password": PASSWORD}, UserRead)
    await other.refused(401, "GET", "/me")
    assert [session.current for session in (await as_member.get("/sessions/", OpenSessionPage)).items] == [True]
    await as_administrator.patch(f"/users/{member.id}", {"password": "newer"}, UserRead)
    await as_member.refused(401, "GET", "/me")


async def test_a_password_is_changed_for_subsonic_as_well(client: Client, as_member: Api) -> None:
    member = await me(as_member)
    await as_member.patch(f"/users/{member.id}", {"password": "new", "current_password": PASSWORD}, UserRead)
    for password, status in ((PASSWORD, "failed"), ("new", "ok")):
        response = await client.get(f"/rest/ping?u=member&p={password}&c=test&v=1.16.1&f=json")
        assert (await response.get_json())["subsonic-response"]["status"] == status


# --- What ends


async def test_losing_a_role_takes_effect_at_once_and_with_it_what_was_given_in_it(
    client: Client, as_administrator: Api
) -> None:
    other = await as_administrator.post("/users/", {"name": "b", "password": "b", "role": "admin"}, UserRead)
    as_other = await signed_in(client, "b", "b")
    assert as_other is not None
    given = await as_other.post("/invitations/", {"role": "admin"}, InvitationCreated)
    await as_administrator.patch(f"/users/{other.id}", {"role": "member"}, UserRead)
    await as_other.refused(403, "GET", "/users/")
    assert (await as_administrator.get("/invitations/", InvitationPage)).items == []
    body = {"code": given.code, "name": "c", "password": "c"}
    assert await Api(client).refused(404, "POST", "/invitations/accept", body) == [("", "not_found")]


async def test_whoever_is_removed_is_out_and_all_that_was_theirs_is_gone(
    services: Services, as_administrator: Api, as_member: Api, database_url: str
) -> None:
    member = await me(as_member)
    device = await as_member.post("/devices/", {"name": "phone"}, DeviceCreated)
    async with services.store.begin() as work:
        (track, *_), _ = await work.tracks.page(TrackFilter(), Window(1))
        now = datetime.now(UTC)
        liked = LikeEvent(
            id=new_id(), user_id=member.id, item=Item.TRACK, item_id=track.id, liked=True, happened_at=now,
            recorded_at=now,
        )  # fmt: skip
        await work.listening.add_likes([liked])
    await as_administrator.delete(f"/users/{member.id}")
    await as_member.refused(401, "GET", "/me")
    await as_administrator.refused(404, "GET", f"/devices/{device.id}")
    with psycopg.connect(database_url) as witness:
        for table in ("sessions", "devices", "likes"):
            assert witness.execute(f"SELECT FROM {table} WHERE user_id = %s", [member.id]).rowcount == 0
    entries = await as_administrator.get("/audit/", EntryPage, subject=member.id)
    assert entries.items[0].subject_name == "member"


def test_nothing_that_points_to_a_user_keeps_them_from_being_removed() -> None:
    pointing = [
        (table.name, key.parent.name, key.ondelete)
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "users"
    ]
    assert len(pointing) >= 6
    assert [one for one in pointing if one[2] not in {"CASCADE", "SET NULL"}] == []


async def test_the_terminal_resets_a_password_and_knows_nobody_else(services: Services, as_member: Api) -> None:
    async with services.store.begin() as work:
        await users.reset_password(work, services.accounts, TERMINAL, "Member", "new")
    await as_member.refused(401, "GET", "/me")
    async with services.store.begin() as work:
        assert await services.accounts.by_password(work, "member", "new", "203.0.113.1")
        with pytest.raises(NotFound):
            await users.reset_password(work, services.accounts, TERMINAL, "nobody", "new")


async def test_a_user_of_another_house_is_nobody_s(as_administrator: Api) -> None:
    for method, body in (("GET", None), ("PATCH", {"role": "guest"}), ("DELETE", None)):
        assert await as_administrator.refused(404, method, f"/users/{UUID(int=1)}", body) == [("", "not_found")]
