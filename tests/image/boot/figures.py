"""What was measured, beside what it may be at most."""

import json
from pathlib import Path
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    remark: str = ""

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return ""
        return "kept" if self.value <= self.budget else "MISSED"

    @property
    def limit(self) -> str:
        return "" if self.budget is None else f"≤ {self.budget:g} {self.unit}".rstrip()


class Figures:
    """Collects them while the tests run."""

    def __init__(self) -> None:
        self.all: list[Figure] = []

    def note(self, name: str, value: float, unit: str, *, budget: float | None = None, remark: str = "") -> None:
        """``remark``: how it was measured, where that is not plain."""
        self.all = [figure for figure in self.all if figure.name != name]
        self.all.append(Figure(name, value, unit, budget, remark))

    def table(self) -> list[str]:
        """For a terminal."""
        rows = [(f.name, f"{f.value:.4g} {f.unit}".rstrip(), f.limit, f.verdict, f.remark) for f in self.all]
        widths = [max(len(row[column]) for row in rows) for column in range(5)] if rows else []
        return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]

    def write(self, path: Path) -> None:
        """As JSON, for whoever compares two builds."""
        listed = [figure._asdict() | {"verdict": figure.verdict} for figure in self.all]
        path.write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
