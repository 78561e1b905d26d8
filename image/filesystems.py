"""The file systems of the card, each made from a folder into a file, without mounting anything."""

import os
from pathlib import Path

from image.command import Runner
from image.layout import BOOT_LABEL, DATA_LABEL, ROOT_LABEL, Layout, identity
from image.workshop import Workshop

BOOT, ROOT, DATA = "boot.vfat", "root.ext4", "data.ext4"
#: How far the data may grow while it is mounted, in blocks of 4 KiB: 2 TiB, which is all that an MBR can describe.
_GROWN = 2**29
#: Bytes for each inode on the data partition: music files are large, and growing over a card of 64 GB writes 64 MB of
#: inode tables for each million inodes.
_DATA_RATIO = 65536


def make(shop: Workshop, sizes: Layout, runner: Runner) -> None:
    """Makes all three in ``shop.parts``."""
    shop.parts.mkdir(parents=True, exist_ok=True)
    _make_boot(shop, sizes.boot, runner)
    dated = {"E2FSPROGS_FAKE_TIME": str(shop.epoch)}
    for name, folder, size, options in (
        (ROOT, shop.root, sizes.root, [*_named(shop, ROOT_LABEL), "-m", "1"]),
        (DATA, shop.data, sizes.data, [*_named(shop, DATA_LABEL, f"resize={_GROWN}"), *_DATA_SHAPE]),
    ):
        image = shop.parts / name
        _empty(image, size)
        runner.run(["mke2fs", *_SHAPE, *options, "-d", folder, image], env=dated)


# Blocks and inodes are said, since mke2fs's defaults for something small are no good once that has grown.
_SHAPE = ["-q", "-t", "ext4", "-T", "default", "-b", "4096", "-I", "256"]
_DATA_SHAPE = ["-m", "0", "-i", str(_DATA_RATIO), "-J", "size=32"]


def _named(shop: Workshop, label: str, *extended: str) -> list[str]:
    """Options for a label, and for what would be random."""
    name = identity(shop, label)
    # Whole when made: else the kernel would go on writing to the card for hours.
    at_once = ["lazy_itable_init=0", "lazy_journal_init=0"]
    return ["-L", label, "-U", str(name), "-E", ",".join([f"hash_seed={name}", *at_once, *extended])]


def _make_boot(shop: Workshop, size: int, runner: Runner) -> None:
    image = shop.parts / BOOT
    _empty(image, size)
    volume = f"{identity(shop, BOOT_LABEL).int & 0xFFFFFFFF:08x}"
    dated = {"SOURCE_DATE_EPOCH": str(shop.epoch)}
    runner.run(["mkfs.vfat", "-F", "32", "-n", BOOT_LABEL, "-i", volume, image], env=dated)
    content = sorted(shop.boot.iterdir())
    if content:
        # -m: files keep their times. -Q: any trouble is a failure.
        runner.run(["mcopy", "-s", "-m", "-Q", "-i", image, *content, "::/"])


def _empty(path: Path, size: int) -> None:
    """A file of zeros that takes no space."""
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        os.truncate(file.fileno(), size)
