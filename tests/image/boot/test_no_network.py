"""A box without a network card."""

import json

import pytest

from tests.image.boot.bench import Bench
from tests.image.boot.machine import Machine
from tests.image.boot.waiting import until

# What a browser on the box itself would say; there is no other way in.
_GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())"


@pytest.fixture(scope="module")
def lonely(bench: Bench) -> Machine:
    """Switched on, and ready as far as can be told from inside."""
    box = bench.switch_on(cable=False)
    box.until_settled()
    until(lambda: box.ask("python3", "-c", _GET, "http://127.0.0.1/health/ready").status == 0, "readiness", seconds=120)
    return box


def test_it_has_none(lonely: Machine) -> None:
    links = json.loads(lonely.run("ip", "-json", "link"))
    assert [link["ifname"] for link in links] == ["lo"]


def test_every_unit_starts_without_it(lonely: Machine) -> None:
    assert lonely.run("systemctl", "--failed", "--no-legend") == ""


def test_it_is_open_for_set_up(lonely: Machine) -> None:
    offer = json.loads(lonely.run("python3", "-c", _GET, "http://127.0.0.1/api/v1/setup/"))
    assert offer["needed"] is True


def test_the_screen_says_that_there_is_no_network(lonely: Machine) -> None:
    until(lambda: "network" in lonely.screen().lower(), "the screen to say that there is no network", seconds=60)
