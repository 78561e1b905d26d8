"""The console on a terminal: what it writes there, when, and how it leaves."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.host.canvas import Ink
from appliance.host.console import Picture, show_once
from appliance.host.server_state import ServerState
from appliance.host.sight import Facts, Sight, sight
from appliance.host.surroundings import Surroundings
from appliance.host.virtual_terminal import Terminal
from tests.host.answering import SETUP, Answers, answering, report


@pytest.fixture
def root(root: Path) -> Path:
    """Also what the kernel tells, of a box with one monitor."""
    for folder in ("proc/self", "proc/net"):
        (root / folder).mkdir(parents=True)
    (root / "proc/uptime").write_text("20.25 31.07\n")
    # Where the tests run there may be no network at all.
    (root / "proc/net/if_inet6").write_text("20010db8000000000000000000000001 02 40 00 80 eth0\n")
    (root / "proc/self/mounts").write_text("/dev/root / ext4 rw 0 0\n")
    (root / "etc/fstab").write_text("# the card\nLABEL=tonearm-root / ext4 rw 0 1\n")
    (root / "sys/class/drm/card0-HDMI-A-1").mkdir(parents=True)
    (root / "sys/class/drm/card0-HDMI-A-1/status").write_text("connected\n")
    (root / "etc/hostname").write_text("kitchen\n")
    return root


class Screen:
    """The other end of a terminal of this size."""

    def __init__(self, columns: int = 80, rows: int = 25) -> None:
        self.ours, self.theirs = pty.openpty()
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, pattern: str) -> str:
        """Everything that was written up to and with this."""
        written, deadline = "", time.monotonic() + 20
        while not re.search(pattern, written):
            readable, _, _ = select.select([self.ours], [], [], deadline - time.monotonic())
            assert readable, f"{pattern} never came: {written!r}"
            written += os.read(self.ours, 65_536).decode(errors="replace")  # which may end within a letter
        return written

    def rest(self) -> str:
        """What was written and not read yet."""
        written = b""
        while select.select([self.ours], [], [], 0)[0]:
            written += os.read(self.ours, 65_536)
        return written.decode()

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.theirs)[3] & termios.ECHO)


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    os.close(screen.ours)
    os.close(screen.theirs)


@pytest.fixture
def server() -> Iterator[Answers]:
    with answering(setup=SETUP) as answers:
        yield answers


PROGRAM = """
import sys
from pathlib import Path
from appliance.host.console import show
from appliance.host.surroundings import Surroundings
show(Surroundings(int(sys.argv[1]), Path(sys.argv[2])))
"""


@contextmanager
def start(screen: Screen, port: int, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", PROGRAM, str(port), str(root)]
    with subprocess.Popen(command, stdin=screen.theirs, stdout=screen.theirs, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_shows_the_box_follows_what_happens_and_leaves_the_terminal_as_it_was(
    screen: Screen, server: Answers, root: Path
) -> None:
    (root / "run/tonearm-host/setup-code").write_text("7KQM-2XWD\n")
    with start(screen, server.port, root) as process:
        first = screen.until("on a phone in your home")
        assert "7KQM-2XWD" in first
        assert "\033[?25l" in first
        assert not screen.echoes()
        (root / "etc/hostname").write_text("attic\n")
        again = screen.until(r"http://attic\.local")
        assert "\033[2J" not in again  # painted over: a screen that is cleared first blinks
        screen.resize(160, 50)
        process.send_signal(signal.SIGWINCH)
        assert "\033[50;1H" in screen.until(r"\033\[50;1H")
        process.send_signal(signal.SIGTERM)
        last = screen.until(r"\033\[\?25h")
        assert "\033[2J" in last
        assert process.wait(20) == 0
        assert screen.echoes()
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_box_that_still_starts_is_left_within_seconds(screen: Screen, root: Path) -> None:
    with start(screen, 1, root) as process:
        screen.until("Starting")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_screen_that_goes_away_ends_it(server: Answers, root: Path) -> None:
    other = Screen()
    with start(other, server.port, root) as process:
        other.until("on a phone in your home")
        os.close(other.theirs)
        os.close(other.ours)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert b"The screen is gone: Input/output error." in process.stderr.read()


def seen(*urls: str, silent_for: float = 0.0) -> Sight:
    up = ServerState(answers=True, failing={}, open_for_setup=False)
    facts = Facts(
        name="tonearm",
        urls=urls or ("http://10.0.0.2",),
        linked=True,
        music_disk_missing=False,
        server=up,
        silent_for=silent_for,
        code="",
        problem="",
    )
    return sight(facts, 80)


def test_the_same_is_painted_once_and_what_changes_again(screen: Screen) -> None:
    picture = Picture(Terminal(screen.theirs))
    picture.show(seen(), ())
    assert "10.0.0.2" in screen.rest()
    picture.show(seen(silent_for=3.0), ())
    assert screen.rest() == ""
    picture.show(seen("http://10.0.0.3"), ())
    assert "10.0.0.3" in screen.rest()
    picture.show(seen("http://10.0.0.3"), ("HDMI",))
    assert "10.0.0.3" in screen.rest()
    screen.resize(100, 30)
    picture.show(seen("http://10.0.0.3"), ("HDMI",))
    assert "\033[30;1H" in screen.rest()


def test_every_line_of_the_screen_is_painted_to_its_end(screen: Screen) -> None:
    Terminal(screen.theirs).paint(["one", "two"])
    assert screen.rest() == "\033[1;1Hone\033[K\033[2;1Htwo\033[K"


def test_a_terminal_that_is_no_console_of_linux_s_keeps_its_colours(screen: Screen) -> None:
    terminal = Terminal(screen.theirs)
    assert not terminal.is_virtual
    assert terminal.has_halves
    terminal.open()
    terminal.wake(dark_after=5)
    terminal.close()
    written = screen.rest()
    assert "\033]" not in written
    assert "\033[9;" not in written
    assert terminal.inks[Ink.MODULE].endswith("40")


def test_a_screen_of_no_known_size_is_the_smallest(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        assert Terminal(out.fileno()).size() == (80, 25)


def test_once_is_for_whoever_asks_by_ssh(screen: Screen, server: Answers, root: Path, tmp_path: Path) -> None:
    with open(os.dup(screen.theirs), "w", encoding="utf-8") as out:
        show_once(Surroundings(server.port, root), out)
    coloured = screen.rest()
    assert "http://kitchen.local" in coloured
    assert "\033[?25l" not in coloured
    with (tmp_path / "out").open("w") as out:
        show_once(Surroundings(server.port, root), out)
    plain = (tmp_path / "out").read_text()
    assert "\033" not in plain
    assert plain.splitlines()[-1].strip() == "Ready to be set up. Open the address on a phone in your home."


def test_what_is_around_is_gathered(server: Answers, root: Path) -> None:
    server.at["/health/ready"] = (503, report(database="No."))
    around = Surroundings(server.port, root)
    (root / "run/tonearm-host/problem").write_text("The file tonearm.toml cannot be used.\n")
    facts = around.facts()
    assert (facts.name, facts.problem, facts.code) == ("kitchen", "The file tonearm.toml cannot be used.", "")
    assert facts.server == ServerState(answers=True, failing={"database": "No."}, open_for_setup=True)
    assert facts.silent_for == 0
    assert all(url.endswith(f":{server.port}") for url in facts.urls)


def test_silence_is_counted_from_the_last_answer_and_not_from_power_on(root: Path) -> None:
    with answering() as server:
        around = Surroundings(server.port, root)
        assert around.facts().silent_for == 0
    (root / "proc/uptime").write_text("1000.5 900.0\n")
    assert around.facts().silent_for == 980.25
    assert Surroundings(server.port, root).facts().silent_for == 1000.5


def test_a_data_partition_is_missed_only_where_there_should_be_one(server: Answers, root: Path) -> None:
    around = Surroundings(server.port, root)
    assert not around.facts().music_disk_missing
    with (root / "etc/fstab").open("a") as fstab:
        fstab.write("# LABEL=x /srv/other ext4\nLABEL=tonearm-data /srv/tonearm ext4 noatime,nofail 0 2\n\nodd\n")
    assert around.facts().music_disk_missing
    with (root / "proc/self/mounts").open("a") as mounts:
        mounts.write("/dev/mmcblk0p4 /srv/tonearm ext4 rw,noatime 0 0\n")
    assert not around.facts().music_disk_missing


def test_a_monitor_that_is_plugged_in_is_noticed(root: Path) -> None:
    around = Surroundings(80, root)
    assert len(around.monitors()) == 1
    (root / "sys/class/drm/card0-HDMI-A-1/status").write_text("disconnected\n")
    assert around.monitors() == ()


def test_a_machine_that_tells_nothing_has_a_name_all_the_same(tmp_path: Path) -> None:
    facts = Surroundings(1, tmp_path).facts()
    assert (facts.name, facts.problem, facts.music_disk_missing) == ("tonearm", "", False)
