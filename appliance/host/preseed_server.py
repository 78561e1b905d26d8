"""What the server made of the owner's file: asked of it, once it serves."""

from typing import Final

import msgspec

from appliance.core.accounts import Role
from appliance.core.errors import Unavailable
from appliance.core.text import clean
from appliance.host.own_door import ask
from appliance.host.preseed_file import Administrator
from appliance.host.server_state import server_state, setup_needed

#: Seconds. To look at a password takes a small board a second or two, and somebody else may be signing in.
_PATIENCE: Final = 15.0
_SILENT: Final = "The server does not say whether the administrator may sign in."


class Server:
    """The one on this machine. What it does not tell raises ``Unavailable``."""

    def __init__(self, port: int, patience: float = _PATIENCE) -> None:
        """``patience``: seconds for each answer."""
        self._port = port
        self._patience = patience

    def is_set_up(self) -> bool:
        needed = setup_needed(self._port, patience=self._patience)
        if needed is None:
            raise Unavailable("The server does not say whether it is set up.")
        return not needed

    def waits_for_music(self) -> bool:
        """Whether the folder for music is not there yet, as that of a disk that nobody has plugged in."""
        state = server_state(self._port, patience=self._patience)
        if not state.answers:
            raise Unavailable("The server does not say how it is.")
        return "music" in state.failing

    def admits(self, login: Administrator) -> bool:
        """Whether this name and password are an administrator's. Signs out again."""
        body = msgspec.json.encode({"name": clean(login.name), "password": login.password})
        answer = ask(self._port, "POST /api/v1/sessions/", patience=self._patience, body=body)
        if answer is not None and answer.status == 401:
            return False
        if answer is None or answer.status != 201:
            raise Unavailable(_SILENT)
        try:
            session = msgspec.convert(answer.body, _Session)
        except msgspec.ValidationError:
            raise Unavailable(_SILENT) from None
        ask(self._port, "DELETE /api/v1/sessions/current", patience=self._patience, token=session.token)
        return session.user.role is Role.ADMIN


class _User(msgspec.Struct):
    role: Role


class _Session(msgspec.Struct):
    token: str
    user: _User
