"""Set-up without a page: the file on the boot partition is used at each start until the server runs with what it says.

A power cut at any point only repeats it. Nothing of a file that cannot be meant is done.
"""

import grp
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from appliance.core.errors import Unavailable
from appliance.durable import erase_file, remove_file, replace_file, sync_folder
from appliance.host.changes import Changes
from appliance.host.environment_file import environment_file
from appliance.host.preseed_applied import applied, leftover
from appliance.host.preseed_file import NAME, BadPreseed, Preseed, find, load, parse
from appliance.host.setup_code import new_code
from appliance.host.wishes import ZONEINFO

APPLIED: Final = "tonearm-applied.toml"
PROBLEM: Final = "tonearm-problem.txt"
#: What was used, while it is being erased.
_PUT_AWAY: Final = "tonearm-used.tmp"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner should know."""

    heading: str
    sentences: Sequence[str]
    advice: str


class BootFile:
    """``tonearm.toml`` on the boot partition, and what becomes of it. Needs root."""

    def __init__(
        self,
        boot: Path,
        *,
        run: Path = Path("/run/tonearm-host"),
        changes: Changes | None = None,
        zoneinfo: Path = ZONEINFO,
        group: str = "tonearm",
    ) -> None:
        """``boot``: the mounted partition. ``run``: a folder in memory. ``group``: may read the code for the screen."""
        self._boot = boot
        self._run = run
        self._zoneinfo = zoneinfo
        self._group = group
        self._changes = changes or Changes()
        self._environment = run / "preseed.env"
        self._code = run / "setup-code"
        self._problem = run / "problem"
        self._used = run / "preseed.sha256"

    def use(self) -> None:
        """Before the server starts: change the machine, and leave the rest for the server to find.

        What is wrong is told on the screen and beside the file. Raises ``Unavailable`` when not even that can be.
        """
        try:
            self._use()
        except OSError as error:
            raise Unavailable(f"The boot partition's file could not be used: {error}.") from error

    def done(self) -> None:
        """Once the server runs: keep a copy of the file without the password, and take the file away.

        Only the very file that was used: one that somebody put there since waits for the next start. Raises
        ``Unavailable`` when the partition cannot be written; then the next start repeats it all.
        """
        try:
            self._done()
        except OSError as error:
            raise Unavailable(f"The boot partition's file could not be put away: {error}.") from error

    def _use(self) -> None:
        self._run.mkdir(mode=0o755, exist_ok=True)
        erase_file(self._boot / _PUT_AWAY)
        for stale in (self._environment, self._code, self._problem, self._used):
            remove_file(stale)
        try:
            path = find(self._boot)
            if path is None:
                self._settle(None)
                return
            content = load(path)
            preseed = parse(content, self._zoneinfo)
        except BadPreseed as bad:
            self._settle(Trouble(heading=_UNUSABLE, sentences=bad.faults, advice=_CORRECT))
            return
        failed = self._changes.apply(preseed.wishes)
        self._hand_over(preseed)
        replace_file(self._used, _digest(content), 0o600)
        trouble = Trouble(heading=_IN_PART, sentences=list(failed.values()), advice=_RETRY)
        self._settle(trouble if failed else None)

    def _hand_over(self, preseed: Preseed) -> None:
        """What the server is told by its environment."""
        variables: dict[str, str] = {}
        if preseed.music is not None:
            variables["TONEARM_MUSIC_HOME"] = preseed.music
        if preseed.administrator is not None:
            variables["TONEARM_ADMIN_USER"] = preseed.administrator.name
            variables["TONEARM_ADMIN_PASSWORD"] = preseed.administrator.password
        elif preseed.setup_code:
            variables["TONEARM_SETUP_CODE"] = code = new_code()
            replace_file(self._code, f"{code}\n".encode(), 0o640, group=_gid(self._group))
        replace_file(self._environment, environment_file(variables), 0o600)

    def _settle(self, trouble: Trouble | None) -> None:
        """Tell what went wrong, or take away what was told before."""
        note = self._boot / PROBLEM
        if trouble is None:
            remove_file(note)
            return
        replace_file(self._problem, "\n".join([trouble.heading, *trouble.sentences, ""]).encode())
        # For Windows' oldest editor. A partition that cannot be written must not hide what the screen can tell.
        with suppress(OSError):
            lines = [trouble.heading, "", *trouble.sentences, "", trouble.advice, ""]
            replace_file(note, "\r\n".join(lines).encode())

    def _done(self) -> None:
        try:
            path = find(self._boot)
            if path is None or not self._used.exists():
                return
            content = load(path)
            if _digest(content) != self._used.read_bytes():
                return
            preseed = parse(content, self._zoneinfo)
        except BadPreseed:
            return
        rest = leftover(preseed)
        if preseed == rest:
            return
        replace_file(self._boot / APPLIED, applied(preseed).encode())
        if rest is not None:
            replace_file(path, applied(rest).encode())
        else:
            # Renamed before it is overwritten: half of it must not be found by the next start.
            os.rename(path, self._boot / _PUT_AWAY)
            sync_folder(self._boot)
            erase_file(self._boot / _PUT_AWAY)
        self._forget_password()

    def _forget_password(self) -> None:
        """The server has it, and starts without it from now on."""
        lines = self._environment.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(b"TONEARM_ADMIN_")]
        replace_file(self._environment, b"".join(kept), 0o600)


_UNUSABLE: Final = "The file tonearm.toml cannot be used, and nothing was changed."
_CORRECT: Final = "Correct it and start the box again. Until then the box can be set up in a browser."
_IN_PART: Final = "Not all of tonearm.toml could be done."
_RETRY: Final = f"The rest is done. To try again, rename {APPLIED} to {NAME} and start the box again."


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
