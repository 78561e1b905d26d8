"""The programs that the steps need, and the Debian packages that have them."""

import os
import platform
import shutil
from pathlib import Path

import msgspec

from image.command import Runner
from image.failure import ImageFailed
from image.target import Target

_BINFMT = Path("/proc/sys/fs/binfmt_misc")


class Tool(msgspec.Struct, frozen=True):
    """Something that must be there: a program on the path (or, with a slash, a file), and the package that has it."""

    needs: str
    package: str

    @property
    def found(self) -> bool:
        # Debian keeps half of these where only root's path leads.
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        return Path(self.needs).exists() if "/" in self.needs else shutil.which(self.needs, path=path) is not None


_BUILD = [
    Tool("mmdebstrap", "mmdebstrap"),
    Tool("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
    Tool("genimage", "genimage"),
    Tool("mkfs.vfat", "dosfstools"),
    Tool("fsck.vfat", "dosfstools"),
    Tool("mcopy", "mtools"),
    Tool("mke2fs", "e2fsprogs"),
    Tool("e2fsck", "e2fsprogs"),
    Tool("sfdisk", "fdisk"),
    Tool("unshare", "util-linux"),
    Tool("mount", "mount"),
    Tool("tar", "tar"),
    Tool("xz", "xz-utils"),
]
_EMULATED_BUILD = [
    Tool("qemu-{machine}-static", "qemu-user-static"),
    Tool("update-binfmts", "binfmt-support"),
]
_BOOT = {
    "amd64": [Tool("qemu-system-x86_64", "qemu-system-x86"), Tool("/usr/share/ovmf/OVMF.fd", "ovmf")],
    "arm64": [Tool("qemu-system-aarch64", "qemu-system-arm")],
}
_ANY_BOOT = [Tool("qemu-img", "qemu-utils"), Tool("ssh", "openssh-client")]


def emulated(target: Target) -> bool:
    """Whether this machine can run the target's programs by emulation only."""
    return platform.machine() != target.machine


def for_building(target: Target) -> list[Tool]:
    emulator = [Tool(tool.needs.format(machine=target.machine), tool.package) for tool in _EMULATED_BUILD]
    return _BUILD + (emulator if emulated(target) else [])


def for_booting(target: Target) -> list[Tool]:
    """For the tests that boot the image in a virtual machine."""
    return _BOOT[target.arch] + _ANY_BOOT


def missing(tools: list[Tool]) -> list[str]:
    """The packages to install, each once."""
    return sorted({tool.package for tool in tools if not tool.found})


def provide(tools: list[Tool], runner: Runner) -> list[str]:
    """Install what is missing, and return its packages.

    Raises ``ImageFailed`` with the line to type for who may not, or has no apt.
    """
    packages = missing(tools)
    if not packages:
        return []
    line = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise ImageFailed(f"this needs what Debian packages as {', '.join(packages)}; and a Debian to build on")
    if os.geteuid() != 0:
        raise ImageFailed(f"not installed: {', '.join(packages)}. Install them:\n    sudo {line}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    runner.run(["apt-get", "update"], env=quiet)
    runner.run([*line.split(), "--yes"], env=quiet)
    if still := missing(tools):
        raise ImageFailed(f"installed, and still not there: {', '.join(still)}")
    return packages


def provide_emulation(target: Target, runner: Runner) -> None:
    """Let the kernel run the target's programs. Raises ``ImageFailed`` where it cannot."""
    if not emulated(target):
        return
    name = f"qemu-{target.machine}"
    if not (_BINFMT / "register").exists():
        runner.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT])
    if not (_BINFMT / name).exists():
        runner.run(["update-binfmts", "--import"])
        runner.run(["update-binfmts", "--enable", name])
    # "F": the kernel holds the emulator open, so that it is found from within the other root.
    if "F" not in _flags(_BINFMT / name):
        raise ImageFailed(f"this kernel does not run {target.machine} programs ({_BINFMT / name} says so)")


def _flags(entry: Path) -> str:
    lines = entry.read_text(encoding="ascii").splitlines() if entry.exists() else []
    return next((line.removeprefix("flags:") for line in lines if line.startswith("flags:")), "")


def require_root() -> None:
    """Raises ``ImageFailed`` with what root is needed for."""
    if os.geteuid() != 0:
        raise ImageFailed(
            "making an image needs root: files get their owners, and Ansible runs inside of the new system "
            "(mmdebstrap, tar, chroot). Type: sudo make image"
        )
