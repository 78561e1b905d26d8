"""What a server costs that nobody uses, and how soon it is there."""

import time
from typing import Final

from bench.server import running, scratch
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_SETTLING_SECONDS: Final = 75
"""Until the readers have left (15 s) and connections that nobody uses are closed (60 s)."""
_IDLE_SECONDS: Final = 60
_BUDGET_MB: Final = 250
_BUDGET_KB: Final = 1000


def run(bench: Workbench) -> Table:
    """Start on an empty data directory and scan; then start again, and wait."""
    music = bench.library()
    with scratch() as folder:
        with running(folder, music) as server:
            first_start = server.until_listening()
            with bench.terminal.progress("Scanning it", "s") as progress:
                server.until_scanned(progress)
            _wait(bench, "Letting it settle", _SETTLING_SECONDS)
            after_scan = server.family.memory()
        with running(folder, music) as server:
            later_start = server.until_listening()
            after_start = server.family.memory()
            with bench.terminal.progress("Scanning it again", "s") as progress:
                server.until_scanned(progress)
            _wait(bench, "Letting it settle", _SETTLING_SECONDS)
            before = server.family.usage()
            _wait(bench, "Watching it idle", _IDLE_SECONDS)
            used = server.family.usage().since(before)
            at_rest = server.family.memory()
    hourly_kb = used.written / 1000 * 3600 / used.at
    return Table(
        title=f"idle: {bench.files:,} files",
        columns=(Column("figure", 1), Column("unit")),
        rows=(
            Row("start to ready, first time", (first_start, "s")),
            Row("start to ready, later", (later_start, "s")),
            *_memory("memory as it becomes ready, PSS of all processes", after_start, budget=False),
            *_memory("memory after the first scan, settled", after_scan, budget=True),
            *_memory("memory at rest after a later start", at_rest, budget=True),
            Row(f"CPU in {_IDLE_SECONDS} s", (used.all_cpu * 1000, "ms")),
            *(Row(f"  {kind}", (seconds * 1000, "ms")) for kind, seconds in used.cpu.items() if seconds),
            Row("written while idle", (hourly_kb, "kB/hour"), Budget.at_most(_BUDGET_KB, "kB/hour", hourly_kb)),
        ),
        notes=(f"Written: what {_IDLE_SECONDS} s come to; nothing is counted where temporary files are in memory.",),
    )


def _wait(bench: Workbench, title: str, seconds: int) -> None:
    with bench.terminal.progress(title, "s") as progress:
        for second in range(seconds):
            progress(second, seconds)
            time.sleep(1)


def _memory(title: str, shares: dict[str, float], *, budget: bool) -> list[Row]:
    total = sum(shares.values())
    limit = Budget.at_most(_BUDGET_MB, "MB", total) if budget else None
    return [Row(title, (total, "MB"), limit), *(Row(f"  {kind}", (share, "MB")) for kind, share in shares.items())]
