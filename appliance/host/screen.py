"""The console's one picture: name, addresses, QR code, code for set-up, and how the box is."""

import textwrap
from typing import Final

from appliance.host.canvas import Canvas, Ink
from appliance.host.lettering import huge, large
from appliance.host.qr import in_halves, in_wholes, qr_code
from appliance.host.sight import Sight

#: Cells. A text console of a PC is this large; on larger ones the picture stands in the middle.
_COLUMNS: Final = 80
_MARGIN: Final = 3
#: Lines of prose are no longer, and of a problem no more than this many are shown.
_MEASURE: Final = 70
_MOST_LINES: Final = 4
#: From this size on, the QR code is drawn four times as large, and the name above it in letters of blocks.
_LARGE_COLUMNS: Final = 120
_LARGE_ROWS: Final = 48
#: As high as the picture is most of the time, so that it does not jump about when a line comes and goes.
_USUAL_ROWS: Final = 20


def draw(seen: Sight, columns: int, rows: int, *, halves: bool = True) -> Canvas:
    """The picture on a screen of this many cells. ``halves``: whether its font has half blocks."""
    canvas = Canvas(columns, rows)
    is_large = columns >= _LARGE_COLUMNS and rows >= _LARGE_ROWS
    width = min(columns, _LARGE_COLUMNS if is_large else _COLUMNS)
    inner = max(1, width - 2 * _MARGIN)
    code = _code(seen, columns, rows, as_halves=halves and not is_large)
    wide = len(code[0]) if code else 0
    room = max(1, inner - (wide + 2 if wide else 0))
    name = huge(seen.name, inner) if is_large else large(seen.name, room)
    heading = [*((line, Ink.ACCENT) for line in name), ("", Ink.QUIET)]
    card = _card(seen)
    if not is_large:
        heading, card = [], heading + card
    prose = _prose(seen, min(_MEASURE, inner))
    beside = len(heading) + (1 if is_large else 0)
    below = beside + max(len(card), len(code)) + 1
    left, top = (columns - width) // 2 + _MARGIN, max(0, (rows - max(below + len(prose), _USUAL_ROWS)) // 2)
    for first, lines in ((0, heading), (beside, card), (below, prose)):
        for at, (text, ink) in enumerate(lines, top + first):
            canvas.put(left, at, text, ink)
    for at, line in enumerate(code, top + beside):
        canvas.put(left + inner - wide, at, line, Ink.MODULE)
    return canvas


def _code(seen: Sight, columns: int, rows: int, *, as_halves: bool) -> list[str]:
    """The QR code of the first address; nothing where it does not fit."""
    if len(seen.urls) < 2:
        return []
    # Of the address by number: telephones are the ones that do not find names.
    modules = qr_code(seen.urls[1])
    if as_halves:
        return in_halves(modules)
    code = in_wholes(modules)
    return code if len(code) + 8 <= rows and len(code[0]) + 50 <= columns else []


def _card(seen: Sight) -> list[tuple[str, Ink]]:
    """What stands beside the code."""
    lines = [(seen.urls[0], Ink.TEXT), (seen.urls[1], Ink.TEXT)] if seen.urls else []
    lines += [(address, Ink.QUIET) for address in seen.urls[2:4]]
    if seen.code:
        # In plain letters: drawn ones are pretty, and a 2 of them is no 2 to somebody who has to type it.
        lines += [("", Ink.QUIET), ("Code for set-up", Ink.QUIET), (seen.code, Ink.ACCENT)]
    return lines


def _prose(seen: Sight, measure: int) -> list[tuple[str, Ink]]:
    """How the box is, and what could not be done of the owner's file."""
    lines = [(line, Ink.BAD if seen.is_bad else Ink.TEXT) for line in textwrap.wrap(seen.state, measure)]
    if seen.problem:
        lines.append(("", Ink.QUIET))
        told = [part for line in seen.problem.splitlines() for part in textwrap.wrap(line, measure)]
        if len(told) > _MOST_LINES:
            told = [*told[: _MOST_LINES - 1], "More of it stands in tonearm-problem.txt on the card."]
        lines += [(line, Ink.BAD) for line in told]
    return lines
