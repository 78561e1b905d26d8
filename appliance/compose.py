"""The composition root: with ``first_start``, the only module that names the server's concrete adapters.

Each function is a level of the tree in docs/architecture.md: what it opens outlives what is opened inside it.
"""

import gc
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import structlog
import trio
from quart_trio import QuartTrio

from appliance import __version__
from appliance.api.app import make_app
from appliance.api.event_streams import EventStreams
from appliance.api.health import Check, Health
from appliance.api.metrics import Metrics
from appliance.api.rest import openapi_document
from appliance.api.server import serve as serve_http
from appliance.api.services import Services
from appliance.core.accounts import Accounts
from appliance.core.catalogue import AlbumFilter, Window
from appliance.core.errors import Unavailable
from appliance.core.jobs import JobKinds
from appliance.core.ports import Offload, Store
from appliance.core.scanning import Scan, ScanFault, ScanKind
from appliance.core.schedules import Timetable
from appliance.core.throttle import Throttle
from appliance.first_start import Music, first_administrator, greet, open_setup
from appliance.following import counted, follow_scan, summary
from appliance.host.notify import Notifier, open_notifier
from appliance.host.status import Activity
from appliance.host.watchdog import Watchdog
from appliance.ingest.scanner import Scanner
from appliance.ingest.watch import Watcher
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.forgetting import Forgetting
from appliance.jobs.kinds import DEFAULTS, KINDS, handlers
from appliance.jobs.runner import Runner
from appliance.offload import open_offload
from appliance.settings import Settings, watchdog_seconds
from appliance.store.database import open_database
from appliance.store.embedded import embedded_server, running_server
from appliance.store.listener import open_listener
from appliance.store.migrate import migrate
from appliance.store.unit_of_work import PostgresStore
from appliance.stream.service import Stream, open_stream
from appliance.supervisor import Service, Supervisor
from appliance.terminal import Terminal
from appliance.vault import open_vault
from appliance.web.home import Home
from appliance.web.pages import pages
from appliance.web.setup import newness, setup_pages

_log = structlog.stdlib.get_logger(__name__)

#: Seconds for which a start waits for a PostgreSQL that is still starting.
_PATIENCE = 60.0
#: Less free disk than this is worth a warning: a scan of a large library writes about as much.
_LEAST_MEGABYTES = 200


@asynccontextmanager
async def open_store(settings: Settings, supervisor: Supervisor, terminal: Terminal) -> AsyncIterator[Store]:
    """The database, with the schema of this release."""

    async def postgresql(*, task_status: trio.TaskStatus[str]) -> None:
        async with embedded_server(settings.data_dir, say=terminal.say) as url:
            task_status.started(url)
            await trio.sleep_forever()

    embedded = [] if settings.database_url else [Service(name="postgresql", run=postgresql, required=True)]
    async with supervisor.level(*embedded) as started:
        url = settings.database_url or started[0]
        await _migrate(url, terminal)
        async with (
            open_database(url, connections=settings.database_connections) as database,
            open_listener(database) as listener,
        ):
            yield PostgresStore(database, listener)


async def _migrate(url: str, terminal: Terminal) -> None:
    """Bring the schema up to date; wait for a server that is not there yet."""
    deadline = trio.current_time() + _PATIENCE
    while True:
        try:
            return await migrate(url, say=terminal.say)
        except Unavailable as error:
            if trio.current_time() > deadline:
                raise
            terminal.say(f"Waiting for the database: {error}")
            await trio.sleep(2)


def open_accounts(settings: Settings, throttle: Throttle) -> Accounts:
    """Signing in, with the key file of the data directory."""
    vault = open_vault(settings.data_dir / "secret.key")
    return Accounts(vault, throttle, token_scheme=settings.subsonic_tokens)


async def serve(settings: Settings, terminal: Terminal, serving: trio.Event, stop: trio.Event) -> None:
    """Everything, until ``stop`` is set; then the levels end one by one, the innermost first.

    ``serving`` is set here, when the server accepts requests.
    """
    supervisor, notifier = Supervisor(), open_notifier()
    notifier.status("Starting.")
    async with open_store(settings, supervisor, terminal) as store:
        throttle = Throttle(trio.current_time)
        accounts = open_accounts(settings, throttle)
        music = Music(settings, store, terminal)
        setup = open_setup(settings, accounts, throttle, music)
        if settings.admin_password:
            # There is nothing to show, and whoever is named may sign in as soon as the server answers.
            await first_administrator(settings, store, accounts)
        await music.settle_if_it_can_be()
        # Covers have workers of their own, so that somebody who looks at them does not wait behind a scan's batch.
        async with (
            open_offload(workers=settings.worker_count) as readers,
            open_offload(workers=settings.worker_count) as painters,
        ):
            timetable = Timetable(JobKinds(KINDS), CronCalendar())
            jobs = _jobs(settings, store, readers, timetable)
            async with (
                supervisor.level(*jobs),
                open_stream(
                    cache_dir=settings.cache_dir,
                    cache_bytes=settings.cache_megabytes * 1_000_000,
                    workers=settings.worker_count,
                    offload=painters,
                ) as stream,
            ):
                services = Services(
                    store=store,
                    accounts=accounts,
                    setup=setup,
                    media=stream.media,
                    covers=stream.covers,
                    folders=music.folders,
                    timetable=timetable,
                    events=EventStreams(store),
                    version=__version__,
                )
                health = _health(settings, store, stream, supervisor, jobs, music=music)
                app = _app(settings, services, stream, health)
                # What is loaded by now stays. Without this the collector walks over all of it now and then, and every
                # stream waits a tenth of a second.
                gc.collect()
                gc.freeze()
                async with (
                    supervisor.level(Service(name="health", run=health.run, required=True)),
                    supervisor.level(Service(name="web", run=partial(_web, app, settings.bind), required=True)) as web,
                    _watched(notifier, services, stream, supervisor),
                    trio.open_nursery() as nursery,
                ):
                    serving.set()
                    await greet(settings, store, accounts, setup, terminal, addresses=web[0])
                    notifier.ready()
                    nursery.start_soon(_first_scan, services, music, terminal)
                    await stop.wait()
                    notifier.stopping()
                    terminal.say("Stopping…")
                    services.events.close()  # they would go on until they are cut
                    nursery.cancel_scope.cancel()


def _watched(
    notifier: Notifier, services: Services, stream: Stream, supervisor: Supervisor
) -> AbstractAsyncContextManager[object]:
    """Signs of life for systemd, which stop when the event loop or the database does."""
    store, setup = services.store, services.setup

    async def activity() -> Activity:
        async with store.begin() as work:
            scan, is_open = await work.scans.latest(), await setup.is_open(work)
        return Activity(streams=stream.listeners, scan=scan, waits_for_setup=is_open)

    watchdog = Watchdog(notifier, watchdog_seconds(), ping=store.answers, activity=activity)
    return supervisor.level(Service(name="watchdog", run=watchdog.run, required=True))


def _jobs(settings: Settings, store: Store, readers: Offload, timetable: Timetable) -> list[Service]:
    """What works by itself, beside the listeners. None is required: without them the music plays on."""
    # What else grows by itself has its hook here.
    forgetting = Forgetting(store)
    runner = Runner(store, timetable, handlers(store, forgetting), defaults=DEFAULTS, forgetting=forgetting)
    jobs = [
        Service(name="jobs", run=runner.run, required=False),
        Service(name="scanner", run=Scanner(store, readers).run, required=False),
    ]
    if settings.watch:
        jobs.append(Service(name="watcher", run=Watcher(store).run, required=False))
    return jobs


def _health(
    settings: Settings, store: Store, stream: Stream, supervisor: Supervisor, jobs: list[Service], *, music: Music
) -> Health:
    """What ``/health/ready`` asks."""
    return Health(
        [
            Check("database", required=True, probe=partial(_answers, store)),
            Check("music", required=False, probe=music.state),
            Check("disk", required=False, probe=partial(_has_room, settings.data_dir)),
            Check("transcoder", required=False, probe=partial(_works, stream)),
            *(Check(job.name, required=False, probe=partial(supervisor.probe, job.name)) for job in jobs),
        ]
    )


def _app(settings: Settings, services: Services, stream: Stream, health: Health) -> QuartTrio:
    """Everything that answers requests."""
    store, setup = services.store, services.setup
    return make_app(
        services,
        health,
        _metrics(stream),
        pages=[pages(Home(store, __version__).status, newness(store, setup)), setup_pages(store, setup)],
        allowed_hosts=settings.allowed_hosts,
    )


async def _web(app: QuartTrio, bind: str, *, task_status: trio.TaskStatus[list[str]]) -> None:
    try:
        await serve_http(app, bind=bind, task_status=task_status)
    except OSError as error:
        raise Unavailable(f"Tonearm cannot listen on {bind}: {error.strerror}. Choose another with --bind.") from error


def _metrics(stream: Stream) -> Metrics:
    metrics = Metrics()
    metrics.gauge("tonearm_listeners", "Answers with audio that are being sent.", lambda: stream.listeners)
    metrics.gauge("tonearm_transcoder_workers_busy", "Workers that transcode now.", lambda: stream.busy_workers)
    metrics.gauge("tonearm_transcoder_workers_warm", "Workers that wait for work.", lambda: stream.warm_workers)
    metrics.gauge("tonearm_cache_bytes", "Transcodes and covers that are kept.", lambda: stream.cache_bytes)
    return metrics


async def _answers(store: Store) -> str:
    await store.ping()
    return "answers"


async def _has_room(data_dir: Path) -> str:
    free = (await trio.to_thread.run_sync(shutil.disk_usage, data_dir)).free // 1_000_000
    if free < _LEAST_MEGABYTES:
        raise Unavailable(f"{free:,} MB are free on the disk of {data_dir}; make some room.")
    return f"{free:,} MB free"


async def _works(stream: Stream) -> str:
    await stream.check()
    return f"{stream.busy_workers} busy, {stream.warm_workers} waiting"


async def _first_scan(services: Services, music: Music, terminal: Terminal) -> None:
    """Look for what changed while the server was down, and show it; once set-up is over, where it is still open."""
    store = services.store
    try:
        async with store.begin() as work:
            libraries = await work.libraries.all()
        if not libraries:
            await services.setup.until_over()
            await music.until_settled()
        async with store.begin() as work:
            latest = await work.scans.latest()
            # The watcher, or set-up, may have asked already.
            scan = latest if latest and not latest.finished_at else await work.scans.request(ScanKind.QUICK)
        ended = await follow_scan(store, scan.id, terminal)
        async with store.begin() as work:
            albums = await work.albums.count(AlbumFilter())
        terminal.say(f"{summary(ended)} Your library has {counted(albums, 'album')}.")
    except Unavailable as error:
        _log.warning("The first scan did not happen", reason=str(error))


async def scan(settings: Settings, terminal: Terminal, kind: ScanKind) -> tuple[Scan, list[ScanFault]]:
    """Scan once, and give what came of it and everything that cannot be read. A server may be running meanwhile."""
    joined, supervisor = joining(settings), Supervisor()
    async with open_store(joined, supervisor, terminal) as store:
        if settings.music_dirs and joined == settings:
            await Music(settings, store, terminal).settle()
        async with open_offload(workers=settings.worker_count) as offload:
            scanner = Service(name="scanner", run=Scanner(store, offload).run, required=True)
            async with supervisor.level(scanner):
                async with store.begin() as work:
                    requested = await work.scans.request(kind)
                ended = await follow_scan(store, requested.id, terminal)
                terminal.say(summary(ended))
                async with store.begin() as work:
                    faults, _ = await work.scans.faults(Window(10_000))
                return ended, faults


def joining(settings: Settings) -> Settings:
    """The settings that reach the database of the server that runs on this data directory, if one does."""
    running = None if settings.database_url else running_server(settings.data_dir)
    return msgspec.structs.replace(settings, database_url=running) if running else settings


def openapi() -> dict[str, object]:
    """The OpenAPI document of the REST interface."""
    return openapi_document(__version__)
