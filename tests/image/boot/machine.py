"""A machine that really starts from the card, in an emulator, and is looked into from outside and from inside."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.image.boot.agent import PORT_NAME, Agent, Said, credentials
from tests.image.boot.boards import BOOT_SECONDS, Board
from tests.image.boot.qmp import DISK, Qmp
from tests.image.boot.waiting import until

#: Ports inside that are forwarded: the one that is served, and those that must be closed.
PORTS = (80, 22, 5432, 4533, 111, 139, 445, 631, 8080)
# Nothing runs for longer, whatever becomes of the test that started it.
_LIFE_SECONDS = 2400
_MEMORY_MEGABYTES = 1024


class Machine:
    """From power-on to power-off. A context manager: its end cuts the power, if nobody did before.

    Its network reaches nothing but this test: no name server, no clock, no updates, as in a house that is offline.
    """

    def __init__(self, board: Board, disk: Path, *, clock: str = "utc", cable: bool = True) -> None:
        """``clock``: what time the machine begins with, as QEMU's ``-rtc base=`` takes it. ``cable``: it has a network
        card with a network behind it, or else none at all."""
        self.board = board
        self.ready_after = 0.0
        """How many seconds it took from power-on until it was ready for the first time; 0 if it was not yet."""
        # Paths of sockets may be 107 characters, which those of pytest are not sure to be.
        self._folder = Path(tempfile.mkdtemp(prefix="tonearm-boot-"))
        self._console = self._folder / "console"
        self._ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True)) if cable else {}
        self._arguments = [
            *("timeout", "--signal=KILL", str(_LIFE_SECONDS)),
            *board.arguments,
            *("-nodefaults", "-no-user-config", "-display", "none", "-smp", "2", "-m", str(_MEMORY_MEGABYTES)),
            *("-rtc", f"base={clock}"),
            *_disk(disk),
            *_network(self._ports),
            *_lines(self._folder),
            *credentials(self._folder),
        ]

    def __enter__(self) -> Self:
        """Switch it on, and wait until the system inside has begun to start its services."""
        self._switched_on = time.monotonic()
        with (self._folder / "qemu").open("wb") as output:
            self._process = subprocess.Popen(self._arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            until(lambda: self._has_ended() or (self._folder / "qmp").exists(), "QEMU", seconds=20)
            self.qmp = Qmp(self._folder / "qmp")
            self._agent = Agent(self._folder / "agent")
            self._agent.until_booted(seconds=BOOT_SECONDS[self.board.arch])
        except BaseException:
            self._tell()
            self._switch_off()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            self._tell()
        self._switch_off()

    # --- from inside

    def ask(self, *command: str, stdin: bytes = b"", seconds: float = 60.0) -> Said:
        """Run a command as root; how it ended."""
        return self._agent.ask(*command, stdin=stdin, seconds=seconds)

    def run(self, *command: str, stdin: bytes = b"", seconds: float = 60.0) -> str:
        """Run a command as root, which must succeed; what it said, without the last newline."""
        said = self.ask(*command, stdin=stdin, seconds=seconds)
        assert said.status == 0, f"{' '.join(command)}: {said.status}\n{said.stdout}\n{said.stderr}"
        return said.stdout.rstrip("\n")

    def of_unit(self, unit: str, name: str) -> str:
        """What systemd knows of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)

    @property
    def agent_pid(self) -> int:
        """The process that answers here, which is none of the card's."""
        return self._agent.pid

    def until_settled(self) -> str:
        """Wait until systemd has nothing left to start; what it calls the state: ``running``, ``degraded``…"""
        # `systemctl is-system-running --wait` waits in vain where another job is queued for ever.
        states: list[str] = []

        def has_settled() -> bool:
            states.append(self.ask("systemctl", "is-system-running").stdout.strip())
            return states[-1] not in {"initializing", "starting"}

        until(has_settled, "the end of the boot", seconds=BOOT_SECONDS[self.board.arch])
        return states[-1]

    # --- from outside

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports[80]}"

    def port(self, inside: int) -> int:
        """Where a port of the machine is reached from here."""
        return self._ports[inside]

    def answers(self, inside: int) -> bool:
        """Whether something inside accepts a connection to this port."""
        # QEMU accepts by itself and hangs up when the machine refuses; a server waits for us to speak, or speaks.
        with socket.create_connection(("127.0.0.1", self._ports[inside]), timeout=3) as connection:
            try:
                return bool(connection.recv(1))
            except TimeoutError:
                return True
            except ConnectionResetError:
                return False

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    def until_ready(self, *, seconds: float = 0.0) -> float:
        """Wait until the readiness probe says so over the network; how many seconds that took."""
        took = until(self.is_ready, "readiness", seconds=seconds or BOOT_SECONDS[self.board.arch])
        self.ready_after = self.ready_after or time.monotonic() - self._switched_on
        return took

    def console(self) -> str:
        """What came over the serial line so far."""
        return self._console.read_text(encoding="utf-8", errors="replace")

    def screen(self) -> str:
        """The letters on the first virtual terminal, which is what a monitor shows."""
        return self.run("cat", "/dev/vcs1")

    def last_words(self, screen: Path) -> str:
        """For a person who wonders why something failed; ``screen`` becomes a picture of what a monitor showed."""
        words = [self.console()[-3000:]]
        with contextlib.suppress(OSError, AssertionError):
            self.qmp.screenshot(screen)
            words += [f"The screen: {screen}"]
            for command in ("systemctl --failed --no-legend", "journalctl -b -n 150 --no-pager"):
                words += [f"$ {command}", self.ask(*command.split(), seconds=30).stdout]
        return "\n".join(words)

    # --- power

    def reboot(self) -> None:
        """Ask for it inside, as an update would, and wait until the next boot has begun to start its services."""
        self.run("systemctl", "reboot", "--no-block")
        self._agent.until_booted(seconds=2 * BOOT_SECONDS[self.board.arch])

    def power_off(self) -> None:
        """Press the button, and wait until it is off by itself."""
        self.qmp.execute("system_powerdown")
        until(self._has_ended, "the machine to be off", seconds=180)

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _switch_off(self) -> None:
        for line in (getattr(self, "_agent", None), getattr(self, "qmp", None)):
            if line is not None:
                line.close()
        # `timeout` hands it on to QEMU, which ends at once; the machine inside is not asked.
        self._process.terminate()
        try:
            self._process.wait(20)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self) -> None:
        """Beside a failure, pytest shows what was printed."""
        for name in ("qemu", "console"):
            with contextlib.suppress(FileNotFoundError):
                text = (self._folder / name).read_text(encoding="utf-8", errors="replace")
                print(f"--- {name}\n{text[-20_000:]}")  # noqa: T201


def _disk(disk: Path) -> Iterator[str]:
    kind = "qcow2" if disk.suffix == ".qcow2" else "raw"
    yield from ("-blockdev", f"driver=file,node-name=file,filename={disk}")
    yield from ("-blockdev", f"driver={kind},node-name=disk,file=file")
    yield from ("-device", f"virtio-blk-pci,drive=disk,id={DISK}")


def _network(ports: dict[int, int]) -> Iterator[str]:
    if not ports:
        yield from ("-nic", "none")
        return
    forwarded = "".join(f",hostfwd=tcp:127.0.0.1:{outside}-:{inside}" for inside, outside in ports.items())
    yield from ("-netdev", f"user,id=house,restrict=on{forwarded}")
    yield from ("-device", "virtio-net-pci,netdev=house,romfile=")


def _lines(folder: Path) -> Iterator[str]:
    """The serial console into a file; QEMU's own socket; the agent's."""
    yield from ("-chardev", f"file,id=console,path={folder / 'console'}", "-serial", "chardev:console")
    yield from (
        "-device",
        "virtio-serial-pci",
        "-chardev",
        f"socket,id=agent,path={folder / 'agent'},server=on,wait=off",
    )
    yield from ("-device", f"virtserialport,chardev=agent,name={PORT_NAME}")
    yield from ("-qmp", f"unix:{folder / 'qmp'},server=on,wait=off")


def _free_ports(count: int) -> list[int]:
    """Different ones that nobody listens on now; nobody else here starts servers at the same time."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
