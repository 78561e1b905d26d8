"""The box after a reboot: it is the same box, with everything on it; and what it costs when nobody uses it."""

import time
from typing import NamedTuple

import pytest
from libopensonic import AsyncConnection

from tests.image.boot.figures import Figures
from tests.image.boot.inside import proportional_memory, psql
from tests.image.boot.life import HOST_NAME, Household
from tests.image.boot.machine import Machine

LIKED = "Counterweight"
#: DESIGN's budget for a box that nobody listens to.
IDLE_MEGABYTES = 250
#: MB of an hour; of less than an hour it is the least that can be asked.
IDLE_WRITES = 1
_IDENTITY = ("/etc/machine-id", "/etc/hostname")


class Before(NamedTuple):
    """What must not change."""

    identity: dict[str, str]
    table: str
    size: str
    songs: dict[str, str]


@pytest.fixture(scope="module")
def before(box: Machine, household: Household) -> Before:
    """The box is rebooted with a like in it; this is how it was."""

    async def like(client: AsyncConnection) -> None:
        await client.star(sids=[household.songs[LIKED]])

    household.listener.walk(like)
    was = Before(identity(box), table(box), size(box), household.listener.songs())
    box.reboot()
    box.until_ready()
    box.until_settled()
    return was


def identity(box: Machine) -> dict[str, str]:
    return {path: box.run("cat", path) for path in _IDENTITY}


def table(box: Machine) -> str:
    """The partition table, as its bytes are."""
    return box.run("sh", "-c", "head --bytes=512 /dev/vda | sha256sum")


def size(box: Machine) -> str:
    return box.run("findmnt", "--noheadings", "--bytes", "--output=SIZE", "/srv/tonearm")


def test_it_is_the_same_machine(box: Machine, before: Before) -> None:
    assert identity(box) == before.identity
    assert box.run("hostname") == HOST_NAME


def test_accounts_music_and_likes_are_there(before: Before, household: Household) -> None:
    async def liked(client: AsyncConnection) -> list[str]:
        return [song.title for song in (await client.get_starred2()).song or []]

    assert household.listener.signs_in()
    assert household.listener.songs() == before.songs == household.songs
    assert household.listener.walk(liked) == [LIKED]


def test_every_unit_has_started_again(box: Machine, before: Before) -> None:
    assert before.songs
    assert box.run("systemctl", "--failed", "--no-legend") == ""


def test_a_card_that_has_grown_is_left_alone(box: Machine, before: Before) -> None:
    assert table(box) == before.table
    assert size(box) == before.size
    assert box.of_unit("tonearm-grow-data.service", "Result") == "success"
    # The kernel says it at each boot once, and again whenever somebody has it read the table anew.
    assert box.run("dmesg").count(" vda: vda1 vda2 vda3 vda4") == 1


def test_the_database_was_made_once(box: Machine, before: Before) -> None:
    assert before.songs
    assert box.of_unit("tonearm-create-database.service", "ConditionResult") == "no"


def test_what_it_costs_to_do_nothing_is_told(
    box: Machine, before: Before, figures: Figures, pytestconfig: pytest.Config
) -> None:
    assert before.songs
    minutes = pytestconfig.getoption("--idle-minutes")
    # What was done before is written down first: PostgreSQL takes half an hour over that, and would be measured by it.
    assert psql(box, "CHECKPOINT", system_user="postgres", role="postgres") == "CHECKPOINT"
    box.run("sync")
    first = box.qmp.bytes_written()
    # Not a wait for something: the time itself is what is measured over.
    time.sleep(minutes * 60)
    box.run("sync")
    written = (box.qmp.bytes_written() - first) / 1e6
    programs = proportional_memory(box)
    memory = sum(programs.values())
    figures.note("idle memory, all processes (PSS)", memory, "MB", budget=IDLE_MEGABYTES, remark=_largest(programs))
    figures.note(
        f"written in {minutes:g} idle minutes", written, "MB", budget=IDLE_WRITES, remark="QEMU's count; not scaled"
    )
    assert programs["tonearm"] > 0
    assert programs["postgres"] > 0
    assert memory <= IDLE_MEGABYTES
    assert written <= IDLE_WRITES


def _largest(programs: dict[str, float]) -> str:
    ranked = sorted(programs.items(), key=lambda each: -each[1])
    return ", ".join(f"{name} {size:.0f}" for name, size in ranked[:6])
