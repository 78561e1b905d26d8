"""The root file system: Debian's packages, and nothing of ours yet."""

import hashlib
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from appliance.core.ports import Progress
from image.command import Runner
from image.failure import ImageFailed
from image.target import SUITE, Target
from image.tree import Tree
from image.workshop import ROOT, Workshop

#: After this many seconds packages are fetched anew, or else an image would lack the fixes of weeks.
_FRESH = 7 * 24 * 3600
#: Characters of a name in the cache that stand for its content.
_KEY = 16
_COMPONENTS = "main,non-free-firmware"
#: What no package unpacks on the card (manual pages, a compiler): dpkg's configuration there, and so here as well.
LEFT_OUT = ROOT / "ansible/roles/card/files/etc/dpkg/dpkg.cfg.d/tonearm"
#: What PostgreSQL's package must know before it is installed, or it makes a cluster: minutes, where it is emulated.
NO_CLUSTER = ROOT / "ansible/roles/base/files/createcluster.conf"
_BEFORE = 'install -D -m 644 {file} "$1/etc/postgresql-common/createcluster.d/tonearm.conf"'
#: Packages make the initramfs twice: as the kernel is configured, and at the end. Told not to (INITRD), they leave it
#: to be made once, when all is there: minutes less, where it is emulated.
_NO_INITRAMFS = {"INITRD": "No"}
_INITRAMFS = 'for kernel in "$1"/usr/lib/modules/*; do chroot "$1" update-initramfs -c -k "${kernel##*/}"; done'
# What comes from backports does so on the card too, at every update. Backports are where Debian is.
_BACKPORTS = """
sed -n 's/ {suite} / {suite}-backports /p' "$1/etc/apt/sources.list" >"$1/etc/apt/sources.list.d/backports.list"
cat >"$1/etc/apt/preferences.d/backports" <<PIN
Package: {sources}
Pin: release n={suite}-backports
Pin-Priority: 990
PIN
"""


def base(shop: Workshop, packages: list[str], runner: Runner) -> Path:
    """A tar of the root with these packages, made by mmdebstrap or found in the cache.

    One minute, or a quarter of an hour where the target is emulated. An interruption leaves nothing in the cache.
    """
    content = options(shop.target, packages)
    tar = shop.cache / f"{shop.target.name}-{_key(content)}.tar"
    if tar.exists() and time.time() - tar.stat().st_mtime < _FRESH:
        return tar
    shop.cache.mkdir(parents=True, exist_ok=True)
    unfinished = tar.with_suffix(".tar.part")
    # No mirror: mmdebstrap's own choice is Debian's, with security and updates, and is written down as the card's own.
    before = f"--essential-hook={_BEFORE.format(file=shlex.quote(str(NO_CLUSTER)))}"
    told = ["--verbose", f"--dpkgopt={LEFT_OUT}", before, f"--customize-hook={_INITRAMFS}"]
    command: list[str | Path] = ["mmdebstrap", *content, *told, "--format=tar", SUITE, unfinished]
    # What it mounts, it mounts where nobody else sees it: after a crash nothing is left.
    runner.run(["unshare", "--mount", "--propagation", "private", *command], env=_NO_INITRAMFS)
    unfinished.replace(tar)
    for older in shop.cache.glob(f"{shop.target.name}-{'?' * _KEY}.tar*"):
        if older != tar:
            older.unlink()
    return tar


def counting(progress: Progress) -> Callable[[str], None]:
    """Moves a progress bar by what apt and dpkg print, in packages."""
    done, total = 0, 0

    def heard(line: str) -> None:
        nonlocal done, total
        if found := re.search(r"\b(\d+) newly installed", line):
            total += int(found[1])
        elif line.startswith("Setting up "):
            done += 1
            progress(done, max(done, total))

    return heard


def unpack(tar: Path, root: Path, runner: Runner) -> None:
    """Put the tar's files where ``root`` is, in place of what was there.

    Raises ``ImageFailed`` if something is mounted in there: removing would go on into it.
    """
    if mounts := mounted_below(root):
        raise ImageFailed(f"something is mounted at {mounts[0]}: unmount it first")
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    runner.run(["tar", "--extract", "--file", tar, "--directory", root, "--numeric-owner", "--xattrs-include=*"])
    # What mmdebstrap was told for making it: the card has settings of its own.
    tree = Tree(root)
    tree.remove("/etc/apt/apt.conf.d/99mmdebstrap")
    tree.remove("/etc/dpkg/dpkg.cfg.d/99mmdebstrap")


def mounted_below(folder: Path) -> list[str]:
    """Mount points in a folder, as the kernel lists them (proc(5), mountinfo: field 5, blanks in octal)."""
    inside = os.path.join(folder.resolve(), "")
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [line.split(" ")[4].replace("\\040", " ") for line in lines]
    return [point for point in points if point.startswith(inside)]


def options(target: Target, packages: list[str]) -> list[str]:
    """What decides over the content, but for the archive's own changes."""
    sources = " ".join(f"src:{each}:any" for each in target.backports)
    hooks = [f"--setup-hook={_BACKPORTS.format(suite=SUITE, sources=sources)}"] if sources else []
    return [
        f"--architectures={target.arch}",
        "--variant=minbase",
        f"--components={_COMPONENTS}",
        '--aptopt=Acquire::Languages "none"',
        *hooks,
        f"--include={','.join(packages)}",
    ]


def _key(content: list[str]) -> str:
    parts = [SUITE, *content, _BEFORE, *(file.read_text(encoding="utf-8") for file in (LEFT_OUT, NO_CLUSTER))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_KEY]
