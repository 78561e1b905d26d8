"""A Raspberry Pi 3, as far as QEMU knows it: the card in its slot, the device tree from the card, a serial line.

No emulator runs a Pi's own firmware, and this one has no port for the agent: only what the kernel says is seen.
"""

import re
import subprocess
from pathlib import Path

from tests.image.boot.boards import kernel_line, started_directly
from tests.image.boot.card import Card
from tests.image.boot.waiting import until

DEVICE_TREE = "bcm2837-rpi-3-b.dtb"
_GIGABYTE = 1024**3
_LIFE_SECONDS = 600


def serial_line_until(card: Card, folder: Path, pattern: str, *, seconds: float) -> str:
    """Switch one on, and off again when the pattern came over its serial line; all that came."""
    serial, tree = folder / "serial", folder / DEVICE_TREE
    tree.write_bytes(card.read(DEVICE_TREE))
    # Both lines, since which of them the kernel calls a console is decided by who has Bluetooth on the other.
    line = f"{kernel_line(card)} ignore_loglevel console=ttyS1,115200 console=ttyAMA0,115200"
    disk = card.overlay(folder, gigabytes=_power_of_two(card))
    with (folder / "qemu").open("wb") as output:
        process = subprocess.Popen(
            [
                *("timeout", "--signal=KILL", str(_LIFE_SECONDS), "qemu-system-aarch64", "-M", "raspi3b"),
                *("-nodefaults", "-no-user-config", "-display", "none", "-dtb", tree),
                *started_directly(card, folder, line),
                *("-drive", f"if=sd,format=qcow2,file={disk}", "-serial", f"file:{serial}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: process.poll() is not None or re.search(pattern, _text(serial)), pattern, seconds=seconds)
    finally:
        process.terminate()
        process.wait(20)
        print(_text(folder / "qemu"), _text(serial)[-5000:])  # noqa: T201 - pytest shows it beside a failure
    return _text(serial)


def _power_of_two(card: Card) -> int:
    """The least size of an SD card, in GB, that the image fits on: QEMU takes no others."""
    size = 1
    while size * _GIGABYTE < card.path.stat().st_size:
        size *= 2
    return size


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
