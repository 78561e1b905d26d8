"""What the card is made of, as Debian's packages and Python's wheels say of themselves."""

import re
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import msgspec

from image.target import SUITE

#: The one wheel that is ours.
OURS = "tonearm"


class Component(msgspec.Struct, frozen=True):
    name: str
    version: str
    #: Debian's architecture; "" for wheels.
    arch: str
    #: Package URL: https://github.com/package-url/purl-spec
    purl: str
    #: As they are called where they were found: SPDX's names for wheels, Debian's (which are mostly the same) for
    #: packages. Empty where nothing says so in a form that a program can read.
    licences: tuple[str, ...] = ()
    #: Of the wheel, in hexadecimal; "" for packages, which apt has checked.
    sha256: str = ""


def debs(root: Path) -> list[Component]:
    """The packages that are installed in a root, by name."""
    found = [_deb(root, fields) for fields in _stanzas(root / "var/lib/dpkg/status") if _installed(fields)]
    return sorted(found, key=lambda each: each.name)


def wheels(paths: list[Path]) -> list[Component]:
    return sorted((_wheel(path) for path in paths), key=lambda each: each.name.lower())


def listing(components: list[Component]) -> str:
    """A line for each: name, version, architecture where it has one."""
    return "".join(f"{' '.join(filter(None, (each.name, each.version, each.arch)))}\n" for each in components)


def _installed(fields: dict[str, str]) -> bool:
    return fields.get("Status", "").endswith(" installed")


def _deb(root: Path, fields: dict[str, str]) -> Component:
    name, version, arch = fields["Package"], fields["Version"], fields["Architecture"]
    return Component(
        name=name,
        version=version,
        arch=arch,
        purl=f"pkg:deb/debian/{quote(name)}@{quote(version, safe='')}?arch={arch}&distro={SUITE}",
        licences=_copyright(root / "usr/share/doc" / name / "copyright"),
    )


def _stanzas(status: Path) -> Iterator[dict[str, str]]:
    """The database of dpkg: each package's fields, without those that go on over several lines."""
    for stanza in status.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in stanza.splitlines() if line and not line[0].isspace() and ": " in line]
        if lines:
            yield dict(line.split(": ", 1) for line in lines)


def _copyright(path: Path) -> tuple[str, ...]:
    """The licences that a copyright file of Debian's machine-readable kind names (DEP 5); none of another kind."""
    if path.is_symlink() or not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    if not re.match(r"(?i)format(-specification)?:", text):
        return ()
    return tuple(sorted({found.strip() for found in re.findall(r"(?m)^License:[ \t]*(\S.*)$", text)}))


def _wheel(path: Path) -> Component:
    with zipfile.ZipFile(path) as wheel:
        inside = next(name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = HeaderParser().parsestr(wheel.read(inside).decode("utf-8"))
    name, version = str(metadata["Name"]), str(metadata["Version"])
    kind = "generic" if name == OURS else "pypi"
    return Component(
        name=name,
        version=version,
        arch="",
        purl=f"pkg:{kind}/{quote(name.lower())}@{quote(version, safe='')}",
        licences=_licences(metadata.get("License-Expression"), metadata.get("License"), metadata.get_all("Classifier")),
        sha256=sha256(path.read_bytes()).hexdigest(),
    )


def _licences(expression: str | None, free: str | None, classifiers: list[str] | None) -> tuple[str, ...]:
    """The expression (PEP 639) before the older free text, and that before classifiers; a whole licence is no name."""
    if expression:
        return (expression,)
    if free and "\n" not in free.strip() and len(free) < 80:
        return (free.strip(),)
    told = [each.rsplit(" :: ", 1)[-1] for each in classifiers or [] if each.startswith("License :: ")]
    return tuple(sorted(set(told) - {"OSI Approved"}))
