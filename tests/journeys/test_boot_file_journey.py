"""The boot partition's file and a server that really runs: what became of it is told, and nobody stays signed in."""

from pathlib import Path

import httpx
import psycopg
import pytest

from appliance.host.boot_changes import BootChanges
from appliance.host.changes import Places
from appliance.host.preseed import BootFile
from appliance.host.preseed_server import Server as OwnServer
from appliance.store.embedded import running_server
from tests.host.test_host_environment_file import by_the_manual
from tests.journeys.server import Server

FILE = '[administrator]\nname = "{name}"\npassword = "{password}"\n'


class Card:
    """A boot partition, in a machine of which nothing else is there to be changed."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.run = folder / "boot", folder / "run"
        self.boot.mkdir()
        places = Places(etc=folder / "etc", ssh=folder / "ssh")
        self.file = BootFile(self.boot, run=self.run, changes=BootChanges(places), group="nobody-of-this-name")

    def use(self, content: str) -> dict[str, str]:
        """The settings that the server gets from it."""
        (self.boot / "tonearm.toml").write_text(content)
        self.file.use()
        told = by_the_manual((self.run / "preseed.env").read_bytes())
        return {name.removeprefix("TONEARM_").lower(): value for name, value in told.items()}

    def names(self) -> set[str]:
        return {path.name for path in self.boot.iterdir()}


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def open_sessions(server: Server) -> int:
    url = running_server(server.data_dir)
    assert url is not None
    with psycopg.connect(url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM sessions").fetchall()
        assert isinstance(count, int)
        return count


def test_a_box_is_set_up_by_its_card_and_a_later_file_changes_no_password(card: Card, tmp_path: Path) -> None:
    first = card.use(FILE.format(name="Ada L", password='ses"ame $ ✓'.replace('"', '\\"')))
    with Server(tmp_path / "data", password="", **{"setup": "page"} | first) as server:
        door = OwnServer(server.port)
        card.file.done(door)
        assert card.names() == {"tonearm-applied.toml"}
        server.user, server.password = "Ada L", 'ses"ame $ ✓'
        assert server.app().call("getUser", username="Ada L")["user"]["adminRole"]
        card.use(FILE.format(name="Ada L", password="forgotten and new"))
        card.file.done(door)
        assert card.names() == {"tonearm-applied.toml", "tonearm-problem.txt"}
        assert "no account was made and no password changed" in (card.boot / "tonearm-problem.txt").read_text()
        assert server.app().call("ping")
        assert open_sessions(server) == 0


def test_a_code_and_a_folder_stay_until_somebody_has_set_up(card: Card, tmp_path: Path) -> None:
    told = card.use('setup_code = true\nmusic = "/srv/tonearm/music"\n')
    with Server(tmp_path / "data", password="", **{"setup": "page"} | told) as server:
        card.file.done(OwnServer(server.port))
        assert card.names() == {"tonearm.toml", "tonearm-applied.toml"}
        offer = httpx.get(f"{server.url}/api/v1/setup/").json()
        assert (offer["asks_for_code"], offer["music_folder"]) == (True, "/srv/tonearm/music")
        (music := tmp_path / "music").mkdir()
        answers = {"administrator": "ada", "password": "sesame", "code": told["setup_code"], "music_folder": str(music)}
        assert httpx.post(f"{server.url}/api/v1/setup/", json=answers).status_code == 201
        card.file.use()
        card.file.done(OwnServer(server.port))
        assert card.names() == {"tonearm-applied.toml"}
