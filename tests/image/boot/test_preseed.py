"""A card with ``tonearm.toml`` on its boot partition: set up without a page, open by a key."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.image.boot.bench import Bench
from tests.image.boot.card import Card
from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine
from tests.image.boot.waiting import until

NAME = "kitchen"
PASSWORD = "Nadelauflagekraft 1,8 g"
_PRESEED = """
name = "{name}"
time_zone = "Pacific/Auckland"
music = "/srv/tonearm/music/ours"
ssh_keys = ["{key}"]

[administrator]
name = "grace"
password = "{password}"
"""


class Kitchen(NamedTuple):
    """The card, and the machine that it is in."""

    card: Card
    machine: Machine
    key: Path


@pytest.fixture(scope="module")
def kitchen(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    """It has used the file: the server is up, and the file is put away."""
    key = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "grace@laptop", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text(encoding="ascii").strip()
    card = bench.copy()
    card.put("tonearm.toml", _PRESEED.format(name=NAME, key=public, password=PASSWORD).encode())
    box = bench.switch_on(card)
    box.until_ready()
    box.until_settled()
    until(lambda: box.ask("test", "-e", "/boot/firmware/tonearm-applied.toml").status == 0, "the file", seconds=120)
    return Kitchen(card, box, key)


def ssh(kitchen: Kitchen, *options: str, command: str = "hostname") -> subprocess.CompletedProcess[str]:
    """As root, without a word from a person, and without what this computer knows of hosts."""
    settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentityAgent=none"]
    arguments = [word for setting in (*settings, "IdentitiesOnly=yes", *options) for word in ("-o", setting)]
    port = str(kitchen.machine.port(22))
    return subprocess.run(
        ["ssh", "-F", "none", "-p", port, *arguments, "root@127.0.0.1", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_unit_has_started(kitchen: Kitchen) -> None:
    assert kitchen.machine.run("systemctl", "--failed", "--no-legend") == ""


def test_it_has_the_name_and_the_administrator_of_the_file(kitchen: Kitchen) -> None:
    assert kitchen.machine.run("hostname") == NAME
    assert kitchen.machine.run("readlink", "--canonicalize", "/etc/localtime").endswith("zoneinfo/Pacific/Auckland")
    grace = Listener(kitchen.machine, "grace", PASSWORD)
    assert grace.signs_in()
    with grace.rest() as rest:
        assert rest.get("/setup/").json()["needed"] is False


def test_the_key_opens_it(kitchen: Kitchen) -> None:
    done = ssh(kitchen, f"IdentityFile={kitchen.key}", command="id -un; hostname")
    assert done.stdout.split() == ["root", NAME], done.stderr


def test_nothing_but_the_key_opens_it(kitchen: Kitchen, tmp_path: Path) -> None:
    """What it offers instead is nothing, so that there is no password to guess."""
    other = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    for options in (["PreferredAuthentications=password,keyboard-interactive"], [f"IdentityFile={other}"]):
        refused = ssh(kitchen, *options)
        assert refused.returncode == 255
        assert "Permission denied (publickey)" in refused.stderr


def test_a_reboot_keeps_its_identity_and_uses_the_file_no_more(kitchen: Kitchen) -> None:
    machine = kitchen.machine
    keys = "cat /etc/ssh/ssh_host_*_key.pub"
    before = [machine.run("sh", "-c", keys), machine.run("cat", "/etc/machine-id"), machine.run("hostname")]
    applied = machine.run("cat", "/boot/firmware/tonearm-applied.toml")
    machine.reboot()
    machine.until_ready()
    machine.until_settled()
    assert [machine.run("sh", "-c", keys), machine.run("cat", "/etc/machine-id"), machine.run("hostname")] == before
    assert machine.run("cat", "/boot/firmware/tonearm-applied.toml") == applied
    assert Listener(machine, "grace", PASSWORD).signs_in()
    assert ssh(kitchen, f"IdentityFile={kitchen.key}").stdout.strip() == NAME


def test_the_password_is_nowhere_on_the_card_afterwards(kitchen: Kitchen) -> None:
    """Neither in a file nor in what a removed file has left behind."""
    assert kitchen.card.holds(NAME.encode()), "it is not read as it should be"
    kitchen.machine.power_off()
    names = kitchen.card.names()
    assert "tonearm.toml" not in names
    assert "tonearm-applied.toml" in names
    assert not kitchen.card.holds(PASSWORD.encode())
