"""LISTEN and NOTIFY over a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from appliance.store.database import Database, open_database
from appliance.store.embedded import embedded_server
from appliance.store.listener import INBOX_SIZE, SOMETHING, Listener, open_listener


@pytest.fixture
async def listener(database: Database) -> AsyncIterator[Listener]:
    async with open_listener(database) as listener:
        yield listener


def notify(url: str, channel: str, *payloads: str) -> None:
    with psycopg.connect(url) as connection:
        for payload in payloads:
            connection.execute("SELECT pg_notify(%s, %s)", [channel, payload])


async def next_of(payloads: AsyncIterator[str]) -> str:
    with trio.fail_after(20):
        return await anext(payloads)


async def test_payloads_come_in_order_to_every_listener_of_their_channel(listener: Listener, database_url: str) -> None:
    async with listener.listen("scans") as one, listener.listen("scans") as two, listener.listen("other") as other:
        notify(database_url, "scans", "a", "b")
        notify(database_url, "other", "c")
        assert [await next_of(one), await next_of(one)] == ["a", "b"]
        assert [await next_of(two), await next_of(two)] == ["a", "b"]
        assert await next_of(other) == "c"


async def test_what_was_said_before_is_not_heard(listener: Listener, database_url: str) -> None:
    notify(database_url, "scans", "before")
    async with listener.listen("scans") as payloads:
        notify(database_url, "scans", "after")
        assert await next_of(payloads) == "after"


async def test_what_is_rolled_back_is_not_heard(listener: Listener, database_url: str) -> None:
    async with listener.listen("scans") as payloads:
        with psycopg.connect(database_url) as connection:
            connection.execute("NOTIFY scans, 'never'")
            connection.rollback()
        notify(database_url, "scans", "done")
        assert await next_of(payloads) == "done"


async def test_a_channel_can_be_listened_to_again(listener: Listener, database_url: str) -> None:
    for payload in ("first", "second"):
        async with listener.listen("scans") as payloads:
            notify(database_url, "scans", payload)
            assert await next_of(payloads) == payload


async def test_many_may_begin_to_listen_at_once(listener: Listener, database_url: str) -> None:
    heard: list[str] = []

    async def listen(channel: str, *, task_status: trio.TaskStatus[None]) -> None:
        async with listener.listen(channel) as payloads:
            task_status.started()
            heard.append(await next_of(payloads))

    async with trio.open_nursery() as nursery:
        async with trio.open_nursery() as starting:
            for number in range(5):
                starting.start_soon(nursery.start, listen, f"channel_{number}")
        for number in range(5):
            notify(database_url, f"channel_{number}", str(number))
    assert sorted(heard) == ["0", "1", "2", "3", "4"]


async def test_what_a_slow_listener_left_unread_becomes_one_empty_payload(
    listener: Listener, database_url: str
) -> None:
    async with listener.listen("scans") as slow, listener.listen("quick") as quick:
        notify(database_url, "scans", *(str(number) for number in range(INBOX_SIZE + 1)))
        notify(database_url, "quick", "x")
        await next_of(quick)  # the connection keeps the order, so that all the others have come too
        assert await next_of(slow) == SOMETHING
        notify(database_url, "scans", "next")
        assert await next_of(slow) == "next"


async def test_after_a_lost_connection_an_empty_payload_comes_and_then_the_rest(
    listener: Listener, database_url: str
) -> None:
    async with listener.listen("scans") as payloads:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert await next_of(payloads) == SOMETHING
        notify(database_url, "scans", "again")
        assert await next_of(payloads) == "again"


async def test_it_waits_for_a_server_that_is_away(tmp_path: Path) -> None:
    async with trio.open_nursery() as nursery:
        async with embedded_server(tmp_path) as url:
            listener: Listener = await nursery.start(_keep_listening, url)
        await wait_all_tasks_blocked(0.05)
        async with listener.listen("scans") as payloads, embedded_server(tmp_path):
            assert await next_of(payloads) == SOMETHING
            notify(url, "scans", "here")
            assert await next_of(payloads) == "here"
        nursery.cancel_scope.cancel()


async def test_an_error_of_the_block_leaves_as_itself(database: Database) -> None:
    with pytest.raises(KeyError):
        async with open_listener(database):
            raise KeyError


async def _keep_listening(url: str, *, task_status: trio.TaskStatus[Listener]) -> None:
    async with open_database(url) as database, open_listener(database) as listener:
        task_status.started(listener)
        await trio.sleep_forever()
