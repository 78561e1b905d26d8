"""How a file is named to those who save it."""

import os
import re
import unicodedata
from typing import Final
from urllib.parse import quote

_UNSAFE: Final = re.compile(r'[^\x20-\x7e]|["\\%/;]')


def disposition(path: bytes, suffix: str | None = None) -> str:
    """A ``Content-Disposition`` (RFC 6266) that saves the file under its own name, or with another suffix.

    The plain ``filename`` is ASCII for old clients; ``filename*`` (RFC 8187) carries the name itself. Control
    characters, line ends included, and bytes that are no text leave the name.
    """
    name = os.path.basename(path).decode("utf-8", "replace")
    if suffix is not None:
        name = f"{os.path.splitext(name)[0]}.{suffix}"
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C").strip() or "track"
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii"))
    return f"attachment; filename=\"{plain or 'track'}\"; filename*=UTF-8''{quote(name, safe='')}"
