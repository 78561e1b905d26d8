"""Boot files of a Raspberry Pi: config.txt, cmdline.txt, and what each model's firmware looks for by itself.

As https://www.raspberrypi.com/documentation/computers/config_txt.html has it ("conditional filters", "boot options").
"""

from pathlib import Path

import msgspec

from image.lint_files import absent, beginning, initramfs_faults, option_faults

#: The firmware reads no further in a line of config.txt.
_LONGEST = 98
#: Settings whose value is the name of a file.
_NAMING = ("kernel", "device_tree", "start_file", "fixup_file", "armstub", "cmdline")
#: "ARM\x64" in the header of an arm64 kernel (kernel documentation, arch/arm64/booting).
_KERNEL = slice(56, 60)
_KERNEL_MAGIC = b"ARM\x64"


class Model(msgspec.Struct, frozen=True):
    name: str
    #: Sections of config.txt that count for it, besides ``[all]``.
    filters: frozenset[str]
    #: What its boot ROM and firmware take from the card without being told. (A Pi 5 has them in its own memory.)
    firmware: tuple[str, ...]
    #: Device trees by the names of the mainline kernel, one for each board.
    device_trees: tuple[str, ...]


_OLDER = ("bootcode.bin", "start.elf", "fixup.dat")
MODELS = [
    Model(
        name="Raspberry Pi 3",
        filters=frozenset({"pi3", "pi3+"}),
        firmware=_OLDER,
        device_trees=("bcm2837-rpi-3-b.dtb", "bcm2837-rpi-3-b-plus.dtb", "bcm2837-rpi-3-a-plus.dtb"),
    ),
    Model(
        name="Raspberry Pi Zero 2 W",
        filters=frozenset({"pi0", "pi0w", "pi02"}),
        firmware=_OLDER,
        device_trees=("bcm2837-rpi-zero-2-w.dtb",),
    ),
    Model(
        name="Raspberry Pi 4",
        filters=frozenset({"pi4", "pi400", "cm4"}),
        firmware=("start4.elf", "fixup4.dat"),
        device_trees=("bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4-io.dtb"),
    ),
    Model(
        name="Raspberry Pi 5",
        filters=frozenset({"pi5"}),
        firmware=(),
        device_trees=("bcm2712-rpi-5-b.dtb",),
    ),
]


class Line(msgspec.Struct, frozen=True):
    """A setting of config.txt, and the section that it stands in ("all" before the first)."""

    section: str
    key: str
    value: str


def pi_faults(boot: Path, label: str) -> list[str]:
    if missing := absent(boot, "config.txt", "the firmware reads it first"):
        return missing
    text = (boot / "config.txt").read_text(encoding="utf-8")
    lines = parse(text)
    found = [f"config.txt: a line is longer than {_LONGEST} characters: {line}" for line in _long(text)]
    found += [fault for line in lines for fault in _named_faults(boot, line)]
    for model in MODELS:
        found += [f"{model.name}: {fault}" for fault in _model_faults(boot, lines, model)]
    return found + _cmdline_faults(boot, lines, label)


def parse(text: str) -> list[Line]:
    """The settings of a config.txt in their order. ``initramfs`` has a blank where all others have "="."""
    section = "all"
    lines: list[Line] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].lower()
        elif line.startswith("initramfs "):
            lines.append(Line(section, "initramfs", line.split()[1]))
        elif line.startswith("include "):
            lines.append(Line(section, "include", line.split()[1]))
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            lines.append(Line(section, key.strip(), value.strip()))
    return lines


def settings(lines: list[Line], model: Model) -> dict[str, str]:
    """What counts for a model: of what is said twice, the last."""
    return {line.key: line.value for line in lines if line.section == "all" or line.section in model.filters}


def _named_faults(boot: Path, line: Line) -> list[str]:
    """Whatever section a line is in: what it names is there."""
    reason = f"config.txt names it ({line.key}, [{line.section}])"
    if line.key == "initramfs":
        return initramfs_faults(boot, line.value, reason)
    if line.key == "dtoverlay" and line.value:
        return absent(boot, f"overlays/{line.value.split(',')[0].split(':')[0]}.dtbo", reason)
    if line.key == "include":
        return [f"config.txt includes {line.value}, which this linter does not follow"]
    return absent(boot, line.value, reason) if line.key in _NAMING else []


def _model_faults(boot: Path, lines: list[Line], model: Model) -> list[str]:
    """What the model needs and would not find."""
    says = settings(lines, model)
    found = [fault for name in model.firmware for fault in absent(boot, name, "its firmware")]
    if "device_tree" not in says:
        found += [fault for name in model.device_trees for fault in absent(boot, name, "its device tree")]
    if says.get("upstream_kernel") != "1":
        found.append("upstream_kernel=1 is not set: the firmware would look for device trees by other names")
    if says.get("arm_64bit") != "1":
        found.append("arm_64bit=1 is not set: the kernel is one of 64 bits")
    if says.get("os_prefix"):
        found.append("os_prefix is set: the files are not looked for where they are")
    if "initramfs" not in says:
        found.append("no initramfs: the root file system could not be found by its label")
    if "kernel" not in says:
        return [*found, "no kernel"]
    kernel = boot / says["kernel"]
    if kernel.is_file() and beginning(kernel)[_KERNEL] != _KERNEL_MAGIC:
        found.append(f"{says['kernel']} is no arm64 kernel")
    return found


def _cmdline_faults(boot: Path, lines: list[Line], label: str) -> list[str]:
    names = {line.value for line in lines if line.key == "cmdline"} or {"cmdline.txt"}
    found: list[str] = []
    for name in sorted(names):
        if missing := absent(boot, name, "the kernel's options"):
            found += missing
            continue
        text = (boot / name).read_text(encoding="utf-8")
        if len(text.rstrip("\n").splitlines()) != 1:
            found.append(f"{name} must be one line: the firmware takes the first only")
        found += option_faults(name, text.split(), label)
    return found


def _long(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line) > _LONGEST and not line.startswith("#")]
