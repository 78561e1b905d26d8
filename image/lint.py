"""The linter of the boot files: what would keep a card from booting, found before anybody flashes it.

No emulator runs the Pi's own firmware. What it would read is therefore read here as its documentation says.
"""

from collections.abc import Callable
from pathlib import Path

from image.lint_pi import pi_faults
from image.lint_uefi import uefi_faults
from image.target import Target

_RULES: dict[str, Callable[[Path, str], list[str]]] = {"amd64": uefi_faults, "arm64": pi_faults}


def faults(target: Target, boot: Path, label: str) -> list[str]:
    """What is wrong with the boot files in a folder, one sentence each; empty when they would boot.

    ``label``: the root file system's own, which the kernel is told to look for.
    """
    return _RULES[target.arch](boot, label)
