"""The boot files of a PC: right ones pass, and each rule notices what it is there for."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from image.lint import faults
from image.lint_uefi import LOADER
from image.target import target

LABEL = "tonearm-root"
ENTRY = "loader/entries/tonearm-6.12.9.conf"
LINES = """\
title Tonearm
version 6.12.9
linux /tonearm/6.12.9/linux
initrd /tonearm/6.12.9/initrd.img
options root=LABEL=tonearm-root rw quiet
"""

Breaking = Callable[[Path], object]


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """A boot partition as it should be."""
    for name, content in {
        LOADER: b"MZ loader",
        "tonearm/6.12.9/linux": b"MZ kernel",
        "tonearm/6.12.9/initrd.img": b"070701 cpio",
        "loader/loader.conf": b"timeout 0\ndefault tonearm-*\n",
        ENTRY: LINES.encode(),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def lint(boot: Path) -> list[str]:
    return faults(target("amd64"), boot, LABEL)


def removing(name: str) -> Breaking:
    return lambda boot: (boot / name).unlink()


def saying(name: str, content: str) -> Breaking:
    return lambda boot: (boot / name).write_text(content)


def test_boot_files_that_boot_have_no_fault(boot: Path) -> None:
    assert lint(boot) == []


def test_loader_conf_may_be_absent(boot: Path) -> None:
    (boot / "loader/loader.conf").unlink()
    assert lint(boot) == []


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (removing(LOADER), f"{LOADER} is not there"),
        (saying(LOADER, "#!/bin/sh"), f"{LOADER} is no program for UEFI"),
        (removing(ENTRY), "loader/entries has no entry"),
        (lambda boot: shutil.rmtree(boot / "loader"), "loader/entries has no entry"),
        (removing("tonearm/6.12.9/linux"), "/tonearm/6.12.9/linux is not there: tonearm-6.12.9.conf names it"),
        (saying("tonearm/6.12.9/linux", "text"), "/tonearm/6.12.9/linux is no program for UEFI"),
        (removing("tonearm/6.12.9/initrd.img"), "/tonearm/6.12.9/initrd.img is not there"),
        (saying("tonearm/6.12.9/initrd.img", "text"), "/tonearm/6.12.9/initrd.img is no initramfs"),
        (saying(ENTRY, LINES.replace("linux /t", "efi /t")), "tonearm-6.12.9.conf names no linux"),
        (saying(ENTRY, LINES.replace("initrd /t", "#initrd /t")), "tonearm-6.12.9.conf names no initrd"),
        (saying(ENTRY, LINES.replace("root=LABEL=tonearm-root", "")), "must say root=LABEL=tonearm-root once"),
        (saying(ENTRY, LINES.replace("LABEL=tonearm-root", "/dev/vda2")), "and says ['/dev/vda2']"),
        (
            saying(ENTRY, LINES.replace("/tonearm/6", "/boot/firmware/tonearm/6")),
            "/boot/firmware/tonearm/6.12.9/linux is",
        ),
        (saying("loader/loader.conf", "default debian-*\n"), "loader.conf's default debian-* is no entry"),
    ],
)
def test_what_would_not_boot_is_noticed(boot: Path, breaking: Breaking, fault: str) -> None:
    breaking(boot)
    assert any(fault in each for each in lint(boot)), lint(boot)


def test_every_entry_is_looked_at(boot: Path) -> None:
    (boot / "loader/entries/older.conf").write_text(LINES.replace("6.12.9", "6.1"))
    assert [fault for fault in lint(boot) if "6.1/" in fault]
