"""The command line: ``python -m bench [NAME …] [--files N] [--json FILE]``."""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from appliance import logs
from appliance.terminal import Terminal
from bench.registry import BENCHMARKS
from bench.server import BenchmarkFailed
from bench.table import Table
from bench.workbench import Workbench


def main() -> int:
    """Run the benchmarks; 1 when one of them could not be run. A missed budget is told, and is no failure."""
    parser = _parser()
    options = parser.parse_args()
    if unknown := set(options.names) - {each.name for each in BENCHMARKS}:
        parser.error(f"there is no benchmark {min(unknown)}")
    logs.configure("warning", "auto")
    bench = Workbench(files=options.files, terminal=Terminal())
    print(machine(), flush=True)
    tables: dict[str, Table] = {}
    status = 0
    for benchmark in BENCHMARKS:
        if options.names and benchmark.name not in options.names:
            continue
        try:
            tables[benchmark.name] = table = benchmark.run(bench)
        except BenchmarkFailed as failure:
            print(f"\n{benchmark.name}: {failure}", file=sys.stderr)
            status = 1
        else:
            print(f"\n{table.text()}", end="", flush=True)
    if options.json is not None:
        written = {"machine": machine(), **{name: table.values() for name, table in tables.items()}}
        options.json.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return status


def machine() -> str:
    """One line: what the figures depend on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("av", "asyncpg", "trio"))
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, {libraries}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Tonearm on this machine. Everything runs on the loopback interface and ends by itself.",
        epilog="\n".join(f"  {each.name:<10} {each.summary}" for each in BENCHMARKS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones (default: all)")
    parser.add_argument(
        "--files",
        type=int,
        default=int(os.environ.get("TONEARM_BENCH_FILES", "10000")),
        metavar="N",
        help="in the benchmark library (default: TONEARM_BENCH_FILES, else 10000)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser


if __name__ == "__main__":
    sys.exit(main())
