"""A Debian 13 as somebody has it at home: up, reached by ssh with a key, and nothing of Tonearm's on it.

Its disk is made of what the card is made of, before anything of ours gets in: so it has Debian's packages already, and
needs no archive, which no machine on the bench can reach.
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from image import packages, rootfs, tools
from image.command import Runner
from image.target import target
from image.tree import Tree
from image.workshop import workshop
from tests.image.boot.bench import Bench
from tests.image.boot.machine import Machine

_DISK_BYTES = 4 * 1024**3
# Debian's own words, but for the serial line: a kernel and its root file system, which is the whole disk.
_LINE = "root=/dev/vda rw console=ttyS0"


class Debian(NamedTuple):
    """A disk, and what starts it: no boot loader is on it."""

    disk: Path
    kernel: Path
    initramfs: Path
    host_key: str
    """By which its ssh is known: ``ssh-ed25519 AAAA…``."""

    def switch_on(self, bench: Bench) -> Machine:
        started = ("-kernel", str(self.kernel), "-initrd", str(self.initramfs), "-append", _LINE)
        return bench.switch_on_other(self.disk, *started)


def install(arch: str, folder: Path, authorized_key: str) -> Debian:
    """Install one into ``folder``; root may come in with the key. As root, as making the card is.

    Raises ``ImageFailed`` where Debian's packages can be neither found nor fetched.
    """
    tools.require_root()
    shop, runner, root = workshop(target(arch)), Runner(folder / "log"), folder / "root"
    wanted = packages.wanted(packages.read_lists(), shop.target)
    rootfs.unpack(rootfs.base(shop, wanted, runner), root, runner)
    tree = Tree(root)
    # The one thing that the card's packages were told beforehand (rootfs.NO_CLUSTER).
    tree.remove("/etc/postgresql-common/createcluster.d/tonearm.conf")
    tree.write("/root/.ssh/authorized_keys", authorized_key, mode=0o600)
    # Its owner has just asked the archive what is new; asking again would take a network.
    os.utime(tree.path("/var/lib/apt/lists"))
    debian = Debian(
        disk=folder / "disk.img",
        kernel=_taken_out(root, "vmlinuz-*", folder / "kernel"),
        initramfs=_taken_out(root, "initrd.img-*", folder / "initramfs"),
        host_key=" ".join(tree.path("/etc/ssh/ssh_host_ed25519_key.pub").read_text(encoding="ascii").split()[:2]),
    )
    with debian.disk.open("xb") as disk:
        disk.truncate(_DISK_BYTES)
    runner.run(["mke2fs", "-q", "-t", "ext4", "-d", root, debian.disk])
    shutil.rmtree(root)
    return debian


def _taken_out(root: Path, pattern: str, to: Path) -> Path:
    (found,) = (root / "boot").glob(pattern)
    return Path(shutil.copyfile(found, to))
