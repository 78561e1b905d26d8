"""The port ``Machine``: asks ``tonearm host machine``, which is root, over its Unix socket."""

from pathlib import Path
from typing import Final

import msgspec
import structlog
import trio

from appliance.core.machine import MachineState, MachineWishes

#: Seconds. Renaming restarts what announces the name.
_PATIENCE: Final = 15.0
_LONGEST_REPLY: Final = 65_536
_ZONEINFO: Final = "zoneinfo/"
_NO_ANSWER: Final = "The box did not take this on; it stays as it was, and everything else works. Try again later."

_log = structlog.stdlib.get_logger(__name__)


class SocketMachine:
    """A machine that changes itself when it is asked by a socket."""

    def __init__(self, socket: Path, *, etc: Path = Path("/etc"), patience: float = _PATIENCE) -> None:
        """``patience``: seconds for the whole answer."""
        self._socket = socket
        self._etc = etc
        self._patience = patience

    async def state(self) -> MachineState:
        """As its files have it: a service may be kept from the kernel's newest host name (``ProtectHostname=``)."""
        return await trio.to_thread.run_sync(self._read)

    async def apply(self, wishes: MachineWishes) -> dict[str, str]:
        fields = [field for field in wishes.__struct_fields__ if getattr(wishes, field)]
        try:
            with trio.fail_after(self._patience):
                failed = msgspec.json.decode(await self._ask(wishes), type=dict[str, str])
        except (OSError, trio.TooSlowError, trio.BrokenResourceError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("The machine did not answer", error=repr(error))
            return dict.fromkeys(fields, _NO_ANSWER)
        if failed.keys() - set(fields):
            _log.error("The machine did not understand", answer=failed)
            return dict.fromkeys(fields, _NO_ANSWER)
        return failed

    async def _ask(self, wishes: MachineWishes) -> bytes:
        async with await trio.open_unix_socket(self._socket) as stream:
            await stream.send_all(msgspec.json.encode(wishes) + b"\n")
            await stream.send_eof()
            reply = b""
            async for part in stream:
                reply += part
                if len(reply) > _LONGEST_REPLY:
                    raise trio.BrokenResourceError("The answer is too long.")
        return reply

    def _read(self) -> MachineState:
        return MachineState(name=self._first_line("hostname") or "localhost", time_zone=self._time_zone())

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
