"""The card's image as a file: what is on its boot partition, and copies of it that a machine may write to.

Nothing is mounted: partitions are read with sfdisk, the boot partition's files with mtools.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

_SECTOR = 512


class Partition(NamedTuple):
    """Where it lies, in bytes."""

    start: int
    size: int


class Card:
    """An image. What writes to it wants a copy."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def partitions(self) -> list[Partition]:
        table = json.loads(_run("sfdisk", "--json", self.path))["partitiontable"]["partitions"]
        return [Partition(each["start"] * _SECTOR, each["size"] * _SECTOR) for each in table]

    # --- copies

    def overlay(self, folder: Path, *, gigabytes: int = 0) -> Path:
        """A disk that keeps what differs from the image; with ``gigabytes``, as if flashed to a card of that size."""
        disk = folder / "card.qcow2"
        size = [f"{gigabytes}G"] if gigabytes else []
        _run("qemu-img", "create", "-q", "-f", "qcow2", "-b", self.path.resolve(), "-F", "raw", disk, *size)
        return disk

    def copy(self, folder: Path) -> "Card":
        """The image again, holes and all."""
        path = folder / "card.img"
        _run("cp", "--sparse=always", "--reflink=auto", self.path, path)
        return Card(path)

    # --- the boot partition

    def read(self, name: str) -> bytes:
        """A file of the boot partition."""
        return _run("mcopy", "-n", "-i", self._boot(), f"::{name}", "-")

    def put(self, name: str, content: bytes) -> None:
        """Write a file to the boot partition, as somebody does who holds the card in another computer."""
        _run("mcopy", "-o", "-i", self._boot(), "-", f"::{name}", stdin=content)

    def names(self) -> list[str]:
        """What lies in the boot partition's root."""
        listed = _run("mdir", "-b", "-i", self._boot(), "::").decode()
        return [line.removeprefix("::/").rstrip("/") for line in listed.splitlines()]

    def _boot(self) -> str:
        return f"{self.path}@@{self.partitions()[0].start}"

    # --- faults

    def scratch(self, partition: Partition, *, size: int) -> None:
        """Zeros over a partition's first ``size`` bytes."""
        with self.path.open("r+b") as disk:
            disk.seek(partition.start)
            disk.write(bytes(size))

    def holds(self, content: bytes) -> bool:
        """Whether these bytes lie anywhere on the card, in a file or not."""
        with self.path.open("rb") as disk:
            kept, position = b"", 0
            while (position := _next_data(disk.fileno(), position)) >= 0:
                disk.seek(position)
                block = disk.read(1 << 22)
                if content in kept + block:
                    return True
                kept, position = block[-len(content) :], position + len(block)
        return False


def _next_data(file: int, position: int) -> int:
    """Where the next bytes lie that are no hole; -1 when there are none."""
    try:
        return os.lseek(file, position, os.SEEK_DATA)
    except OSError:
        return -1


def _run(*command: str | Path, stdin: bytes = b"") -> bytes:
    # mtools would rather not know the geometry of an image.
    environment = os.environ | {"MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stderr.decode(errors='replace')}"
    return done.stdout
