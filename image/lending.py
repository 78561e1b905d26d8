"""This machine's Python, lent to another root whose own would be emulated.

Ansible starts a Python for each thing that it looks at or changes: hundreds in all. Programs in Python are the same
for every processor, and so is what they do to files; what they start over there is of the other system, and emulated.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

#: Where the other root finds it.
PYTHON = "/run/python"
# In the chamber, whose /run is in memory and seen by nobody else. Lent to be read: nothing over there can change it.
_LEND = """
root=$1 loader=$2 libraries=$3 python=$4; shift 4
while [ "$1" != -- ]; do
    mkdir -p "$root/run/lent$1"
    mount --bind "$1" "$root/run/lent$1"
    mount -o remount,bind,ro "$root/run/lent$1"
    shift
done
shift
cat >"$root/run/python" <<END
#!/bin/sh
exec '/run/lent$loader' --library-path '$libraries' '/run/lent$python' "\\$@"
END
chmod 755 "$root/run/python"
exec "$@"
"""


def lending(root: Path, command: Sequence[str | Path]) -> list[str | Path]:
    """A command that runs in the chamber while ``root`` has ``PYTHON``."""
    # By its real name, since links lead elsewhere over there; with the loader and the libraries that it runs on here.
    python = Path(sys.executable).resolve()
    files = _mapped()
    loader = next(file for file in files if file.name.startswith("ld"))
    libraries = sorted({file.parent for file in files if file.name.startswith("lib")})
    found_at = ":".join(f"/run/lent{folder}" for folder in libraries)
    lent = sorted({Path(sys.base_prefix).resolve(), loader.parent, *libraries})
    return ["sh", "-euc", _LEND, "sh", root, loader, found_at, python, *lent, "--", *command]


def _mapped() -> set[Path]:
    """The shared libraries of this process (proc(5), maps: field 6)."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    fields = (line.split(maxsplit=5) for line in lines)
    return {Path(field[5]) for field in fields if len(field) == 6 and ".so" in field[5]}
