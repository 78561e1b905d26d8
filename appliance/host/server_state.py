"""How the server on this machine is."""

from typing import Any, Final, NamedTuple

from appliance.host.own_door import ask

#: Seconds. While the server starts, systemd holds its socket, so that connecting works and nothing answers.
_PATIENCE: Final = 3.0


class ServerState(NamedTuple):
    answers: bool
    """Whether it serves."""
    failing: dict[str, str]
    """By the name of a check of ``/health/ready``: what it says of what is not well."""
    open_for_setup: bool


SILENCE: Final = ServerState(answers=False, failing={}, open_for_setup=False)


def server_state(port: int, *, patience: float = _PATIENCE) -> ServerState:
    """How the server is, after at most twice ``patience`` seconds. Raises nothing: silence is a state."""
    ready = ask(port, "GET /health/ready", patience=patience)
    if ready is None or ready.status not in {200, 503}:
        return SILENCE
    needed = setup_needed(port, patience=patience)
    return ServerState(answers=True, failing=_failing(ready.body), open_for_setup=needed is True)


def setup_needed(port: int, *, patience: float = _PATIENCE) -> bool | None:
    """Whether nobody has set it up yet; None when it does not say."""
    setup = ask(port, "GET /api/v1/setup/", patience=patience)
    needed = None if setup is None or setup.status != 200 else setup.body.get("needed")
    return needed if isinstance(needed, bool) else None


def _failing(ready: dict[str, Any]) -> dict[str, str]:
    checks = ready.get("checks")
    return {
        str(name): str(check.get("message", ""))
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and check.get("status") != "ok"
    }
