"""Looking at a finished card from outside: what is really on it is held against what was meant."""

import os
import subprocess
from pathlib import Path

import msgspec

from image.command import Runner
from image.failure import ImageFailed
from image.layout import ALIGN, BOOT_LABEL, DATA_LABEL, ROOT_LABEL
from image.lint import faults
from image.target import Target

_SECTOR = 512
_CHUNK = 4 * 1024 * 1024


class Partition(msgspec.Struct, frozen=True):
    """A partition of a card, in bytes; ``kind`` is its MBR type in hexadecimal."""

    start: int
    size: int
    kind: str


class Contents(msgspec.Struct, frozen=True):
    """What blkid finds at the beginning of a partition; "" for nothing."""

    label: str
    kind: str


#: What must be in the four partitions, in their order.
EXPECTED = [
    Contents(label=BOOT_LABEL, kind="vfat"),
    Contents(label=ROOT_LABEL, kind="ext4"),
    Contents(label="", kind=""),
    Contents(label=DATA_LABEL, kind="ext4"),
]


def inspect(card: Path, target: Target, scratch: Path, runner: Runner) -> None:
    """Checks the partition table, the file systems and the boot files. Raises ``ImageFailed`` with all that is wrong.

    ``scratch``: a folder for what is taken out of the card meanwhile.
    """
    runner.run(["sfdisk", "--verify", card])
    found = partitions(card)
    wrong = table_faults(found, target) + [
        f"partition {number} has {has}, and should have {should}"
        for number, (has, should) in enumerate(
            zip((contents(card, each) for each in found), EXPECTED, strict=False), start=1
        )
        if has != should
    ]
    if wrong:
        raise ImageFailed(f"{card.name}: {'; '.join(wrong)}")
    for number in (2, 4):
        runner.run(["e2fsck", "-f", "-n", f"{card}?offset={found[number - 1].start}"])
    boot = scratch / "inspected.vfat"
    extract(card, found[0], boot)
    runner.run(["fsck.vfat", "-n", boot])
    boot.unlink()


def lint_card(card: Path, target: Target, scratch: Path, runner: Runner) -> list[str]:
    """What the linter has against the boot files on a card.

    Their kernel must look for the label that the card's second partition really has.
    """
    boot, root = partitions(card)[:2]
    files = scratch / "inspected-boot"
    runner.run(["rm", "-rf", files])
    files.mkdir(parents=True)
    runner.run(["mcopy", "-s", "-n", "-i", f"{card}@@{boot.start}", "::/*", files])
    wrong = faults(target, files, contents(card, root).label)
    runner.run(["rm", "-rf", files])
    return wrong


def partitions(card: Path) -> list[Partition]:
    """The partition table, as sfdisk reads it. Raises ``ImageFailed`` where there is none."""
    told = subprocess.run(["sfdisk", "--json", card], check=False, capture_output=True, text=True)
    if told.returncode != 0:
        raise ImageFailed(f"{card} has no partition table: {told.stderr.strip()}")
    table = msgspec.json.decode(told.stdout)["partitiontable"]
    return [
        Partition(start=each["start"] * _SECTOR, size=each["size"] * _SECTOR, kind=each["type"])
        for each in table["partitions"]
    ]


def table_faults(found: list[Partition], target: Target) -> list[str]:
    """What is wrong with a partition table, one phrase each."""
    if len(found) != len(EXPECTED):
        return [f"there are {len(found)} partitions, and should be {len(EXPECTED)}"]
    boot, root, reserved, _ = found
    wrong = [f"partition {number} is not aligned" for number, each in enumerate(found, 1) if each.start % ALIGN]
    if int(boot.kind, 16) != target.boot_type:
        wrong.append(f"the boot partition has type {boot.kind}, and should have {target.boot_type:x}")
    if root.size != reserved.size:
        wrong.append(f"the reserved partition has {reserved.size} bytes, and should have the root's {root.size}")
    return wrong


def contents(card: Path, partition: Partition) -> Contents:
    """What is in a partition, as its first blocks tell (blkid's low-level probing; 2 is "nothing recognised")."""
    place = ["--offset", str(partition.start), "--size", str(partition.size)]
    told = subprocess.run(
        ["blkid", "--probe", "--output", "export", *place, card], check=False, capture_output=True, text=True
    )
    if told.returncode not in {0, 2}:
        raise ImageFailed(f"blkid failed on {card}: {told.stderr.strip()}")
    tags = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
    return Contents(label=tags.get("LABEL", ""), kind=tags.get("TYPE", ""))


def extract(card: Path, partition: Partition, to: Path) -> None:
    """Copy a partition into a file of its own; what is a hole in the card stays one."""
    to.unlink(missing_ok=True)
    with card.open("rb") as source, to.open("xb") as copy:
        os.truncate(copy.fileno(), partition.size)
        end = partition.start + partition.size
        place = partition.start
        while (begin := _data_from(source.fileno(), place, end)) < end:
            place = min(os.lseek(source.fileno(), begin, os.SEEK_HOLE), end)
            source.seek(begin)
            copy.seek(begin - partition.start)
            for start in range(begin, place, _CHUNK):
                copy.write(source.read(min(_CHUNK, place - start)))


def _data_from(file: int, place: int, end: int) -> int:
    """Where the next data begins, ``end`` if there is none."""
    try:
        return min(os.lseek(file, place, os.SEEK_DATA), end)
    except OSError:  # ENXIO: nothing but a hole up to the end of the file.
        return end
