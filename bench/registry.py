"""The benchmarks, in the order in which ``make bench`` runs them."""

from typing import Final

from bench import answers, database, idle, jobs, lists, scan, search, smart_playlists, streams
from bench.workbench import Benchmark

BENCHMARKS: Final = (
    Benchmark("scan", "how fast files come in, and what that costs", scan.run),
    Benchmark("answers", "CPU and time of Subsonic requests", answers.run),
    Benchmark("lists", "time of every list of the native interface, to its last page", lists.run),
    Benchmark("search", "time of searches, slips included", search.run),
    Benchmark("smart-playlists", "time to try rules of every kind", smart_playlists.run),
    Benchmark("streams", "first bytes, speed of transcoding, raw throughput", streams.run),
    Benchmark("jobs", "how many jobs go through the queue, and how soon one begins", jobs.run),
    Benchmark("idle", "memory, CPU and writes at rest; time to start (takes four minutes)", idle.run),
    Benchmark("database", "the ways to reach PostgreSQL, compared", database.run),
)
