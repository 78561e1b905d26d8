"""What every benchmark is given."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from appliance.terminal import Terminal
from bench.library import kept_library
from bench.table import Table


class Workbench(msgspec.Struct, frozen=True):
    files: int
    """In the benchmark library."""
    terminal: Terminal

    def library(self) -> Path:
        """The benchmark library, written if it is not kept from an earlier run."""
        with self.terminal.progress(f"Writing a library of {self.files:,} files", "files") as progress:
            return kept_library(self.files, progress)


class Benchmark(msgspec.Struct, frozen=True):
    name: str
    summary: str
    run: Callable[[Workbench], Table]
