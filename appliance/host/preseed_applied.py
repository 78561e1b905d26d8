"""What stays on the boot partition of a file that was used: the same words, and no password."""

import json
from typing import Final

import msgspec

from appliance.host.preseed_file import Preseed

_KEPT: Final = "# Tonearm has used this file. Its password is not here any more; the rest is, to be used again.\n"
_CODE: Final = "# While this stands here, set-up asks for a code that the screen shows.\n"


def leftover(preseed: Preseed) -> Preseed | None:
    """What has to stay in force at the next start; None when all of it is done.

    Somebody who asked for a code wants it asked until set-up is over, restarts or not.
    """
    return Preseed(setup_code=True) if preseed.setup_code and preseed.administrator is None else None


def applied(preseed: Preseed) -> str:
    """The file's text, as TOML. Basic strings of TOML are those of JSON, but for what neither allows unescaped."""
    only_code = preseed == Preseed(setup_code=True)
    lines = [_CODE if only_code else _KEPT]
    for field, value in msgspec.structs.asdict(preseed).items():
        if field != "administrator" and value not in (None, (), False):
            lines.append(f"{field} = {_toml(value)}\n")
    if preseed.administrator is not None:
        lines.append(f"\n[administrator]\nname = {_toml(preseed.administrator.name)}\n")
    return "".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
