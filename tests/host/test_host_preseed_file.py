"""The owner's file, as people write it on whatever computer they have: read as a whole, or told what is wrong."""

import re
from pathlib import Path

import pytest

from appliance.core.machine import MachineWishes
from appliance.host.preseed_file import MADE, OWN, Administrator, BadPreseed, Preseed, find, load, parse
from tests.host.machinery import public_key

KEY = public_key()
WHOLE = f"""
name = "kitchen"
time_zone = "Europe/Berlin"
music = "/srv/tonearm/music"
ssh_keys = ["{KEY}"]
setup_code = false

[administrator]
name = "ada"
password = "cörrect # horse"
"""
READ = Preseed(
    name="kitchen",
    time_zone="Europe/Berlin",
    music="/srv/tonearm/music",
    ssh_keys=(KEY,),
    administrator=Administrator(name="ada", password="cörrect # horse"),
)


#: What lies on the boot partition of every card, for its owner to copy.
EXAMPLE = Path(__file__).parents[2] / "ansible/roles/card/files/boot/tonearm-example.toml"


@pytest.fixture
def zoneinfo(root: Path) -> Path:
    return root / "usr/share/zoneinfo"


def faults(content: str | bytes, zoneinfo: Path) -> list[str]:
    with pytest.raises(BadPreseed) as caught:
        parse(content.encode() if isinstance(content, str) else content, zoneinfo)
    assert all(fault.endswith(".") for fault in caught.value.faults)
    return caught.value.faults


@pytest.mark.parametrize(
    "content",
    [
        WHOLE.encode(),
        WHOLE.encode("utf-8-sig"),
        WHOLE.replace("\n", "\r\n").encode(),
        WHOLE.replace("\n", "\r\n").encode("utf-16"),
        WHOLE.encode() + b"\n\n# a remark",
    ],
    ids=["plain", "with a mark", "of Windows", "in UTF-16", "with a remark"],
)
def test_the_file_is_read_as_editors_write_it(content: bytes, zoneinfo: Path) -> None:
    assert parse(content, zoneinfo) == READ


def test_every_part_may_be_left_out(zoneinfo: Path) -> None:
    assert parse(b"", zoneinfo) == Preseed()
    assert parse(b"setup_code = true", zoneinfo) == Preseed(setup_code=True)
    assert Preseed().wishes == MachineWishes()


def test_a_name_may_be_written_as_people_do(zoneinfo: Path) -> None:
    assert parse('name = "Küche oben"'.encode(), zoneinfo).wishes.name == "kuche-oben"


def test_every_fault_is_told_at_once(zoneinfo: Path) -> None:
    told = faults(
        """
        name = "!!!"
        time_zone = "Europe/Atlantis"
        music = "music"
        ssh_keys = "ssh-ed25519 AAAA"
        setup_code = "yes"
        wifi = "on"
        [administrator]
        name = ""
        password = ""
        role = "king"
        """,
        zoneinfo,
    )
    assert [fault.partition(":")[0] for fault in told] == [
        "There is no 'wifi' to set; perhaps it is spelt differently.",
        "ssh_keys",
        "setup_code",
        "name",
        "time_zone",
        "music",
        "administrator",
        "administrator",
        "There is no 'role' of an administrator.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name = kitchen", "something is wrong at line 1"),
        ("name = “kitchen”", "curly quotes"),
        ("name = 'kit\nchen'", "line 1"),
        ('name = "a"\nname = "b"', "cannot be read"),
        ("[" * 20_000, "cannot be read"),
        (b"\xff\xfe\x00", "not plain text"),
        (b"name = \x80", "not plain text"),
        ("name = 3", 'as in name = "kitchen"'),
        ("time_zone = 2026-11-20", "in quotes"),
        ("music = []", "in quotes"),
        ('music = "/srv/../etc"', "begins with a slash"),
        ('music = "/srv/\\u0000"', "begins with a slash"),
        ("ssh_keys = [3]", "as a list"),
        ('ssh_keys = ["command=\\"sh\\" ssh-ed25519 AAAA"]', "begins with its kind"),
        ("administrator = 3", "below [administrator]"),
        ("[administrator]\nname = 'ada'", "below [administrator]"),
        ("[administrator]\nname = 'ada'\npassword = \"a\\u0007b\"", "control character"),
        ("[[administrator]]\nname = 'ada'\npassword = 'x'", "below [administrator]"),
    ],
)
def test_a_fault_is_told_in_a_sentence_that_helps(content: str | bytes, words: str, zoneinfo: Path) -> None:
    assert any(words in fault for fault in faults(content, zoneinfo)), faults(content, zoneinfo)


@pytest.mark.parametrize(
    "content",
    [
        "[administrator]\npassword = s3cret",
        "[administrator]\npassword = 's3cret",
        "[administrator]\npassword = ['s3cret']",
        "[administrator]\nname = 'ada'\npassword = \"s3cret\\q\"",
        "[administrator]\nname = 'ada'\npassword = \"s3cret\\u0000\"",
        "[administrator]\nname = 'ada'\npassword = 's3cret'\npassword = 's3cret'",
        "[administrator]\nname = 'ada'\npassword = 's3cret'\nx = 's3cret'",
    ],
)
def test_no_fault_repeats_the_password(content: str, zoneinfo: Path) -> None:
    assert "s3cret" not in " ".join(faults(content, zoneinfo))


@pytest.mark.parametrize(
    "folder",
    [
        "/srv/tonearm/music",
        "/srv/tonearm/music/",
        "//srv//tonearm/music/ours",
        "/srv/Musik",
        "/mnt",
        "/mnt/disk/Müsik & Co",
        "/media/usb0",
    ],
)
def test_music_may_lie_where_the_server_may_look(folder: str, zoneinfo: Path) -> None:
    assert parse(f'music = "{folder}"'.encode(), zoneinfo).music == folder


@pytest.mark.parametrize(
    "folder",
    [
        "/",
        "/srv",
        "/srv/tonearm",
        "/srv/tonearm/Musik",
        "/srv/tonearm/music2",
        "/srv/tonearm/server/x",
        "/srv/tonearm/postgresql",
        "/etc",
        "/home/music",
        "/root",
        "/var/lib/music",
        "/srv2/music",
        "/./srv/tonearm/./Musik",
    ],
)
def test_music_may_not_lie_where_the_server_neither_looks_nor_writes(folder: str, zoneinfo: Path) -> None:
    (told,) = faults(f'music = "{folder}"', zoneinfo)
    assert told == (
        "music: Tonearm makes /srv/tonearm/music and folders in it. Any other has to be there already, in /srv, /mnt "
        "or /media, but not in /srv/tonearm."
    )


def test_where_music_may_lie_is_what_the_server_s_unit_allows() -> None:
    unit = (EXAMPLE.parents[3] / "tonearm/files/etc/systemd/system/tonearm.service").read_text()
    found = {name: value.split() for name, value in re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE)}
    assert found["ProtectSystem"] == ["strict"]
    assert [path for path in found["ReadWritePaths"] if not path.endswith("/server")] == [MADE]
    hidden = [path.lstrip("-") for path in found["InaccessiblePaths"]] + found.get("TemporaryFileSystem", [])
    assert all(Path(path).is_relative_to(OWN) for path in hidden)


@pytest.mark.parametrize("name", ["tonearm.toml", "TONEARM.TOML", "Tonearm.toml", "tonearm.toml.txt"])
def test_the_file_is_found_under_the_names_that_computers_give_it(name: str, tmp_path: Path) -> None:
    for other in ("tonearm-example.toml", "tonearm-applied.toml", "._tonearm.toml", "tonearm.toml~", "config.txt"):
        (tmp_path / other).touch()
    (tmp_path / "overlays").mkdir()
    assert find(tmp_path) is None
    (tmp_path / name).touch()
    assert find(tmp_path) == tmp_path / name


def test_of_two_files_neither_is_chosen(tmp_path: Path) -> None:
    for name in ("tonearm.toml", "tonearm.toml.txt"):
        (tmp_path / name).touch()
    with pytest.raises(BadPreseed, match=r"There are tonearm.toml and tonearm.toml.txt: leave one of them."):
        find(tmp_path)


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "tonearm.toml").open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(BadPreseed, match="too large"):
        load(tmp_path / "tonearm.toml")


def test_the_example_on_the_card_changes_nothing_and_says_all_that_can_be_said(zoneinfo: Path) -> None:
    example = EXAMPLE.read_text()
    assert parse(example.encode(), zoneinfo) == Preseed()
    taken = "\n".join(line[2:] for line in example.splitlines() if re.match(r"# (\w+ = |\[)", line))
    read = parse(taken.replace("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI... ada@laptop", KEY).encode(), zoneinfo)
    assert all(getattr(read, field) for field in Preseed.__struct_fields__), read
