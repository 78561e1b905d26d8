"""The boot partition's file from its first use to its end, when all goes well."""

import os
import re
import stat
import tomllib

from appliance.host.setup_code import new_code
from tests.host.answering import report
from tests.host.box import KEY, PASSWORD, WHOLE, Box
from tests.host.machinery import Recorder


def test_a_box_without_a_file_starts_as_it_is(box: Box, asked: Recorder) -> None:
    box.use()
    box.done()
    assert box.on_card() == set()
    assert list(box.run.iterdir()) == []
    assert asked.asked == []


def test_the_file_changes_the_machine_and_tells_the_server(box: Box) -> None:
    box.write(WHOLE)
    box.use()
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
    box.use()
    with path.open("rb") as old:
        box.done()
        assert not old.read().strip(b"\0")  # overwritten where it stood
    assert box.on_card() == {"tonearm-applied.toml"}
    kept = (box.boot / "tonearm-applied.toml").read_text()
    assert tomllib.loads(kept) == {
        "name": "Kitchen",
        "time_zone": "Europe/Berlin",
        "music": "/srv/tonearm/music",
        "ssh_keys": [KEY],
    }
    assert '\n# [administrator]\n# name = "ada"\n' in kept
    assert PASSWORD not in b"".join(path.read_bytes() for path in box.root.rglob("*") if path.is_file())
    assert box.told() == {"TONEARM_MUSIC_HOME": "/srv/tonearm/music"}


def test_done_twice_is_done(box: Box) -> None:
    box.write(WHOLE)
    box.use()
    box.done()
    before = {path: path.read_bytes() for path in box.boot.iterdir()}
    box.done()
    box.power_cycle()
    box.use()
    box.done()
    assert {path: path.read_bytes() for path in box.boot.iterdir()} == before


def test_the_copy_can_be_used_again_by_its_old_name(box: Box) -> None:
    box.write(WHOLE)
    box.use()
    box.done()
    (box.boot / "tonearm-applied.toml").rename(box.boot / "tonearm.toml")
    (box.root / "etc/hostname").write_text("attic\n")
    box.power_cycle()
    box.use()
    assert not box.screen()
    assert (box.root / "etc/hostname").read_text() == "kitchen\n"
    box.done()
    assert "tonearm-applied.toml" in box.on_card()
    assert "tonearm.toml" not in box.on_card()


def test_done_without_use_touches_nothing(box: Box) -> None:
    box.write(WHOLE)
    box.done()
    assert box.on_card() == {"tonearm.toml"}


def test_a_file_that_came_after_the_start_waits_for_the_next(box: Box) -> None:
    box.write(WHOLE)
    box.use()
    newer = WHOLE.replace("Kitchen", "Attic")
    box.write(newer)
    box.done()
    assert (box.boot / "tonearm.toml").read_text() == newer
    box.write("name = broken")
    box.done()
    assert box.on_card() == {"tonearm.toml"}


def test_what_windows_made_of_the_name_is_used_and_taken_away(box: Box) -> None:
    box.write(WHOLE.replace("\n", "\r\n"), "tonearm.toml.txt")
    box.use()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_code_is_made_for_the_screen_and_the_server(box: Box) -> None:
    box.write("setup_code = true")
    box.use()
    code = (box.run / "setup-code").read_text().strip()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert box.told() == {"TONEARM_SETUP_CODE": code}
    assert stat.S_IMODE((box.run / "setup-code").stat().st_mode) == 0o640


def test_a_code_is_asked_for_until_set_up_is_over_restarts_or_not(box: Box) -> None:
    box.write('name = "kitchen"\nsetup_code = true\n')
    box.use()
    box.done()
    assert box.on_card() == {"tonearm.toml", "tonearm-applied.toml"}
    assert tomllib.loads((box.boot / "tonearm.toml").read_text()) == {"setup_code": True}
    assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "kitchen"
    # Meanwhile somebody calls it otherwise, and it stays so.
    (box.root / "etc/hostname").write_text("attic\n")
    for _ in range(2):
        box.power_cycle()
        box.use()
        assert box.told().keys() == {"TONEARM_SETUP_CODE"}
        box.done()
    box.set_up()
    box.power_cycle()
    box.use()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}
    assert box.screen() == []
    assert (box.root / "etc/hostname").read_text() == "attic\n"
    assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "kitchen"


def test_the_folder_of_music_is_offered_until_set_up_is_over_restarts_or_not(box: Box) -> None:
    box.write('name = "kitchen"\nmusic = "/srv/tonearm/music/ours"\n')
    for _ in range(3):
        box.use()
        assert box.told() == {"TONEARM_MUSIC_HOME": "/srv/tonearm/music/ours"}
        box.done()
        assert tomllib.loads((box.boot / "tonearm.toml").read_text()) == {"music": "/srv/tonearm/music/ours"}
        box.power_cycle()
    assert tomllib.loads((box.boot / "tonearm-applied.toml").read_text())["name"] == "kitchen"
    box.set_up()
    box.use()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}
    assert box.screen() == []


def test_an_owner_who_asked_for_no_more_than_stays_is_not_complained_to_after_set_up(box: Box) -> None:
    box.write('# mine\nmusic = "/srv/tonearm/music/ours"\n')
    box.use()
    box.done()
    box.set_up()
    box.power_cycle()
    box.use()
    box.done()
    assert box.screen() == []
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_folder_on_a_disk_that_is_not_there_yet_is_remembered_and_the_password_is_not(box: Box) -> None:
    box.write(WHOLE.replace("/srv/tonearm/music", "/mnt/usb"))
    box.server.at["/health/ready"] = (200, report(music="The folder for music is /mnt/usb. There is no such folder."))
    for _ in range(3):
        box.use()
        assert box.told()["TONEARM_MUSIC_HOME"] == "/mnt/usb"
        box.done()
        assert tomllib.loads((box.boot / "tonearm.toml").read_text()) == {"music": "/mnt/usb"}
        assert not any(PASSWORD in path.read_bytes() for path in box.boot.iterdir())
        box.power_cycle()
    box.server.at["/health/ready"] = (200, report())
    box.use()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}
    assert box.screen() == []


def test_a_code_means_nothing_beside_an_administrator(box: Box) -> None:
    box.write(f"setup_code = true\n{WHOLE}")
    box.use()
    assert "TONEARM_SETUP_CODE" not in box.told()
    assert not (box.run / "setup-code").exists()
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_code_is_random_and_has_no_letter_that_looks_like_another() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert set("".join(codes)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
