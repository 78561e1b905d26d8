"""Health: every check by itself, none of them able to hold up the probe."""

from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from appliance.api.exchange import App
from appliance.api.health import Check, Health, Readiness, blueprint
from appliance.api.metrics import Metrics
from appliance.core.errors import Unavailable

Probe = Callable[[], Awaitable[str]]


async def well() -> str:
    return "answers"


async def ill() -> str:
    raise Unavailable("The database does not answer.")


async def broken() -> str:
    raise RuntimeError("password=secret")


async def hanging() -> str:
    await trio.sleep_forever()
    raise AssertionError


async def deaf() -> str:
    with trio.CancelScope(shield=True):
        await trio.sleep(60)
    return "at last"


async def started(nursery: trio.Nursery, *checks: Check) -> Health:
    health = Health(checks)
    await nursery.start(health.run)
    return health


@pytest.mark.parametrize(
    ("required", "optional", "readiness"),
    [
        (well, well, Readiness.READY),
        (well, ill, Readiness.DEGRADED),
        (well, broken, Readiness.DEGRADED),
        (well, hanging, Readiness.DEGRADED),
        (ill, well, Readiness.UNREADY),
        (hanging, well, Readiness.UNREADY),
        (deaf, hanging, Readiness.UNREADY),
    ],
)
async def test_what_is_required_decides(
    nursery: trio.Nursery,
    required: Probe,
    optional: Probe,
    readiness: Readiness,
    autojump_clock: MockClock,  # noqa: ARG001 - pytest-trio runs the test on it
) -> None:
    health = await started(
        nursery, Check("database", required=True, probe=required), Check("watcher", required=False, probe=optional)
    )
    assert (await health.report()).status is readiness


async def test_a_refusal_is_shown_and_a_fault_of_ours_only_by_its_kind(nursery: trio.Nursery) -> None:
    health = await started(
        nursery, Check("database", required=True, probe=ill), Check("watcher", required=False, probe=broken)
    )
    checks = (await health.report()).checks
    assert checks["database"].message == "The database does not answer."
    assert checks["watcher"].message == "Failed: RuntimeError."


@pytest.mark.parametrize("probe", [hanging, deaf])
async def test_a_check_that_hangs_is_given_up_after_two_seconds(
    nursery: trio.Nursery,
    probe: Probe,
    autojump_clock: MockClock,  # noqa: ARG001 - pytest-trio runs the test on it
) -> None:
    health = await started(
        nursery, Check("database", required=True, probe=well), Check("disk", required=False, probe=probe)
    )
    began = trio.current_time()
    report = await health.report()
    assert trio.current_time() - began == pytest.approx(2)
    assert report.checks["disk"].message == "No answer in time."
    assert report.checks["database"].status == "ok"


async def test_a_check_that_ignores_cancellation_is_left_behind_and_not_started_again(
    nursery: trio.Nursery,
    autojump_clock: MockClock,  # noqa: ARG001 - pytest-trio runs the test on it
) -> None:
    calls = 0

    async def counted() -> str:
        nonlocal calls
        calls += 1
        return await deaf()

    health = await started(nursery, Check("disk", required=False, probe=counted))
    await health.report()
    began = trio.current_time()
    assert (await health.report()).status is Readiness.DEGRADED
    assert trio.current_time() == began, "a check known to hang is not waited for"
    await trio.sleep(60)
    await health.report()
    assert calls == 2


async def test_many_probes_ask_once_and_again_after_a_second(
    nursery: trio.Nursery,
    autojump_clock: MockClock,  # noqa: ARG001 - pytest-trio runs the test on it
) -> None:
    calls = 0

    async def counted() -> str:
        nonlocal calls
        calls += 1
        await trio.sleep(0.5)
        return "answers"

    health = await started(nursery, Check("database", required=True, probe=counted))
    async with trio.open_nursery() as probes:
        for _ in range(50):
            probes.start_soon(health.report)
    await health.report()
    assert calls == 1
    await trio.sleep(1)
    await health.report()
    assert calls == 2


async def test_what_recovers_is_well_again(
    nursery: trio.Nursery,
    autojump_clock: MockClock,  # noqa: ARG001 - pytest-trio runs the test on it
) -> None:
    answers = [ill, well]

    async def recovering() -> str:
        return await answers.pop(0)()

    health = await started(nursery, Check("database", required=True, probe=recovering))
    assert (await health.report()).status is Readiness.UNREADY
    await trio.sleep(1)
    assert (await health.report()).status is Readiness.READY


async def test_reports_need_the_nursery_of_the_checks() -> None:
    with pytest.raises(RuntimeError):
        await Health([]).report()


async def test_liveness_touches_nothing() -> None:
    app = App(Metrics())
    app.register_blueprint(blueprint(Health([Check("database", required=True, probe=hanging)])))
    response = await app.test_client().get("/health")
    assert (response.status_code, await response.get_json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(("probe", "status"), [(well, 200), (ill, 503)])
async def test_readiness_is_a_status_and_a_list(nursery: trio.Nursery, probe: Probe, status: int) -> None:
    app = App(Metrics())
    app.register_blueprint(blueprint(await started(nursery, Check("database", required=True, probe=probe))))
    response = await app.test_client().get("/health/ready")
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    body = await response.get_json()
    assert set(body) == {"status", "checks"}
    assert set(body["checks"]["database"]) == {"status", "required", "message", "ms"}


async def test_stopping_ends_the_checks() -> None:
    health = Health([Check("database", required=True, probe=hanging)])
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            await nursery.start(health.run)
            nursery.start_soon(health.report)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
