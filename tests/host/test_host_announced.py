"""The name that Avahi announces, as the system's bus tells it.

The bus's words are those of dbus-daemon 1.14 and Avahi 0.8 on Debian 12, recorded in two network namespaces with a
cable between them, in which both machines were called tonearm.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from appliance.host.announced import announced_name
from appliance.host.surroundings import Surroundings

QUESTION = (
    b"BEGIN\r\n"
    b"l\1\2\1\0\0\0\0\1\0\0\0n\0\0\0\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0"
    b"\6\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0"
    b"\3\1s\0\5\0\0\0Hello\0\0\0"
    b"l\1\2\1\0\0\0\0\2\0\0\0l\0\0\0\1\1o\0\1\0\0\0/\0\0\0\0\0\0\0"
    b"\6\1s\0\x15\0\0\0org.freedesktop.Avahi\0\0\0\2\1s\0\x1c\0\0\0org.freedesktop.Avahi.Server\0\0\0\0"
    b"\3\1s\0\x0b\0\0\0GetHostName\0\0\0\0\0"
)
WELCOME = b"OK acb31385938f71fa447398346b0067e3\r\n"
HELLO = (
    b"l\2\1\1\n\0\0\0\1\0\0\0=\0\0\0\6\1s\0\5\0\0\0:1.22\0\0\0\5\1u\0\1\0\0\0\x08\1g\0\1s\0\0"
    b"\7\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\5\0\0\0:1.22\0"
)
ACQUIRED = (
    b"l\4\1\1\n\0\0\0\2\0\0\0\x8d\0\0\0\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0"
    b"\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\3\1s\0\x0c\0\0\0NameAcquired\0\0\0\0"
    b"\6\1s\0\5\0\0\0:1.22\0\0\0\x08\1g\0\1s\0\0\7\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\5\0\0\0:1.22\0"
)
NAME = (
    b"l\2\1\1\x0e\0\0\0\x1d\0\0\0-\0\0\0\6\1s\0\5\0\0\0:1.22\0\0\0\5\1u\0\2\0\0\0\x08\1g\0\1s\0\0"
    b"\7\1s\0\4\0\0\0:1.0\0\0\0\0\t\0\0\0tonearm-2\0"
)
WHOLE = WELCOME + HELLO + ACQUIRED + NAME


class Bus:
    """A system's bus that says ``words`` to whoever has asked the whole question, and then nothing more."""

    def __init__(self, path: Path, words: bytes) -> None:
        self.path = path
        self.words = words
        self.asked: list[bytes] = []


@contextmanager
def speaking(path: Path, words: bytes = WHOLE) -> Iterator[Bus]:
    path.parent.mkdir(parents=True, exist_ok=True)
    bus = Bus(path, words)
    callers: list[socket.socket] = []

    def serve() -> None:
        with door:
            while True:
                caller, _ = door.accept()
                callers.append(caller)  # left open: whoever waits for more waits
                asked = b""
                while not asked.endswith(QUESTION) and (part := caller.recv(4096)):
                    asked += part
                if not asked:
                    return
                bus.asked.append(asked)
                # In two halves, cut where it hurts. Who has heard enough may have gone.
                with suppress(OSError):
                    for part in (bus.words[:77], bus.words[77:]):
                        caller.sendall(part)

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield bus
        finally:
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join()
            for caller in callers:
                caller.close()
            path.unlink()


def test_the_name_is_the_one_that_avahi_announces(tmp_path: Path) -> None:
    with speaking(tmp_path / "bus") as bus:
        assert announced_name(bus.path) == "tonearm-2"
    assert bus.asked == [f"\0AUTH EXTERNAL {str(os.getuid()).encode().hex()}\r\n".encode() + QUESTION]


def test_where_there_is_no_bus_nobody_announces_a_name(tmp_path: Path) -> None:
    assert announced_name(tmp_path / "bus") is None
    (tmp_path / "bus").touch()
    assert announced_name(tmp_path / "bus") is None


@pytest.mark.parametrize(
    "words",
    [
        WELCOME + HELLO + ACQUIRED + NAME.replace(b"l\2", b"l\3"),
        WELCOME + HELLO.replace(b"l\2", b"l\3") + NAME,
        b"REJECTED EXTERNAL\r\n",
        WHOLE[:-5],
        WELCOME + HELLO + ACQUIRED * 20,
        WELCOME + HELLO + NAME.replace(b"\x0e\0\0\0", b"\x00\0\0\0", 1),
        WELCOME + HELLO + NAME.replace(b"\x0e\0\0\0", b"\xff\xff\xff\xff", 1),
        WELCOME + HELLO + NAME.replace(b"tonearm", b"tonear\xff"),
        WELCOME + b"B" + HELLO[1:] + NAME,
        b"x" * 100_000,
        b"",
    ],
    ids=range(11),
)
def test_a_bus_that_refuses_or_speaks_nonsense_or_nothing_holds_nobody_up(tmp_path: Path, words: bytes) -> None:
    with speaking(tmp_path / "bus", words) as bus:
        assert announced_name(bus.path, patience=0.05) is None


def test_the_screen_names_the_box_as_it_is_announced_and_as_it_was_when_nobody_says(root: Path) -> None:
    around, bus = Surroundings(1, root), root / "run/dbus/system_bus_socket"
    assert around.facts().name == "tonearm"
    with speaking(bus):
        assert around.facts().name == "tonearm-2"
    assert around.facts().name == "tonearm-2"
    (root / "etc/hostname").write_text("kitchen\n")
    assert around.facts().name == "kitchen"
    with speaking(bus, WELCOME + HELLO + NAME.replace(b"tonearm-2", b"kitchen-2")):
        assert around.facts().name == "kitchen-2"
