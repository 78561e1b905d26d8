"""The boot partition's file from its first use to its end, with the power going at every step in between."""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.core.errors import Unavailable
from appliance.host.changes import Changes, Places
from appliance.host.preseed import BootFile
from appliance.host.setup_code import new_code
from tests.host.machinery import Recorder, public_key
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
    """A machine, its card, and what each start of it does."""

    def __init__(self, root: Path, changes: Changes) -> None:
        self.root = root
        self.boot = root / "boot/firmware"
        self.run = root / "run/tonearm-host"
        self.changes = changes

    def file(self) -> BootFile:
        zoneinfo = self.root / "usr/share/zoneinfo"
        return BootFile(self.boot, run=self.run, changes=self.changes, zoneinfo=zoneinfo, group="nobody-of-this-name")

    def write(self, content: str, name: str = "tonearm.toml") -> Path:
        (self.boot / name).write_text(content)
        return self.boot / name

    def power_cycle(self) -> None:
        """What is in memory is gone; what is on the card stays."""
        for path in self.run.iterdir():
            path.unlink()

    def told(self) -> dict[str, str]:
        """What the server finds in its environment."""
        return by_the_manual((self.run / "preseed.env").read_bytes())

    def on_card(self) -> set[str]:
        return {path.name for path in self.boot.iterdir()}


@pytest.fixture
def box(root: Path, changes: Changes) -> Box:
    return Box(root, changes)


def test_a_box_without_a_file_starts_as_it_is(box: Box, asked: Recorder) -> None:
    box.file().use()
    box.file().done()
    assert box.on_card() == set()
    assert list(box.run.iterdir()) == []
    assert asked.asked == []


def test_the_file_changes_the_machine_and_tells_the_server(box: Box) -> None:
    box.write(WHOLE)
    box.file().use()
    assert (box.root / "etc/hostname").read_text() == "kitchen\n"
    assert os.readlink(box.root / "etc/localtime").endswith("Europe/Berlin")
    assert (box.root / "root/.ssh/authorized_keys").read_text() == f"{KEY}\n"
    assert box.told() == {
        "TONEARM_MUSIC_HOME": "/srv/tonearm/music",
        "TONEARM_ADMIN_USER": "ada",
        "TONEARM_ADMIN_PASSWORD": 'corr"ect $horse',
    }
    assert stat.S_IMODE((box.run / "preseed.env").stat().st_mode) == 0o600
    assert box.on_card() == {"tonearm.toml"}
    assert not (box.run / "problem").exists()


def test_once_the_server_runs_the_password_is_gone_and_the_rest_is_kept(box: Box) -> None:
    path = box.write(WHOLE)
    box.file().use()
    with path.open("rb") as old:
        box.file().done()
        assert not old.read().strip(b"\0")  # overwritten where it stood
    assert box.on_card() == {"tonearm-applied.toml"}
    kept = (box.boot / "tonearm-applied.toml").read_text()
    assert tomllib.loads(kept) == {
        "name": "Kitchen",
        "time_zone": "Europe/Berlin",
        "music": "/srv/tonearm/music",
        "ssh_keys": [KEY],
        "administrator": {"name": "ada"},
    }
    assert PASSWORD not in b"".join(path.read_bytes() for path in box.root.rglob("*") if path.is_file())
    assert box.told() == {"TONEARM_MUSIC_HOME": "/srv/tonearm/music"}


def test_done_twice_is_done(box: Box) -> None:
    box.write(WHOLE)
    box.file().use()
    box.file().done()
    before = {path: path.read_bytes() for path in box.boot.iterdir()}
    box.file().done()
    box.power_cycle()
    box.file().use()
    box.file().done()
    assert {path: path.read_bytes() for path in box.boot.iterdir()} == before


def test_done_without_use_touches_nothing(box: Box) -> None:
    box.write(WHOLE)
    box.file().done()
    assert box.on_card() == {"tonearm.toml"}


def test_a_file_that_came_after_the_start_waits_for_the_next(box: Box) -> None:
    box.write(WHOLE)
    box.file().use()
    newer = WHOLE.replace("Kitchen", "Attic")
    box.write(newer)
    box.file().done()
    assert (box.boot / "tonearm.toml").read_text() == newer
    box.write("name = broken")
    box.file().done()
    assert box.on_card() == {"tonearm.toml"}


def test_what_windows_made_of_the_name_is_used_and_taken_away(box: Box) -> None:
    box.write(WHOLE.replace("\n", "\r\n"), "tonearm.toml.txt")
    box.file().use()
    box.file().done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_bad_file_changes_nothing_and_is_told_on_the_screen_and_on_the_card(box: Box, asked: Recorder) -> None:
    box.write(WHOLE.replace("Europe/Berlin", "Europe/Atlantis").replace('name = "ada"', "name = 3"))
    box.file().use()
    assert asked.asked == []
    assert (box.root / "etc/hostname").read_text() == "tonearm\n"
    assert {path.name for path in box.run.iterdir()} == {"problem"}
    screen = (box.run / "problem").read_text().splitlines()
    assert screen[0] == "The file tonearm.toml cannot be used, and nothing was changed."
    assert [line.partition(":")[0] for line in screen[1:]] == ["administrator", "time_zone"]
    note = (box.boot / "tonearm-problem.txt").read_bytes().decode()
    assert "\r\ntime_zone: There is no time zone Europe/Atlantis." in note
    assert "Correct it and start the box again." in note
    assert stat.S_IMODE((box.run / "problem").stat().st_mode) == 0o644
    box.file().done()
    assert box.on_card() == {"tonearm.toml", "tonearm-problem.txt"}


def test_a_file_that_was_corrected_takes_the_problem_away(box: Box) -> None:
    box.write("name = 3")
    box.file().use()
    box.power_cycle()
    box.write('name = "kitchen"')
    box.file().use()
    assert box.on_card() == {"tonearm.toml"}
    assert not (box.run / "problem").exists()


def test_what_the_machine_refuses_is_told_and_the_rest_is_done(box: Box, asked: Recorder) -> None:
    asked.refusals = {"set_host_name"}
    box.write(WHOLE)
    box.file().use()
    assert (box.run / "problem").read_text().splitlines() == [
        "Not all of tonearm.toml could be done.",
        "The name could not be changed: Operation not permitted.",
    ]
    assert box.told()["TONEARM_ADMIN_USER"] == "ada"
    box.file().done()
    assert box.on_card() == {"tonearm-applied.toml", "tonearm-problem.txt"}
    assert "rename tonearm-applied.toml" in (box.boot / "tonearm-problem.txt").read_text()


def test_a_code_is_made_for_the_screen_and_the_server(box: Box) -> None:
    box.write("setup_code = true")
    box.file().use()
    code = (box.run / "setup-code").read_text().strip()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert box.told() == {"TONEARM_SETUP_CODE": code}
    assert stat.S_IMODE((box.run / "setup-code").stat().st_mode) == 0o640


def test_a_code_is_asked_for_until_set_up_is_over_restarts_or_not(box: Box) -> None:
    box.write('name = "kitchen"\nsetup_code = true\n')
    box.file().use()
    box.file().done()
    assert box.on_card() == {"tonearm.toml", "tonearm-applied.toml"}
    assert tomllib.loads((box.boot / "tonearm.toml").read_text()) == {"setup_code": True}
    assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "kitchen"
    # Meanwhile somebody calls it otherwise, and it stays so.
    (box.root / "etc/hostname").write_text("attic\n")
    for _ in range(2):
        box.power_cycle()
        box.file().use()
        assert box.told().keys() == {"TONEARM_SETUP_CODE"}
        box.file().done()
    assert (box.root / "etc/hostname").read_text() == "attic\n"
    assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "kitchen"


def test_a_code_means_nothing_beside_an_administrator(box: Box) -> None:
    box.write(f"setup_code = true\n{WHOLE}")
    box.file().use()
    assert "TONEARM_SETUP_CODE" not in box.told()
    assert not (box.run / "setup-code").exists()
    box.file().done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_code_is_random_and_has_no_letter_that_looks_like_another() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert set("".join(codes)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")


class PowerCut(BaseException):
    """Nothing more is written."""


@contextmanager
def power_for(steps: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The power goes before the call number ``steps`` that changes something on a disk."""
    spent = [0]

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **named: object) -> object:
            if spent[0] == steps:
                raise PowerCut
            spent[0] += 1
            return call(*arguments, **named)

        return run

    with monkeypatch.context() as patch:
        for name in ("open", "rename", "unlink", "symlink", "fsync", "fchmod"):
            patch.setattr(f"appliance.durable.os.{name}", counted(getattr(os, name)))
        yield spent


def test_a_power_cut_at_any_step_only_repeats_it(
    tmp_path: Path, asked: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = 0
    for steps in range(1000):
        root = tmp_path / str(steps)
        for folder in ("etc", "boot/firmware", "run/tonearm-host", "root", "usr/share/zoneinfo/Europe"):
            (root / folder).mkdir(parents=True)
        (root / "usr/share/zoneinfo/Europe/Berlin").write_bytes(b"TZif2")
        (root / "etc/hostname").write_text("tonearm\n")
        (root / "etc/hosts").write_text("127.0.1.1 tonearm\n")
        places = Places(etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo", ssh=root / "root/.ssh")
        box = Box(root, Changes(places, asked.calls()))
        box.write(WHOLE)
        administrator_exists = False
        try:
            with power_for(steps, monkeypatch) as spent:
                box.file().use()
                administrator_exists = box.told()["TONEARM_ADMIN_USER"] == "ada"
                box.file().done()
        except PowerCut:
            pass
        else:
            whole = spent[0]
        box.power_cycle()
        box.file().use()
        assert not (box.run / "problem").exists()
        if (box.run / "preseed.env").exists():
            administrator_exists |= box.told().get("TONEARM_ADMIN_PASSWORD") == 'corr"ect $horse'
        box.file().done()
        assert administrator_exists
        assert box.on_card() == {"tonearm-applied.toml"}, steps
        assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "Kitchen"
        assert (root / "etc/hostname").read_text() == "kitchen\n"
        assert (root / "etc/hosts").read_text() == "127.0.1.1 kitchen\n"
        assert (root / "root/.ssh/authorized_keys").read_text() == f"{KEY}\n"
        assert PASSWORD not in b"".join(path.read_bytes() for path in box.boot.iterdir())
        if whole:
            break
    assert 40 < whole == steps


def test_a_partition_that_cannot_be_written_is_told_on_the_screen_at_least(box: Box) -> None:
    box.write("name = 3")
    (box.boot / "tonearm-problem.txt").mkdir()  # as root, no mode keeps us from writing; this does
    box.file().use()
    assert (box.run / "problem").exists()


def test_what_cannot_be_put_away_fails_and_is_tried_again(box: Box) -> None:
    box.write(WHOLE)
    box.file().use()
    (box.boot / "tonearm-applied.toml").mkdir()
    with pytest.raises(Unavailable, match="could not be put away"):
        box.file().done()
    assert (box.boot / "tonearm.toml").read_text() == WHOLE
    (box.boot / "tonearm-applied.toml").rmdir()
    box.file().done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_partition_that_is_not_there_fails(box: Box) -> None:
    box.boot.rmdir()
    with pytest.raises(Unavailable, match="could not be used"):
        box.file().use()
