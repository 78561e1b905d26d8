"""Not being frightened by a hiccup: a restart of the server, or a second in which its database is busy."""

from typing import Final

from appliance.host.server_state import SILENCE
from appliance.host.sight import Facts

#: Seconds for which a server may be unwell before anybody is told.
_HICCUP: Final = 20.0


class Patience:
    """Remembers how the server was when it was well. Until it was so once, it is starting."""

    def __init__(self) -> None:
        self._well = SILENCE
        self._unwell_since: float | None = None

    def view(self, facts: Facts, now: float) -> Facts:
        """The facts as they should be told. ``now``: seconds by any clock that only goes forward."""
        if facts.server.answers and not facts.server.failing:
            self._well, self._unwell_since = facts.server, None
            return facts
        if self._unwell_since is None:
            self._unwell_since = now
        return facts if now - self._unwell_since >= _HICCUP else facts._replace(server=self._well)
