"""systemd can order our units: no cycle, nothing that it does not understand. By its own tool, on a tree of units; the
rest of the system is this machine's."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ansible.unit_tree import make_unit_tree

# Of systemd 254 and 256; the card has 257, and this machine's may be older and says that it ignores them.
NEWER = {"RestartSteps", "RestartMaxDelaySec", "WantsMountsFor"}
# Wants, as `systemctl enable` makes them of [Install].
_INSTALL = re.compile(r"^WantedBy=(.+)$", re.MULTILINE)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    system = tmp_path / "usr/lib/systemd/system"
    shutil.copytree("/usr/lib/systemd/system", system, symlinks=True)
    for name in make_unit_tree(tmp_path):
        unit = tmp_path / "etc/systemd/system" / name
        for target in " ".join(_INSTALL.findall(unit.read_text())).split():
            wants = unit.parent / f"{target}.wants"
            wants.mkdir(exist_ok=True)
            (wants / name).symlink_to(unit)
    # What the generators make of the card's fstab.
    (system / "srv-tonearm.mount").write_text("[Mount]\nWhat=/dev/disk/by-label/tonearm-data\nWhere=/srv/tonearm\n")
    # What we start is there; what it does is no matter here.
    for program in ("opt/tonearm/current/bin/tonearm", *(f"usr/lib/tonearm/{name}" for name in _SCRIPTS), *_DEBIANS):
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return tmp_path


_SCRIPTS = ("create-database", "tune-database", "grow-data")
_DEBIANS = (
    "usr/lib/postgresql/17/bin/postgres",
    "bin/kill",
    "usr/bin/systemd-tmpfiles",
    "usr/bin/sync",
    "usr/bin/touch",
    "bin/sh",
)


def verify(root: Path) -> list[str]:
    """What systemd has to say about our units and the way to multi-user.target."""
    ours = [path.name for path in (root / "etc/systemd/system").iterdir() if path.is_file()]
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", *ours, "multi-user.target"],
        capture_output=True,
        text=True,
        check=False,
    )
    known = re.compile(rf"Unknown key '({'|'.join(NEWER)})'|Unknown system call group, ignoring: @sandbox")
    lines = told.stderr.splitlines()
    return [line for line in lines if ("tonearm" in line or "cycle" in line) and not known.search(line)]


def test_the_units_are_understood_and_can_be_ordered(root: Path) -> None:
    assert verify(root) == []


def test_a_cycle_would_be_seen(root: Path) -> None:
    unit = root / "etc/systemd/system/tonearm-preseed.service"
    unit.write_text(unit.read_text().replace("[Unit]\n", "[Unit]\nAfter=tonearm.service\n"))
    assert any("cycle" in line for line in verify(root))
