"""Looking around: everything that the console tells of, gathered from files, the network's state and the server."""

from pathlib import Path
from typing import Final

from appliance.host.addresses import addresses, has_link
from appliance.host.announced import announced_name
from appliance.host.server_state import server_state
from appliance.host.sight import Facts, url

_DATA: Final = "/srv/tonearm"
#: Characters of the code and of a problem that are looked at.
_MOST: Final = 2000


class Surroundings:
    """Where the console looks. ``root``: the machine's file tree, for tests to have one of their own."""

    def __init__(self, port: int, root: Path = Path("/")) -> None:
        self.port = port
        self._root = root
        self._answered_at = 0.0
        self._announced: dict[str, str] = {}

    def facts(self) -> Facts:
        """What is so now; takes some seconds while the server does not answer. Raises nothing."""
        server, uptime = server_state(self.port), self._uptime()
        if server.answers:
            self._answered_at = uptime
        return Facts(
            name=self._name(),
            urls=tuple(url(address.text, self.port) for address in addresses(self._root / "proc")),
            linked=has_link(self._root / "sys"),
            music_disk_missing=self._music_disk_missing(),
            server=server,
            silent_for=uptime - self._answered_at,
            code=self._text("run/tonearm-host/setup-code"),
            problem=self._text("run/tonearm-host/problem"),
        )

    def monitors(self) -> tuple[str, ...]:
        """Which screens are plugged in: one that has just been should show something."""
        connectors = (self._root / "sys/class/drm").glob("card*-*/status")
        return tuple(str(path) for path in sorted(connectors) if self._text(path) == "connected")

    def _name(self) -> str:
        """As it is announced. While nobody says how, as the machine of this host name was announced last."""
        host_name = self._text("etc/hostname") or "tonearm"
        announced = announced_name(self._root / "run/dbus/system_bus_socket")
        if announced is not None:
            self._announced = {host_name: announced}
        return self._announced.get(host_name, host_name)

    def _uptime(self) -> float:
        """Seconds since power-on."""
        seconds = self._text("proc/uptime").partition(" ")[0]
        return float(seconds) if seconds else 0.0

    def _music_disk_missing(self) -> bool:
        """Whether the data has a partition of its own that is not there; on a plain Debian it has none."""
        return _DATA in self._mount_points("etc/fstab") and _DATA not in self._mount_points("proc/self/mounts")

    def _mount_points(self, table: str) -> set[str]:
        lines = [line.split() for line in self._text(table, most=1_000_000).splitlines()]
        return {parts[1] for parts in lines if len(parts) > 1 and not parts[0].startswith("#")}

    def _text(self, path: str | Path, *, most: int = _MOST) -> str:
        try:
            with (self._root / path).open(encoding="utf-8", errors="replace") as file:
                return file.read(most).strip()
        except OSError:
            return ""
