"""A card whose data partition cannot be mounted: the box says so, and writes nothing where the data should be."""

import pytest

from tests.image.boot.bench import Bench
from tests.image.boot.machine import Machine
from tests.image.boot.waiting import until

_SCRATCHED = 8 * 1024 * 1024


@pytest.fixture(scope="module")
def broken(bench: Bench) -> Machine:
    """Without its data partition's beginning: neither its label nor a file system is found there."""
    card = bench.copy()
    card.scratch(card.partitions()[3], size=_SCRATCHED)
    box = bench.switch_on(card)
    box.until_settled()
    return box


def test_it_boots_all_the_same(broken: Machine) -> None:
    assert broken.of_unit("multi-user.target", "ActiveState") == "active"
    assert broken.of_unit("srv-tonearm.mount", "ActiveState") != "active"


def test_neither_the_server_nor_the_database_starts_on_the_wrong_disk(broken: Machine) -> None:
    for unit in ("tonearm.service", "tonearm-postgresql.service"):
        assert broken.of_unit(unit, "ActiveState") != "active", unit
    assert broken.run("find", "/srv/tonearm", "-xdev", "-mindepth", "1") == ""
    assert not broken.is_ready()


def test_the_screen_says_what_is_wrong(broken: Machine) -> None:
    until(lambda: "data" in broken.screen().lower(), "the screen to name the data partition", seconds=60)
