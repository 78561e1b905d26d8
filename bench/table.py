"""One benchmark's figures, the budget beside each, as aligned text or as JSON."""

import unicodedata
from collections.abc import Sequence

import msgspec

Figure = float | str | None
"""A measured number, a word where there is none, or nothing."""


class Budget(msgspec.Struct, frozen=True):
    """What a figure is held to (DESIGN section 10, repeated in docs/benchmarks.md)."""

    text: str
    kept: bool

    @classmethod
    def at_most(cls, limit: float, unit: str, figure: float) -> "Budget":
        return cls(f"≤ {limit:,g} {unit}", figure <= limit)

    @classmethod
    def at_least(cls, limit: float, unit: str, figure: float) -> "Budget":
        return cls(f"≥ {limit:,g} {unit}", figure >= limit)


class Column(msgspec.Struct, frozen=True):
    name: str
    """With its unit."""
    digits: int = 1
    """Behind the decimal point."""


class Row(msgspec.Struct, frozen=True):
    what: str
    figures: tuple[Figure, ...] = ()
    """One for each column; those at the end may be left out."""
    budget: Budget | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """Sentences below the table."""

    def text(self) -> str:
        """For a person: names to the left, numbers to the right."""
        lines = [["", *(column.name for column in self.columns), "budget", ""]]
        for row in self.rows:
            cells = [
                _shown(figure, column) for figure, column in zip(_filled(row, self.columns), self.columns, strict=True)
            ]
            budget = ("", "") if row.budget is None else (row.budget.text, "kept" if row.budget.kept else "MISSED")
            lines.append([row.what, *cells, *budget])
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        numbers = range(1, 1 + len(self.columns))
        shown = [
            "  ".join(_padded(cell, widths[at], right=at in numbers) for at, cell in enumerate(line)).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, "", *shown, "", *self.notes]).rstrip() + "\n"

    def values(self) -> list[dict[str, object]]:
        """For a script: a dictionary for each row."""
        return [
            {
                "what": row.what,
                **dict(zip((column.name for column in self.columns), _filled(row, self.columns), strict=True)),
                "budget": row.budget and row.budget.text,
                "kept": row.budget and row.budget.kept,
            }
            for row in self.rows
        ]


def _filled(row: Row, columns: Sequence[Column]) -> list[Figure]:
    return [*row.figures, *[None] * (len(columns) - len(row.figures))]


def _shown(figure: Figure, column: Column) -> str:
    if figure is None:
        return ""
    return figure if isinstance(figure, str) else f"{figure:,.{column.digits}f}"


def _width(text: str) -> int:
    """Cells of a terminal."""
    return sum(0 if unicodedata.combining(char) else 1 for char in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
