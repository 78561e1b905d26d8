"""A QR code in characters: half blocks, two modules to a cell, or whole ones where a font has no halves."""

from typing import Final

import segno

#: Modules of light around the code, as ISO/IEC 18004 wants them.
_QUIET: Final = 4
#: By the upper and lower module of a cell, True for light.
_HALVES: Final = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def qr_code(url: str) -> list[list[bool]]:
    """The modules of a code that leads to ``url``, its quiet zone included; True is light.

    Scheme and host mean the same in capitals, which a code stores in half the room: an address takes the smallest.
    """
    code = segno.make(url.upper(), error="l", micro=False)
    return [[not dark for dark in row] for row in code.matrix_iter(border=_QUIET)]


def in_halves(modules: list[list[bool]]) -> list[str]:
    """A cell for two modules, one above the other: as wide as it is high where cells are twice as high as wide."""
    padded = modules + [[False] * len(modules[0])] * (len(modules) % 2)
    return [
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(padded[::2], padded[1::2], strict=True)
    ]


def in_wholes(modules: list[list[bool]]) -> list[str]:
    """Two cells for a module: four times as large, and legible from across a room."""
    return ["".join("██" if light else "  " for light in row) for row in modules]
