"""The roles' units as they come to lie on the card, in a root of their own, for systemd's own tools to judge."""

import shutil
from pathlib import Path

ROLES = Path(__file__).parents[2] / "ansible" / "roles"
#: Everything that goes to /etc/systemd/system as it is. The socket is a template for its port alone.
_COPIED = (
    ROLES / "base/files",
    *(ROLES / role / "files/etc/systemd/system" for role in ("card", "postgresql", "time", "tonearm")),
)
_SOCKET = ROLES / "tonearm/templates/tonearm.socket"
_SUFFIXES = {".service", ".socket", ".slice", ".d"}


def make_unit_tree(root: Path) -> list[str]:
    """Fill ``root``; the names of the units that are ours."""
    folder = root / "etc/systemd/system"
    folder.mkdir(parents=True)
    for source in _COPIED:
        for entry in source.iterdir():
            if entry.suffix not in _SUFFIXES:
                continue
            if entry.is_dir():
                shutil.copytree(entry, folder / entry.name, dirs_exist_ok=True)
            else:
                shutil.copy(entry, folder)
    (folder / _SOCKET.name).write_text(_SOCKET.read_text().replace("{{ tonearm_port }}", "80"))
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file())
