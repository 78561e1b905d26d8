"""systemd's ends of our sockets, and a machine's files."""

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.host.boot_changes import BootChanges
from appliance.host.changes import Changes, Places
from tests.host.answering import SETUP, Answers, answering
from tests.host.box import Box
from tests.host.machinery import Hostnamed, Recorder, public_key


@pytest.fixture
def systemd_python() -> None:
    """For tests of what only systemd-python can do: without it they do not run, and say so."""
    if importlib.util.find_spec("systemd") is None:
        pytest.skip(
            "systemd-python is not installed (it is built: libsystemd-dev, pkg-config, gcc), so this is unproven"
        )


@pytest.fixture
def ear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemd_python: None) -> Iterator[socket.socket]:  # noqa: ARG001
    """The socket on which systemd would listen to this process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield ear


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's files: called tonearm, in UTC, with three time zones."""
    root = tmp_path / "root"
    for folder in ("etc", "boot/firmware", "run/tonearm-host", "root", "usr/share/zoneinfo/Europe"):
        (root / folder).mkdir(parents=True)
    zoneinfo = root / "usr/share/zoneinfo"
    for zone in ("UTC", "Europe/Berlin", "Europe/Lisbon"):
        (zoneinfo / zone).write_bytes(b"TZif2" + bytes(40))
    for no_zone in ("Factory", "posixrules"):
        (zoneinfo / no_zone).write_bytes(b"TZif2" + bytes(40))
    (zoneinfo / "tzdata.zi").write_text(
        "# version 2026b\nR d 1916 o - Jun 14 23s 1 S\nZ Factory 0 - -00\nZ Etc/UTC 0 - UTC\nL Etc/UTC UTC\n"
        "Z Europe/Berlin 0:53:28 - LMT 1893 Ap\n1 c CE%sT 1980\nZ Europe/Lisbon -0:36:45 - LMT 1912 Ja 1 0u\n"
    )
    (root / "etc/hostname").write_text("tonearm\n")
    (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\ttonearm.lan tonearm\n")
    (root / "etc/localtime").symlink_to(zoneinfo / "UTC")
    # As Debian has it.
    (zoneinfo / "localtime").symlink_to(root / "etc/localtime")
    return root


@pytest.fixture
def places(root: Path) -> Places:
    return Places(
        etc=root / "etc",
        zoneinfo=root / "usr/share/zoneinfo",
        ssh=root / "root/.ssh",
        clock_is_kept=root / "run/synchronized",
    )


@pytest.fixture
def asked() -> Recorder:
    """What the running system was asked for. It must not happen to the machine that runs the tests."""
    return Recorder()


@pytest.fixture
def changes(root: Path, places: Places, asked: Recorder) -> Changes:
    """What is behind the socket, on a machine that is up."""
    asked.hostnamed = Hostnamed(root / "etc").answers
    return Changes(places, asked.calls())


@pytest.fixture
def boot_changes(places: Places, asked: Recorder) -> BootChanges:
    """What the boot partition may ask for, on a machine that is not up yet."""
    return BootChanges(places, asked.calls())


@pytest.fixture
def ssh_key() -> str:
    return public_key()


@pytest.fixture
def new_server() -> Iterator[Answers]:
    """Of a box that nobody has set up yet."""
    with answering(setup=SETUP) as server:
        yield server


@pytest.fixture
def box(root: Path, boot_changes: BootChanges, new_server: Answers) -> Box:
    return Box(root, boot_changes, new_server)
