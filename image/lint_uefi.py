"""Boot files of a PC: systemd-boot where every UEFI firmware looks, and its entries.

As https://uapi-group.org/specifications/specs/boot_loader_specification/ has them (type 1).
"""

from fnmatch import fnmatch
from pathlib import Path

from image.lint_files import absent, beginning, initramfs_faults, option_faults

#: Where removable media have their loader (UEFI specification 3.5.1.1).
LOADER = "EFI/BOOT/BOOTX64.EFI"
#: How a program for UEFI begins; a kernel with EFI stub is one too.
_PROGRAM = b"MZ"


def uefi_faults(boot: Path, label: str) -> list[str]:
    found = _program_faults(boot, LOADER, "the firmware starts it")
    entries = sorted((boot / "loader/entries").glob("*.conf"))
    if not entries:
        return [*found, "loader/entries has no entry: nothing to boot"]
    for entry in entries:
        found += _entry_faults(boot, entry, label)
    return found + _default_faults(boot, [entry.name for entry in entries])


def _entry_faults(boot: Path, entry: Path, label: str) -> list[str]:
    says = _values(entry)
    reason = f"{entry.name} names it"
    found = [fault for name in says.get("linux", []) for fault in _program_faults(boot, name, reason)]
    found += [fault for name in says.get("initrd", []) for fault in initramfs_faults(boot, name, reason)]
    found += [f"{entry.name} names no {key}" for key in ("linux", "initrd") if not says.get(key)]
    options = " ".join(says.get("options", [])).split()
    return found + option_faults(entry.name, options, label)


def _default_faults(boot: Path, entries: list[str]) -> list[str]:
    """loader.conf may be absent; if it names a default, some entry must be meant."""
    path = boot / "loader/loader.conf"
    patterns = _values(path).get("default", []) if path.exists() else []
    return [
        f"loader.conf's default {pattern} is no entry"
        for pattern in patterns
        if not any(fnmatch(entry, pattern) or fnmatch(entry, f"{pattern}.conf") for entry in entries)
    ]


def _program_faults(boot: Path, name: str, reason: str) -> list[str]:
    found = absent(boot, name, reason)
    if not found and not beginning(boot / name.lstrip("/")).startswith(_PROGRAM):
        found = [f"{name} is no program for UEFI: {reason}"]
    return found


def _values(path: Path) -> dict[str, list[str]]:
    """Each key with its values: some may stand more than once."""
    values: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.strip().partition(" ")
        if key and not key.startswith("#"):
            values.setdefault(key, []).append(value.strip())
    return values
