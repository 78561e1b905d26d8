"""What the card looks like: four partitions, their labels and sizes."""

import os
import uuid
from pathlib import Path

import msgspec

from image.workshop import Workshop

MIB = 1024 * 1024
BOOT_LABEL = "TONEARMBOOT"
ROOT_LABEL = "tonearm-root"
DATA_LABEL = "tonearm-data"
#: Partitions begin at multiples of this: the erase block of most cards.
ALIGN = 4 * MIB
BOOT_SIZE = 512 * MIB
#: Enough to run on a card that is no larger than the image; first boot extends it over the rest of the card.
DATA_SIZE = 256 * MIB
#: Room on the root for packages' updates: another kernel with its initramfs, apt's lists, what is unpacked meanwhile.
_UPDATES = 512 * MIB
#: What ext4 itself takes of a file system of this size: journal, inode tables, and the blocks kept for root.
_OVERHEAD = 1.12
_STEP = 128 * MIB
_SPACE = uuid.UUID("d7b04e3c-5f0a-4d55-9a8e-0b6e2a7f1c44")


class Layout(msgspec.Struct, frozen=True):
    """Sizes in bytes. The second root is reserved: for whole-system updates of a later release."""

    boot: int
    root: int
    reserved: int
    data: int


def layout(shop: Workshop) -> Layout:
    """The root's size follows from what is in it: that, once more the release of Tonearm, and room for updates."""
    content = used(shop.root) + used(shop.root / "opt/tonearm/releases")
    root = round_up(int((content + _UPDATES) * _OVERHEAD), _STEP)
    return Layout(boot=BOOT_SIZE, root=root, reserved=root, data=DATA_SIZE)


def used(folder: Path) -> int:
    """Bytes that a folder's files take, in blocks of 4 KiB; a file with several names once."""
    total = 0
    seen: set[tuple[int, int]] = set()
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(path, name))
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += round_up(status.st_size, 4096)
    return total


def round_up(size: int, step: int) -> int:
    return -(-size // step) * step


def identity(shop: Workshop, thing: str) -> uuid.UUID:
    """The UUID of a file system, or what a disk is signed with: the same whenever the same commit is built.

    All cards of one image have the same in any case; nothing on the card goes by them, but by labels.
    """
    return uuid.uuid5(_SPACE, f"{shop.name} {shop.commit} {thing}")
