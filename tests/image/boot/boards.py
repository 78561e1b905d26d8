"""The computers that the emulator can be: which arguments of QEMU's make each, and how the card starts there."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.image.boot.card import Card

_FIRMWARE = Path("/usr/share/OVMF")
#: Seconds from power-on that a boot may take. Emulated machines run at a tenth of a real one's speed or less.
BOOT_SECONDS = {"amd64": 300.0, "arm64": 420.0}


class Board(NamedTuple):
    """A computer without a disk."""

    arch: str
    arguments: tuple[str, ...]


def board_for(arch: str, card: Card, folder: Path) -> Board:
    """The computer that the card goes into. ``folder`` takes what the board needs beside the card."""
    return _pc(folder) if arch == "amd64" else _virtual_arm(card, folder)


def _pc(folder: Path) -> Board:
    """A PC with UEFI: firmware, the boot partition's own loader, kernel."""
    variables = shutil.copy(_FIRMWARE / "OVMF_VARS_4M.fd", folder / "firmware-variables.fd")
    return Board(
        "amd64",
        (
            *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-vga", "std"),
            *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_FIRMWARE / 'OVMF_CODE_4M.fd'}"),
            *("-drive", f"if=pflash,unit=1,format=raw,file={variables}"),
        ),
    )


def _virtual_arm(card: Card, folder: Path) -> Board:
    """QEMU's own arm64 machine, with the kernel, initramfs and command line that the Pi's firmware would take.

    Only the serial line is another one than a Pi has.
    """
    line = f"{kernel_line(card)} console=ttyAMA0"
    return Board(
        "arm64",
        (
            *("qemu-system-aarch64", "-machine", "virt,accel=tcg", "-cpu", "cortex-a72"),
            *("-device", "virtio-gpu-pci"),
            *started_directly(card, folder, line),
        ),
    )


def started_directly(card: Card, folder: Path, line: str) -> tuple[str, ...]:
    """Arguments that start the card's kernel without a boot loader; what it starts is taken out to ``folder``."""
    config = card.read("config.txt").decode()
    kernel, initramfs = folder / "kernel", folder / "initramfs"
    kernel.write_bytes(card.read(_named(config, "kernel")))
    initramfs.write_bytes(card.read(_named(config, "initramfs")))
    return ("-kernel", str(kernel), "-initrd", str(initramfs), "-append", line)


def kernel_line(card: Card) -> str:
    """The card's cmdline.txt, without its consoles: they are a Pi's."""
    words = card.read("cmdline.txt").decode().split()
    return " ".join(word for word in words if not word.startswith("console="))


def _named(config: str, what: str) -> str:
    """A file that config.txt names for every model: before the first filter, or under ``[all]``."""
    section, found = "all", ""
    for line in config.splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = match[1]
        elif section == "all" and (match := re.match(rf"{what}[= ]+(\S+)", line)):
            found = match[1]
    assert found, f"config.txt names no {what}:\n{config}"
    return found
