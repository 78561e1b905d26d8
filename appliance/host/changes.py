"""Granting wishes: the host name, the time zone, the clock and the ssh keys of this machine. Needs root."""

import re
from pathlib import Path
from typing import Final

import msgspec

from appliance.core.machine import MachineWishes
from appliance.durable import replace_file, replace_link
from appliance.host import ssh_keys
from appliance.host.calls import Calls
from appliance.host.wishes import ZONEINFO, faults


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where the machine keeps what may be wished for."""

    etc: Path = Path("/etc")
    zoneinfo: Path = ZONEINFO
    ssh: Path = Path("/root/.ssh")
    clock_is_kept: Path = Path("/run/systemd/timesync/synchronized")
    """There once a time server has set the clock (``systemd-timesyncd.service(8)``)."""


class Changes:
    """What may be changed of a machine."""

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
            ("ssh_keys", self._admit),
        ):
            if not getattr(wishes, field) or field in failed:
                continue
            try:
                grant(wishes)
            except _Later as later:
                failed[field] = str(later)
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
        name, file = wishes.name.lower(), self._places.etc / "hostname"
        before = file.read_text().strip() if file.exists() else ""
        if name == before:
            return
        # First: if the power goes between the two, the next try begins with the same name before.
        self._rename_in_hosts(before, name)
        try:
            if not self._calls.ask_hostnamed(name):
                self._calls.set_host_name(name)
                replace_file(file, f"{name}\n".encode())
        except OSError:
            self._rename_in_hosts(name, before)
            raise
        try:
            self._calls.announce()
        except OSError as error:
            raise _Later(f"It is renamed; {name}.local answers once the box was turned off and on.") from error

    def _rename_in_hosts(self, before: str, name: str) -> None:
        hosts = self._places.etc / "hosts"
        if before in {"", "localhost"} or not hosts.exists():
            return
        old = hosts.read_bytes()
        new = re.sub(rb"(?<=[ \t])" + re.escape(before.encode()) + rb"(?=[ \t.\r\n]|\Z)", name.encode(), old)
        if new != old:
            replace_file(hosts, new)

    def _admit(self, wishes: MachineWishes) -> None:
        self._places.ssh.mkdir(mode=0o700, exist_ok=True)
        file, keys = self._places.ssh / "authorized_keys", ssh_keys.authorized_keys(wishes.ssh_keys)
        if not file.exists() or file.read_bytes() != keys:
            replace_file(file, keys, 0o600)
        try:
            self._calls.open_ssh()
        except OSError as error:
            raise _Later("The ssh keys are stored; ssh opens once the box was turned off and on.") from error


class _Later(Exception):
    """It is written down, and holds from the next start on."""


_UNDONE: Final = {
    "clock": "The clock could not be set",
    "time_zone": "The time zone could not be set",
    "name": "The name could not be changed",
    "ssh_keys": "The ssh keys could not be stored",
}
