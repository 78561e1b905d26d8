"""The door to root: what comes in is believed in nothing, and the server gets along with whatever comes out."""

import configparser
import json
import os
import re
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
from appliance.host import calls, machine
from appliance.host.apply import LONGEST_LINE, answer, serve_one
from appliance.host.changes import Changes
from appliance.host.machine import SocketMachine
from appliance.host.wishes import ZONEINFO
from tests.host.machinery import Hostnamed, Recorder

NO_ANSWER = "The box did not take this on; it stays as it was, and everything else works. Try again later."
UNIT = Path(__file__).parents[2] / "ansible/roles/card/files/etc/systemd/system/tonearm-machine@.service"


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


async def test_a_machine_that_is_not_there_is_a_sentence_for_each_wish(tmp_path: Path) -> None:
    refused = await SocketMachine(tmp_path / "nothing").apply(MachineWishes(name="kitchen", time_zone="UTC"))
    assert refused == {"name": NO_ANSWER, "time_zone": NO_ANSWER}


@pytest.mark.parametrize(
    "reply",
    [b"", b"nonsense\n", b"[]\n", b'{"name": 3}\n', b"\xff\n", b"[" * 10_000, b" " * 70_000],
    ids=lambda reply: repr(reply[:12]),
)
async def test_of_a_machine_that_answers_nonsense_nobody_claims_to_know(root: Path, reply: bytes) -> None:
    wishes = MachineWishes(name="kitchen", time_zone="Europe/Berlin", clock=datetime(2026, 11, 20, 12, tzinfo=UTC))
    async with saying(root / "run/socket", reply):
        refused = await SocketMachine(root / "run/socket", etc=root / "etc").apply(wishes)
    assert refused.keys() == {"name", "time_zone", "clock"}
    assert all("did not say in time whether" in words for words in refused.values())


async def test_what_is_so_although_nobody_said_so_is_not_complained_of(root: Path) -> None:
    """The helper is cut off between its work and its answer."""
    (root / "etc/localtime").unlink()
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    Hostnamed(root / "etc").answers("kitchen")
    async with saying(root / "run/socket", b""):
        refused = await SocketMachine(root / "run/socket", etc=root / "etc").apply(
            MachineWishes(name="Kitchen", time_zone="Europe/Berlin")
        )
    # Who announces the name was perhaps not told.
    assert refused == {"name": "It is renamed; kitchen.local answers once the box was turned off and on."}


async def test_a_machine_that_did_not_understand_did_nothing(tmp_path: Path) -> None:
    async with saying(tmp_path / "socket", b'{"request": "This is no request."}\n'):
        refused = await SocketMachine(tmp_path / "socket").apply(MachineWishes(name="kitchen"))
    assert refused == {"name": NO_ANSWER}


async def test_a_machine_that_never_answers_is_not_waited_for(
    root: Path, autojump_clock: trio.testing.MockClock
) -> None:
    began = autojump_clock.current_time()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(root / "run/socket"))
        door.listen()
        slow = SocketMachine(root / "run/socket", etc=root / "etc", patience=15)
        refused = await slow.apply(MachineWishes(name="kitchen"))
    assert "did not say in time whether it is called kitchen now" in refused["name"]
    assert autojump_clock.current_time() - began < 16


async def test_the_state_is_what_the_files_say(root: Path) -> None:
    machine = SocketMachine(root / "run/socket", etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo")
    zones = frozenset({"UTC", "Etc/UTC", "Europe/Berlin", "Europe/Lisbon"})
    assert await machine.state() == MachineState(name="tonearm", time_zone="UTC", time_zones=zones)
    (root / "etc/localtime").unlink()
    (root / "etc/localtime").symlink_to("../usr/share/zoneinfo/America/New_York")
    # What it is set to can be chosen, listed or not.
    state = MachineState(name="tonearm", time_zone="America/New_York", time_zones=zones | {"America/New_York"})
    assert await machine.state() == state
    (root / "etc/localtime").unlink()
    (root / "etc/timezone").write_text("Europe/Lisbon\n")
    assert (await machine.state()).time_zone == "Europe/Lisbon"
    for name in ("timezone", "hostname"):
        (root / "etc" / name).unlink()
    assert await machine.state() == MachineState(name="localhost", time_zone="UTC", time_zones=zones)


async def test_the_time_zones_of_this_system_are_known_by_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    read_text = Path.read_text

    def counted(path: Path, *arguments: object, **named: object) -> str:
        looked_at.append(path.name)
        return read_text(path, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", counted)
    machine = SocketMachine(Path("/nothing"))
    for _ in range(2):
        zones = (await machine.state()).time_zones
    assert looked_at.count("tzdata.zi") == 1
    assert {"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"} <= zones
    assert not zones & {"localtime", "posixrules", "Factory", "leapseconds", "tzdata.zi"}
    # On Debian 12, and on 13 with the package tzdata-legacy, which the card has, it lists every file and no other.
    there = {str(path.relative_to(ZONEINFO)) for path in ZONEINFO.rglob("[A-Z]*") if path.is_file()}
    there = {zone for zone in there if not zone.startswith(("posix/", "right/"))} - {"Factory"}
    assert there <= zones


async def test_a_system_without_a_list_of_zones_has_the_one_that_it_is_set_to(root: Path) -> None:
    (root / "usr/share/zoneinfo/tzdata.zi").unlink()
    machine = SocketMachine(root / "run/socket", etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo")
    assert (await machine.state()).time_zones == {"UTC"}


async def test_whoever_uses_up_the_common_threads_does_not_hold_it_up(root: Path) -> None:
    common = trio.to_thread.current_default_thread_limiter()
    machine = SocketMachine(root / "run/socket", etc=root / "etc")
    for _ in range(int(common.total_tokens)):
        common.acquire_on_behalf_of_nowait(object())
    with trio.fail_after(10):
        assert (await machine.state()).name == "tonearm"


def test_each_waits_longer_than_whom_it_asks() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(re.sub("^#.*", "", UNIT.read_text(), flags=re.MULTILINE))
    helper = calls.HOSTNAMED_SECONDS + calls.SYSTEMCTL_SECONDS
    assert helper < machine.PATIENCE < int(unit["Service"]["RuntimeMaxSec"])
    # A call that the sandbox forbids is an error to tell of; by default it would be the helper's end.
    assert unit["Service"]["SystemCallErrorNumber"] == "EPERM"


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
        b'{"name": "kitchen", "ssh_keys": ["ssh-ed25519 AAAA"]}',
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
