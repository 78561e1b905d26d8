"""Sealing takes out of a tree what belongs to one machine, and nothing else."""

import subprocess
from pathlib import Path

import pytest

SEAL = Path(__file__).parents[2] / "ansible" / "seal.sh"

OURS = "etc/systemd/system-preset/00-tonearm.preset"
OF_ONE_MACHINE = [
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssh/ssh_host_ed25519_key.pub",
    "etc/ssl/private/ssl-cert-snakeoil.key",
    "root/.ansible/tmp/x",
    "root/.bash_history",
    "root/.cache/pip/x",
    "root/.ssh/authorized_keys",
    "tmp/.hidden",
    "usr/lib/x86_64-linux-gnu/libLLVM.so.19.1",
    "usr/share/doc/bash/README.gz",
    "usr/share/man/man1/bash.1.gz",
    "var/cache/apt/archives/x.deb",
    "var/lib/NetworkManager/secret_key",
    "var/lib/apt/lists/deb_x",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/status-old",
    "var/lib/systemd/random-seed",
    "var/log/apt/history.log",
    "var/log/dpkg.log",
]
OF_EVERY_MACHINE = [
    OURS,
    "etc/apt/sources.list",
    "etc/passwd",
    "etc/ssh/sshd_config",
    "opt/tonearm/releases/1/.complete",
    "usr/share/doc/bash/copyright",
    "var/lib/dpkg/status",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in [*OF_ONE_MACHINE, *OF_EVERY_MACHINE, "etc/machine-id", "etc/hostname", "etc/hosts", "etc/passwd-"]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("the-builder\n")
    return root


def seal(root: Path) -> list[str]:
    done = subprocess.run([SEAL, root], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_what_belongs_to_one_machine_goes_and_the_rest_stays(root: Path) -> None:
    seal(root)
    assert [name for name in OF_ONE_MACHINE if (root / name).exists()] == []
    assert [name for name in OF_EVERY_MACHINE if not (root / name).exists()] == []
    assert not (root / "etc/passwd-").exists()
    assert (root / "var/log/apt").is_dir()  # programs expect their folders


def test_the_first_boot_finds_a_new_machine(root: Path) -> None:
    seal(root)
    assert (root / "etc/machine-id").read_text() == "uninitialized\n"  # empty would mean: not the first boot
    assert (root / "etc/hostname").read_text() == "tonearm\n"
    assert "the-builder" not in (root / "etc/hosts").read_text()


def test_the_second_time_there_is_nothing_to_do(root: Path) -> None:
    assert seal(root)
    assert seal(root) == []


def test_a_link_in_the_tree_leads_nowhere_outside(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "lists").mkdir(parents=True)
    (outside / "lists/kept").write_text("")
    (root / "etc/resolv.conf").symlink_to(outside / "lists/kept")
    (root / "etc/machine-id").unlink()
    (root / "etc/machine-id").symlink_to(outside / "lists/kept")
    (root / "var/log/elsewhere").symlink_to(outside)
    seal(root)
    assert (outside / "lists/kept").read_text() == ""
    assert not (root / "etc/machine-id").is_symlink()


def test_another_tree_than_a_cards_is_left_alone(root: Path) -> None:
    (root / OURS).unlink()
    done = subprocess.run([SEAL, root], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is no card" in done.stderr
    assert [name for name in OF_ONE_MACHINE if not (root / name).exists()] == []
