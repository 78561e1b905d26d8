"""Which Debian packages the card has: one list, which the roles of Ansible read as well."""

import subprocess
from pathlib import Path

import msgspec

from image.failure import ImageFailed
from image.target import Target
from image.workshop import ROOT

LISTS = ROOT / "ansible" / "packages.yml"
#: Ansible's environment: it brings the reader of YAML.
_PYTHON = ROOT / ".venv-image" / "bin" / "python"
_AS_JSON = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1], encoding='utf-8')), sys.stdout)"


def read_lists(path: Path = LISTS) -> dict[str, list[str]]:
    """The lists of packages by name. Raises ``ImageFailed`` for what is no list of names."""
    told = subprocess.run([_PYTHON, "-c", _AS_JSON, path], check=False, capture_output=True, text=True)
    if told.returncode != 0:
        raise ImageFailed(f"{path} cannot be read: {told.stderr.strip().splitlines()[-1]}")
    try:
        return msgspec.json.decode(told.stdout, type=dict[str, list[str]])
    except msgspec.ValidationError as error:
        raise ImageFailed(f"{path}: {error}") from error


def wanted(lists: dict[str, list[str]], target: Target) -> list[str]:
    """What this target's card has of them, sorted. Raises ``ImageFailed`` if a list is not there."""
    names = ("tonearm_packages", "tonearm_packages_card", f"tonearm_packages_card_{target.arch}")
    for name in names:
        if name not in lists:
            raise ImageFailed(f"{LISTS} has no list {name}")
    return sorted({package for name in names for package in lists[name]})
