"""Keeps services running: the table of them, their restarts, and what is known of each.

A level of services is one ``async with``; levels nest, and lexical nesting is the order of life and death: the
inner level ends before the outer one. See docs/architecture.md for the whole tree.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Protocol

import msgspec
import structlog
import trio

from appliance.core.errors import TonearmError, Unavailable

_log = structlog.stdlib.get_logger(__name__)


class Run(Protocol):
    """What a service does. Calls ``task_status.started`` when it is ready; returns only when it is done for good."""

    def __call__(self, *, task_status: trio.TaskStatus[Any]) -> Awaitable[None]: ...


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How often a service may crash before it is given up."""

    restarts: int = 5
    """Restarts allowed within ``seconds``."""
    seconds: float = 60.0
    first_delay: float = 0.25
    """Seconds before the first restart; doubled with each further one, up to ``longest_delay``."""
    longest_delay: float = 10.0


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the supervisor's table."""

    name: str
    run: Run
    required: bool
    """Out of budget, a required service ends the process (systemd starts it anew); an optional one stays down."""
    budget: Budget = Budget()


class State(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DOWN = "down"
    """Out of budget, or done."""


class Standing(msgspec.Struct):
    """What is known of one service now."""

    service: Service
    state: State = State.STARTING
    crashes: int = 0
    """Since the process started."""
    message: str = ""
    """Of the last crash."""


class ServiceFailed(TonearmError):
    """A required service crashed more often than its budget allows."""


class Supervisor:
    """Knows every service that was started. One per process."""

    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        """By name, in the order of starting."""

    async def probe(self, name: str) -> str:
        """A readiness check: how the service is, in a word. Raises ``Unavailable`` when it is not running."""
        standing = self.standings.get(name)
        if standing is None:
            raise Unavailable("not started")
        if standing.state in {State.RESTARTING, State.DOWN}:
            raise Unavailable(f"{standing.state}: {standing.message}" if standing.message else standing.state)
        return standing.state

    @asynccontextmanager
    async def level(self, *services: Service) -> AsyncIterator[list[Any]]:
        """Start the services one after another; gives what each passed to ``task_status.started``.

        When the block ends the services are cancelled and waited for. A required service that fails, at its start
        or later, cancels the block and raises ``ServiceFailed`` (or, at its first start, its own error). An optional
        one that fails at its start counts as any crash: it is tried again, and gives None.
        """
        async with trio.open_nursery() as nursery:
            started = [await nursery.start(self._keep, service) for service in services]
            yield started
            nursery.cancel_scope.cancel()

    async def _keep(self, service: Service, *, task_status: trio.TaskStatus[Any]) -> None:
        standing = self.standings[service.name] = Standing(service)
        crashes: deque[float] = deque()
        first = _Once(task_status)
        while True:
            try:
                await self._run_once(standing, first)
            except Exception as error:
                standing.crashes += 1
                standing.message = _words(error)
                if service.required and not first.done:
                    raise
                crashes.append(trio.current_time())
                while crashes[0] < crashes[-1] - service.budget.seconds:
                    crashes.popleft()
                if len(crashes) > service.budget.restarts:
                    return self._give_up(standing, first, error)
                standing.state = State.RESTARTING
                first.started(None)
                delay = min(service.budget.first_delay * 2 ** (len(crashes) - 1), service.budget.longest_delay)
                _log.exception("A service crashed and is started again", service=service.name, delay=delay)
                await trio.sleep(delay)
            else:
                standing.state = State.DOWN
                first.started(None)
                return None

    @staticmethod
    async def _run_once(standing: Standing, first: "_Once") -> None:
        def started(value: object = None) -> None:
            standing.state = State.RUNNING
            first.started(value)

        # A nursery of its own: what the service leaves running when it crashes ends with it.
        try:
            async with trio.open_nursery() as nursery:
                started(await nursery.start(_named(standing.service)))
        except BaseExceptionGroup as group:
            # One crash is one error; several stay together.
            if len(group.exceptions) == 1 and isinstance(group.exceptions[0], Exception):
                raise group.exceptions[0] from None
            raise

    @staticmethod
    def _give_up(standing: Standing, first: "_Once", error: Exception) -> None:
        standing.state = State.DOWN
        service = standing.service
        if service.required:
            raise ServiceFailed(f"{service.name} keeps failing: {standing.message}") from error
        _log.exception("A service keeps crashing and stays down", service=service.name)
        first.started(None)


class _Once:
    """``task_status.started`` that may be called at every restart, and tells only the first."""

    def __init__(self, task_status: trio.TaskStatus[Any]) -> None:
        self._task_status = task_status
        self.done = False

    def started(self, value: object) -> None:
        if not self.done:
            self.done = True
            self._task_status.started(value)


def _named(service: Service) -> Callable[..., Awaitable[None]]:
    """The service's ``run`` as a task that carries the service's name in traces."""

    async def run(*, task_status: trio.TaskStatus[Any]) -> None:
        await service.run(task_status=task_status)

    run.__qualname__ = f"service {service.name}"
    return run


def _words(error: Exception) -> str:
    if isinstance(error, ExceptionGroup):
        return "; ".join(_words(inner) for inner in error.exceptions)
    return str(error) or type(error).__name__
