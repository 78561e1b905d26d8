"""What only root may ask of the running system, and how it is asked. Each raises ``OSError`` when it is refused."""

import errno
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

#: systemd-hostnamed is started for the question, which takes its time on a cold card.
HOSTNAMED_SECONDS: Final = 15.0
#: To leave word with systemd.
SYSTEMCTL_SECONDS: Final = 5.0


def ask_hostnamed(name: str) -> None:
    """Have systemd-hostnamed write and set the host name: who watches it (NetworkManager) then hears of it.

    Raises ``TimeoutError`` when it did not answer in time; it may do it yet.
    """
    _run(HOSTNAMED_SECONDS, "hostnamectl", "--no-ask-password", "hostname", name)


def set_clock(moment: datetime) -> None:
    """Set the system's clock; whatever keeps it in time goes on doing so."""
    time.clock_settime(time.CLOCK_REALTIME, moment.timestamp())


def announce() -> None:
    """Let Avahi, if it runs, take up the host name."""
    _run(SYSTEMCTL_SECONDS, "systemctl", "--no-block", "try-restart", "avahi-daemon.service")


def open_ssh() -> None:
    """Start ssh, which waits for a first key. Early in a boot it is started anyway, later."""
    _run(SYSTEMCTL_SECONDS, "systemctl", "--no-block", "start", "ssh.service")


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """The same as a row of seams: tests may leave out what would change the machine that they run on."""

    ask_hostnamed: Callable[[str], None] = ask_hostnamed
    set_host_name: Callable[[str], None] = socket.sethostname
    set_clock: Callable[[datetime], None] = set_clock
    announce: Callable[[], None] = announce
    open_ssh: Callable[[], None] = open_ssh


def _run(seconds: float, *command: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - programs of ours, and a host name that was looked at
            command, check=True, timeout=seconds, stdin=subprocess.DEVNULL, capture_output=True
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise OSError(errno.EIO, words or f"{command[0]} ended with {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(errno.ETIMEDOUT, f"{command[0]} did not answer") from error
