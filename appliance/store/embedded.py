"""PostgreSQL as a child of ours, for those who have none: it lives and dies with the process that started it."""

import fcntl
import os
import re
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import structlog
import trio

from appliance.store.cluster import DATABASE, SUPERUSER, Cluster, environment, last_words
from appliance.store.errors import DataDirectoryInUse, EmbeddedServerError
from appliance.store.plainly import plainly

_log = structlog.stdlib.get_logger(__name__)

STOP_SECONDS = 30.0
"""How long PostgreSQL may take to write all down at the end."""
HASTE_SECONDS = 10.0
"""How long it may then take to end without, and leave the rest to the recovery at the next start."""
SETTLE_SECONDS = 15.0
"""How long the remains of a killed server may hold its shared memory."""
_GLANCE_SECONDS = 0.02
"""How often we look at what makes no event."""
_SOCKET_BYTES = 107
"""The longest path of a Unix socket (unix(7): sun_path, without its final zero)."""

# Between us and PostgreSQL stands this shell script. Its standard input is a pipe that only we hold: when we end, be
# it by kill -9, the kernel closes the pipe, and the script has PostgreSQL cut its clients off, write all down and end
# (SIGINT). When PostgreSQL ends by itself the script ends too, which we see. A signal from the parent's death
# (PR_SET_PDEATHSIG) would come when a thread ends, and be lost when nobody catches it.
# $1: a folder to remove at the end, or nothing; then the command.
_GUARD = """
private=$1; shift
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
server=$!
echo "$server"
exec >/dev/null 2>&1
(read -r _ <&3; kill -INT "$server") &
reader=$!
exec 3<&-
wait "$server"; status=$?
kill -KILL "$reader"
[ -z "$private" ] || rm -rf "$private"
exit $status
"""


@asynccontextmanager
async def embedded_server(data_dir: Path, *, say: Callable[[str], None] | None = None) -> AsyncIterator[str]:
    """Run PostgreSQL on ``data_dir/postgres``, made if it is not there; gives the URL of its database.

    ``say`` is told what takes a while. Raises ``StoreError`` with a line for the person who starts us; the block is
    cancelled, and ``EmbeddedServerError`` raised, when PostgreSQL ends by itself.
    """
    say = say or (lambda _: None)
    with _hold(data_dir) as directory:
        cluster = Cluster(directory / "postgres")
        if cluster.running() is not None:
            say("Stopping a PostgreSQL that an earlier Tonearm left behind…")
            await _stop(cluster)
        if not cluster.directory.exists():
            say("Preparing the database…")
        cluster.forget_stranger()
        await cluster.prepare()
        with _sockets(directory) as (sockets, private):
            async with _serve(cluster, sockets, private):
                yield _url(sockets)


def running_server(data_dir: Path) -> str | None:
    """The URL of the database that another Tonearm of this user runs on ``data_dir`` now; None when none does."""
    try:
        sockets = Cluster(data_dir.resolve() / "postgres").sockets()
    except OSError:
        return None
    return None if sockets is None else _url(sockets)


def _url(sockets: Path) -> str:
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(sockets), safe='')}&port=5432"


@contextmanager
def _hold(data_dir: Path) -> Iterator[Path]:
    """Make the data directory if need be, and be the only Tonearm on it."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = data_dir.resolve()
        descriptor = os.open(directory / "tonearm.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedServerError(f"The data directory {data_dir} cannot be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            raise DataDirectoryInUse(f"Another Tonearm (process {holder}) is using {directory}.") from None
        with suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield directory
    finally:
        os.close(descriptor)


async def _stop(cluster: Cluster) -> None:
    """Stop a server whose guard is gone: in order, then in haste."""
    for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, HASTE_SECONDS)):
        process = cluster.running()
        if process is not None:
            with suppress(ProcessLookupError):
                os.kill(process, number)
        with trio.move_on_after(seconds):
            while cluster.running() is not None:  # noqa: ASYNC110 - no child of ours: its end makes no event here
                await trio.sleep(_GLANCE_SECONDS)
            return
    raise EmbeddedServerError(f"The PostgreSQL that was left on {cluster.directory} does not stop.")


@asynccontextmanager
async def _serve(cluster: Cluster, sockets: Path, private: str) -> AsyncIterator[None]:
    """Run the server while the block runs, and cancel the block when the server ends."""
    ended: EmbeddedServerError | None = None

    async def watch(guard: trio.Process, log: _Log) -> None:
        nonlocal ended
        await guard.wait()
        ended = EmbeddedServerError(f"PostgreSQL has ended by itself: {await log.last_words()}")
        nursery.cancel_scope.cancel()

    async with plainly(trio.open_nursery()) as nursery:
        guard, log = await _start(cluster, sockets, private, nursery)
        nursery.start_soon(watch, guard, log)
        try:
            yield
        finally:
            nursery.cancel_scope.cancel()
            await _end(guard, log, cluster)
    if ended is not None:
        raise ended


async def _start(cluster: Cluster, sockets: Path, private: str, nursery: trio.Nursery) -> tuple[trio.Process, "_Log"]:
    """Start the guard and wait until the server takes connections, however long its recovery takes."""
    patience = trio.current_time() + SETTLE_SECONDS
    command = ["/bin/sh", "-c", _GUARD, "tonearm-postgres-guard", private, *await cluster.command(sockets)]
    while True:
        guard = await trio.lowlevel.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the terminal is for us, and PostgreSQL's end comes after ours
            env=environment(),
            cwd="/",
        )
        log = _Log(guard)
        try:
            nursery.start_soon(log.follow)
            if await _ready(guard, cluster):
                return guard, log
            reason = await log.last_words()
        except BaseException:
            await _end(guard, log, cluster)
            raise
        await _end(guard, log, cluster)
        # A postmaster that was killed leaves its children a moment behind.
        if "shared memory block" not in reason or trio.current_time() > patience:
            raise EmbeddedServerError(f"PostgreSQL does not start: {reason}")
        await trio.sleep(_GLANCE_SECONDS)


async def _ready(guard: trio.Process, cluster: Cluster) -> bool:
    """Wait for the server; False when it ended instead."""
    assert guard.stdout is not None
    said = await guard.stdout.receive_some()
    while said and guard.poll() is None:
        if cluster.postmaster() == (int(said), "ready"):
            return True
        await trio.sleep(_GLANCE_SECONDS)
    return False


async def _end(guard: trio.Process, log: "_Log", cluster: Cluster) -> None:
    """Close the pipe, and wait until the guard has seen PostgreSQL end: in order, or else in haste."""
    assert guard.stdin is not None
    with trio.move_on_after(STOP_SECONDS, shield=True):
        await guard.stdin.aclose()
        await guard.wait()
    process = cluster.running() if guard.returncode is None else None
    if process is not None:
        _log.error("PostgreSQL does not stop in time", process=process)
        os.kill(process, signal.SIGQUIT)
        with trio.move_on_after(HASTE_SECONDS, shield=True):
            await guard.wait()
    await log.aclose()


class _Log:
    """What the server says: the last lines kept, all of them passed on."""

    def __init__(self, guard: trio.Process) -> None:
        assert guard.stdout is not None
        assert guard.stderr is not None
        self._streams = (guard.stdout, guard.stderr)
        self._lines: deque[str] = deque(maxlen=20)
        self._over = trio.Event()

    async def follow(self) -> None:
        unfinished = b""
        with suppress(trio.ClosedResourceError):
            async for data in self._streams[1]:
                *lines, unfinished = (unfinished + data[-8192:]).split(b"\n")
                for line in lines:
                    self._hear(line.decode(errors="replace").strip())
        self._over.set()

    def _hear(self, line: str) -> None:
        self._lines.append(line)
        if line.startswith(("WARNING:", "FATAL:", "PANIC:")):
            _log.warning("PostgreSQL says", line=line)
        else:
            _log.debug("PostgreSQL says", line=line)

    async def last_words(self) -> str:
        """Why the server ended."""
        with trio.move_on_after(1):
            await self._over.wait()
        return last_words(list(self._lines))

    async def aclose(self) -> None:
        with trio.CancelScope(shield=True):  # closing a pipe takes no time
            for stream in self._streams:
                await stream.aclose()


@contextmanager
def _sockets(directory: Path) -> Iterator[tuple[Path, str]]:
    """A folder for the socket that only we may enter, and what of it the guard has to remove.

    In the data directory; elsewhere when that path is too long for a socket, or PostgreSQL, which takes lists of
    folders, would misread it.
    """
    sockets = directory / "run"
    if re.fullmatch(r"[\w/.-]+", str(sockets), re.ASCII) and len(str(sockets)) + len("/.s.PGSQL.5432") <= _SOCKET_BYTES:
        try:
            sockets.mkdir(mode=0o700, exist_ok=True)
            sockets.chmod(0o700)
        except OSError as error:
            raise EmbeddedServerError(f"{sockets} cannot be made: {error.strerror}.") from error
        yield sockets, ""
        return
    with tempfile.TemporaryDirectory(prefix="tonearm-", ignore_cleanup_errors=True) as private:
        yield Path(private), private
