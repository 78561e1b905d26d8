"""The boot partition's file when the power goes at any step, and when the card cannot be read or written."""

import errno
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.core.accounts import Role
from appliance.core.errors import Unavailable
from appliance.host.boot_changes import BootChanges
from appliance.host.changes import Places
from tests.disk import Disk, PowerCut
from tests.host.answering import SETUP, Answers
from tests.host.box import KEY, PASSWORD, WHOLE, Box
from tests.host.machinery import Recorder


def new_box(root: Path, asked: Recorder, new_server: Answers) -> Box:
    """The machine of this tree."""
    places = Places(etc=root / "etc", zoneinfo=root / "usr/share/zoneinfo", ssh=root / "root/.ssh")
    return Box(root, BootChanges(places, asked.calls()), new_server)


@pytest.mark.parametrize("names_first", [False, True], ids=["nothing was written", "the names were"])
def test_a_power_cut_at_any_step_only_repeats_it(
    names_first: bool,  # noqa: FBT001 - a column
    tmp_path: Path,
    asked: Recorder,
    new_server: Answers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = 0
    for steps in range(1000):
        root = tmp_path / str(steps)
        for folder in ("etc", "boot/firmware", "run/tonearm-host", "root", "usr/share/zoneinfo/Europe"):
            (root / folder).mkdir(parents=True)
        (root / "usr/share/zoneinfo/tzdata.zi").write_text("# version 2026b\nZ Europe/Berlin 1 c CE%sT\n")
        (root / "usr/share/zoneinfo/Europe/Berlin").write_bytes(b"TZif2")
        (root / "etc/hostname").write_text("tonearm\n")
        (root / "etc/hosts").write_text("127.0.1.1 tonearm\n")
        new_server.users.clear()
        new_server.at["/api/v1/setup/"] = (200, SETUP)
        box = new_box(root, asked, new_server)
        box.write(WHOLE)
        with Disk(root, memory=root / "run") as disk:
            try:
                with disk.powered(monkeypatch, steps) as spent:
                    box.use()
                    box.done()
            except PowerCut:
                pass
            else:
                whole = spent[0]
                assert not disk.holds(PASSWORD)
            if names_first:
                disk.names_arrive()
            box = new_box(disk.survivors(tmp_path / f"{steps} after"), asked, new_server)
        (box.root / "run/tonearm-host").mkdir(parents=True, exist_ok=True)
        box.use()
        assert box.screen() == []
        box.done()
        assert box.screen() == []
        assert new_server.users == {"ada": ('corr"ect $horse', Role.ADMIN)}
        assert box.on_card() - {name for name in box.on_card() if name.startswith(".")} == {"tonearm-applied.toml"}
        assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "Kitchen"
        assert (box.root / "etc/hostname").read_text() == "kitchen\n"
        assert (box.root / "etc/hosts").read_text() == "127.0.1.1 kitchen\n"
        assert (box.root / "root/.ssh/authorized_keys").read_text() == f"{KEY}\n"
        assert PASSWORD not in b"".join(path.read_bytes() for path in box.boot.iterdir())
        if whole:
            break
    assert 40 < whole == steps


def test_what_cannot_be_put_away_fails_and_is_tried_again(box: Box) -> None:
    box.write(WHOLE)
    box.use()
    (box.boot / "tonearm-applied.toml").mkdir()
    with pytest.raises(Unavailable, match="could not be put away"):
        box.done()
    assert (box.boot / "tonearm.toml").read_text() == WHOLE
    (box.boot / "tonearm-applied.toml").rmdir()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}


def demanded(box: Box) -> str:
    """The code that the server asks for, which is the one on the screen."""
    code = (box.run / "setup-code").read_text().strip()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert box.told() == {"TONEARM_SETUP_CODE": code}
    return code


def test_a_partition_that_cannot_be_read_fails_and_leaves_set_up_closed(box: Box) -> None:
    box.boot.rmdir()
    with pytest.raises(Unavailable, match="could not be used"):
        box.use()
    assert demanded(box)
    assert box.screen()[0] == "The first partition of the card could not be read."
    box.boot.mkdir()
    box.use()
    assert list(box.run.iterdir()) == []


@pytest.mark.parametrize("content", ["name = 3", WHOLE.replace("Europe", "Erope"), "[" * 20_000])
def test_a_file_that_cannot_be_used_leaves_set_up_closed_until_it_is_mended(box: Box, content: str) -> None:
    box.write(content)
    box.use()
    first = demanded(box)
    assert "set-up asks for a code" in box.note()
    box.done()
    assert box.on_card() == {"tonearm.toml", "tonearm-problem.txt"}
    box.power_cycle()
    box.use()
    assert demanded(box) != first
    box.write('name = "kitchen"')
    box.power_cycle()
    box.use()
    assert box.told() == {}
    assert not (box.run / "setup-code").exists()


def test_a_start_that_is_cut_off_while_it_waits_for_the_card_leaves_set_up_closed(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd ends it when it takes too long; nothing is done after that."""

    class Ended(BaseException):
        pass

    def never(_: Path) -> Iterator[Path]:
        raise Ended

    monkeypatch.setattr(Path, "iterdir", never)
    with pytest.raises(Ended):
        box.use()
    monkeypatch.undo()
    assert demanded(box)
    assert box.screen()[0] == "The first partition of the card could not be read."


def test_a_box_without_a_file_stays_open_where_its_partition_cannot_be_written(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = os.unlink

    def read_only(path: Path) -> None:
        """Linux says so before it looks whether there is anything to remove."""
        if path.is_relative_to(box.boot):
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(path)

    monkeypatch.setattr(os, "unlink", read_only)
    box.use()
    assert list(box.run.iterdir()) == []
    (box.boot / "tonearm-problem.txt").write_text("The file tonearm.toml cannot be used, and nothing was changed.")
    box.use()
    assert list(box.run.iterdir()) == []
