"""Rules that both boot firmwares share: files that are there and are what they should be, and the kernel's options."""

from pathlib import Path

#: How an initramfs begins (kernel documentation, "Early userspace"): cpio, or cpio packed by one of these.
_INITRAMFS = {
    b"070701": "cpio",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x02\x21\x4c\x18": "lz4",
}
#: Debian's raspi-firmware adds this by default, and a Pi 4 does not boot with it.
_FATAL_CMA = "cma=64M"


def absent(boot: Path, name: str, reason: str) -> list[str]:
    """A fault if there is no such file, or an empty one, or one that leads out of the partition."""
    path = boot / name.lstrip("/")
    if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(boot.resolve()):
        return [f"{name} is not there: {reason}"]
    return [] if path.stat().st_size else [f"{name} is empty: {reason}"]


def initramfs_faults(boot: Path, name: str, reason: str) -> list[str]:
    found = absent(boot, name, reason)
    if found:
        return found
    begins = beginning(boot / name.lstrip("/"))
    return [] if begins.startswith(tuple(_INITRAMFS)) else [f"{name} is no initramfs: {reason}"]


def option_faults(where: str, options: list[str], label: str) -> list[str]:
    """Faults of the kernel's options: they must name the root file system, once, by its label."""
    roots = [option.removeprefix("root=") for option in options if option.startswith("root=")]
    wanted = f"LABEL={label}"
    found = [] if roots == [wanted] else [f"{where} must say root={wanted} once, and says {roots or 'nothing'}"]
    if _FATAL_CMA in options:
        found.append(
            f"{where} says {_FATAL_CMA}: a Pi 4 does not boot with that (CMA=0 in /etc/default/raspi-firmware)"
        )
    return found


def beginning(path: Path) -> bytes:
    """The first bytes of a file: enough to tell what it is."""
    with path.open("rb") as file:
        return file.read(512)
