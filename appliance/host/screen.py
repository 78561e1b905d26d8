"""The console's one picture: name, addresses, QR code, code for set-up, and how the box is."""

import textwrap
from collections.abc import Iterator
from typing import Final, NamedTuple

from appliance.host.canvas import Canvas, Ink
from appliance.host.lettering import huge, large
from appliance.host.qr import in_halves, in_wholes, qr_code
from appliance.host.sight import Sight

#: Cells. A text console of a PC is this large; on larger ones the picture stands in the middle.
_COLUMNS: Final = 80
_MARGIN: Final = 3
_GAP: Final = 2
#: Lines of prose are no longer, and of a problem no more than this many are shown.
_MEASURE: Final = 70
_MOST_LINES: Final = 4
#: From this size on, the QR code is drawn four times as large, and the name above it in letters of blocks.
_LARGE_COLUMNS: Final = 120
_LARGE_ROWS: Final = 48
#: As high as the picture is most of the time, so that it does not jump about when a line comes and goes.
_USUAL_ROWS: Final = 20

_Line = tuple[str, Ink]
_BLANK: Final[_Line] = ("", Ink.QUIET)


class _Layout(NamedTuple):
    """What stands where: the heading above, card and code beside one another below it, the prose at the foot."""

    width: int
    """Cells, margins included."""
    heading: list[_Line]
    card: list[_Line]
    code: list[str]
    prose: list[_Line]

    @property
    def below(self) -> int:
        """The row of the prose."""
        return len(self.heading) + max(len(self.card), len(self.code)) + 1

    @property
    def height(self) -> int:
        return self.below + len(self.prose)

    @property
    def is_clear(self) -> bool:
        """Whether the code covers nothing of the card."""
        longest = max((len(text) for text, _ in self.card), default=0)
        return not self.code or longest <= _beside(self.code, self.width)


def draw(seen: Sight, columns: int, rows: int, *, halves: bool = True) -> Canvas:
    """The picture on a screen of this many cells. ``halves``: whether its font has half blocks."""
    layouts = list(_layouts(seen, columns, rows, halves=halves))
    layout = next((each for each in layouts if each.is_clear and each.height <= rows), layouts[-1])
    canvas = Canvas(columns, rows)
    left, top = (columns - layout.width) // 2 + _MARGIN, max(0, (rows - max(layout.height, _USUAL_ROWS)) // 2)
    beside = len(layout.heading)
    for first, lines in ((0, layout.heading), (beside, layout.card), (layout.below, layout.prose)):
        for at, (text, ink) in enumerate(lines, top + first):
            canvas.put(left, at, text, ink)
    for at, line in enumerate(layout.code, top + beside):
        canvas.put(left + _inner(layout.width) - len(line), at, line, Ink.MODULE)
    return canvas


def _layouts(seen: Sight, columns: int, rows: int, *, halves: bool) -> Iterator[_Layout]:
    """From the one with the most on it to the one that needs the least room, which may still be cut."""
    is_large = columns >= _LARGE_COLUMNS and rows >= _LARGE_ROWS
    wide, usual = min(columns, _LARGE_COLUMNS), min(columns, _COLUMNS)
    prose, card = _prose(seen, min(_MEASURE, _inner(usual))), _card(seen)
    for code in _codes(seen, large=is_large, halves=halves):
        width = wide if is_large or (code and not halves) else usual
        if is_large:
            name = [*_in_accent(huge(seen.name, _inner(width))), _BLANK, _BLANK]
            yield _Layout(width, name, card, code, prose)
        else:
            name = [*_in_accent(large(seen.name, _beside(code, width))), _BLANK]
            yield _Layout(width, [], name + card, code, prose)
    yield _Layout(usual, [], [*_in_accent([seen.name]), _BLANK, *card], [], prose)
    # The address has the name, too.
    yield _Layout(usual, [], card, [], prose)


def _codes(seen: Sight, *, large: bool, halves: bool) -> Iterator[list[str]]:
    """The QR code of the first address, the largest first, and last none."""
    if len(seen.urls) > 1:
        # Of the address by number: telephones are the ones that do not find names.
        modules = qr_code(seen.urls[1])
        if large or not halves:
            yield in_wholes(modules)
        if halves:
            yield in_halves(modules)
    yield []


def _inner(width: int) -> int:
    return max(1, width - 2 * _MARGIN)


def _beside(code: list[str], width: int) -> int:
    """Cells that a line may have beside the code."""
    return max(1, _inner(width) - (len(code[0]) + _GAP if code else 0))


def _in_accent(lines: list[str]) -> list[_Line]:
    return [(line, Ink.ACCENT) for line in lines]


def _card(seen: Sight) -> list[_Line]:
    """What stands beside the code."""
    lines = [(seen.urls[0], Ink.TEXT), (seen.urls[1], Ink.TEXT)] if seen.urls else []
    lines += [(address, Ink.QUIET) for address in seen.urls[2:4]]
    if seen.code:
        # In plain letters: drawn ones are pretty, and a 2 of them is no 2 to somebody who has to type it.
        lines += [_BLANK, ("Code for set-up", Ink.QUIET), (seen.code, Ink.ACCENT)]
    return lines


def _prose(seen: Sight, measure: int) -> list[_Line]:
    """How the box is, and what could not be done of the owner's file."""
    lines = [(line, Ink.BAD if seen.is_bad else Ink.TEXT) for line in textwrap.wrap(seen.state, measure)]
    if seen.problem:
        lines.append(_BLANK)
        told = [part for line in seen.problem.splitlines() for part in textwrap.wrap(line, measure)]
        if len(told) > _MOST_LINES:
            told = [*told[: _MOST_LINES - 1], "More of it stands in tonearm-problem.txt on the card."]
        lines += [(line, Ink.BAD) for line in told]
    return lines
