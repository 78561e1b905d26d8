"""Services that crash, come back, stay down, and die in their order. Time is a clock that jumps."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs
from structlog.typing import EventDict

from appliance.core.errors import Unavailable
from appliance.supervisor import Budget, Run, Service, ServiceFailed, State, Supervisor

BUDGET = Budget(restarts=3, seconds=60, first_delay=1, longest_delay=3)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What was logged."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor()


class Record:
    """A service that crashes as often as it is told to, and notes when it was started."""

    def __init__(self, crashes: int = 0, *, at_start: bool = False, after: float = 0) -> None:
        self.started_at: list[float] = []
        self._crashes = crashes
        self._at_start = at_start
        self._after = after

    async def run(self, *, task_status: "trio.TaskStatus[str]") -> None:
        self.started_at.append(trio.current_time())
        number = len(self.started_at)
        if self._at_start and number <= self._crashes:
            raise ValueError(f"crash {number}")
        task_status.started(f"started {number}")
        if number <= self._crashes:
            await trio.sleep(self._after)
            raise ValueError(f"crash {number}")
        await trio.sleep_forever()

    def service(self, *, required: bool = False) -> Service:
        return Service(name="deck", run=self.run, required=required, budget=BUDGET)


def steady(name: str, events: list[str] | None = None, *, required: bool = False) -> Service:
    """One that runs until it is cancelled, and takes its time to end."""

    async def run(*, task_status: "trio.TaskStatus[str]") -> None:
        try:
            task_status.started(name)
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
                await trio.lowlevel.checkpoint()
            if events is not None:
                events.append(f"{name} ended")

    return Service(name=name, run=run, required=required)


async def after(clock: trio.testing.MockClock, seconds: float) -> None:
    """Let time jump there, from one thing that happens to the next."""
    assert clock.autojump_threshold == 0
    await trio.sleep(seconds)


# --- Starting and stopping


async def test_services_start_one_after_another_and_hand_over_what_they_opened(supervisor: Supervisor) -> None:
    async with supervisor.level(steady("store"), steady("web")) as started:
        assert started == ["store", "web"]
        assert list(supervisor.standings) == ["store", "web"]
        assert await supervisor.probe("web") == State.RUNNING


async def test_a_level_may_be_empty(supervisor: Supervisor) -> None:
    async with supervisor.level() as started:
        assert started == []


async def test_the_inner_level_has_ended_before_the_outer_one_begins_to(supervisor: Supervisor) -> None:
    events: list[str] = []
    async with (
        supervisor.level(steady("store", events)),
        supervisor.level(steady("scanner", events), steady("watcher", events)),
        supervisor.level(steady("web", events)),
    ):
        events.append("stop")
    assert events[:2] == ["stop", "web ended"]
    assert set(events[2:4]) == {"scanner ended", "watcher ended"}
    assert events[4:] == ["store ended"]


async def test_an_error_of_the_block_ends_the_services_and_comes_through(supervisor: Supervisor) -> None:
    events: list[str] = []
    with pytest.RaisesGroup(ValueError):
        async with supervisor.level(steady("store", events)):
            raise ValueError("in the block")
    assert events == ["store ended"]


async def test_cancellation_ends_the_services(supervisor: Supervisor) -> None:
    events: list[str] = []
    with trio.CancelScope() as scope:
        async with supervisor.level(steady("store", events)):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert events == ["store ended"]
    assert supervisor.standings["store"].crashes == 0


async def test_cancellation_does_not_wait_for_a_restart(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    record = Record(crashes=100)
    began = trio.current_time()
    with trio.move_on_after(0.5):
        async with supervisor.level(record.service()):
            await after(autojump_clock, 1000)
    assert trio.current_time() == began + 0.5
    assert len(record.started_at) == 1


async def test_a_service_that_returns_is_done_and_not_started_again(supervisor: Supervisor) -> None:
    ended = trio.Event()

    async def once(*, task_status: "trio.TaskStatus[None]") -> None:
        task_status.started()
        ended.set()

    async with supervisor.level(Service(name="once", run=once, required=True)):
        await ended.wait()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Unavailable, match=r"^down$"):
            await supervisor.probe("once")
        assert supervisor.standings["once"].crashes == 0


async def test_what_was_never_started_is_not_ready(supervisor: Supervisor) -> None:
    with pytest.raises(Unavailable, match="not started"):
        await supervisor.probe("deck")


async def test_a_service_is_starting_until_it_says_that_it_is_ready(supervisor: Supervisor) -> None:
    ready = trio.Event()

    async def slow(*, task_status: "trio.TaskStatus[None]") -> None:
        await ready.wait()
        task_status.started()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            async with supervisor.level(Service(name="slow", run=slow, required=True)):
                await trio.sleep_forever()

        await trio.testing.wait_all_tasks_blocked()
        assert await supervisor.probe("slow") == State.STARTING
        ready.set()
        await trio.testing.wait_all_tasks_blocked()
        assert await supervisor.probe("slow") == State.RUNNING
        nursery.cancel_scope.cancel()


# --- Crashing


@pytest.mark.parametrize("required", [True, False])
async def test_a_crash_is_followed_by_a_restart_later_each_time(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock, *, required: bool
) -> None:
    record = Record(crashes=3)
    async with supervisor.level(record.service(required=required)) as started:
        assert started == ["started 1"]
        await after(autojump_clock, 20)
        assert [moment - record.started_at[0] for moment in record.started_at] == pytest.approx([0, 1, 3, 6])
        assert await supervisor.probe("deck") == State.RUNNING
        assert supervisor.standings["deck"].crashes == 3


async def test_while_it_waits_for_its_restart_the_probe_tells_what_happened(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    async with supervisor.level(Record(crashes=1).service()):
        await after(autojump_clock, 0.5)
        with pytest.raises(Unavailable, match=r"^restarting: crash 1$"):
            await supervisor.probe("deck")
        await after(autojump_clock, 1)
        assert await supervisor.probe("deck") == State.RUNNING


async def test_each_crash_is_logged_once_and_the_last_as_the_last(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock, logged: list[EventDict]
) -> None:
    async with supervisor.level(Record(crashes=100).service()):
        await after(autojump_clock, 1000)
    assert [(entry["service"], entry.get("delay")) for entry in logged] == [
        ("deck", 1.0),
        ("deck", 2.0),
        ("deck", 3.0),
        ("deck", None),
    ]
    assert "stays down" in logged[-1]["event"]


async def test_crashes_long_ago_count_for_nothing(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    record = Record(crashes=20, after=100)
    async with supervisor.level(record.service(required=True)):
        await after(autojump_clock, 3000)
    pauses = [later - earlier for earlier, later in zip(record.started_at, record.started_at[1:], strict=False)]
    assert len(pauses) == 20
    assert pauses == pytest.approx([101] * 20)


async def test_an_optional_service_out_of_budget_stays_down_and_nothing_else_notices(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    record = Record(crashes=100)
    async with supervisor.level(record.service(), steady("web")):
        await after(autojump_clock, 1000)
        assert len(record.started_at) == 1 + BUDGET.restarts
        with pytest.raises(Unavailable, match=r"^down: crash 4$"):
            await supervisor.probe("deck")
        assert await supervisor.probe("web") == State.RUNNING


async def test_a_required_service_out_of_budget_ends_the_block_and_says_why(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    events: list[str] = []
    record = Record(crashes=100)
    with pytest.RaisesGroup(
        pytest.RaisesExc(ServiceFailed, match=r"^deck keeps failing: crash 4$"), flatten_subgroups=True
    ):
        async with supervisor.level(record.service(required=True)), supervisor.level(steady("web", events)):
            await after(autojump_clock, 1000)
    assert len(record.started_at) == 1 + BUDGET.restarts
    assert events == ["web ended"]


async def test_a_required_service_that_fails_at_its_first_start_raises_its_own_error(supervisor: Supervisor) -> None:
    events: list[str] = []
    record = Record(crashes=100, at_start=True)
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match=r"^crash 1$"), flatten_subgroups=True):
        async with supervisor.level(steady("store", events), record.service(required=True)):
            pytest.fail("the block must not be entered")
    assert len(record.started_at) == 1
    assert events == ["store ended"]


async def test_an_optional_service_that_fails_at_its_first_start_holds_nobody_up(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    record = Record(crashes=2, at_start=True)
    began = trio.current_time()
    async with supervisor.level(record.service(), steady("web")) as started:
        assert started == [None, "web"]
        assert trio.current_time() == began
        await after(autojump_clock, 10)
        assert len(record.started_at) == 3
        assert await supervisor.probe("deck") == State.RUNNING


async def test_a_required_service_may_fail_at_a_later_start(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    starts = 0

    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        nonlocal starts
        starts += 1
        if starts == 2:
            raise ValueError("not yet")
        task_status.started()
        if starts == 1:
            raise ValueError("crash")
        await trio.sleep_forever()

    async with supervisor.level(Service(name="deck", run=run, required=True, budget=BUDGET)):
        await after(autojump_clock, 10)
        assert starts == 3
        assert await supervisor.probe("deck") == State.RUNNING


async def test_an_optional_service_without_restarts_that_fails_at_once_is_down_and_gives_nothing(
    supervisor: Supervisor,
) -> None:
    never = Service(
        name="deck", run=Record(crashes=9, at_start=True).run, required=False, budget=Budget(restarts=0, seconds=60)
    )
    async with supervisor.level(never) as started:
        assert started == [None]
        with pytest.raises(Unavailable, match="down: crash 1"):
            await supervisor.probe("deck")


async def test_a_service_that_ends_before_it_is_ready_has_crashed(supervisor: Supervisor) -> None:
    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        del task_status

    async with supervisor.level(Service(name="deck", run=run, required=False, budget=BUDGET)) as started:
        assert started == [None]
        assert supervisor.standings["deck"].crashes == 1


async def test_what_a_service_left_running_ends_with_it(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock
) -> None:
    running = 0

    @asynccontextmanager
    async def counted() -> AsyncIterator[None]:
        nonlocal running
        running += 1
        try:
            yield
        finally:
            running -= 1

    async def child() -> None:
        async with counted():
            await trio.sleep_forever()

    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.lowlevel.checkpoint()
            task_status.started()
            await trio.sleep(1)
            raise ValueError("crash")

    async with supervisor.level(Service(name="deck", run=run, required=False, budget=BUDGET)):
        await after(autojump_clock, 1.5)
        assert running == 0
        await after(autojump_clock, 1)
        assert running == 1


def crashing(error: Exception) -> Run:
    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        task_status.started()
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("scratched"), "scratched"),
        (ValueError(), "ValueError"),
        (ExceptionGroup("both", [ValueError("scratched"), OSError("unplugged")]), "scratched; unplugged"),
        (ExceptionGroup("a", [ExceptionGroup("b", [ValueError("deep")])]), "deep"),
    ],
)
async def test_the_message_of_a_crash_is_told_in_words(
    supervisor: Supervisor, autojump_clock: trio.testing.MockClock, error: Exception, message: str
) -> None:
    async with supervisor.level(Service(name="deck", run=crashing(error), required=False, budget=BUDGET)):
        await after(autojump_clock, 0.5)
        assert supervisor.standings["deck"].message == message


async def test_what_is_no_crash_but_the_end_of_the_program_is_let_through(supervisor: Supervisor) -> None:
    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        task_status.started()
        raise KeyboardInterrupt

    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with supervisor.level(Service(name="deck", run=run, required=False)):
            await trio.sleep_forever()
    assert supervisor.standings["deck"].crashes == 0


async def test_a_service_s_task_carries_its_name(supervisor: Supervisor) -> None:
    names: list[str] = []

    async def run(*, task_status: "trio.TaskStatus[None]") -> None:
        names.append(trio.lowlevel.current_task().name)
        task_status.started()
        await trio.sleep_forever()

    async with supervisor.level(Service(name="deck", run=run, required=False)):
        assert "service deck" in names[0]
