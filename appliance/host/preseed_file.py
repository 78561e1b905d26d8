"""The owner's file on the boot partition, ``tonearm.toml``: finding it, and reading it as a whole."""

import codecs
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from appliance.core.accounts import fault_of_name, fault_of_password
from appliance.core.machine import MachineWishes
from appliance.core.setup_answers import host_name
from appliance.host import ssh_keys
from appliance.host.wishes import ZONEINFO, faults

NAME: Final = "tonearm.toml"
#: Folders, by what tonearm.service allows: where the server may make some for music; where it may read what people put;
#: and where it and its database keep their own.
MADE: Final = "/srv/tonearm/music"
READ: Final = ("/srv", "/mnt", "/media")
OWN: Final = "/srv/tonearm"
#: As Windows calls it when it hides what it takes for the file's kind.
_NAMES: Final = (NAME, f"{NAME}.txt")
#: Bytes.
_LARGEST: Final = 65_536
_CURLY: Final = frozenset("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb")


class Administrator(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    password: str


class Preseed(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner wrote. Each part may be left out."""

    name: str | None = None
    """Of the box, as people write it; ``wishes`` has what the network can use of it."""
    time_zone: str | None = None
    music: str | None = None
    """The folder of music, absolute."""
    ssh_keys: tuple[str, ...] = ()
    setup_code: bool = False
    """Whether set-up asks for a code that the screen shows. Means nothing beside an administrator."""
    administrator: Administrator | None = None

    @property
    def wishes(self) -> MachineWishes:
        """What it asks of the machine, beside the keys."""
        name = None if self.name is None else host_name(self.name)
        return MachineWishes(name=name, time_zone=self.time_zone)


class BadPreseed(Exception):
    """The file cannot be meant. ``faults``: a sentence for each thing that is wrong; none repeats a password."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


def find(folder: Path) -> Path | None:
    """The owner's file, whatever its capitals; None when there is none.

    Raises ``BadPreseed`` when there are two, ``OSError`` when the folder cannot be read.
    """
    found = sorted(path for path in folder.iterdir() if path.name.lower() in _NAMES and path.is_file())
    if len(found) > 1:
        raise BadPreseed([f"There are {found[0].name} and {found[1].name}: leave one of them."])
    return found[0] if found else None


def load(path: Path) -> bytes:
    """What the file holds. Raises ``BadPreseed`` when that is far too much, ``OSError``."""
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise BadPreseed(["The file is far too large to be meant."])
    return content


def parse(content: bytes, zoneinfo: Path = ZONEINFO) -> Preseed:
    """What a file with this ``content`` says, all of it sound. Raises ``BadPreseed`` with every fault."""
    values = _toml(content)
    told = [f"There is no {key!r} to set; perhaps it is spelt differently." for key in sorted(values.keys() - _KINDS)]
    parts: dict[str, Any] = {}
    for key, kind in _KINDS.items():
        if key in values:
            try:
                parts[key] = msgspec.convert(values[key], kind)
            except msgspec.ValidationError:
                told.append(_MEANT[key])
    preseed = Preseed(**parts)
    told += _senseless(preseed, zoneinfo)
    if "administrator" in parts:
        told += [f"There is no {key!r} of an administrator." for key in sorted(values["administrator"].keys() - _LOGIN)]
    if told:
        raise BadPreseed(told)
    return preseed


def _toml(content: bytes) -> dict[str, Any]:
    # Editors of Windows mark their files so, and "Unicode" is UTF-16 there.
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return tomllib.loads(content.decode("utf-16" if wide else "utf-8-sig"))
    except UnicodeDecodeError:
        raise BadPreseed(["The file is not plain text; save it as UTF-8."]) from None
    except tomllib.TOMLDecodeError as error:
        told = [f"It cannot be read: {_without_values(error)}."]
    except RecursionError:
        told = ["It cannot be read: brackets within brackets within brackets."]
    if _CURLY & set(content.decode("utf-16" if wide else "utf-8-sig")):
        told.append('There are curly quotes in it; type straight ones: ".')
    raise BadPreseed(told)


def _senseless(preseed: Preseed, zoneinfo: Path) -> list[str]:
    found = faults(preseed.wishes, zoneinfo)
    told = [f"{key}: {sentence}" for key, sentence in found.items()]
    if sentence := ssh_keys.fault_of_all(preseed.ssh_keys):
        told.append(f"ssh_keys: {sentence}")
    if preseed.music is not None and (sentence := _fault_of_music(preseed.music)):
        told.append(f"music: {sentence}")
    if (administrator := preseed.administrator) is not None:
        told += [
            f"administrator: {sentence}"
            for sentence in (fault_of_name(administrator.name), fault_of_password(administrator.password))
            if sentence
        ]
    return told


def _fault_of_music(folder: str) -> str | None:
    """By the words alone: no disk need be mounted yet."""
    path = PurePosixPath("/", folder.lstrip("/"))
    if not folder.startswith("/") or not folder.isprintable() or ".." in path.parts:
        return f"The folder of music begins with a slash, as in {MADE}."
    is_own = path.is_relative_to(OWN) or PurePosixPath(OWN).is_relative_to(path)
    if path.is_relative_to(MADE) or (any(map(path.is_relative_to, READ)) and not is_own):
        return None
    return (
        f"Tonearm makes {MADE} and folders in it. Any other has to be there already, in {', '.join(READ[:-1])} or "
        f"{READ[-1]}, but not in {OWN}."
    )


def _without_values(error: tomllib.TOMLDecodeError) -> str:
    """Where it stopped making sense. Not what stands there: that may be a part of a password."""
    _, found, where = str(error).rpartition("(at ")
    return f"something is wrong at {where.removesuffix(')')}" if found else "something is wrong with it"


_KINDS: Final[dict[str, Any]] = {
    "name": str,
    "time_zone": str,
    "music": str,
    "ssh_keys": tuple[str, ...],
    "setup_code": bool,
    "administrator": Administrator,
}
_LOGIN: Final = frozenset(Administrator.__struct_fields__)
_MEANT: Final = {
    "name": 'name: Write it in quotes, as in name = "kitchen".',
    "time_zone": 'time_zone: Write it in quotes, as in time_zone = "Europe/Berlin".',
    "music": 'music: Write the folder in quotes, as in music = "/srv/tonearm/music".',
    "ssh_keys": 'ssh_keys: Write them as a list, as in ssh_keys = ["ssh-ed25519 AAAA… ada@laptop"].',
    "setup_code": "setup_code: Write true or false, without quotes.",
    "administrator": "administrator: It takes a name and a password, each in quotes, below [administrator].",
}
