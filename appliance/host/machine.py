"""The port ``Machine``: asks ``tonearm host machine``, which is root, over its Unix socket."""

import re
from pathlib import Path
from typing import Final

import msgspec
import structlog
import trio

from appliance.core.machine import MachineState, MachineWishes
from appliance.host.doubt import not_announced, unknown
from appliance.host.wishes import NOWHERE, ZONEINFO

#: Seconds: more than the helper needs that waits for others in vain, and less than its unit gives it.
PATIENCE: Final = 25.0
_LONGEST_REPLY: Final = 65_536
_ZONEINFO: Final = "zoneinfo/"
#: A zone and another name of one, in the short form of the source that is installed beside the zones (``zic(8)``). One
#: small file to read, where to look for the zones themselves is to open six hundred.
_LISTED: Final = re.compile(r"^(?:Z (\S+)|L \S+ (\S+))", re.MULTILINE)
_NO_ANSWER: Final = "The box did not take this on; it stays as it was, and everything else works. Try again later."

_log = structlog.stdlib.get_logger(__name__)


class SocketMachine:
    """A machine that changes itself when it is asked by a socket."""

    def __init__(
        self, socket: Path, *, etc: Path = Path("/etc"), zoneinfo: Path = ZONEINFO, patience: float = PATIENCE
    ) -> None:
        """``zoneinfo``: the machine's time zones. ``patience``: seconds for the whole answer."""
        self._socket = socket
        self._etc = etc
        self._zoneinfo = zoneinfo
        self._patience = patience
        self._listed: frozenset[str] = frozenset()
        self._disk = trio.CapacityLimiter(1)

    async def state(self) -> MachineState:
        """As its files have it: a service may be kept from the kernel's newest host name (``ProtectHostname=``).

        The time zones are read once: what an update of Debian's adds to them is known after the next start.
        """
        return await trio.to_thread.run_sync(self._read, limiter=self._disk)

    async def apply(self, wishes: MachineWishes) -> dict[str, str]:
        asked = {field: value for field, value in msgspec.structs.asdict(wishes).items() if value}
        try:
            with trio.fail_after(self._patience):
                failed = msgspec.json.decode(await self._ask(wishes), type=dict[str, str])
        except OSError as error:
            _log.warning("The machine cannot be asked", error=repr(error))
            return dict.fromkeys(asked, _NO_ANSWER)
        except (trio.TooSlowError, trio.BrokenResourceError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("The machine did not answer", error=repr(error))
            return await self._look(asked)
        if failed.keys() - asked.keys():
            _log.error("The machine did not understand", answer=failed)
            return dict.fromkeys(asked, _NO_ANSWER)
        return failed

    async def _ask(self, wishes: MachineWishes) -> bytes:
        """Its answer. Raises ``OSError`` where it is not there to be asked, other errors once it may have been."""
        async with await trio.open_unix_socket(self._socket) as stream:
            await stream.send_all(msgspec.json.encode(wishes) + b"\n")
            await stream.send_eof()
            reply = b""
            async for part in stream:
                reply += part
                if len(reply) > _LONGEST_REPLY:
                    raise trio.BrokenResourceError("The answer is too long.")
        return reply

    async def _look(self, asked: dict[str, object]) -> dict[str, str]:
        """What to say of wishes that may have come true: of each that is not seen to have, that nobody knows."""
        now = await self.state()
        if asked.get("time_zone") == now.time_zone:
            del asked["time_zone"]
        doubts = {field: unknown(field, value) for field, value in asked.items()}
        if str(asked.get("name", "")).lower() == now.name:
            doubts["name"] = not_announced(now.name)
        return doubts

    def _read(self) -> MachineState:
        zone = self._time_zone()
        self._listed = self._listed or self._list_zones()
        name = self._first_line("hostname") or "localhost"
        # It may be in one that is not listed, and then stay in it.
        return MachineState(name=name, time_zone=zone, time_zones=self._listed | {zone})

    def _list_zones(self) -> frozenset[str]:
        try:
            text = (self._zoneinfo / "tzdata.zi").read_text(encoding="ascii", errors="replace")
        except OSError as error:
            _log.warning("There is no list of the time zones", error=repr(error))
            return frozenset()
        return frozenset(zone or alias for zone, alias in _LISTED.findall(text)) - {NOWHERE}

    def _time_zone(self) -> str:
        try:
            _, found, zone = str((self._etc / "localtime").readlink()).rpartition(_ZONEINFO)
        except OSError:
            found = zone = ""
        return zone if found else self._first_line("timezone") or "UTC"

    def _first_line(self, name: str) -> str:
        try:
            return (self._etc / name).read_text(encoding="utf-8", errors="replace").strip().partition("\n")[0]
        except OSError:
            return ""
