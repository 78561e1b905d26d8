"""How fast files come in, and what that costs."""

from statistics import median
from typing import Final

from bench.processes import POSTGRESQL, READERS, SERVER, Peak, Usage
from bench.server import running, scratch
from bench.table import Budget, Column, Row, Table
from bench.workbench import Workbench

_RESCANS: Final = 3


def run(bench: Workbench) -> Table:
    """A first scan of the library, then scans that find nothing changed."""
    music = bench.library()
    with scratch() as folder, running(folder, music) as server:
        server.until_listening()
        before, peak = server.family.usage(), Peak(server.family)
        with bench.terminal.progress("Scanning it for the first time", "s") as progress:
            server.until_scanned(progress, peak.look)
        used = server.family.usage().since(before)
        counts, seconds = server.first_scan()
        with bench.terminal.progress("Scanning it again", "scans") as progress:
            rescans = []
            for done in range(_RESCANS):
                rescans.append(server.scan())
                progress(done + 1, _RESCANS)
    cold, again = counts["found"] / seconds, counts["found"] / median(rescans)
    memory = sum(peak.memory.values())
    return Table(
        title=f"scan: {counts['found']:,} files, of which {counts['faulty']:,} are broken",
        columns=(Column("figure", 1), Column("unit")),
        rows=(
            Row("first scan", (cold, "files/s"), Budget.at_least(1500, "files/s", cold)),
            Row("  CPU, server", (_each(used, SERVER, counts), "ms/1,000 files")),
            Row("  CPU, readers", (_each(used, READERS, counts), "ms/1,000 files")),
            Row("  CPU, PostgreSQL", (_each(used, POSTGRESQL, counts), "ms/1,000 files")),
            Row("  cores kept busy", (used.all_cpu / used.at, "")),
            Row("  written", (used.written / counts["found"] / 1e3, "kB/file")),
            Row("peak memory, PSS of all processes", (memory, "MB"), Budget.at_most(300, "MB", memory)),
            *(Row(f"  {kind}", (share, "MB")) for kind, share in peak.memory.items()),
            Row("scan of nothing new, median of 3", (again, "files/s"), Budget.at_least(40_000, "files/s", again)),
        ),
        notes=("The budgets are for 100,000 files on two cores of their own.",),
    )


def _each(used: Usage, kind: str, counts: dict[str, int]) -> float:
    return used.cpu[kind] / counts["found"] * 1e6
