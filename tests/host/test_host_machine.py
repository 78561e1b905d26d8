"""The door to root: what comes in is believed in nothing, and the server gets along with whatever comes out."""

import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import trio

from appliance.core.machine import MachineState, MachineWishes
from appliance.host.apply import LONGEST_LINE, answer, serve_one
from appliance.host.changes import Changes
from appliance.host.machine import SocketMachine
from tests.host.machinery import Recorder, public_key

NO_ANSWER = "The box did not take this on; it stays as it was, and everything else works. Try again later."


@contextmanager
def machined(path: Path, changes: Changes) -> Iterator[None]:
    """systemd's part: a socket, and for each connection one run of the command, on the connection itself."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()

        def take() -> None:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            with connection:
                serve_one(changes, incoming=connection.fileno(), outgoing=connection.fileno())

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join()


@asynccontextmanager
async def saying(path: Path, *parts: bytes) -> AsyncIterator[None]:
    """Something else on the machine's socket: it says this, whatever it is asked."""

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            for part in parts:
                await stream.send_all(part)
            async for _ in stream:
                pass

    door = trio.socket.socket(socket.AF_UNIX)
    await door.bind(str(path))
    door.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [trio.SocketListener(door)])
        yield
        nursery.cancel_scope.cancel()


async def test_wishes_go_over_the_socket_and_come_true(root: Path, changes: Changes, asked: Recorder) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    machine = SocketMachine(root / "run/socket", etc=root / "etc")
    with machined(root / "run/socket", changes):
        wishes = MachineWishes(name="kitchen", time_zone="Europe/Atlantis", clock=now)
        refused = await machine.apply(wishes)
    assert list(refused) == ["time_zone"]
    assert asked.asked[0] == ("set_clock", now)
    assert (await machine.state()).name == "kitchen"


async def test_the_network_cannot_hand_in_keys(root: Path, changes: Changes, asked: Recorder) -> None:
    with machined(root / "run/socket", changes):
        wishes = MachineWishes(name="kitchen", ssh_keys=(public_key(),))
        refused = await SocketMachine(root / "run/socket").apply(wishes)
    assert refused == {"ssh_keys": "ssh keys are taken from the boot partition only."}
    assert not (root / "root/.ssh").exists()
    assert ("open_ssh", None) not in asked.asked
    assert (root / "etc/hostname").read_text() == "kitchen\n"


async def test_a_machine_that_is_not_there_is_a_sentence_for_each_wish(tmp_path: Path) -> None:
    refused = await SocketMachine(tmp_path / "nothing").apply(MachineWishes(name="kitchen", time_zone="UTC"))
    assert refused == {"name": NO_ANSWER, "time_zone": NO_ANSWER}


@pytest.mark.parametrize(
    "reply",
    [b"", b"nonsense\n", b"[]\n", b'{"name": 3}\n', b'{"elsewhere": "No."}\n', b"\xff\n", b"[" * 10_000, b" " * 70_000],
    ids=lambda reply: repr(reply[:12]),
)
async def test_a_machine_that_answers_nonsense_is_too(tmp_path: Path, reply: bytes) -> None:
    async with saying(tmp_path / "socket", reply):
        refused = await SocketMachine(tmp_path / "socket").apply(MachineWishes(name="kitchen"))
    assert refused == {"name": NO_ANSWER}


async def test_a_machine_that_never_answers_is_not_waited_for(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    began = autojump_clock.current_time()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "socket"))
        door.listen()
        refused = await SocketMachine(tmp_path / "socket", patience=15).apply(MachineWishes(name="kitchen"))
    assert refused == {"name": NO_ANSWER}
    assert autojump_clock.current_time() - began < 16


async def test_the_state_is_what_the_files_say(root: Path) -> None:
    machine = SocketMachine(root / "run/socket", etc=root / "etc")
    (root / "etc/localtime").unlink()
    (root / "etc/localtime").symlink_to("../usr/share/zoneinfo/America/New_York")
    assert await machine.state() == MachineState(name="tonearm", time_zone="America/New_York")
    (root / "etc/localtime").unlink()
    (root / "etc/timezone").write_text("Europe/Lisbon\n")
    assert (await machine.state()).time_zone == "Europe/Lisbon"
    for name in ("timezone", "hostname"):
        (root / "etc" / name).unlink()
    assert await machine.state() == MachineState(name="localhost", time_zone="UTC")


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"name": 3}',
        b'{"nmae": "kitchen"}',
        b'{"clock": "yesterday"}',
        b'{"name": "\xff"}',
        b'{"ssh_keys": "one"}',
        b"[" * 16_000,
    ],
    ids=lambda line: repr(line[:24]),
)
def test_what_is_no_request_changes_nothing(line: bytes, changes: Changes, asked: Recorder, root: Path) -> None:
    assert list(answer(line, changes)) == ["request"]
    assert asked.asked == []
    assert (root / "etc/hostname").read_text() == "tonearm\n"


@pytest.mark.parametrize(
    ("sent", "ends"),
    [
        (b"", True),
        (b"\n", True),
        (b" " * (LONGEST_LINE + 1), False),
        (b'{"name": "kitchen"', False),
    ],
    ids=["nothing", "an empty line", "too long", "half"],
)
def test_a_request_that_never_comes_whole_is_answered_in_time(
    sent: bytes,
    ends: bool,  # noqa: FBT001 - a column of the table above
    changes: Changes,
    asked: Recorder,
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(sent)
        if ends:
            ours.shutdown(socket.SHUT_WR)
        assert serve_one(changes, incoming=theirs.fileno(), outgoing=theirs.fileno(), patience=0.05) == 0
        assert list(json.loads(ours.recv(4096))) == ["request"]
    assert asked.asked == []


def test_a_request_may_come_in_pieces_and_without_a_newline(changes: Changes, root: Path) -> None:
    read, write = os.pipe()
    ours, theirs = socket.socketpair()
    with ours, theirs, open(read, "rb") as source:
        thread = threading.Thread(
            target=serve_one, args=(changes,), kwargs={"incoming": source.fileno(), "outgoing": theirs.fileno()}
        )
        thread.start()
        for part in (b'{"na', b'me": "kit', b'chen"}'):
            os.write(write, part)
        os.close(write)
        thread.join()
        assert msgspec.json.decode(ours.recv(4096)) == {}
    assert (root / "etc/hostname").read_text() == "kitchen\n"


def test_whoever_asked_and_left_is_no_disaster(changes: Changes) -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(b'{"name": "kitchen"}\n')
    ours.close()
    with theirs:
        assert serve_one(changes, incoming=theirs.fileno(), outgoing=theirs.fileno()) == 1
