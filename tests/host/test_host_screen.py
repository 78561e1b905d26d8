"""The picture on the screen: what stands where, what it says, and in which characters."""

import itertools
import re
from typing import Any

import pytest
import segno

from appliance.host import sight as words
from appliance.host.canvas import Canvas, Ink, drawable
from appliance.host.lettering import huge, large
from appliance.host.patience import Patience
from appliance.host.qr import in_halves, in_wholes, qr_code
from appliance.host.screen import draw
from appliance.host.server_state import ServerState
from appliance.host.sight import Facts, Sight, sight

UP = ServerState(answers=True, failing={}, open_for_setup=False)
OPEN = ServerState(answers=True, failing={}, open_for_setup=True)
DOWN = ServerState(answers=False, failing={}, open_for_setup=False)
#: The glyphs of Linux's own console font (drivers/tty/vt/cp437.uni).
CODE_PAGE_437 = frozenset(bytes(range(32, 256)).decode("cp437"))


def facts(**changed: Any) -> Facts:
    whole = Facts(
        name="tonearm",
        urls=("http://192.168.178.123",),
        linked=True,
        music_disk_missing=False,
        server=UP,
        silent_for=20.0,
        code="7KQM-2XWD",
        problem="",
    )
    return whole._replace(**changed)


def seen(**changed: Any) -> Sight:
    return sight(facts(**changed), 80)


def failing(**checks: str) -> ServerState:
    return ServerState(answers=True, failing=checks, open_for_setup=False)


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, words.READY),
        ({"server": OPEN}, words.SETUP),
        ({"server": DOWN}, words.STARTING),
        ({"server": DOWN, "music_disk_missing": True}, words.STARTING),
        ({"server": DOWN, "music_disk_missing": True, "silent_for": 101.0}, words.NO_MUSIC_DISK),
        ({"server": DOWN, "silent_for": 239.0, "urls": ()}, words.STARTING),
        ({"server": DOWN, "silent_for": 241.0}, words.LATE),
        ({"server": failing(database="x")}, words.NO_DATABASE),
        ({"server": failing(database="x"), "urls": ()}, words.NO_DATABASE),
        ({"urls": (), "linked": False}, words.NO_CABLE),
        ({"urls": (), "linked": True, "server": OPEN}, words.NO_ADDRESS),
        ({"server": failing(disk="3 MB are free; make room.")}, f"{words.HALF} 3 MB are free; make room."),
    ],
)
def test_the_line_of_state_says_what_matters_most(changed: dict[str, Any], state: str) -> None:
    found = seen(**changed)
    assert found.state == state
    assert found.is_bad == (state not in {words.READY, words.SETUP, words.STARTING})
    assert found.is_settled == (state == words.READY)


def test_a_hiccup_frightens_nobody_and_what_stays_is_told() -> None:
    patience, ill = Patience(), facts(server=failing(database="x"))
    assert sight(patience.view(ill, 100.0), 80).state == words.STARTING  # it has not been well yet
    well = facts(server=OPEN)
    assert patience.view(well, 101.0) == well
    for now, server in ((110.0, ill.server), (115.0, DOWN), (129.9, ill.server)):
        assert sight(patience.view(facts(server=server), now), 80).state == words.SETUP
    assert sight(patience.view(ill, 130.0), 80).state == words.NO_DATABASE
    assert sight(patience.view(facts(server=UP), 131.0), 80).state == words.READY
    assert sight(patience.view(ill, 132.0), 80).state == words.READY


def test_the_code_is_shown_only_while_it_opens_something() -> None:
    assert seen(server=OPEN).code == "7KQM-2XWD"
    assert seen(server=UP).code == seen(server=DOWN).code == ""


@pytest.mark.parametrize("server", [OPEN, DOWN, UP], ids=["open", "down", "up"])
def test_a_problem_with_the_owner_s_file_is_shown_whoever_has_set_up(server: ServerState) -> None:
    found = seen(server=server, problem="name: No.")
    assert found.problem == "name: No."
    assert not found.is_settled  # the screen stays lit
    assert "name: No." in "\n".join(draw(found, 80, 25).plain())


def test_another_port_is_named() -> None:
    assert sight(facts(urls=("http://10.0.0.2:4533",)), 4533).urls == (
        "http://tonearm.local:4533",
        "http://10.0.0.2:4533",
    )


def test_without_a_network_no_address_is_promised() -> None:
    assert seen(urls=()).urls == ()
    assert "http" not in "\n".join(draw(seen(urls=(), linked=False), 80, 25).plain())


def test_the_picture_on_the_smallest_screen() -> None:
    lines = draw(seen(server=OPEN), 80, 25).plain()
    text = "\n".join(lines)
    assert len(lines) == 25
    assert max(map(len, lines)) <= 80
    for part in ("http://tonearm.local", "http://192.168.178.123", "Code for set-up", "7KQM-2XWD", words.SETUP):
        assert part in text
    for line in large("tonearm", 46):
        assert line in text
    for line in in_halves(qr_code("http://192.168.178.123")):
        assert line in text


SIZES = [(80, 25), (100, 37), (119, 45), (160, 50), (240, 67), (40, 12), (64, 16)]
#: What people have; not those of nine addresses or of two thousand letters.
USUAL: list[dict[str, Any]] = [
    {},
    {"server": OPEN},
    {"server": OPEN, "problem": "The file tonearm.toml cannot be used, and nothing was changed.\nname: Write it so."},
    {"server": OPEN, "name": "k" * 63},
    {"server": OPEN, "name": "living-room-upstairs", "urls": ("http://192.168.178.123:4533", "http://10.0.0.2:4533")},
    {"server": OPEN, "urls": ("http://[2001:db8:1234:5678:9abc:def0:1234:5678]",)},
]


@pytest.mark.parametrize("changed", USUAL, ids=range(len(USUAL)))
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("halves", [True, False], ids=["halves", "wholes"])
def test_no_code_of_blocks_hides_what_is_to_be_read(
    changed: dict[str, Any],
    size: tuple[int, int],
    halves: bool,  # noqa: FBT001 - a column
) -> None:
    found = seen(**changed)
    text = " ".join("\n".join(draw(found, *size, halves=halves).plain()).split())
    room = size[0] - 6
    parts = [
        *(url for url in found.urls[:2] if len(url) <= room),
        found.code,
        found.state,
        *found.problem.split("\n", 1),
    ]
    assert [part for part in parts if part not in text] == []


STATES = [
    {},
    {"server": OPEN},
    {"server": DOWN},
    {
        "server": DOWN,
        "silent_for": 999.0,
        "music_disk_missing": True,
        "problem": "\n".join(["A sentence that is long."] * 9),
    },
    {"server": failing(disk="x" * 300)},
    {"urls": (), "linked": False},
    {"urls": tuple(f"http://10.0.0.{n}" for n in range(9))},
    {"name": "k" * 63, "urls": ("http://[2001:db8:1234:5678:9abc:def0:1234:5678]",)},
    {"name": "a", "code": "x" * 2000, "server": OPEN, "problem": "word " * 400},
    {"name": "…" * 70, "problem": "\x1b[2J\a’“”–—…☃密", "server": DOWN},
]


@pytest.mark.parametrize("changed", STATES, ids=range(len(STATES)))
@pytest.mark.parametrize("size", [(80, 25), (100, 37), (160, 50), (240, 67), (40, 12), (1, 1)], ids=str)
@pytest.mark.parametrize("halves", [True, False], ids=["halves", "wholes"])
def test_whatever_happens_the_picture_fits_and_every_console_can_draw_it(
    changed: dict[str, Any],
    size: tuple[int, int],
    halves: bool,  # noqa: FBT001 - a column
) -> None:
    lines = draw(seen(**changed), *size, halves=halves).plain()
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]
    drawn = set("".join(lines))
    assert drawn <= CODE_PAGE_437
    assert halves or not drawn & set("▀▄")


@pytest.mark.parametrize("changed", [STATES[3], STATES[8]], ids=["the disk", "a long problem"])
@pytest.mark.parametrize("size", [(80, 25), (119, 48), (120, 48), (160, 47)], ids=str)
def test_where_one_layout_just_fits_nothing_that_matters_is_cut(changed: dict[str, Any], size: tuple[int, int]) -> None:
    text = " ".join("\n".join(draw(seen(**changed), *size).plain()).split())
    assert seen(**changed).state in text
    assert "More of it stands in tonearm-problem.txt on the card." in text


def test_the_code_is_larger_where_there_is_room_and_left_out_where_there_is_none() -> None:
    wide = "\n".join(draw(seen(), 160, 50).plain())
    assert all(line in wide for line in in_wholes(qr_code("http://192.168.178.123")))
    assert "█" not in "".join(draw(seen(), 80, 25, halves=False).plain())
    assert "█" in "".join(draw(seen(), 119, 45, halves=False).plain())


def test_the_lines_of_a_code_say_what_segno_says() -> None:
    """Read back, module by module, as a camera does."""
    modules = qr_code("http://192.168.178.123")
    assert len(modules) == 29
    light = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    halves = in_halves(modules)
    assert len(halves) == 15
    rows = [row for line in halves for row in zip(*(light[cell] for cell in line), strict=True)]
    wholes = [[line[at] == "█" for at in range(0, len(line), 2)] for line in in_wholes(modules)]
    expected = segno.make("HTTP://192.168.178.123", error="l", micro=False).matrix_iter(border=4)
    matrix = [[not dark for dark in row] for row in expected]
    assert [list(row) for row in rows[:29]] == matrix == wholes
    quiet = [matrix[0], matrix[3], matrix[25], matrix[28], [row[3] for row in matrix], [row[-1] for row in matrix]]
    assert all(itertools.chain.from_iterable(quiet))


@pytest.mark.parametrize(
    ("name", "high"), [("den", 5), ("tonearm", 5), ("living-room", 5), ("music-den-2", 4), ("k" * 63, 1)]
)
def test_the_name_is_as_large_as_fits(name: str, high: int) -> None:
    lines = large(name, 50)
    assert len(lines) == high
    assert max(map(len, lines)) <= 50


def test_on_a_large_screen_the_name_is_huge_where_it_fits() -> None:
    lines = huge("tonearm", 114)
    assert len(lines) == 7
    assert set("".join(lines)) == {" ", "█"}
    text = "\n".join(draw(seen(), 160, 50).plain())
    assert all(line in text for line in lines)
    assert huge("living-room-upstairs", 114) == large("living-room-upstairs", 114)
    assert large("living-room-upstairs", 114)[0] != "living-room-upstairs"


def test_light_modules_are_bright_on_black_and_ink_ends_with_its_text() -> None:
    canvas = Canvas(10, 2)
    canvas.put(0, 0, "ab", Ink.TEXT)
    canvas.put(3, 0, "█ █", Ink.MODULE)
    inks = {ink: str(number) for number, ink in enumerate(Ink)}
    assert canvas.inked(inks) == [
        f"\033[{inks[Ink.TEXT]}mab\033[{inks[Ink.QUIET]}m \033[{inks[Ink.MODULE]}m█ █\033[0m",
        "\033[0m",
    ]


def test_nothing_that_somebody_wrote_can_command_the_terminal() -> None:
    assert drawable("a\x1b[2Jb\r\n\x9bc\x00d") == "a?[2Jb???c?d"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", drawable("".join(map(chr, range(0x200)))))
