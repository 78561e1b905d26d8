"""A machine whose card its owner has written to, from start to start."""

from pathlib import Path

from appliance.core.accounts import Role
from appliance.host.boot_changes import BootChanges
from appliance.host.preseed import BootFile
from appliance.host.preseed_server import Server
from tests.host.answering import NO_SETUP, Answers
from tests.host.machinery import public_key
from tests.host.test_host_environment_file import by_the_manual

KEY = public_key()
WHOLE = f"""
name = "Kitchen"
time_zone = "Europe/Berlin"
music = "/srv/tonearm/music"
ssh_keys = ["{KEY}"]
[administrator]
name = "ada"
password = 'corr"ect $horse'
"""
PASSWORD = b"ect $horse"


class Box:
    """A machine, its card, its server, and what each start of it does."""

    def __init__(self, root: Path, changes: BootChanges, server: Answers) -> None:
        self.root = root
        self.boot = root / "boot/firmware"
        self.run = root / "run/tonearm-host"
        self.changes = changes
        self.server = server

    def file(self) -> BootFile:
        zoneinfo = self.root / "usr/share/zoneinfo"
        return BootFile(self.boot, run=self.run, changes=self.changes, zoneinfo=zoneinfo, group="nobody-of-this-name")

    def write(self, content: str, name: str = "tonearm.toml") -> Path:
        (self.boot / name).write_text(content)
        return self.boot / name

    def use(self) -> None:
        self.file().use()

    def done(self) -> None:
        """The server starts, and makes the administrator if there is none; then the file is put away."""
        told = self.told()
        if "TONEARM_ADMIN_USER" in told and not self.server.users:
            self.set_up(told["TONEARM_ADMIN_USER"], told["TONEARM_ADMIN_PASSWORD"])
        self.file().done(Server(self.server.port, patience=10))

    def set_up(self, name: str = "grace", password: str = "hopper") -> None:
        """Somebody does, by the page."""
        self.server.users[name] = (password, Role.ADMIN)
        self.server.at["/api/v1/setup/"] = (200, NO_SETUP)

    def screen(self) -> list[str]:
        problem = self.run / "problem"
        return problem.read_text().splitlines() if problem.exists() else []

    def note(self) -> str:
        return (self.boot / "tonearm-problem.txt").read_bytes().decode()

    def power_cycle(self) -> None:
        """What is in memory is gone; what is on the card stays."""
        for path in self.run.iterdir():
            path.unlink()

    def told(self) -> dict[str, str]:
        """What the server finds in its environment."""
        environment = self.run / "preseed.env"
        return by_the_manual(environment.read_bytes()) if environment.exists() else {}

    def on_card(self) -> set[str]:
        return {path.name for path in self.boot.iterdir()}
