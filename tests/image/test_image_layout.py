"""The card's partitions: sizes that follow from what is in them, and a table that is as it was meant."""

import os
from pathlib import Path

import msgspec
import pytest

from image.inspection import Partition, extract, table_faults
from image.layout import ALIGN, BOOT_SIZE, DATA_SIZE, MIB, identity, layout, round_up, used
from image.target import target
from image.workshop import Workshop, workshop

GOOD = [
    Partition(start=ALIGN, size=BOOT_SIZE, kind="c"),
    Partition(start=ALIGN + BOOT_SIZE, size=1024 * MIB, kind="83"),
    Partition(start=ALIGN + BOOT_SIZE + 1024 * MIB, size=1024 * MIB, kind="83"),
    Partition(start=ALIGN + BOOT_SIZE + 2048 * MIB, size=DATA_SIZE, kind="83"),
]


class Elsewhere(Workshop, frozen=True):
    """A workshop in a folder of the test's own."""

    folder: Path = Path()

    @property
    def root(self) -> Path:
        return self.folder


def shop(folder: Path, commit: str = "abc") -> Elsewhere:
    return Elsewhere(target=target("arm64"), version="1.0", commit=commit, epoch=0, folder=folder)


def test_used_counts_blocks_and_a_file_with_two_names_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(bytes(4097))
    folder = round_up((tmp_path / "folder").stat().st_size, 4096)
    assert used(tmp_path) == 4096 + 8192 + folder
    os.link(tmp_path / "large", tmp_path / "again")
    assert used(tmp_path) == 4096 + 8192 + folder


def test_the_root_has_room_for_another_release_and_for_updates(tmp_path: Path) -> None:
    release = tmp_path / "opt/tonearm/releases/1.0"
    release.mkdir(parents=True)
    (release / "wheels").touch()
    os.truncate(release / "wheels", 300 * MIB)
    sizes = layout(shop(tmp_path))
    assert sizes.root >= used(tmp_path) + 300 * MIB + 512 * MIB
    assert sizes.root % (128 * MIB) == 0
    assert sizes.reserved == sizes.root


def test_the_same_commit_gives_the_same_identities_and_another_commit_others(tmp_path: Path) -> None:
    one, other = shop(tmp_path), shop(tmp_path, commit="def")
    assert identity(one, "root") == identity(shop(tmp_path), "root")
    assert len({identity(one, "root"), identity(one, "data"), identity(other, "root")}) == 3


def test_a_right_table_has_no_fault() -> None:
    assert table_faults(GOOD, target("arm64")) == []


@pytest.mark.parametrize(
    ("number", "change", "fault"),
    [
        (0, {"kind": "83"}, "the boot partition has type 83, and should have c"),
        (1, {"start": ALIGN + BOOT_SIZE + 512}, "partition 2 is not aligned"),
        (2, {"size": 512 * MIB}, "the reserved partition has"),
    ],
)
def test_a_table_that_is_not_as_meant_is_noticed(number: int, change: dict[str, object], fault: str) -> None:
    found = [msgspec.structs.replace(each, **change) if at == number else each for at, each in enumerate(GOOD)]
    assert any(each.startswith(fault) for each in table_faults(found, target("arm64")))


def test_a_missing_partition_is_noticed() -> None:
    assert table_faults(GOOD[:3], target("arm64")) == ["there are 3 partitions, and should be 4"]


def test_a_partition_is_taken_out_of_a_card_with_its_holes(tmp_path: Path) -> None:
    card, out = tmp_path / "card.img", tmp_path / "out"
    with card.open("wb") as file:
        file.write(b"table")
        file.seek(64 * MIB)
        file.write(b"begin")
        file.seek(100 * MIB - 3)
        file.write(b"end" + b"the next one")
        os.truncate(file.fileno(), 200 * MIB)
    extract(card, Partition(start=64 * MIB, size=36 * MIB, kind="c"), out)
    expected = bytearray(36 * MIB)
    expected[:5], expected[-3:] = b"begin", b"end"
    assert out.read_bytes() == expected
    assert out.stat().st_blocks * 512 < 8 * MIB


def test_an_empty_partition_at_the_end_of_a_card_is_taken_out_too(tmp_path: Path) -> None:
    card, out = tmp_path / "card.img", tmp_path / "out"
    card.touch()
    os.truncate(card, 8 * MIB)
    extract(card, Partition(start=4 * MIB, size=4 * MIB, kind="83"), out)
    assert out.read_bytes() == bytes(4 * MIB)


def test_a_workshop_knows_the_version_and_dates_what_it_makes_by_the_commit() -> None:
    here = workshop(target("amd64"))
    assert here.product(".img.xz").name == f"tonearm-{here.version}-amd64.img.xz"
    assert here.day >= "2020-01-01"
    assert here.bench.relative_to(here.cache.parent) == Path("amd64")
