"""Signs of life: given while the database answers, withheld when it does not, and never by something that hangs."""

import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from appliance.core.errors import Unavailable
from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState
from appliance.host.notify import Notifier, open_notifier
from appliance.host.status import Activity, status_line
from appliance.host.watchdog import Watchdog
from appliance.store.database import Database
from appliance.store.listener import open_listener


class Systemd:
    """Remembers when it was told what, by Trio's clock."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []

    def __call__(self, message: str) -> bool:
        self.told.append((trio.current_time(), message))
        return True

    def signs(self) -> list[float]:
        return [at for at, message in self.told if message == "WATCHDOG=1"]

    def statuses(self) -> list[str]:
        return [message.removeprefix("STATUS=") for _, message in self.told if message.startswith("STATUS=")]


async def quiet() -> Activity:
    return Activity(streams=0, scan=None)


async def answers() -> None:
    await trio.lowlevel.checkpoint()


async def for_seconds(clock: MockClock, watchdog: Watchdog, seconds: float) -> None:
    with trio.move_on_at(clock.current_time() + seconds):
        await watchdog.run()


async def test_signs_come_at_least_twice_in_the_time_that_systemd_allows(autojump_clock: MockClock) -> None:
    systemd = Systemd()
    began = trio.current_time()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 30, ping=answers, activity=quiet), 300)
    signs = [began, *systemd.signs(), began + 300]
    assert max(after - before for before, after in pairwise(signs)) <= 15


async def test_a_database_that_answers_slowly_costs_nothing(autojump_clock: MockClock) -> None:
    async def slow() -> None:
        await trio.sleep(7.4)

    systemd = Systemd()
    began = trio.current_time()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 30, ping=slow, activity=quiet), 300)
    signs = [began, *systemd.signs()]
    assert max(after - before for before, after in pairwise(signs)) <= 15


async def test_no_answer_no_sign(autojump_clock: MockClock) -> None:
    hung = trio.Event()
    hung.set()

    async def ping() -> None:
        await hung.wait()

    systemd = Systemd()
    watchdog = Watchdog(Notifier(systemd), 30, ping=ping, activity=quiet)
    await for_seconds(autojump_clock, watchdog, 20)
    before = len(systemd.signs())
    hung = trio.Event()
    await for_seconds(autojump_clock, watchdog, 100)
    assert len(systemd.signs()) == before
    hung.set()
    await for_seconds(autojump_clock, watchdog, 20)
    assert len(systemd.signs()) > before


async def test_a_database_that_refuses_gets_no_sign_and_a_status(autojump_clock: MockClock) -> None:
    async def refuses() -> None:
        await trio.lowlevel.checkpoint()
        raise Unavailable("The database does not answer.")

    systemd = Systemd()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 30, ping=refuses, activity=quiet), 100)
    assert systemd.signs() == []
    assert systemd.statuses() == ["Waiting for the database."]


async def test_what_the_server_does_is_told_when_it_changes_and_not_knowing_costs_no_sign(
    autojump_clock: MockClock,
) -> None:
    streams = 0

    async def activity() -> Activity:
        nonlocal streams
        await trio.lowlevel.checkpoint()
        streams += 1
        if streams == 2:
            raise Unavailable("The database does not answer.")
        return Activity(streams=streams // 3, scan=None)

    systemd = Systemd()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 40, ping=answers, activity=activity), 55)
    assert len(systemd.signs()) == 6
    assert systemd.statuses() == ["Ready, and quiet.", "Playing for 1 listener.", "Playing for 2 listeners."]


async def test_where_systemd_does_not_watch_only_the_status_is_told(autojump_clock: MockClock) -> None:
    systemd = Systemd()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), None, ping=answers, activity=quiet), 100)
    assert systemd.told == [(systemd.told[0][0], "STATUS=Ready, and quiet.")]


async def test_where_nobody_listens_it_is_done_at_once() -> None:
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(Watchdog(Notifier(None), 30, ping=answers, activity=quiet).run)


async def test_a_database_that_refuses_for_a_while_costs_little(autojump_clock: MockClock) -> None:
    """A restart of PostgreSQL, and its recovery: the music would end, were the server started anew for that."""
    began = trio.current_time()

    async def comes_back() -> None:
        if 30 < trio.current_time() - began < 50:
            raise Unavailable("The database does not answer.")

    systemd = Systemd()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 30, ping=comes_back, activity=quiet), 100)
    assert max(after - before for before, after in pairwise(systemd.signs())) < 30


async def test_what_the_server_does_takes_its_time_and_costs_no_sign(autojump_clock: MockClock) -> None:
    async def slow() -> Activity:
        await trio.sleep_forever()
        raise AssertionError

    systemd = Systemd()
    await for_seconds(autojump_clock, Watchdog(Notifier(systemd), 30, ping=answers, activity=slow), 300)
    assert max(after - before for before, after in pairwise(systemd.signs())) <= 15
    assert systemd.statuses() == []


async def test_the_real_database_is_asked_and_the_real_socket_told(ear: socket.socket, database: Database) -> None:
    async with open_listener(database) as listener, trio.open_nursery() as nursery:
        watchdog = Watchdog(open_notifier(), 30, ping=listener.ping, activity=quiet)
        await nursery.start(watchdog.run)
        await trio.lowlevel.wait_readable(ear)
        assert ear.recv(4096) == b"WATCHDOG=1"
        nursery.cancel_scope.cancel()


@contextmanager
def held(url: str) -> Iterator[None]:
    """All processes of a PostgreSQL stopped, as by a disk that does not answer."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    postmaster = psutil.Process(int(Path(row[0], "postmaster.pid").read_text(encoding="ascii").split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


async def message(ear: socket.socket) -> str:
    with trio.fail_after(20):
        await trio.lowlevel.wait_readable(ear)
    return ear.recv(4096).decode()


async def test_a_real_database_that_hangs_ends_the_signs_and_they_come_back_with_it(
    ear: socket.socket, database: Database, database_url: str
) -> None:
    async with open_listener(database) as listener, trio.open_nursery() as nursery:
        await nursery.start(Watchdog(open_notifier(), 1, ping=listener.ping, activity=quiet).run)
        assert await message(ear) == "WATCHDOG=1"
        with held(database_url):
            told = [await message(ear)]
            while told[-1] != "STATUS=Waiting for the database.":
                told.append(await message(ear))
        assert told.count("WATCHDOG=1") <= 1  # an answer was under way
        while await message(ear) != "WATCHDOG=1":
            pass
        nursery.cancel_scope.cancel()


async def test_requests_that_hold_every_connection_are_no_reason_to_end_the_server(database: Database) -> None:
    """As when a slow card keeps all of them waiting for their commit."""
    async with AsyncExitStack() as held_open, open_listener(database) as listener:
        with suppress(Unavailable):
            while True:
                await held_open.enter_async_context(database.begin())
        with trio.fail_after(5):
            await listener.ping()


def scan(state: ScanState, **counts: int) -> Scan:
    counted = ScanCounts(**counts)
    return Scan(id=uuid4(), kind=ScanKind.QUICK, state=state, counts=counted, requested_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("activity", "line"),
    [
        (Activity(streams=0, scan=None), "Ready, and quiet."),
        (Activity(streams=1, scan=scan(ScanState.DONE, found=3)), "Playing for 1 listener."),
        (
            Activity(streams=2, scan=scan(ScanState.RUNNING, found=30_000, to_read=20_000, read=1204)),
            "Playing for 2 listeners; reading your music: 1,204 of 20,000 files.",
        ),
        (Activity(streams=0, scan=scan(ScanState.RUNNING, found=512)), "Looking for music: 512 files so far."),
        (Activity(streams=0, scan=None, waits_for_setup=True), "Waiting for somebody to set it up, at /setup."),
    ],
)
def test_the_status_line_is_a_sentence_for_a_person(activity: Activity, line: str) -> None:
    assert status_line(activity) == line


async def test_a_cancelled_watchdog_leaves_nothing_behind() -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(Watchdog(Notifier(Systemd()), 30, ping=trio.sleep_forever, activity=quiet).run)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
