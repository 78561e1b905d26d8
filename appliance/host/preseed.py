"""Set-up without a page: the file on the boot partition is used at each start until the server runs with what it says.

A power cut at any point only repeats it. Nothing of a file that cannot be meant is done. While nobody knows what the
partition asks for, set-up asks for a code (docs/decisions/0016-first-set-up.md).
"""

import grp
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from appliance.core.errors import Unavailable
from appliance.durable import erase_file, remove_file, replace_file, sync_folder
from appliance.host.boot_changes import BootChanges
from appliance.host.environment_file import environment_file
from appliance.host.preseed_applied import applied, leftover, staying
from appliance.host.preseed_file import NAME, BadPreseed, Preseed, find, load, parse
from appliance.host.preseed_server import Server
from appliance.host.preseed_told import Told, Trouble
from appliance.host.setup_code import new_code
from appliance.host.wishes import ZONEINFO

APPLIED: Final = "tonearm-applied.toml"
#: What was used, while it is being erased.
_PUT_AWAY: Final = "tonearm-used.tmp"


class BootFile:
    """``tonearm.toml`` on the boot partition, and what becomes of it. Needs root."""

    def __init__(
        self,
        boot: Path,
        *,
        run: Path = Path("/run/tonearm-host"),
        changes: BootChanges | None = None,
        zoneinfo: Path = ZONEINFO,
        group: str = "tonearm",
    ) -> None:
        """``boot``: the mounted partition. ``run``: a folder in memory. ``group``: may read the code for the screen."""
        self._boot = boot
        self._run = run
        self._zoneinfo = zoneinfo
        self._group = group
        self._changes = changes or BootChanges()
        self._environment = run / "preseed.env"
        self._code = run / "setup-code"
        self._used = run / "preseed.sha256"
        self._told = Told(boot, run / "problem")

    def use(self) -> None:
        """Before the server starts: change the machine, and leave the rest for the server to find.

        What is wrong is told on the screen and beside the file. Raises ``Unavailable`` when the partition cannot be
        read. Then, and wherever else this ends before its end, set-up asks for the code on the screen.
        """
        try:
            code = self._close()
            self._use(code)
        except OSError as error:
            raise Unavailable(f"The boot partition's file could not be used: {error}.") from error

    def done(self, server: Server) -> None:
        """Once the server runs: keep a copy of the file without the password, and take the file away.

        Only the very file that was used: one that somebody put there since waits for the next start. Raises
        ``Unavailable`` when the server does not tell what it made of it, or the partition cannot be written; then the
        next start repeats it all.
        """
        try:
            self._done(server)
        except OSError as error:
            raise Unavailable(f"The boot partition's file could not be put away: {error}.") from error

    def _close(self) -> str:
        """Begin as if the partition could not be read, before it is looked at: that may take for ever."""
        self._run.mkdir(mode=0o755, exist_ok=True)
        remove_file(self._used)
        code = new_code()
        replace_file(self._code, f"{code}\n".encode(), 0o640, group=_gid(self._group))
        self._tell_server({"TONEARM_SETUP_CODE": code})
        self._told.show(_UNREADABLE)
        return code

    def _use(self, code: str) -> None:
        erase_file(self._boot / _PUT_AWAY)
        try:
            path = find(self._boot)
            if path is None:
                self._hand_over(Preseed(), code)
                self._told.clear_screen()
                self._told.withdraw(_UNUSABLE)
                return
            content = load(path)
            preseed = parse(content, self._zoneinfo)
        except BadPreseed as bad:
            self._told.tell(Trouble(heading=_UNUSABLE, sentences=bad.faults, advice=_CORRECT))
            return
        failed = self._changes.apply(preseed.wishes) | self._changes.admit(preseed.ssh_keys)
        self._hand_over(preseed, code)
        replace_file(self._used, _digest(content), 0o600)
        if failed:
            self._told.tell(Trouble(heading=_IN_PART, sentences=list(failed.values()), advice=_RETRY))
            return
        self._told.clear_screen()
        if not _is_ours(content, preseed):
            self._told.withdraw()

    def _hand_over(self, preseed: Preseed, code: str) -> None:
        """What the server is told by its environment."""
        variables: dict[str, str] = {}
        if preseed.music is not None:
            variables["TONEARM_MUSIC_HOME"] = preseed.music
        if preseed.administrator is not None:
            variables["TONEARM_ADMIN_USER"] = preseed.administrator.name
            variables["TONEARM_ADMIN_PASSWORD"] = preseed.administrator.password
        elif preseed.setup_code:
            variables["TONEARM_SETUP_CODE"] = code
        self._tell_server(variables)
        if "TONEARM_SETUP_CODE" not in variables:
            remove_file(self._code)

    def _tell_server(self, variables: dict[str, str]) -> None:
        if variables:
            replace_file(self._environment, environment_file(variables), 0o600)
        else:
            remove_file(self._environment)

    def _done(self, server: Server) -> None:
        if not self._used.exists():
            return
        try:
            path = find(self._boot)
            if path is None:
                return
            content = load(path)
            if _digest(content) != self._used.read_bytes():
                return
            preseed = parse(content, self._zoneinfo)
        except BadPreseed:
            return
        is_set_up = server.is_set_up()
        is_needed = not is_set_up or (preseed.music is not None and server.waits_for_music())
        if _is_ours(content, preseed):
            if not is_needed:
                remove_file(path)
            return
        if is_set_up:
            self._tell_ignored(preseed, server)
        elif preseed.administrator is not None:
            raise Unavailable("The server has not made the administrator of the boot partition's file.")
        self._put_away(path, preseed, leftover(preseed) if is_needed else None)
        self._forget_password()

    def _tell_ignored(self, preseed: Preseed, server: Server) -> None:
        """What the file says in vain, since the box was set up before."""
        ignored = []
        login = preseed.administrator
        if login is not None and not server.admits(login):
            ignored.append(_NO_ACCOUNT)
        if preseed.music is not None and (login is None or ignored):
            ignored.append(_SAME_FOLDER)
        if ignored:
            failed = [sentence for sentence in self._told.shown(_IN_PART) if sentence not in ignored]
            advice = _RETRY if failed else _REST_IS_DONE
            self._told.tell(Trouble(heading=_IN_PART, sentences=failed + ignored, advice=advice))

    def _put_away(self, path: Path, preseed: Preseed, rest: Preseed | None) -> None:
        replace_file(self._boot / APPLIED, applied(preseed))
        if rest is not None:
            replace_file(path, staying(rest))
            return
        # Renamed before it is overwritten: half of it must not be found by the next start.
        os.rename(path, self._boot / _PUT_AWAY)
        sync_folder(self._boot)
        erase_file(self._boot / _PUT_AWAY)

    def _forget_password(self) -> None:
        """The server has it, and starts without it from now on."""
        with suppress(FileNotFoundError):
            lines = self._environment.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(b"TONEARM_ADMIN_")]
            replace_file(self._environment, b"".join(kept), 0o600)


_UNREADABLE: Final = Trouble(
    heading="The first partition of the card could not be read.",
    sentences=["It may ask for something: until it can be read, set-up asks for a code."],
    advice="",
)
_UNUSABLE: Final = f"The file {NAME} cannot be used, and nothing was changed."
_CORRECT: Final = (
    "Correct it, or remove it, and start the box again. If nobody has set the box up yet, set-up asks for a code until "
    "then; a screen on the box shows it."
)
_IN_PART: Final = f"Not all of {NAME} could be done."
_RETRY: Final = f"The rest is done. To try again, rename {APPLIED} to {NAME} and start the box again."
_REST_IS_DONE: Final = "The rest is done."
_NO_ACCOUNT: Final = (
    "administrator: The box was set up before, so no account was made and no password changed. By ssh, "
    "tonearm user add NAME --admin makes another administrator."
)
_SAME_FOLDER: Final = "music: The box was set up before, and keeps the folder of music that it has."


def _is_ours(content: bytes, preseed: Preseed) -> bool:
    """Whether nobody but we wrote this, of what an earlier file left over."""
    return content == staying(preseed)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
