"""The benchmarks, in the order in which ``make bench`` runs them."""

from typing import Final

from bench import answers, database, idle, scan, streams
from bench.workbench import Benchmark

BENCHMARKS: Final = (
    Benchmark("scan", "how fast files come in, and what that costs", scan.run),
    Benchmark("answers", "CPU and time of Subsonic requests", answers.run),
    Benchmark("streams", "first bytes, speed of transcoding, raw throughput", streams.run),
    Benchmark("idle", "memory, CPU and writes at rest; time to start (takes four minutes)", idle.run),
    Benchmark("database", "the ways to reach PostgreSQL, compared", database.run),
)
