"""What the owner is told of the boot partition's file, on the screen and on the card, and for how long."""

import stat

import pytest

from appliance.core.accounts import Role
from appliance.core.errors import Unavailable
from tests.host.answering import SETUP
from tests.host.box import WHOLE, Box
from tests.host.machinery import Recorder


def test_a_bad_file_changes_nothing_and_is_told_on_the_screen_and_on_the_card(box: Box, asked: Recorder) -> None:
    box.write(WHOLE.replace("Europe/Berlin", "Europe/Atlantis").replace('name = "ada"', "name = 3"))
    box.use()
    assert asked.asked == []
    assert (box.root / "etc/hostname").read_text() == "tonearm\n"
    screen = box.screen()
    assert screen[0] == "The file tonearm.toml cannot be used, and nothing was changed."
    assert [line.partition(":")[0] for line in screen[1:]] == ["administrator", "time_zone"]
    assert "\r\ntime_zone: There is no time zone Europe/Atlantis." in box.note()
    assert "Correct it, or remove it, and start the box again." in box.note()
    assert stat.S_IMODE((box.run / "problem").stat().st_mode) == 0o644
    box.done()
    assert box.on_card() == {"tonearm.toml", "tonearm-problem.txt"}


def test_a_file_that_was_corrected_takes_the_problem_away(box: Box) -> None:
    box.write("name = 3")
    box.use()
    box.power_cycle()
    box.write('name = "kitchen"')
    box.use()
    assert box.on_card() == {"tonearm.toml"}
    assert not (box.run / "problem").exists()


def test_what_the_machine_refuses_is_told_and_the_rest_is_done(box: Box, asked: Recorder) -> None:
    asked.refusals = {"set_host_name"}
    box.write(WHOLE)
    box.use()
    assert (box.run / "problem").read_text().splitlines() == [
        "Not all of tonearm.toml could be done.",
        "The name could not be changed: Operation not permitted.",
    ]
    assert box.told()["TONEARM_ADMIN_USER"] == "ada"
    box.done()
    assert box.on_card() == {"tonearm-applied.toml", "tonearm-problem.txt"}
    assert "rename tonearm-applied.toml" in box.note()
    for _ in range(2):
        box.power_cycle()
        box.use()
        box.done()
    assert "The name could not be changed" in box.note()
    box.write('name = "attic"')
    asked.refusals.clear()
    box.power_cycle()
    box.use()
    assert "tonearm-problem.txt" not in box.on_card()


def test_what_stays_of_a_file_does_not_hide_what_the_machine_refused(box: Box, asked: Recorder) -> None:
    asked.refusals = {"set_host_name"}
    box.write('name = "kitchen"\nsetup_code = true')
    for _ in range(2):
        box.use()
        box.done()
        box.power_cycle()
    assert box.on_card() == {"tonearm.toml", "tonearm-applied.toml", "tonearm-problem.txt"}
    assert "The name could not be changed" in box.note()


def test_a_file_that_could_not_be_used_and_is_gone_is_no_problem_any_more(box: Box) -> None:
    box.write("name = 3")
    box.use()
    (box.boot / "tonearm.toml").unlink()
    box.power_cycle()
    box.use()
    assert box.on_card() == set()
    assert list(box.run.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (WHOLE, ["administrator", "music"]),
        ('[administrator]\nname = "grace"\npassword = "forgotten"', ["administrator"]),
        ('music = "/srv/tonearm/music/new"', ["music"]),
    ],
    ids=["both", "a forgotten password", "another folder"],
)
def test_what_a_box_that_was_set_up_makes_nothing_of_is_told(box: Box, content: str, told: list[str]) -> None:
    box.set_up()
    box.write(content)
    box.use()
    assert box.screen() == []
    box.done()
    assert box.screen()[0] == "Not all of tonearm.toml could be done."
    assert [line.partition(": The box was set up before")[0] for line in box.screen()[1:]] == told
    assert all(f"\r\n{sentence}\r\n" in box.note() for sentence in box.screen()[1:])
    assert "rename" not in box.note()
    assert box.on_card() == {"tonearm-applied.toml", "tonearm-problem.txt"}
    assert box.server.users.keys() == {"grace"}
    assert box.server.sessions == set()


def test_what_was_refused_and_what_was_in_vain_are_told_together_and_once(box: Box, asked: Recorder) -> None:
    asked.refusals = {"set_host_name"}
    box.set_up()
    box.write(WHOLE)
    box.use()
    (box.boot / "tonearm-applied.toml").mkdir()  # what can be told is told, though it cannot be put away
    with pytest.raises(Unavailable):
        box.done()
    (box.boot / "tonearm-applied.toml").rmdir()
    box.done()
    assert [sentence.partition(" ")[0] for sentence in box.screen()] == ["Not", "The", "administrator:", "music:"]
    assert "rename tonearm-applied.toml" in box.note()


def test_an_administrator_whom_the_file_made_before_is_no_surprise(box: Box) -> None:
    """The power went before the file was put away."""
    box.write(WHOLE)
    box.use()
    box.set_up("ada", 'corr"ect $horse')
    box.power_cycle()
    box.use()
    box.done()
    assert not box.screen()
    assert box.on_card() == {"tonearm-applied.toml"}
    assert box.server.sessions == set()


def test_somebody_with_that_password_who_is_no_administrator_is_told_of(box: Box) -> None:
    box.set_up()
    box.server.users["ada"] = ('corr"ect $horse', Role.MEMBER)
    box.write(WHOLE)
    box.use()
    box.done()
    assert "no account was made" in box.note()
    assert box.server.sessions == set()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/v1/setup/", (503, b"{}")),
        ("/api/v1/setup/", (200, b'{"needed":"maybe"}')),
        ("/api/v1/setup/", (200, SETUP)),
        ("/api/v1/sessions/", (503, b"{}")),
        ("/api/v1/sessions/", (429, b"{}")),
        ("/api/v1/sessions/", (201, b"nonsense")),
        ("/api/v1/sessions/", (201, b"{}")),
    ],
)
def test_until_the_server_says_what_it_made_of_the_file_the_file_stays(
    box: Box, path: str, answer: tuple[int, bytes]
) -> None:
    box.write(WHOLE)
    box.use()
    box.set_up("ada", 'corr"ect $horse')
    before, box.server.at[path] = box.server.at.get(path), answer
    with pytest.raises(Unavailable):
        box.done()
    assert box.on_card() == {"tonearm.toml"}
    if before is None:
        del box.server.at[path]
    else:
        box.server.at[path] = before
    box.done()
    assert box.on_card() == {"tonearm-applied.toml"}


def test_a_partition_that_cannot_be_written_is_told_on_the_screen_at_least(box: Box) -> None:
    box.write("name = 3")
    (box.boot / "tonearm-problem.txt").mkdir()  # as root, no mode keeps us from writing; this does
    box.use()
    assert (box.run / "problem").exists()
