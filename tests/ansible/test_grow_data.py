"""The data partition on a larger card, on an image of one: a real partition table, no root needed."""

import re
import subprocess
from pathlib import Path

import pytest

GROW = Path(__file__).parents[2] / "ansible/roles/card/files/grow-data"
MEBIBYTE = 1024 * 1024
# As image/ lays a card out, in small: boot, root, reserved, data.
TABLE = "label: dos\n2048,8M,c\n,16M,83\n,16M,83\n,4M,83\n"
USED = 45 * MEBIBYTE


def card(folder: Path, size: int, table: str = TABLE) -> Path:
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["sfdisk", "--quiet", image], input=table, text=True, check=True)
    return image


def grow(image: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GROW, image], capture_output=True, text=True, check=False)


def partitions(image: Path) -> list[tuple[int, int, str]]:
    """Start and size, in sectors, and type of each."""
    dump = subprocess.run(["sfdisk", "--dump", image], capture_output=True, text=True, check=True).stdout
    return [(int(a), int(b), kind) for a, b, kind in re.findall(r"start= *(\d+), size= *(\d+), type=(\w+)", dump)]


def test_the_data_get_all_of_a_larger_card_and_nobody_else_is_touched(tmp_path: Path) -> None:
    image = card(tmp_path, 100 * MEBIBYTE + 512 * 300)
    before = partitions(image)
    done = grow(image)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the data have 59 MB now, 55 MB more" in done.stdout
    after = partitions(image)
    assert after[:3] == before[:3]
    assert after[3] == (before[3][0], 59 * MEBIBYTE // 512, before[3][2])


def test_the_second_time_nothing_is_written(tmp_path: Path) -> None:
    image = card(tmp_path, 100 * MEBIBYTE)
    grow(image)
    before = (image.stat().st_mtime_ns, image.read_bytes())
    image.chmod(0o444)
    done = grow(image)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (image.stat().st_mtime_ns, image.read_bytes()) == before


def test_a_card_that_is_full_stays_as_it_is(tmp_path: Path) -> None:
    image = card(tmp_path, USED)
    before = image.read_bytes()
    assert grow(image).returncode == 0
    assert image.read_bytes() == before


def test_what_lies_in_the_partitions_stays(tmp_path: Path) -> None:
    image = card(tmp_path, 60 * MEBIBYTE)
    start = partitions(image)[3][0] * 512
    with image.open("r+b") as file:
        file.seek(start)
        file.write(b"music" * 1000)
    grow(image)
    with image.open("rb") as file:
        file.seek(start)
        assert file.read(5000) == b"music" * 1000


def test_no_further_than_a_table_can_count(tmp_path: Path) -> None:
    image = card(tmp_path, 3 * 1024**4)  # sparse
    assert grow(image).returncode == 0
    start, size, _ = partitions(image)[3]
    assert 2**32 - 4096 < start + size < 2**32


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("label: dos\n2048,8M,c\n,16M,83\n", "has no partition 4"),
        ("label: dos\n2048,8M,c\n,2M,83\n65536,8M,83\n28672,4M,83\n", "lies behind the data"),
    ],
)
def test_another_card_than_ours_is_left_alone(tmp_path: Path, table: str, reason: str) -> None:
    image = card(tmp_path, 100 * MEBIBYTE, table)
    before = image.read_bytes()
    done = grow(image)
    assert done.returncode == 1
    assert reason in done.stderr
    assert image.read_bytes() == before
