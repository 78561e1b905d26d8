"""What becomes of wishes on a machine's files; and, in a namespace of its own, of a machine's name."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.core.machine import MachineWishes
from appliance.host.calls import Calls
from appliance.host.changes import Changes, Places
from tests.host.machinery import Recorder, public_key

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=timezone(timedelta(hours=1)))


def snapshot(root: Path) -> dict[str, object]:
    return {
        str(path.relative_to(root)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_each_wish_is_granted_on_disk(root: Path, changes: Changes, asked: Recorder, ssh_key: str) -> None:
    wishes = MachineWishes(name="Kitchen", time_zone="Europe/Berlin", clock=NOW, ssh_keys=(ssh_key,))
    assert changes.apply(wishes) == {}
    assert (root / "etc/hostname").read_text() == "kitchen\n"
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tkitchen.lan kitchen\n"
    assert os.readlink(root / "etc/localtime") == str(root / "usr/share/zoneinfo/Europe/Berlin")
    keys = root / "root/.ssh/authorized_keys"
    assert keys.read_text() == f"{ssh_key}\n"
    assert (stat.S_IMODE(keys.stat().st_mode), stat.S_IMODE(keys.parent.stat().st_mode)) == (0o600, 0o700)
    assert asked.asked == [
        ("set_clock", NOW),
        ("set_host_name", "kitchen"),
        ("announce", None),
        ("open_ssh", None),
    ]


def test_no_wish_changes_nothing(root: Path, changes: Changes, asked: Recorder) -> None:
    before = snapshot(root)
    assert changes.apply(MachineWishes()) == {}
    assert snapshot(root) == before
    assert asked.asked == []


def test_the_same_wishes_again_change_nothing_and_disturb_nobody(
    root: Path, changes: Changes, asked: Recorder, ssh_key: str
) -> None:
    wishes = MachineWishes(name="kitchen", time_zone="Europe/Berlin", ssh_keys=(ssh_key,))
    changes.apply(wishes)
    before = snapshot(root)
    asked.asked.clear()
    assert changes.apply(wishes) == {}
    assert snapshot(root) == before
    assert asked.asked == [("open_ssh", None)]


def test_new_keys_take_the_place_of_the_old_ones(root: Path, changes: Changes) -> None:
    for key in (public_key(), last := public_key()):
        changes.apply(MachineWishes(ssh_keys=(key,)))
    assert (root / "root/.ssh/authorized_keys").read_text() == f"{last}\n"


def test_etc_timezone_says_the_same_where_there_is_one(root: Path, changes: Changes) -> None:
    (root / "etc/timezone").write_text("Etc/UTC\n")
    changes.apply(MachineWishes(time_zone="Europe/Lisbon"))
    assert (root / "etc/timezone").read_text() == "Europe/Lisbon\n"


def test_a_clock_that_a_time_server_keeps_is_left_to_it(root: Path, changes: Changes, asked: Recorder) -> None:
    (root / "run/synchronized").touch()
    assert changes.apply(MachineWishes(clock=NOW)) == {}
    assert asked.asked == []


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        (MachineWishes(name=""), "name"),
        (MachineWishes(name="-kitchen"), "name"),
        (MachineWishes(name="kitchen-"), "name"),
        (MachineWishes(name="kit chen"), "name"),
        (MachineWishes(name="kitchen.local"), "name"),
        (MachineWishes(name="küche"), "name"),
        (MachineWishes(name="kitchen\n127.0.0.1 bank"), "name"),
        (MachineWishes(name="k" * 64), "name"),
        (MachineWishes(name="12345"), "name"),
        (MachineWishes(name="localhost"), "name"),
        (MachineWishes(name="--static"), "name"),
        (MachineWishes(time_zone=""), "time_zone"),
        (MachineWishes(time_zone="Europe/Atlantis"), "time_zone"),
        (MachineWishes(time_zone="../../../etc/hostname"), "time_zone"),
        (MachineWishes(time_zone="/etc/passwd"), "time_zone"),
        (MachineWishes(time_zone="Europe"), "time_zone"),
        (MachineWishes(time_zone="tzdata.zi"), "time_zone"),
        (MachineWishes(time_zone="Europe/Berlin\n"), "time_zone"),
        (MachineWishes(clock=datetime(1970, 1, 1, tzinfo=UTC)), "clock"),
        (MachineWishes(clock=datetime(2100, 1, 1, tzinfo=UTC)), "clock"),
        (MachineWishes(clock=datetime(2026, 11, 20, 12)), "clock"),  # noqa: DTZ001 - that is what is wrong with it
        (MachineWishes(ssh_keys=("ssh-ed25519 nonsense",)), "ssh_keys"),
        (MachineWishes(ssh_keys=tuple(public_key() for _ in range(101))), "ssh_keys"),
    ],
    ids=repr,
)
def test_what_cannot_be_meant_changes_nothing_and_is_told(
    wishes: MachineWishes, field: str, root: Path, changes: Changes, asked: Recorder
) -> None:
    before = snapshot(root)
    refused = changes.apply(wishes)
    assert list(refused) == [field]
    assert refused[field].endswith(".")
    assert snapshot(root) == before
    assert asked.asked == []


def test_one_refusal_does_not_cost_the_other_wishes(root: Path, changes: Changes, asked: Recorder) -> None:
    asked.refusals = {"set_clock", "set_host_name"}
    refused = changes.apply(MachineWishes(name="kitchen", time_zone="Europe/Berlin", clock=NOW))
    assert refused == {
        "clock": "The clock could not be set: Operation not permitted.",
        "name": "The name could not be changed: Operation not permitted.",
    }
    assert os.readlink(root / "etc/localtime").endswith("Europe/Berlin")
    assert (root / "etc/hostname").read_text() == "tonearm\n"
    assert "127.0.1.1\ttonearm.lan tonearm\n" in (root / "etc/hosts").read_text()


def test_what_is_written_and_not_yet_in_force_is_told_so(changes: Changes, asked: Recorder, ssh_key: str) -> None:
    asked.refusals = {"announce", "open_ssh"}
    refused = changes.apply(MachineWishes(name="kitchen", ssh_keys=(ssh_key,)))
    assert refused == {
        "name": "It is renamed; kitchen.local answers once the box was turned off and on.",
        "ssh_keys": "The ssh keys are stored; ssh opens once the box was turned off and on.",
    }


def test_where_hostnamed_answers_it_does_the_renaming(root: Path, changes: Changes, asked: Recorder) -> None:
    asked.hostnamed = True
    assert changes.apply(MachineWishes(name="kitchen")) == {}
    assert asked.asked == [("ask_hostnamed", "kitchen"), ("announce", None)]
    assert (root / "etc/hostname").read_text() == "tonearm\n"  # which is hostnamed's to write
    assert "kitchen" in (root / "etc/hosts").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("127.0.1.1 tonearm\n", "127.0.1.1 kitchen\n"),
        ("::1\ttonearm tonearm.local # tonearm", "::1\tkitchen kitchen.local # kitchen"),
        ("10.0.0.9 tonearm-old nottonearm tonearmx\n", "10.0.0.9 tonearm-old nottonearm tonearmx\n"),
        ("tonearm\r\n127.0.1.1 tonearm\r\n", "tonearm\r\n127.0.1.1 kitchen\r\n"),
        ("", ""),
    ],
)
def test_hosts_is_changed_where_it_names_the_machine(before: str, after: str, root: Path, changes: Changes) -> None:
    (root / "etc/hosts").write_bytes(before.encode())
    changes.apply(MachineWishes(name="kitchen"))
    assert (root / "etc/hosts").read_bytes() == after.encode()


def test_a_machine_without_hosts_or_a_name_is_named_all_the_same(root: Path, changes: Changes) -> None:
    (root / "etc/hosts").unlink()
    (root / "etc/hostname").unlink()
    assert changes.apply(MachineWishes(name="kitchen")) == {}
    assert (root / "etc/hostname").read_text() == "kitchen\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, places: Places, asked: Recorder) -> None:
    lost = Changes(Places(etc=tmp_path / "gone", zoneinfo=places.zoneinfo, ssh=tmp_path / "gone/ssh"), asked.calls())
    refused = lost.apply(MachineWishes(time_zone="Europe/Berlin", ssh_keys=(public_key(),)))
    assert refused == {
        "time_zone": "The time zone could not be set: No such file or directory.",
        "ssh_keys": "The ssh keys could not be stored: No such file or directory.",
    }


def test_the_kernel_is_really_told_the_name(root: Path) -> None:
    program = f"""
import os
from pathlib import Path
from appliance.core.machine import MachineWishes
from appliance.host.calls import Calls
from appliance.host.changes import Changes, Places
root = Path({str(root)!r})
calls = Calls(ask_hostnamed=lambda _: False, announce=lambda: None)
places = Places(etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo", ssh=root / "ssh")
assert Changes(places, calls).apply(MachineWishes(name="kitchen")) == {{}}
print(os.uname().nodename)
"""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", "--uts", *user, sys.executable, "-c", program]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    assert run.stdout == "kitchen\n"
    assert os.uname().nodename != "kitchen"
    assert (root / "etc/hostname").read_text() == "kitchen\n"


def test_programs_that_are_missing_or_refuse_are_errors_of_one_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert calls.ask_hostnamed("kitchen") is False
    with pytest.raises(FileNotFoundError):
        calls.announce()
    for program in ("systemctl", "hostnamectl"):
        (tmp_path / program).write_text('#!/bin/sh\n[ "$0" ] && echo "Access denied: $*" >&2\nexit 4\n')
        (tmp_path / program).chmod(0o755)
    assert calls.ask_hostnamed("kitchen") is False
    with pytest.raises(OSError, match=r"Access denied: --no-block try-restart avahi-daemon.service"):
        calls.announce()
    with pytest.raises(OSError, match=r"Access denied: --no-block start ssh.service"):
        calls.open_ssh()
    (tmp_path / "hostnamectl").write_text('#!/bin/sh\necho "$@" > "$0.asked"\n')
    assert calls.ask_hostnamed("kitchen") is True
    assert (tmp_path / "hostnamectl.asked").read_text() == "--no-ask-password hostname kitchen\n"
