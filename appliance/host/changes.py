"""Granting wishes: the host name, the time zone and the clock of this machine. Needs root."""

import re
from pathlib import Path
from typing import Final

import msgspec

from appliance.core.machine import MachineWishes
from appliance.durable import replace_file, replace_link
from appliance.host.calls import Calls
from appliance.host.doubt import not_announced, unknown
from appliance.host.wishes import ZONEINFO, faults


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where the machine keeps what may be wished for."""

    etc: Path = Path("/etc")
    zoneinfo: Path = ZONEINFO
    ssh: Path = Path("/root/.ssh")
    clock_is_kept: Path = Path("/run/systemd/timesync/synchronized")
    """There once a time server has set the clock (``systemd-timesyncd.service(8)``)."""


class Changes:
    """What the network may ask for, by the socket."""

    def __init__(self, places: Places | None = None, calls: Calls | None = None) -> None:
        self._places = places or Places()
        self._calls = calls or Calls()

    def apply(self, wishes: MachineWishes) -> dict[str, str]:
        """Grant each wish by itself; returns what could not be done: by field, a sentence for a person.

        What was granted is on disk. Granting the same again changes nothing.
        """
        failed = faults(wishes, self._places.zoneinfo)
        # The clock first: what is written after it has the right time.
        for field, grant in (
            ("clock", self._set_clock),
            ("time_zone", self._set_time_zone),
            ("name", self._rename),
        ):
            if not getattr(wishes, field) or field in failed:
                continue
            try:
                grant(wishes)
            except _Otherwise as otherwise:
                failed[field] = str(otherwise)
            except OSError as error:
                failed[field] = f"{_UNDONE[field]}: {error.strerror or error}."
        return failed

    def _set_clock(self, wishes: MachineWishes) -> None:
        assert wishes.clock is not None
        if not self._places.clock_is_kept.exists():
            self._calls.set_clock(wishes.clock)

    def _set_time_zone(self, wishes: MachineWishes) -> None:
        assert wishes.time_zone is not None
        replace_link(self._places.etc / "localtime", str(self._places.zoneinfo / wishes.time_zone))
        # Debian 12 has it, Debian 13 no more; where it is, it must not say something else.
        if (told := self._places.etc / "timezone").exists():
            replace_file(told, f"{wishes.time_zone}\n".encode())

    def _rename(self, wishes: MachineWishes) -> None:
        assert wishes.name is not None
        name, before = wishes.name.lower(), self._name()
        if name == before:
            return
        hosts = _Hosts(self._places.etc / "hosts", before)
        # First: if the power goes between the two, the next try begins with the same name before.
        hosts.rename(name)
        try:
            self._set_name(name)
        except _Otherwise:
            hosts.name_both(name)
            raise
        except OSError:
            hosts.restore()
            raise
        try:
            self._calls.announce()
        except OSError as error:
            raise _Otherwise(not_announced(name)) from error

    def _set_name(self, name: str) -> None:
        """By systemd-hostnamed and nobody else: the socket's unit may not name the machine itself.

        Raises ``_Otherwise`` when it is late, and may do it yet; ``OSError`` when it is not done.
        """
        try:
            self._calls.ask_hostnamed(name)
        except OSError as error:
            if self._name() == name:
                return
            if isinstance(error, TimeoutError):
                raise _Otherwise(unknown("name", name)) from error
            raise

    def _name(self) -> str:
        """As the file has it: the socket's unit is kept from the kernel's newest one (``ProtectHostname=``)."""
        file = self._places.etc / "hostname"
        return file.read_text().strip() if file.exists() else ""


class _Hosts:
    """``/etc/hosts``, where it names the machine. On a machine without a name or such a file there is nothing to do."""

    def __init__(self, file: Path, before: str) -> None:
        """``before``: the name that it goes by."""
        self._file = file
        self._before = re.escape(before.encode())
        self._old = file.read_bytes() if before not in {"", "localhost"} and file.exists() else b""

    def rename(self, name: str) -> None:
        self._write(re.sub(rb"(?<=[ \t])" + self._before + rb"(?=[ \t.\r\n]|\Z)", name.encode(), self._old))

    def name_both(self, name: str) -> None:
        """For a machine that may be called either."""
        names = rb"(?<=[ \t])" + self._before + rb"(\.\S*)?(?=\s|\Z)"
        self._write(re.sub(names, lambda found: name.encode() + (found[1] or b"") + b" " + found[0], self._old))

    def restore(self) -> None:
        self._write(self._old)

    def _write(self, content: bytes) -> None:
        if self._old and content != self._file.read_bytes():
            replace_file(self._file, content)


class _Otherwise(Exception):
    """It is neither done nor undone: it holds from the next start on, or nobody knows yet."""


_UNDONE: Final = {
    "clock": "The clock could not be set",
    "time_zone": "The time zone could not be set",
    "name": "The name could not be changed",
}
