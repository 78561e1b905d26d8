"""What stays on the boot partition of a file that was used: the same words, and no password."""

import json
from typing import Final

import msgspec

from appliance.host.preseed_file import Preseed

_KEPT: Final = "# Tonearm has used this file. To use it again, rename it to tonearm.toml and start the box.\n"
_STAYS: Final = "# Until this box is set up and has its folder of music; then the box takes this file away.\n"
_NAMED: Final = "\n# It named an administrator. The password is not kept.\n# [administrator]\n"


def leftover(preseed: Preseed) -> Preseed | None:
    """What has to stay in force until set-up is over and the folder for music is there; None when nothing has to.

    Somebody who asked for a code wants it asked, and who said where the music is wants that offered, restarts or not.
    """
    rest = Preseed(setup_code=preseed.setup_code and preseed.administrator is None, music=preseed.music)
    return None if rest == Preseed() else rest


def applied(preseed: Preseed) -> bytes:
    """The file to keep. It can be used again as it is: of the administrator it tells in a remark."""
    named = "" if preseed.administrator is None else f"{_NAMED}# name = {_toml(preseed.administrator.name)}\n"
    return f"{_KEPT}{_values(preseed)}{named}".encode()


def staying(rest: Preseed) -> bytes:
    """The file that says what is left over."""
    return f"{_STAYS}{_values(rest)}".encode()


def _values(preseed: Preseed) -> str:
    values = msgspec.structs.asdict(preseed)
    del values["administrator"]
    return "".join(f"{field} = {_toml(value)}\n" for field, value in values.items() if value not in (None, (), False))


def _toml(value: object) -> str:
    """Basic strings of TOML are those of JSON, but for what neither allows unescaped."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
