"""The event stream as a socket sees it: what is told to whom, from where on, and when it ends."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

import msgspec
import psycopg
import pytest
import trio
from quart.typing import TestClientProtocol as Client
from werkzeug.datastructures import Headers as DataHeaders

from appliance.api.event_streams import EventStreams
from appliance.api.exchange import App
from appliance.api.server import serve
from appliance.api.services import Services
from appliance.core import jobs
from appliance.core.accounts import Role
from appliance.core.events import Event, EventKind
from appliance.core.ids import new_id
from appliance.core.jobs import JobKind
from appliance.core.ports import Store
from appliance.store.database import Database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore
from tests.api.rest.conftest import PASSWORD
from tests.api.rest.event_listener import Listening, Told, listening

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Headers = dict[str, str]
IN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""
NOOP = JobKind(name="noop", lane="light")


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One that hears what is told."""
    async with open_listener(database) as listener:
        yield PostgresStore(database, listener)


@pytest.fixture
async def port(app: App, nursery: trio.Nursery) -> int:
    (address,) = await nursery.start(partial(serve, app, bind="127.0.0.1:0"))
    return int(address.rpartition(":")[2])


async def play(store: Store, *ids: UUID) -> None:
    async with store.begin() as work:
        await work.events.add(*map(Event.of_now_playing, ids))


async def heard(listener: Listening, count: int) -> list[UUID]:
    events = [await listener.next() for _ in range(count)]
    assert {told.event for told in events} == {"now_playing"}
    return [UUID(told.data["user_id"]) for told in events]


async def signed_in(services: Services, name: str, role: Role) -> tuple[UUID, Headers]:
    async with services.store.begin() as work:
        user = await services.accounts.create(work, name, PASSWORD, role)
        token = await services.accounts.open_session(work, user)
    return user.id, {"Authorization": f"Bearer {token}"}


async def test_what_happens_is_told_as_it_happens(port: int, store: Store, member: Headers) -> None:
    ids = [new_id() for _ in range(3)]
    await play(store, new_id())
    async with listening(port, member) as listener:
        assert "content-type: text/event-stream" in listener.head.lower()
        for id_ in ids:
            await play(store, id_)
            assert await heard(listener, 1) == [id_]


async def test_a_listener_who_comes_back_has_missed_nothing(port: int, store: Store, member: Headers) -> None:
    ids = [new_id() for _ in range(6)]
    async with listening(port, member) as listener:
        await play(store, *ids[:2])
        assert await heard(listener, 1) == ids[:1]
        last = listener.last_id
    await play(store, *ids[2:4])
    async with listening(port, member | {"Last-Event-ID": last}) as listener:
        await play(store, *ids[4:])
        assert await heard(listener, 5) == ids[1:]
    async with listening(port, member, after=f"?after={last}") as listener:
        assert await heard(listener, 5) == ids[1:]


async def test_a_listener_who_heard_nothing_yet_can_come_back_as_well(port: int, store: Store, member: Headers) -> None:
    await play(store, new_id())
    async with listening(port, member) as listener:
        begun = listener.last_id
    missed = new_id()
    await play(store, missed)
    async with listening(port, member | {"Last-Event-ID": begun}) as listener:
        assert await heard(listener, 1) == [missed]


async def test_what_commits_late_is_told_in_its_place(port: int, store: Store, member: Headers) -> None:
    early, late = new_id(), new_id()
    async with listening(port, member) as listener:
        async with store.begin() as work:
            await work.events.add(Event.of_now_playing(early))
            await play(store, late)
        assert await heard(listener, 2) == [early, late]


async def test_an_older_transaction_that_tells_nothing_holds_nothing_up_for_long(
    port: int, store: Store, member: Headers, database_url: str
) -> None:
    """Its end is told to nobody: the stream has to look again by itself."""
    id_ = new_id()
    async with listening(port, member) as listener:
        with psycopg.connect(database_url) as older:
            older.execute("SELECT pg_current_xact_id()")
            await play(store, id_)
            async with listening(port, member) as second:
                assert second.status == 200
        assert await heard(listener, 1) == [id_]


@pytest.mark.parametrize("last", ["nonsense", "1-1", "99999999999999-1", "999999999999999999-999999999999999999"])
async def test_who_reaches_too_far_back_is_told_to_look_anew_once(
    port: int, store: Store, member: Headers, last: str
) -> None:
    await play(store, new_id())
    id_ = new_id()
    async with listening(port, member | {"Last-Event-ID": last}) as listener:
        assert (await listener.next()).event == "reset"
        await play(store, id_)
        assert await heard(listener, 1) == [id_]


async def test_after_a_crash_of_the_database_a_listener_is_told_to_look_anew(
    port: int, store: Store, member: Headers, database_url: str
) -> None:
    await play(store, new_id())
    async with listening(port, member) as listener:
        await play(store, new_id())
        await heard(listener, 1)
        with psycopg.connect(database_url) as connection:
            connection.execute("TRUNCATE events")
        id_ = new_id()
        await play(store, id_)
        assert (await listener.next()).event == "reset"
        await play(store, id_)
        assert await heard(listener, 1) == [id_]


async def test_jobs_are_told_to_administrators_and_to_who_asked(port: int, services: Services, store: Store) -> None:
    owner_id, owner = await signed_in(services, "owner", Role.MEMBER)
    _, guest = await signed_in(services, "guest", Role.GUEST)
    _, other = await signed_in(services, "other", Role.MEMBER)
    _, administrator = await signed_in(services, "root", Role.ADMIN)
    mark = new_id()
    seen: dict[str, list[Told]] = {}
    async with (
        listening(port, owner) as a,
        listening(port, guest) as b,
        listening(port, other) as c,
        listening(port, administrator) as d,
    ):
        async with store.begin() as work:
            user = next(user for user in await work.users.all() if user.id == owner_id)
            server = await jobs.enqueue(work, NOOP)
            own = await jobs.enqueue(work, NOOP, user=user)
            await work.events.add(Event.of_now_playing(mark))
        for name, listener in {"owner": a, "guest": b, "other": c, "root": d}.items():
            seen[name] = []
            while (told := await listener.next()).event == "job":
                seen[name].append(told)
    assert {name: [told.data["id"] for told in each] for name, each in seen.items()} == {
        "owner": [str(own.id)],
        "guest": [],
        "other": [],
        "root": [str(server.id), str(own.id)],
    }
    assert seen["owner"][0].data == {
        "id": str(own.id),
        "kind": "noop",
        "state": "queued",
        "progress": {"done": 0, "total": None, "words": None},
    }


async def test_scans_and_changes_of_the_library_are_told_to_everybody(
    port: int, store: Store, member: Headers, administrator: Headers, client: Client
) -> None:
    async with listening(port, member) as listener:
        asked = await client.post("/api/v1/scans/", json={"kind": "quick"}, headers=administrator)
        scan = await asked.get_json()
        told = await listener.next()
        assert (told.event, told.data["id"], told.data["state"]) == ("scan", scan["id"], "queued")
        async with store.begin() as work:
            await work.catalogue.tidy()
        assert (await listener.next()).event == "library"


async def test_nobody_listens_who_is_not_signed_in(port: int) -> None:
    async with listening(port, {}) as listener:
        assert listener.status == 401


async def test_a_cursor_in_the_query_must_be_one(client: Client, member: Headers) -> None:
    for after in ["x", "1", "1-", "1-2-3", "-1-2", "1" * 19 + "-1", ""]:
        response = await client.get("/api/v1/events/", query_string={"after": after}, headers=member)
        assert response.status_code == 422, after
        assert (await response.get_json())["detail"][0]["loc"] == ["query", "after"]


async def test_asking_for_the_head_alone_does_not_listen(client: Client, member: Headers) -> None:
    with trio.fail_after(10):
        assert (await client.head("/api/v1/events/", headers=member)).status_code == 200


async def test_a_stream_outlives_a_database_that_goes_away(
    port: int, store: Store, member: Headers, database_url: str
) -> None:
    await play(store, new_id())
    ids = [new_id() for _ in range(3)]
    async with listening(port, member) as listener:
        await play(store, ids[0])
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await play(store, *ids[1:])
        assert await heard(listener, 3) == ids


class Long(msgspec.Struct):
    text: str = "x" * 20_000


async def test_who_does_not_read_is_cut_and_can_come_back(
    port: int, app: App, store: Store, member: Headers, eventually: Eventually
) -> None:
    app.config["EVENT_TIMEOUT"] = 0.3
    await play(store, new_id())
    async with listening(port, member, receive_buffer=4096) as listener:
        last = listener.last_id
        async with store.begin() as work:
            await work.events.add(*(Event(kind=EventKind.LIBRARY, data=Long()) for _ in range(600)))
        await eventually(lambda: app.metrics.registry.get_sample_value("tonearm_http_requests_in_flight") == 0)
    app.config["EVENT_TIMEOUT"] = 20
    async with listening(port, member | {"Last-Event-ID": last}) as listener:
        for _ in range(600):
            assert (await listener.next()).event == "library"


async def test_the_stream_ends_with_the_session(port: int, store: Store, client: Client, member: Headers) -> None:
    async with listening(port, member) as listener:
        assert (await client.delete("/api/v1/sessions/current", headers=member)).status_code == 204
        await play(store, new_id())
        assert await listener.until_ended() == []
    async with listening(port, member) as listener:
        assert listener.status == 401


class TestWithOtherBounds:
    @pytest.fixture
    def streams(self, store: Store) -> EventStreams:
        return EventStreams(store, heartbeat=0.2, most=3, most_of_one=2)

    @pytest.fixture
    def services(self, services: Services, streams: EventStreams) -> Services:
        return msgspec.structs.replace(services, events=streams)

    async def test_silence_is_filled_with_signs_of_life(self, port: int, member: Headers) -> None:
        async with listening(port, member) as listener:
            await listener.comment()
            await listener.comment()

    async def test_so_many_streams_and_no_more(
        self, port: int, member: Headers, administrator: Headers, services: Services
    ) -> None:
        _, third = await signed_in(services, "third", Role.MEMBER)
        async with listening(port, member), listening(port, administrator):
            async with listening(port, member), listening(port, third) as refused:
                assert refused.status == 429
                assert "retry-after" in refused.head.lower()
            with trio.fail_after(10):
                while not await _is_let_in(port, third):
                    await trio.lowlevel.checkpoint()

    async def test_one_user_has_fewer(self, port: int, member: Headers) -> None:
        async with listening(port, member), listening(port, member), listening(port, member) as refused:
            assert refused.status == 429

    async def test_an_open_stream_holds_no_connection_to_the_database(
        self, port: int, member: Headers, administrator: Headers, database_url: str
    ) -> None:
        async with listening(port, member) as one, listening(port, administrator) as two:
            await one.comment()
            await two.comment()
            with psycopg.connect(database_url, autocommit=True) as connection, trio.fail_after(10):
                while connection.execute(IN_TRANSACTIONS).fetchone() != (0,):
                    await trio.lowlevel.checkpoint()

    async def test_closing_ends_all_and_lets_nobody_in(
        self, port: int, member: Headers, administrator: Headers, streams: EventStreams
    ) -> None:
        async with listening(port, member) as one, listening(port, administrator) as two:
            streams.close()
            assert await one.until_ended() == []
            assert await two.until_ended() == []
        async with listening(port, member) as late:
            assert late.status == 503


async def _is_let_in(port: int, headers: Headers) -> bool:
    async with listening(port, headers) as listener:
        return listener.status == 200


async def test_the_stream_is_as_the_document_says(client: Client, services: Services, member: Headers) -> None:
    async with client.request("/api/v1/events/", headers=DataHeaders(member)) as connection:
        await connection.send_complete()
        assert b"retry: " in await connection.receive()
        services.events.close()
