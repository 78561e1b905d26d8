"""What becomes of wishes on a machine's files; and, in a namespace of its own, of a machine's name."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from appliance.core.machine import MachineWishes
from appliance.host import calls
from appliance.host.boot_changes import BootChanges
from appliance.host.changes import Changes, Places
from tests.host.machinery import Hostnamed, Recorder, nobody, public_key

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=timezone(timedelta(hours=1)))


def snapshot(root: Path) -> dict[str, object]:
    return {
        str(path.relative_to(root)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_each_wish_is_granted_on_disk(root: Path, boot_changes: BootChanges, asked: Recorder, ssh_key: str) -> None:
    assert boot_changes.apply(MachineWishes(name="Kitchen", time_zone="Europe/Berlin", clock=NOW)) == {}
    assert boot_changes.admit((ssh_key,)) == {}
    assert (root / "etc/hostname").read_text() == "kitchen\n"
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tkitchen.lan kitchen\n"
    assert os.readlink(root / "etc/localtime") == str(root / "usr/share/zoneinfo/Europe/Berlin")
    keys = root / "root/.ssh/authorized_keys"
    assert keys.read_text() == f"{ssh_key}\n"
    assert (stat.S_IMODE(keys.stat().st_mode), stat.S_IMODE(keys.parent.stat().st_mode)) == (0o600, 0o700)
    assert asked.asked == [
        ("set_clock", NOW),
        ("ask_hostnamed", "kitchen"),
        ("set_host_name", "kitchen"),
        ("announce", None),
        ("open_ssh", None),
    ]


def test_no_wish_changes_nothing(root: Path, boot_changes: BootChanges, asked: Recorder) -> None:
    before = snapshot(root)
    assert boot_changes.apply(MachineWishes()) == {}
    assert boot_changes.admit(()) == {}
    assert snapshot(root) == before
    assert asked.asked == []


def test_the_same_wishes_again_change_nothing_and_disturb_nobody(
    root: Path, boot_changes: BootChanges, asked: Recorder, ssh_key: str
) -> None:
    wishes = MachineWishes(name="kitchen", time_zone="Europe/Berlin")
    boot_changes.apply(wishes)
    boot_changes.admit((ssh_key,))
    before = snapshot(root)
    asked.asked.clear()
    assert boot_changes.apply(wishes) == {}
    assert boot_changes.admit((ssh_key,)) == {}
    assert snapshot(root) == before
    assert asked.asked == [("open_ssh", None)]


def test_new_keys_take_the_place_of_the_old_ones(root: Path, boot_changes: BootChanges) -> None:
    for key in (public_key(), last := public_key()):
        boot_changes.admit((key,))
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
        (MachineWishes(time_zone="localtime"), "time_zone"),
        (MachineWishes(time_zone="posixrules"), "time_zone"),
        (MachineWishes(time_zone="Factory"), "time_zone"),
        (MachineWishes(time_zone="Europe/Berlin\n"), "time_zone"),
        (MachineWishes(clock=datetime(1970, 1, 1, tzinfo=UTC)), "clock"),
        (MachineWishes(clock=datetime(2100, 1, 1, tzinfo=UTC)), "clock"),
        (MachineWishes(clock=datetime(2026, 11, 20, 12)), "clock"),  # noqa: DTZ001 - that is what is wrong with it
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


@pytest.mark.parametrize("keys", [("ssh-ed25519 nonsense",), tuple(public_key() for _ in range(101))], ids=len)
def test_keys_that_cannot_be_meant_change_nothing_and_are_told(
    keys: tuple[str, ...], root: Path, boot_changes: BootChanges, asked: Recorder
) -> None:
    before = snapshot(root)
    assert list(boot_changes.admit(keys)) == ["ssh_keys"]
    assert snapshot(root) == before
    assert asked.asked == []


@pytest.mark.parametrize("target", ["../../../../etc/elsewhere", "Way"])
def test_a_zone_that_leads_out_of_the_folder_is_none(root: Path, changes: Changes, target: str) -> None:
    (root / "etc/elsewhere").write_bytes(b"TZif2" + bytes(40))
    (root / "usr/share/zoneinfo/Europe/Way").symlink_to(target)
    before = snapshot(root)
    assert list(changes.apply(MachineWishes(time_zone="Europe/Way"))) == ["time_zone"]
    assert snapshot(root) == before


def test_a_zone_that_is_an_older_name_of_another_is_one(root: Path, changes: Changes) -> None:
    (root / "usr/share/zoneinfo/Portugal").symlink_to("Europe/Lisbon")
    assert changes.apply(MachineWishes(time_zone="Portugal")) == {}
    assert os.readlink(root / "etc/localtime") == str(root / "usr/share/zoneinfo/Portugal")


def test_one_refusal_does_not_cost_the_other_wishes(root: Path, boot_changes: BootChanges, asked: Recorder) -> None:
    asked.refusals = {"set_clock", "set_host_name"}
    refused = boot_changes.apply(MachineWishes(name="kitchen", time_zone="Europe/Berlin", clock=NOW))
    assert refused == {
        "clock": "The clock could not be set: Operation not permitted.",
        "name": "The name could not be changed: Operation not permitted.",
    }
    assert os.readlink(root / "etc/localtime").endswith("Europe/Berlin")
    assert (root / "etc/hostname").read_text() == "tonearm\n"
    assert "127.0.1.1\ttonearm.lan tonearm\n" in (root / "etc/hosts").read_text()


def test_what_is_written_and_not_yet_in_force_is_told_so(
    boot_changes: BootChanges, asked: Recorder, ssh_key: str
) -> None:
    asked.refusals = {"announce", "open_ssh"}
    assert boot_changes.apply(MachineWishes(name="kitchen")) | boot_changes.admit((ssh_key,)) == {
        "name": "It is renamed; kitchen.local answers once the box was turned off and on.",
        "ssh_keys": "The ssh keys are stored; ssh opens once the box was turned off and on.",
    }


def test_where_hostnamed_answers_it_does_the_renaming(root: Path, boot_changes: BootChanges, asked: Recorder) -> None:
    asked.hostnamed = lambda _: None
    assert boot_changes.apply(MachineWishes(name="kitchen")) == {}
    assert asked.asked == [("ask_hostnamed", "kitchen"), ("announce", None)]
    assert (root / "etc/hostname").read_text() == "tonearm\n"  # which is hostnamed's to write
    assert "kitchen" in (root / "etc/hosts").read_text()


def test_behind_the_socket_nobody_else_renames(root: Path, changes: Changes, asked: Recorder) -> None:
    """The unit may not, and would be killed for trying."""
    asked.hostnamed = nobody
    before = snapshot(root)
    refused = changes.apply(MachineWishes(name="kitchen"))
    assert refused == {"name": "The name could not be changed: Failed to connect to bus to set kitchen."}
    assert snapshot(root) == before
    assert asked.asked == [("ask_hostnamed", "kitchen")]


def test_a_hostnamed_that_is_late_and_done_has_done_it(root: Path, changes: Changes, asked: Recorder) -> None:
    asked.hostnamed = Hostnamed(root / "etc").is_done_before_it_says_so
    assert changes.apply(MachineWishes(name="kitchen")) == {}
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tkitchen.lan kitchen\n"
    assert asked.asked[-1] == ("announce", None)


def test_of_a_hostnamed_that_is_late_nobody_claims_to_know(root: Path, changes: Changes, asked: Recorder) -> None:
    hostnamed = Hostnamed(root / "etc")
    asked.hostnamed = hostnamed.is_late
    refused = changes.apply(MachineWishes(name="kitchen", time_zone="Europe/Berlin"))
    assert list(refused) == ["name"]
    assert "did not say in time whether it is called kitchen now" in refused["name"]
    # Whichever name it has in the end, it finds itself.
    assert (root / "etc/hosts").read_text() == (
        "127.0.0.1\tlocalhost\n127.0.1.1\tkitchen.lan tonearm.lan kitchen tonearm\n"
    )
    hostnamed.answers("kitchen")
    assert changes.apply(MachineWishes(name="kitchen")) == {}


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


@pytest.mark.parametrize("hostnamed", [nobody, None])
def test_a_machine_without_hosts_or_a_name_is_named_all_the_same(
    root: Path, boot_changes: BootChanges, asked: Recorder, hostnamed: Callable[[str], None] | None
) -> None:
    asked.hostnamed = hostnamed or Hostnamed(root / "etc").answers
    (root / "etc/hosts").unlink()
    (root / "etc/hostname").unlink()
    assert boot_changes.apply(MachineWishes(name="kitchen")) == {}
    assert (root / "etc/hostname").read_text() == "kitchen\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, places: Places, asked: Recorder) -> None:
    gone = Places(etc=tmp_path / "gone", zoneinfo=places.zoneinfo, ssh=tmp_path / "gone/ssh")
    lost = BootChanges(gone, asked.calls())
    assert lost.apply(MachineWishes(time_zone="Europe/Berlin")) | lost.admit((public_key(),)) == {
        "time_zone": "The time zone could not be set: No such file or directory.",
        "ssh_keys": "The ssh keys could not be stored: No such file or directory.",
    }


def test_the_kernel_is_really_told_the_name(root: Path) -> None:
    program = f"""
import os
from pathlib import Path
from appliance.core.machine import MachineWishes
from appliance.host.boot_changes import BootChanges
from appliance.host.calls import Calls
from appliance.host.changes import Places
root = Path({str(root)!r})
def nobody(name):
    raise OSError(5, "Failed to connect to bus")
calls = Calls(ask_hostnamed=nobody, announce=lambda: None)
places = Places(etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo", ssh=root / "ssh")
assert BootChanges(places, calls).apply(MachineWishes(name="kitchen")) == {{}}
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
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        calls.ask_hostnamed("kitchen")
    with pytest.raises(FileNotFoundError):
        calls.announce()
    for program in ("systemctl", "hostnamectl"):
        (tmp_path / program).write_text('#!/bin/sh\n[ "$0" ] && echo "Access denied: $*" >&2\nexit 4\n')
        (tmp_path / program).chmod(0o755)
    with pytest.raises(OSError, match=r"Access denied: --no-ask-password hostname kitchen"):
        calls.ask_hostnamed("kitchen")
    with pytest.raises(OSError, match=r"Access denied: --no-block try-restart avahi-daemon.service"):
        calls.announce()
    with pytest.raises(OSError, match=r"Access denied: --no-block start ssh.service"):
        calls.open_ssh()
    (tmp_path / "hostnamectl").write_text('#!/bin/sh\necho "$@" > "$0.asked"\n')
    calls.ask_hostnamed("kitchen")
    assert (tmp_path / "hostnamectl.asked").read_text() == "--no-ask-password hostname kitchen\n"


def test_programs_that_never_end_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hostnamectl").write_text('#!/bin/sh\necho $$ > "$0.started"\nexec tail -f /dev/null\n')
    (tmp_path / "hostnamectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(calls, "HOSTNAMED_SECONDS", 0.5)
    with pytest.raises(TimeoutError, match="hostnamectl did not answer"):
        calls.ask_hostnamed("kitchen")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "hostnamectl.started").read_text()), 0)
