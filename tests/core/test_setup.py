"""The first set-up: who may, what of, and what is left of an attempt that fails."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
import trio.testing

from appliance.core.accounts import Role, User
from appliance.core.errors import Conflict, NotUsable, TooManyAttempts
from appliance.core.machine import MachineState, MachineWishes
from appliance.core.scanning import ScanKind
from appliance.core.setup import Offer, Outcome, Terms
from appliance.core.setup_answers import Answers, host_name
from tests.core.conftest import Memory
from tests.core.setting_up import ANSWERS, MUSIC, ZONES, Box, MemoryMachine

HOME, AWAY = "203.0.113.5", "198.51.100.7"
CODE = "7KQM-2XWD"


@pytest.fixture
def box(memory: Memory) -> Box:
    return Box(memory)


def answers(**changed: object) -> Answers:
    return msgspec.structs.replace(ANSWERS, **changed)


async def faults(box: Box, given: Answers, network: str = HOME) -> dict[str, str]:
    """By field, what kind of fault; and that nothing came of it."""
    with pytest.raises(NotUsable) as refusal:
        await box.setup().finish(box.work, given, network)
    box.assert_untouched()
    assert all(fault.words.endswith(".") for fault in refusal.value.faults)
    return {fault.field: fault.kind for fault in refusal.value.faults}


# --- Whether there is anything to do


async def test_it_is_open_until_there_is_an_administrator(box: Box) -> None:
    setup = box.setup()
    assert await setup.is_open(box.work)
    await box.accounts.create(box.work, "Bo", "x", Role.MEMBER)
    assert await setup.is_open(box.work)
    await box.accounts.create(box.work, "Ada", "x", Role.ADMIN)
    assert not await setup.is_open(box.work)
    assert setup.is_over
    assert await setup.offer(box.work) is None


async def test_its_end_can_be_waited_for(box: Box) -> None:
    setup = box.setup()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(setup.until_over)
            await trio.testing.wait_all_tasks_blocked()
            assert await setup.is_open(box.work)
            assert nursery.child_tasks
            await box.accounts.create(box.work, "Ada", "x", Role.ADMIN)
            assert not await setup.is_open(box.work)


async def test_where_the_terminal_sets_up_it_is_never_open(box: Box) -> None:
    box.terms = Terms(by_page=False, music_folder=MUSIC)
    setup = box.setup()
    assert setup.is_over
    assert not await setup.is_open(box.work)
    with pytest.raises(Conflict):
        await setup.finish(box.work, ANSWERS, HOME)
    box.assert_untouched()


async def test_it_offers_what_there_is_to_answer(box: Box) -> None:
    machine = MachineState(name="tonearm", time_zone="Etc/UTC", time_zones=ZONES)
    assert await box.setup().offer(box.work) == Offer(machine=machine, music_folder=MUSIC, asks_for_code=False)
    box.machine = None
    box.terms = Terms(by_page=True, music_folder=None, code=CODE)
    assert await box.setup().offer(box.work) == Offer(machine=None, music_folder=None, asks_for_code=True)


# --- What comes of it


async def test_it_makes_the_administrator_the_library_and_a_scan(box: Box) -> None:
    outcome = await box.setup().finish(box.work, ANSWERS, HOME)
    assert (outcome.administrator.name, outcome.administrator.role) == ("Ada", Role.ADMIN)
    assert await box.accounts.by_password(box.work, "ada", "correct horse", HOME) == outcome.administrator
    assert (outcome.music_folder, box.libraries.roots) == (MUSIC, [bytes(MUSIC)])
    assert MUSIC in box.folders.there
    assert box.scans.requested == [ScanKind.QUICK]
    assert box.users.locked
    assert outcome.notes == {}


async def test_the_machine_is_asked_for_what_differs_and_nothing_else(box: Box) -> None:
    assert box.machine is not None
    clock = datetime.now(UTC) + timedelta(hours=3)
    given = answers(device_name="Küche oben", time_zone="Europe/Berlin", clock=clock)
    outcome = await box.setup().finish(box.work, given, HOME)
    assert box.machine.asked == [
        MachineWishes(clock=clock),
        MachineWishes(name="kuche-oben", time_zone="Europe/Berlin"),
    ]
    assert (outcome.former_host_name, outcome.host_name) == ("tonearm", "kuche-oben")


async def test_a_machine_that_is_right_is_not_asked(box: Box) -> None:
    assert box.machine is not None
    clock = datetime.now(timezone(timedelta(hours=5))) + timedelta(seconds=30)
    await box.setup().finish(box.work, answers(device_name="Tonearm!", time_zone="Etc/UTC", clock=clock), HOME)
    assert box.machine.asked == []


async def test_what_the_machine_refuses_is_told_and_stops_nothing(box: Box) -> None:
    assert box.machine is not None
    box.machine.refuses = {"name": "The name could not be set.", "clock": "The clock sets itself."}
    given = answers(device_name="kitchen", time_zone="Asia/Tokyo", clock=datetime.now(UTC) + timedelta(days=1))
    outcome = await box.setup().finish(box.work, given, HOME)
    assert outcome.notes == {"device_name": "The name could not be set.", "clock": "The clock sets itself."}
    assert outcome.host_name == "tonearm"
    assert box.machine.now.time_zone == "Asia/Tokyo"
    assert box.libraries.roots


async def test_a_name_that_was_given_after_all_is_the_address_whatever_is_said_of_it(box: Box) -> None:
    assert box.machine is not None
    box.machine.admits = {"name": "It is renamed; kitchen.local answers once the box was turned off and on."}
    outcome = await box.setup().finish(box.work, answers(device_name="kitchen"), HOME)
    assert set(outcome.notes) == {"device_name"}
    assert (outcome.former_host_name, outcome.host_name) == ("tonearm", "kitchen")


@pytest.mark.parametrize("year", [1, 1970, 2025, 2100, 9999])
async def test_a_browser_whose_clock_cannot_be_right_sets_nothing(box: Box, year: int) -> None:
    assert box.machine is not None
    outcome = await box.setup().finish(box.work, answers(clock=datetime(year, 6, 1, tzinfo=UTC)), HOME)
    assert box.machine.asked == []
    assert set(outcome.notes) == {"clock"}


async def test_another_folder_may_be_named(box: Box) -> None:
    outcome = await box.setup().finish(box.work, answers(music_folder="//music//"), HOME)
    assert (outcome.music_folder, box.libraries.roots) == (Path("/music"), [b"/music"])
    assert MUSIC not in box.folders.there


async def test_folders_that_the_settings_name_stay(box: Box) -> None:
    box.terms = Terms(by_page=True, music_folder=None)
    outcome = await box.setup().finish(box.work, ANSWERS, HOME)
    assert outcome.music_folder is None
    assert box.libraries.roots == []
    assert box.scans.requested == [ScanKind.QUICK]


async def test_on_somebodys_computer_only_the_account_and_the_folder_are_asked_for(box: Box) -> None:
    box.machine = None
    outcome = await box.setup().finish(box.work, ANSWERS, HOME)
    assert (outcome.host_name, outcome.former_host_name, outcome.notes) == (None, None, {})


# --- Once, and by one


async def test_it_happens_once(box: Box) -> None:
    setup = box.setup()
    await setup.finish(box.work, ANSWERS, HOME)
    box.libraries.roots = []
    for again in (setup, box.setup()):
        with pytest.raises(Conflict, match="already"):
            await again.finish(box.work, answers(administrator="Eve", music_folder="/music"), AWAY)
    assert list(box.users.accounts) == ["ada"]
    assert box.libraries.roots == []


async def test_whoever_waited_for_the_lock_is_told_and_leaves_nothing(box: Box) -> None:
    """Somebody else commits between the first look and the lock."""
    winner = box.accounts

    class Overtaken(type(box.users)):  # type: ignore[misc]
        overtaken = False

        async def lock(self) -> None:
            if not self.overtaken:
                self.overtaken = True
                await winner.create(box.work, "Eve", "x", Role.ADMIN)

    box.users = Overtaken()
    with pytest.raises(Conflict, match="already"):
        await box.setup().finish(box.work, answers(device_name="kitchen"), HOME)
    assert list(box.users.accounts) == ["eve"]
    assert box.machine is not None
    assert (box.machine.asked, box.libraries.roots, box.scans.requested) == ([], [], [])
    assert MUSIC not in box.folders.there


# --- Faults


async def test_every_fault_is_told_at_once(box: Box) -> None:
    given = Answers(
        administrator=" ",
        password="",
        device_name="!!",
        time_zone="Mars/Olympus",
        clock=datetime(2026, 11, 20, 12),  # noqa: DTZ001 - without its offset, as it must not be
        music_folder="/nowhere",
    )
    assert await faults(box, given) == {
        "administrator": "required",
        "password": "required",
        "device_name": "invalid",
        "time_zone": "invalid",
        "clock": "invalid",
        "music_folder": "invalid",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("administrator", "x" * 65),
        ("administrator", "\0"),
        ("password", "a\nb"),
        ("password", "x" * 1025),
        ("password", "\ud800"),
        ("device_name", ""),
        ("device_name", "---"),
        ("device_name", "厨房"),
        ("device_name", "LocalHost"),
        ("device_name", "x" * 64),
        ("time_zone", ""),
        ("time_zone", "europe/berlin"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "localtime"),
        ("time_zone", "Factory"),
        ("time_zone", "\0"),
    ],
)
async def test_a_fault_is_told_of_its_field(box: Box, field: str, value: str) -> None:
    kinds = await faults(box, answers(**{field: value}))
    assert set(kinds) == {field}


@pytest.mark.parametrize(
    ("field", "value"), [("administrator", "\u0315\u0300" * 60_000), ("device_name", "\ufdfa" * 300_000)]
)
async def test_a_megabyte_is_refused_at_a_glance(box: Box, field: str, value: str) -> None:
    """To clean it or to spell it out takes up to minutes, in which the server does nothing else."""
    before = time.process_time()
    assert await faults(box, answers(**{field: value})) == {field: "invalid"}
    assert time.process_time() - before < 0.5


async def test_a_name_that_a_member_has_is_taken(box: Box) -> None:
    await box.accounts.create(box.work, "Ada", "x", Role.MEMBER)
    with pytest.raises(NotUsable) as refusal:
        await box.setup().finish(box.work, answers(administrator="ADA"), HOME)
    assert [(fault.field, fault.kind) for fault in refusal.value.faults] == [("administrator", "taken")]


async def test_what_cannot_be_asked_of_this_server_is_refused(box: Box) -> None:
    box.machine, box.terms = None, Terms(by_page=True, music_folder=None)
    given = answers(device_name="kitchen", time_zone="Europe/Berlin", clock=datetime.now(UTC), music_folder="/music")
    assert await faults(box, given) == dict.fromkeys(("device_name", "time_zone", "clock", "music_folder"), "not_here")


async def test_a_folder_that_cannot_be_made_ends_it_before_the_machine_is_asked(box: Box) -> None:
    box.folders.can_write = False
    assert await faults(box, answers(device_name="kitchen")) == {"music_folder": "invalid"}


# --- The code


@pytest.mark.parametrize("typed", [CODE, "7kqm 2xwd", " 7KQM2XWD "])
async def test_the_code_is_taken_however_it_is_typed(box: Box, typed: str) -> None:
    box.terms = Terms(by_page=True, music_folder=MUSIC, code=CODE)
    await box.setup().finish(box.work, answers(code=typed), HOME)
    assert list(box.users.accounts) == ["ada"]


@pytest.mark.parametrize(
    ("typed", "kind"),
    [(None, "required"), ("", "required"), ("  ", "required"), ("7KQM-2XWE", "wrong_code"), ("---", "wrong_code")],
)
async def test_without_the_code_nothing_happens_and_nothing_is_learned(box: Box, typed: str | None, kind: str) -> None:
    box.terms = Terms(by_page=True, music_folder=MUSIC, code=CODE)
    given = answers(code=typed, password="", music_folder="/nowhere")
    assert await faults(box, given) == {"code": kind, "password": "required"}


async def test_wrong_codes_are_throttled_like_wrong_passwords(box: Box, mock_clock: trio.testing.MockClock) -> None:
    box.terms = Terms(by_page=True, music_folder=MUSIC, code=CODE)
    setup = box.setup()
    for number in range(10):
        with pytest.raises(NotUsable):
            await setup.finish(box.work, answers(code=f"guess {number}"), HOME)
    with pytest.raises(TooManyAttempts) as refusal:
        await setup.finish(box.work, answers(code=CODE), HOME)
    box.assert_untouched()
    mock_clock.jump(refusal.value.retry_after)
    await setup.finish(box.work, answers(code=CODE), HOME)


async def test_a_guesser_does_not_lock_the_owner_out(box: Box) -> None:
    box.terms = Terms(by_page=True, music_folder=MUSIC, code=CODE)
    setup = box.setup()
    for number in range(12):
        with pytest.raises((NotUsable, TooManyAttempts)):
            await setup.finish(box.work, answers(code=f"guess {number}"), AWAY)
    await setup.finish(box.work, answers(code=CODE), HOME)


async def test_a_code_that_nobody_asks_for_does_not_matter(box: Box) -> None:
    await box.setup().finish(box.work, answers(code="anything"), HOME)
    assert not await box.setup().is_open(box.work)


# --- Names and addresses


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("Küche oben", "kuche-oben"),
        ("  Ada's  Box! ", "ada-s-box"),
        ("GROẞE Straße", "grosse-strasse"),
        ("Bjørn & Æsir", "bjorn-aesir"),
        ("-a-", "a"),
        ("box_2.local", "box-2-local"),
        ("🎵", ""),
    ],
)
def test_a_name_becomes_a_host_name(name: str, host: str) -> None:
    assert host_name(name) == host


def outcome(now: str | None, before: str | None) -> Outcome:
    user = User(id=UUID(int=1), name="Ada", role=Role.ADMIN, created_at=datetime.now(UTC))
    return Outcome(administrator=user, host_name=now, former_host_name=before, music_folder=None, notes={})


@pytest.mark.parametrize(
    ("opened", "addresses"),
    [
        ("http://192.168.1.20", ["http://kitchen.local", "http://192.168.1.20"]),
        ("http://192.168.1.20:8080", ["http://kitchen.local:8080", "http://192.168.1.20:8080"]),
        ("http://[fd00::1]:80", ["http://kitchen.local:80", "http://[fd00::1]:80"]),
        ("http://[fd00::1]", ["http://kitchen.local", "http://[fd00::1]"]),
        ("http://tonearm.local", ["http://kitchen.local"]),
        ("http://Tonearm.local:81", ["http://kitchen.local:81"]),
        ("http://tonearm", ["http://kitchen.local"]),
        ("http://kitchen.local", ["http://kitchen.local"]),
        ("http://tonearm.fritz.box", ["http://kitchen.local", "http://tonearm.fritz.box"]),
    ],
)
def test_the_name_comes_first_and_one_that_was_given_up_is_left_out(opened: str, addresses: list[str]) -> None:
    assert outcome("kitchen", "tonearm").addresses(opened) == addresses


def test_a_computer_that_is_not_ours_to_name_is_where_it_was_found() -> None:
    assert outcome(None, None).addresses("http://localhost:4533") == ["http://localhost:4533"]


async def test_a_machine_without_a_name_can_be_given_one(box: Box) -> None:
    box.machine = MemoryMachine(name="localhost")
    assert (await box.setup().finish(box.work, answers(device_name="kitchen"), HOME)).host_name == "kitchen"
