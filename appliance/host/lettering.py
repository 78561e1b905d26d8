"""Large letters, made of the characters that every console has."""

from functools import lru_cache

from pyfiglet import Figlet

#: Wider than any name, since a name that is broken in two is not read as one.
_WIDE = 1000


def large(text: str, room: int) -> list[str]:
    """Lines of at most ``room`` characters: as large as fits, and plain when nothing larger does."""
    return _drawn("standard", text, room) or _drawn("small", text, room) or [text[:room]]


def huge(text: str, room: int) -> list[str]:
    """The same in letters of whole blocks, for a screen that is seen from across a room."""
    blocks = [line.replace("#", "█") for line in _drawn("banner3", text, room)]
    return blocks or large(text, room)


@lru_cache(maxsize=8)
def _drawn(font: str, text: str, room: int) -> list[str]:
    """The lines of a text in a font of FIGlet's; none where it has no such letters, or they do not fit."""
    lines = [line.rstrip() for line in Figlet(font=font, width=_WIDE).renderText(text).splitlines()]
    lines = [line for line in lines if line]
    return lines if max(map(len, lines), default=0) <= room else []
