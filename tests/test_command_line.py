"""The command line as somebody types it: what it does, what it says, and how it ends."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

import appliance
from tests.journeys.household import tag
from tests.journeys.recordings import record
from tests.journeys.server import Server, tonearm


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for number in (1, 2):
        path = record(folder / f"{number}.mp3", seconds=0.5, pitch=400 + number)
        tag(path, title=f"Song {number}", artist="Ida", album="Short", track=number)
    (folder / "bad.mp3").write_bytes(random.Random(1).randbytes(20_000))
    (folder / "empty.flac").touch()
    return folder


def test_it_tells_its_version() -> None:
    asked = tonearm("--version")
    assert (asked.returncode, asked.stdout) == (0, f"tonearm {appliance.__version__}\n")


@pytest.mark.parametrize(
    "command", [(), ("serve",), ("scan",), ("demo",), ("user", "add"), ("key", "rotate"), ("openapi",)], ids=" ".join
)
def test_it_explains_itself(command: tuple[str, ...]) -> None:
    asked = tonearm(*command, "--help")
    assert asked.returncode == 0
    assert asked.stdout.startswith("usage: tonearm")


_WRONG = ["", "dance", "serve --port 1", "demo", "user", "user add", "user add x --king", "user add x --admin --guest"]


@pytest.mark.parametrize("line", _WRONG)
def test_wrong_usage_ends_with_two_and_says_how(line: str) -> None:
    asked = tonearm(*line.split())
    assert asked.returncode == 2
    assert "usage:" in asked.stderr
    assert "Traceback" not in asked.stderr


_BAD_SETTINGS: list[tuple[dict[str, str], str]] = [
    ({"colour": "red"}, "TONEARM_COLOUR"),
    ({"bind": "everywhere"}, "bind"),
    ({"workers": "many"}, "workers"),
    ({"cache_megabytes": "1"}, "cache_megabytes"),
    ({"watch": "perhaps"}, "watch"),
]


@pytest.mark.parametrize(("settings", "named"), _BAD_SETTINGS, ids=str)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    asked = tonearm("serve", "--data-dir", tmp_path / "data", **settings)
    assert asked.returncode == 1
    (line,) = asked.stderr.splitlines()
    assert line.startswith("tonearm: ")
    assert named in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", ["colour = 'red'", "= broken"])
def test_a_bad_settings_file_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "tonearm.toml").write_text(content, encoding="utf-8")
    asked = tonearm("serve", "--data-dir", tmp_path)
    assert asked.returncode == 1
    (line,) = asked.stderr.splitlines()
    assert line.startswith("tonearm: ")


def test_a_data_directory_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asked = tonearm("serve", "--data-dir", tmp_path / "file" / "data")
    assert asked.returncode == 1
    assert len(asked.stderr.strip().splitlines()) == 1, asked.stderr


def test_an_address_in_use_is_told_in_one_line(tmp_path: Path, music: Path) -> None:
    with Server(tmp_path / "one", music) as server:
        asked = tonearm("serve", "--data-dir", tmp_path / "two", "--music", music, "--bind", f"127.0.0.1:{server.port}")
    assert asked.returncode == 1
    assert "Traceback" not in asked.stderr
    assert f"127.0.0.1:{server.port}" in asked.stderr.splitlines()[-1]


def test_a_second_server_on_the_same_data_is_refused_in_one_line(tmp_path: Path, music: Path) -> None:
    with Server(tmp_path / "data", music) as server:
        asked = tonearm("serve", "--data-dir", tmp_path / "data", "--bind", "127.0.0.1:0")
        assert asked.returncode == 1
        (line,) = asked.stderr.splitlines()
        assert str(server.process.pid) in line


def scan(data: Path, *arguments: str, **settings: str) -> dict[str, Any]:
    asked = tonearm("scan", "--json", "--data-dir", data, *arguments, **settings)
    assert asked.returncode == 0, asked.stderr
    answer: dict[str, Any] = json.loads(asked.stdout)
    return answer


def test_scan_says_in_json_what_came_of_it_and_what_is_bad(tmp_path: Path, music: Path) -> None:
    data = tmp_path / "data"
    first = scan(data, music_dirs=str(music))
    assert (first["scan"]["state"], first["scan"]["kind"]) == ("done", "quick")
    counts = first["scan"]["counts"]
    assert (counts["found"], counts["added"], counts["faulty"]) == (4, 2, 2)
    assert {fault["path"] for fault in first["faults"]} == {"bad.mp3", "empty.flac"}
    assert all(fault["reason"] for fault in first["faults"])
    # It remembers where the music is.
    again = scan(data)
    assert (again["scan"]["counts"]["found"], again["scan"]["counts"]["to_read"]) == (4, 0)
    assert len(again["faults"]) == 2
    assert scan(data, "--full")["scan"]["kind"] == "full"


def test_scan_lists_bad_files_for_people(tmp_path: Path, music: Path) -> None:
    asked = tonearm("scan", "--data-dir", tmp_path / "data", music_dirs=str(music))
    assert asked.returncode == 0
    assert "4 files: 2 new. 2 could not be read" in asked.stderr
    assert "bad.mp3: " in asked.stderr
    assert asked.stdout == ""


def test_demo_into_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asked = tonearm("demo", tmp_path / "file")
    assert asked.returncode == 1
    assert asked.stderr.splitlines()[-1].startswith("tonearm: ")


def test_a_user_who_is_added_may_sign_in(tmp_path: Path, music: Path) -> None:
    data = tmp_path / "data"
    added = tonearm(
        "user", "add", "Zoë", "--admin", "--password-stdin", "--json", "--data-dir", data, stdin="pässword\n"
    )
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["role"] == "admin"
    assert "pässword" not in added.stdout + added.stderr
    taken = tonearm("user", "add", "zoë", "--password-stdin", "--data-dir", data, stdin="x\n")
    assert (taken.returncode, len(taken.stderr.splitlines())) == (1, 1), taken.stderr
    empty = tonearm("user", "add", "Max", "--password-stdin", "--data-dir", data, stdin="\n")
    assert (empty.returncode, len(empty.stderr.splitlines())) == (1, 1), empty.stderr
    with Server(data, music, user="Zoë", password="pässword") as server:
        assert "with the password" not in server.output
        assert server.app().call("getUser", username="Zoë")["user"]["adminRole"]


def test_accounts_are_kept_from_the_terminal_while_a_server_runs(tmp_path: Path, music: Path) -> None:
    data = tmp_path / "data"

    def told(*command: str, stdin: str = "") -> Any:
        done = tonearm(*command, "--json", "--data-dir", data, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    told("user", "add", "Zoë", "--admin", "--password-stdin", stdin="pässword\n")
    with Server(data, music, user="Zoë", password="pässword") as server:
        zoe = server.app()
        before = (data / "secret.key").read_bytes()
        assert told("key", "rotate") == {"accounts": 1, "devices": 0, "lost": 0}
        assert (data / "secret.key").read_bytes() != before
        zoe.call("ping")
        told("user", "add", "Max", "--guest", "--password-stdin", stdin="old\n")
        told("user", "password", "Max", "--password-stdin", stdin="new\n")
        assert [(user["name"], user["role"]) for user in told("user", "list")] == [("Max", "guest"), ("Zoë", "admin")]
        server.app(user="Max", password="new").call("ping")
        assert told("user", "remove", "max")["name"] == "Max"
        for refused in (("remove", "Zoë"), ("remove", "Max"), ("password", "Max", "--password-stdin")):
            done = tonearm("user", *refused, "--data-dir", data, stdin="x\n")
            assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert "is new" in tonearm("key", "rotate", "--data-dir", data).stderr


def test_openapi_prints_the_document() -> None:
    document = json.loads(tonearm("openapi").stdout)
    assert document["openapi"].startswith("3.")
    assert "/api/v1/tracks/" in document["paths"]
