"""What a server costs: memory, CPU and disk writes of all its processes, PostgreSQL's included.

A process belongs to the server by descent. Its kind is told by its command line.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import msgspec
import psutil

_AWAY: Final = (psutil.NoSuchProcess, psutil.ZombieProcess)
SERVER: Final = "server"
POSTGRESQL: Final = "PostgreSQL"
TRANSCODERS: Final = "transcoders"
READERS: Final = "readers"


class Usage(msgspec.Struct, frozen=True):
    """What has been used since the processes began, by kind."""

    at: float
    """Seconds of a monotonic clock."""
    cpu: dict[str, float]
    """Seconds, in user and kernel."""
    written: int
    """Bytes that went, or will go, to a disk; nothing for a file system in memory."""

    def since(self, before: "Usage") -> "Usage":
        """The difference; ``at`` is the time between."""
        return Usage(
            at=self.at - before.at,
            cpu={kind: seconds - before.cpu.get(kind, 0.0) for kind, seconds in self.cpu.items()},
            written=self.written - before.written,
        )

    @property
    def all_cpu(self) -> float:
        return sum(self.cpu.values())


class Family:
    """A server and all its descendants."""

    def __init__(self, pid: int) -> None:
        self._server = psutil.Process(pid)
        self._kinds: dict[psutil.Process, str] = {}

    def usage(self) -> Usage:
        """Used until now. What a process used that has ended counts with its parent, as long as that lives."""
        cpu = dict.fromkeys((SERVER, POSTGRESQL, TRANSCODERS, READERS), 0.0)
        written = 0
        for process, kind in self._members():
            with suppress(*_AWAY):
                times = process.cpu_times()
                cpu[kind] += times.user + times.system
                # The server's own children that ended are nearly all readers, which leave when they are idle.
                cpu[READERS if kind == SERVER else kind] += times.children_user + times.children_system
                # The kernel adds what a child wrote to its parent's account when the child has ended.
                written += process.io_counters().write_bytes
        return Usage(at=time.monotonic(), cpu=cpu, written=written)

    def server_cpu(self) -> tuple[float, float]:
        """CPU seconds of the server's own process, and of PostgreSQL."""
        cpu = self.usage().cpu
        return cpu[SERVER], cpu[POSTGRESQL]

    def memory(self) -> dict[str, float]:
        """MB by kind: each process's proportional share (PSS), so that shared pages count once."""
        shares: dict[str, float] = {}
        for process, kind in self._members():
            with suppress(*_AWAY):
                shares[kind] = shares.get(kind, 0.0) + process.memory_full_info().pss / 1e6
        return shares

    def _members(self) -> Iterator[tuple[psutil.Process, str]]:
        yield self._server, SERVER
        for process in self._server.children(recursive=True):
            if process not in self._kinds:
                with suppress(*_AWAY):
                    self._kinds[process] = _kind(" ".join(process.cmdline()))
            if process in self._kinds:
                yield process, self._kinds[process]


def _kind(command: str) -> str:
    if "postgres" in command:
        return POSTGRESQL
    if "appliance.stream.worker" in command:
        return TRANSCODERS
    return READERS


class Peak:
    """The largest sum of memory seen."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self.memory: dict[str, float] = {}

    def look(self) -> None:
        now = self._family.memory()
        if sum(now.values()) > sum(self.memory.values()):
            self.memory = now
