"""``/health`` and ``/health/ready``: whether the process is alive, and whether it can do its work."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum

import msgspec
import structlog
import trio
from quart import Blueprint, Response

from appliance.core.errors import TonearmError

#: Seconds that a check may take.
TIMEOUT = 2.0
#: Seconds for which an outcome stands, so that a flood of probes asks the database once.
MEMORY = 1.0

_log = structlog.stdlib.get_logger(__name__)


class Check(msgspec.Struct, frozen=True):
    """Something that the server needs, or would like to have."""

    name: str
    required: bool
    """Whether the server is unready without it; else it is only degraded."""
    probe: Callable[[], Awaitable[str]]
    """Returns a few words about how it is. Raises when it is not well; a ``TonearmError``'s message is shown."""


class CheckStatus(StrEnum):
    OK = "ok"
    FAILING = "failing"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found."""

    status: CheckStatus
    required: bool
    message: str
    ms: int
    """How long it took."""


class Readiness(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    """Something optional is not well. The music plays."""
    UNREADY = "unready"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    status: Readiness
    checks: dict[str, Outcome]


class Health:
    """Runs the checks, each by itself, in a nursery that no probe waits for.

    A check is given up after ``timeout``, even one that ignores cancellation (a blocked thread, a shield): it is
    then left behind, reported as failing, and not started again before it has ended.
    """

    def __init__(self, checks: Sequence[Check], *, timeout: float = TIMEOUT, memory: float = MEMORY) -> None:
        self._timeout = timeout
        self._runners = [_Runner(check, timeout, memory) for check in checks]
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the nursery of the checks. Runs as long as reports are wanted."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    async def report(self) -> Report:
        """How everything is, after at most ``timeout`` seconds. ``run`` must be running."""
        if self._nursery is None:
            raise RuntimeError("Health.run is not running")
        for runner in self._runners:
            runner.refresh(self._nursery)
        with trio.move_on_after(self._timeout):
            for runner in self._runners:
                await runner.settled.wait()
        outcomes = {runner.check.name: runner.outcome() for runner in self._runners}
        return Report(status=_readiness(outcomes.values()), checks=outcomes)


def _readiness(outcomes: Iterable[Outcome]) -> Readiness:
    failing = [outcome for outcome in outcomes if outcome.status is CheckStatus.FAILING]
    if any(outcome.required for outcome in failing):
        return Readiness.UNREADY
    return Readiness.DEGRADED if failing else Readiness.READY


class _Runner:
    """One check, its last outcome, and whether it is under way."""

    def __init__(self, check: Check, timeout: float, memory: float) -> None:
        self.check = check
        self.settled = trio.Event()
        """Set when the outcome is as fresh as it gets: known, or overdue."""
        self._timeout = timeout
        self._memory = memory
        self._last: Outcome | None = None
        self._ended_at = 0.0
        self._began_at: float | None = None

    def refresh(self, nursery: trio.Nursery) -> None:
        """Start the check unless it is under way or its last outcome is fresh."""
        now = trio.current_time()
        if self._began_at is not None:
            if now - self._began_at >= self._timeout:
                self.settled.set()  # left behind: nobody waits for it any more
            return
        if self._last is not None and now - self._ended_at < self._memory:
            return
        self._began_at = now
        self.settled = trio.Event()
        nursery.start_soon(self._probe, now)

    def outcome(self) -> Outcome:
        """The last outcome, or that there is none in time."""
        if self._last is not None and self._began_at is None:
            return self._last
        return self._failing("No answer in time.", trio.current_time() - (self._began_at or 0.0))

    async def _probe(self, began: float) -> None:
        result: Outcome | None = None
        with trio.move_on_after(self._timeout):
            result = await self._ask(began)
        now = trio.current_time()
        self._last = result or self._failing("No answer in time.", now - began)
        self._ended_at, self._began_at = now, None
        self.settled.set()

    async def _ask(self, began: float) -> Outcome:
        try:
            message = await self.check.probe()
        except TonearmError as error:
            return self._failing(str(error), trio.current_time() - began)
        except Exception as error:  # noqa: BLE001 - whatever ails a check is its outcome
            _log.exception("A health check failed", check=self.check.name)
            return self._failing(f"Failed: {type(error).__name__}.", trio.current_time() - began)
        return self._outcome(CheckStatus.OK, message, trio.current_time() - began)

    def _failing(self, message: str, seconds: float) -> Outcome:
        return self._outcome(CheckStatus.FAILING, message, seconds)

    def _outcome(self, status: CheckStatus, message: str, seconds: float) -> Outcome:
        return Outcome(status=status, required=self.check.required, message=message, ms=round(seconds * 1000))


def blueprint(health: Health) -> Blueprint:
    """Liveness touches nothing; readiness answers 200 while all that is required is well, else 503."""
    probes = Blueprint("health", __name__)

    @probes.get("/health")
    async def alive() -> Response:
        return Response(b'{"status":"alive"}', content_type="application/json")

    @probes.get("/health/ready")
    async def ready() -> Response:
        report = await health.report()
        status = 503 if report.status is Readiness.UNREADY else 200
        body = msgspec.json.encode(report)
        return Response(body, status, {"Cache-Control": "no-store"}, content_type="application/json")

    return probes
