"""The pool of transcoder processes: warm, one job each, replaced when they die."""

import array
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import structlog
import trio

import appliance
from appliance.core.errors import Busy, MediaFault, Unavailable
from appliance.stream.messages import PACKET_BYTES, Cancel, Ended, Failed, Grown, Ready, Recipe, Report, Request, Start

_COMMAND: Final = (sys.executable, "-m", "appliance.stream.worker")
#: ``-m`` looks here first; so the worker is this very package, however the server was started.
_HOME: Final = Path(appliance.__file__).parents[1]
_CALLING_OFF_SECONDS: Final = 0.5
_LEAVING_SECONDS: Final = 0.5
_STARTING_SECONDS: Final = 30.0
_LONG_LIFE_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 30.0

#: What a broken line raises; also one that the keeper of its place closed, having seen the process die first.
_NO_LINE: Final = (OSError, trio.ClosedResourceError)

_log = structlog.get_logger(__name__)


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long the pool waits for what, in seconds."""

    for_worker: float = 4.0
    """A request, until a worker is free; then ``Busy``."""
    for_progress: float = 20.0
    """A job, from one report of its worker to the next; then the worker is killed."""
    for_job: float = 120.0
    """A job in all, beside the length of its music (slower than that is of no use to a listener)."""
    at_most: float = 7200.0
    """A job in all, however long its music claims to be."""
    between_starts: float = 0.1
    """A place whose worker died, until the next is started; doubled, up to half a minute, while they die young."""


class Order(msgspec.Struct, frozen=True):
    """A job for the pool: descriptors stay the caller's."""

    source: int
    """Open for reading."""
    sink: int
    """Open for writing, empty."""
    recipe: Recipe
    duration_ms: int
    """Of the music that is wanted, as far as known."""
    grown: Callable[[Grown], None]
    """Called as the sink grows."""


class Transcoder:
    """Hands jobs to worker processes."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._idle: list[_Worker] = []
        self._waiting = trio.lowlevel.ParkingLot()
        self._jobs = count(1)
        self.busy_workers = 0

    @property
    def warm_workers(self) -> int:
        """Those that a job could begin on at once."""
        return len(self._idle)

    async def run(self, order: Order) -> Ended:
        """Carry out a job. When it is cancelled, its worker is free (or killed and replaced) within half a second.

        Raises ``Busy`` (no worker was free in time), ``MediaFault`` (the source cannot be decoded, or its worker died
        or hung over it) or ``Unavailable`` (the sink's disk is full or broken).
        """
        worker = await self._hire()
        self.busy_workers += 1
        reusable = False
        try:
            ended = await worker.transcode(next(self._jobs), order, self._patience)
            reusable = True
        except (MediaFault, Unavailable):
            reusable = worker.is_idle
            raise
        except trio.Cancelled:
            reusable = await worker.call_off()
            raise
        finally:
            self.busy_workers -= 1
            if reusable:
                self._welcome(worker)
            else:
                worker.kill()
        return ended

    async def _hire(self) -> "_Worker":
        with trio.move_on_after(self._patience.for_worker):
            while not self._idle:
                await self._waiting.park()
            return self._idle.pop()
        raise Busy("Every transcoder is at work.", retry_after=5)

    def _welcome(self, worker: "_Worker") -> None:
        # One that died at the end of its job has lost its place already: nobody would take it from the list again.
        if worker.process.returncode is None:
            self._idle.append(worker)
            self._waiting.unpark()

    async def keep_place(self, command: Sequence[str]) -> NoReturn:
        """Keep one worker alive: start it, offer it, and start another when it has died."""
        pause = self._patience.between_starts
        while True:
            started = trio.current_time()
            async with _started(command) as worker:
                if await worker.is_ready():
                    self._welcome(worker)
                    await worker.process.wait()
                    if worker in self._idle:
                        self._idle.remove(worker)
            if trio.current_time() - started > _LONG_LIFE_SECONDS:
                pause = self._patience.between_starts
            await trio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


@asynccontextmanager
async def open_transcoder(
    workers: int, largest_bytes: int, patience: Patience | None = None, command: Sequence[str] = _COMMAND
) -> AsyncIterator[Transcoder]:
    """A pool of ``workers`` processes, warming up when the block begins and dead when it has ended.

    ``largest_bytes``: what would give a larger result is a ``MediaFault``.
    """
    transcoder = Transcoder(patience or Patience())
    async with trio.open_nursery() as nursery:
        for _ in range(workers):
            nursery.start_soon(transcoder.keep_place, (*command, str(largest_bytes)))
        try:
            yield transcoder
        finally:
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def _started(command: Sequence[str]) -> AsyncIterator["_Worker"]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with trio.socket.from_stdlib_socket(ours) as line:
        with theirs:
            process = await trio.lowlevel.open_process(
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd=_HOME
            )
        try:
            yield _Worker(process, line)
        finally:
            # It leaves by itself when its line is closed; one that hangs is killed.
            line.close()
            with trio.move_on_after(_LEAVING_SECONDS, shield=True):
                await process.wait()
            process.kill()
            with trio.move_on_after(_LEAVING_SECONDS, shield=True):
                await process.wait()


class _Worker:
    """One process and our end of its socket."""

    def __init__(self, process: trio.Process, line: trio.socket.SocketType) -> None:
        self.process = process
        self.is_idle = False
        self._line = line
        self._encoder = msgspec.json.Encoder()
        self._reports = msgspec.json.Decoder(Report)
        self._job = 0

    async def is_ready(self) -> bool:
        """Wait for the process to have warmed up; False when it died or hung instead."""
        with trio.move_on_after(_STARTING_SECONDS):
            report = await self._next()
            self.is_idle = isinstance(report, Ready)
            if isinstance(report, Ready) and report.unconfined:
                _log.warning("this kernel does not confine the transcoder wholly", missing=report.unconfined)
        return self.is_idle

    async def transcode(self, job: int, order: Order, patience: Patience) -> Ended:
        self._job = job
        self.is_idle = False
        with trio.move_on_after(min(patience.for_job + order.duration_ms / 1000, patience.at_most)):
            await self._send(Start(job, order.recipe), (order.source, order.sink))
            while True:
                with trio.move_on_after(patience.for_progress) as waiting:
                    report = await self._next()
                if waiting.cancelled_caught:
                    break
                match report:
                    case Grown():
                        order.grown(report)
                    case Ended():
                        self.is_idle = True
                        return report
                    case Failed(kind="sink", reason=reason):
                        self.is_idle = True
                        raise Unavailable(f"There is no room for transcoded music: {reason}")
                    case Failed(kind=kind, reason=reason):
                        # Where memory is used up the next job would pay for this one.
                        self.is_idle = kind != "memory"
                        raise MediaFault(reason)
                    case _:
                        raise MediaFault("The transcoder died over it.")
        raise MediaFault("The transcoder did not come to an end with it.")

    async def call_off(self) -> bool:
        """Ask the worker to leave its job. Whether it did, and is ready for another."""
        with trio.move_on_after(_CALLING_OFF_SECONDS, shield=True):
            await self._send(Cancel(self._job))
            while isinstance(report := await self._next(), Grown):
                pass
            self.is_idle = isinstance(report, Ended) or (isinstance(report, Failed) and report.kind != "memory")
        return self.is_idle

    def kill(self) -> None:
        """Whoever keeps its place starts another."""
        self.process.kill()

    async def _send(self, request: Request, descriptors: tuple[int, ...] = ()) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            await self._line.sendmsg([self._encoder.encode(request)], rights)
        except _NO_LINE:
            # It is dead, or as good as that: the next read says so.
            self.kill()

    async def _next(self) -> Report | None:
        """The next report; None when the process is gone, or has lost its mind: its decoders read strangers' bytes."""
        try:
            packet = await self._line.recv(PACKET_BYTES)
            return self._reports.decode(packet) if packet else None
        except (*_NO_LINE, msgspec.DecodeError):
            return None
