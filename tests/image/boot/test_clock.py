"""A box without a clock of its own, and without a network that tells it the time: it wakes in 1970."""

from datetime import UTC, datetime, timedelta

import pytest
from libopensonic import AsyncConnection

from tests.image.boot.bench import Bench
from tests.image.boot.life import ADMINISTRATOR, bring_music, set_up
from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine


@pytest.fixture(scope="module")
def sleeper(bench: Bench) -> Machine:
    """Switched on at the beginning of 1970, and ready."""
    box = bench.switch_on(clock="1970-01-01T00:00:00")
    box.until_ready()
    box.until_settled()
    return box


def now(box: Machine) -> datetime:
    return datetime.fromtimestamp(int(box.run("date", "+%s")), UTC)


def test_every_unit_starts_in_1970(sleeper: Machine) -> None:
    assert sleeper.run("systemctl", "--failed", "--no-legend") == ""


def test_set_up_sets_the_clock_and_what_follows_is_dated_right(
    sleeper: Machine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = datetime.now(UTC)
    # systemd starts no earlier than when it was built, which is in the past as well.
    assert now(sleeper) < here - timedelta(days=1)
    set_up(sleeper, clock=here.isoformat())
    assert abs(now(sleeper) - datetime.now(UTC)) < timedelta(minutes=2)

    ada = Listener(sleeper, *ADMINISTRATOR)
    household = bring_music(sleeper, ada, tmp_path_factory.mktemp("music"))

    async def like(client: AsyncConnection) -> list[str]:
        await client.star(sids=list(household.songs.values()))
        return [str(song.starred) for song in (await client.get_starred2()).song or []]

    liked = ada.walk(like)
    assert len(liked) == len(household.songs)
    for moment in liked:
        assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=5)


def test_after_a_reboot_it_does_not_go_back_to_1970(sleeper: Machine) -> None:
    before = now(sleeper)
    sleeper.reboot()
    sleeper.until_ready()
    assert now(sleeper) >= before
    assert Listener(sleeper, *ADMINISTRATOR).signs_in()
