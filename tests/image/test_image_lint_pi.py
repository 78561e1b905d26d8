"""The boot files of a Raspberry Pi: right ones pass, and each rule notices what it is there for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from image.lint import faults
from image.lint_pi import MODELS, parse, settings
from image.target import target

LABEL = "tonearm-root"
CONFIG = """\
# Made by raspi-firmware
arm_64bit=1

enable_uart=1
upstream_kernel=1

kernel=vmlinuz-6.12.9-arm64
# For details on the initramfs directive, see
initramfs initrd.img-6.12.9-arm64

[pi4]
dtoverlay=miniuart-bt,krnbt=off
[all]
"""
CMDLINE = "console=tty1 root=LABEL=tonearm-root rw fsck.repair=yes rootwait\n"
KERNEL = b"MZ" + bytes(54) + b"ARM\x64" + bytes(64)
INITRAMFS = b"\x28\xb5\x2f\xfd rest"

Breaking = Callable[[Path], object]


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """A boot partition as it should be."""
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays/miniuart-bt.dtbo").write_bytes(b"overlay")
    for model in MODELS:
        for name in (*model.firmware, *model.device_trees):
            (tmp_path / name).write_bytes(b"something")
    (tmp_path / "vmlinuz-6.12.9-arm64").write_bytes(KERNEL)
    (tmp_path / "initrd.img-6.12.9-arm64").write_bytes(INITRAMFS)
    (tmp_path / "config.txt").write_text(CONFIG)
    (tmp_path / "cmdline.txt").write_text(CMDLINE)
    return tmp_path


def lint(boot: Path) -> list[str]:
    return faults(target("arm64"), boot, LABEL)


def adding(line: str) -> Breaking:
    return lambda boot: (boot / "config.txt").write_text(f"{CONFIG}{line}\n")


def without(line: str) -> Breaking:
    assert line in CONFIG
    return lambda boot: (boot / "config.txt").write_text(CONFIG.replace(line, ""))


def removing(name: str) -> Breaking:
    return lambda boot: (boot / name).unlink()


def saying(name: str, content: str | bytes) -> Breaking:
    return lambda boot: (boot / name).write_bytes(content.encode() if isinstance(content, str) else content)


def test_boot_files_that_boot_have_no_fault(boot: Path) -> None:
    assert lint(boot) == []


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (removing("config.txt"), "config.txt is not there"),
        (removing("vmlinuz-6.12.9-arm64"), "vmlinuz-6.12.9-arm64 is not there: config.txt names it (kernel, [all])"),
        (removing("initrd.img-6.12.9-arm64"), "initrd.img-6.12.9-arm64 is not there: config.txt names it"),
        (removing("overlays/miniuart-bt.dtbo"), "overlays/miniuart-bt.dtbo is not there: config.txt names it"),
        (adding("[pi5]\nkernel=other"), "other is not there: config.txt names it (kernel, [pi5])"),
        (adding("start_file=start4x.elf"), "start4x.elf is not there: config.txt names it (start_file, [all])"),
        (adding("device_tree=my.dtb"), "my.dtb is not there: config.txt names it"),
        (adding("kernel=../outside"), "../outside is not there: config.txt names it"),
        (adding("include more.txt"), "config.txt includes more.txt, which this linter does not follow"),
        (adding("os_prefix=new/"), "os_prefix is set"),
        (adding(f"dtparam={'x' * 100}"), "config.txt: a line is longer than 98 characters"),
        (without("kernel=vmlinuz-6.12.9-arm64\n"), "Raspberry Pi 3: no kernel"),
        (without("initramfs initrd.img-6.12.9-arm64\n"), "Raspberry Pi 4: no initramfs"),
        (without("arm_64bit=1\n"), "Raspberry Pi 3: arm_64bit=1 is not set"),
        (without("upstream_kernel=1\n"), "Raspberry Pi 4: upstream_kernel=1 is not set"),
        (saying("vmlinuz-6.12.9-arm64", bytes(200)), "Raspberry Pi 4: vmlinuz-6.12.9-arm64 is no arm64 kernel"),
        (saying("initrd.img-6.12.9-arm64", b"\x7fELF"), "initrd.img-6.12.9-arm64 is no initramfs"),
        (saying("initrd.img-6.12.9-arm64", b""), "initrd.img-6.12.9-arm64 is empty"),
        (removing("cmdline.txt"), "cmdline.txt is not there"),
        (saying("cmdline.txt", CMDLINE + "quiet\n"), "cmdline.txt must be one line"),
        (
            saying("cmdline.txt", "console=tty1 rw\n"),
            "cmdline.txt must say root=LABEL=tonearm-root once, and says noth",
        ),
        (saying("cmdline.txt", "root=LABEL=other rw\n"), "must say root=LABEL=tonearm-root once, and says ['LABEL=oth"),
        (saying("cmdline.txt", f"root=/dev/mmcblk0p2 {CMDLINE}"), "must say root=LABEL=tonearm-root once"),
        (saying("cmdline.txt", f"cma=64M {CMDLINE}"), "cmdline.txt says cma=64M"),
        *(
            (removing(name), f"{model.name}: {name} is not there: its")
            for model in MODELS
            for name in (*model.firmware, *model.device_trees)
        ),
    ],
)
def test_what_would_not_boot_is_noticed(boot: Path, breaking: Breaking, fault: str) -> None:
    breaking(boot)
    assert any(fault in each for each in lint(boot)), lint(boot)


def test_another_root_file_system_than_the_kernel_looks_for_is_noticed(boot: Path) -> None:
    assert faults(target("arm64"), boot, "renamed")


def test_a_link_is_no_file_on_a_fat_partition(boot: Path) -> None:
    (boot / "start.elf").unlink()
    (boot / "start.elf").symlink_to("start4.elf")
    assert any("start.elf is not there" in each for each in lint(boot))


def test_a_section_counts_for_its_model_only() -> None:
    lines = parse("kernel=a\n[pi5]\nkernel=b\n[all]\ninitramfs c followkernel\n")
    assert [settings(lines, model)["kernel"] for model in MODELS] == ["a", "a", "a", "b"]
    assert all(settings(lines, model)["initramfs"] == "c" for model in MODELS)
