"""Making the new system Tonearm's: Ansible's playbook inside of it, then the seal."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from image.command import Runner
from image.failure import ImageFailed
from image.lending import PYTHON, lending
from image.tools import emulated
from image.tree import Tree
from image.workshop import ROOT, Workshop

_ANSIBLE = ROOT / "ansible"
_POLICY = "/usr/sbin/policy-rc.d"
# What the other system sees instead of this one's devices and processes. It is put up in a mount namespace of its own,
# which ends with the last process in it: whatever crashes, nothing stays mounted. The namespace of processes makes
# sure that nothing which was started in there stays, either.
_CHAMBER = """
root=$1; shift
mount -t proc proc /proc
mount -t proc proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs "$root/run"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
exec "$@"
"""


def converge(shop: Workshop, runner: Runner) -> None:
    """Run the playbooks on the unpacked root. It starts no service there, and leaves nothing mounted.

    Raises ``ImageFailed`` too where the playbook, run again, finds something to change: then it does not say what the
    card is like, but does something to it. (That is found out where nothing is emulated, which would take minutes.)
    """
    tree = Tree(shop.root)
    # 101: "action forbidden by policy" (invoke-rc.d's interface). Removed last, so that no package starts anything.
    tree.write(_POLICY, "#!/bin/sh\nexit 101\n", mode=0o755)
    _inventory_file(shop).write_bytes(msgspec.json.format(msgspec.json.encode(_inventory(shop)), indent=2))
    _play("playbook.yml", shop, runner)
    if not emulated(shop.target):
        _play("playbook.yml", shop, runner)
        if not re.search(r"\bchanged=0\b", runner.last()):
            raise ImageFailed(f"a second run of the playbook changes something:\n{runner.last()}")
    _play("seal.yml", shop, runner)
    tree.remove(_POLICY)
    shutil.rmtree(shop.bench / "ansible", ignore_errors=True)


def _play(playbook: str, shop: Workshop, runner: Runner) -> None:
    program = ROOT / ".venv-image/bin/ansible-playbook"
    command: list[str | Path] = [program, "--inventory", _inventory_file(shop), _ANSIBLE / playbook]
    if emulated(shop.target):
        command = lending(shop.root, command)
    runner.run(in_chamber(shop.root, command), env=_environment(shop))


def in_chamber(root: Path, command: Sequence[str | Path]) -> list[str | Path]:
    """A command that runs here, while ``root`` has its own /proc, /dev, /run and /tmp, and a read-only /sys."""
    apart = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    return [*apart, "sh", "-euc", _CHAMBER, "sh", root, *command]


def _inventory_file(shop: Workshop) -> Path:
    return shop.bench / "inventory.json"


def _inventory(shop: Workshop) -> dict[str, object]:
    card = {
        "ansible_connection": "community.general.chroot",
        "ansible_host": str(shop.root),
        "ansible_python_interpreter": PYTHON if emulated(shop.target) else "/usr/bin/python3",
        "ansible_remote_tmp": "/tmp/ansible",  # noqa: S108 - the other system's, which is a tmpfs
        "tonearm_card": True,
        "tonearm_architecture": shop.target.arch,
        "tonearm_wheelhouse": str(shop.wheelhouse),
        "tonearm_version": shop.version,
    }
    return {"cards": {"hosts": {"card": card}}}


def _environment(shop: Workshop) -> dict[str, str]:
    # Nothing of Ansible's goes to somebody's home.
    return {
        "ANSIBLE_CONFIG": str(_ANSIBLE / "ansible.cfg"),
        "ANSIBLE_HOME": str(shop.bench / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
    }
