"""The composition root: the only module that names concrete adapters. Read top to bottom, it is the whole system.

Each function is a level of the tree in docs/architecture.md: what it opens outlives what is opened inside it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
import trio

from appliance import __version__
from appliance.api.app import make_app
from appliance.api.health import Check, Health
from appliance.api.metrics import Metrics
from appliance.api.rest import openapi_document
from appliance.api.server import serve as serve_http
from appliance.api.services import Services
from appliance.core.accounts import Accounts, FirstAdministrator, Role, User
from appliance.core.catalogue import AlbumFilter, Library, Window
from appliance.core.errors import Unavailable
from appliance.core.ports import Store
from appliance.core.scanning import Scan, ScanFault, ScanKind
from appliance.core.throttle import Throttle
from appliance.demo.library import write_demo
from appliance.following import follow_scan, summary
from appliance.ingest.scanner import Scanner
from appliance.ingest.watch import Watcher
from appliance.offload import open_offload
from appliance.settings import Settings
from appliance.store.database import open_database
from appliance.store.embedded import embedded_server
from appliance.store.listener import open_listener
from appliance.store.migrate import migrate
from appliance.store.unit_of_work import PostgresStore
from appliance.stream.service import Stream, open_stream
from appliance.supervisor import Service, Supervisor
from appliance.terminal import Terminal
from appliance.vault import open_vault
from appliance.web.home import Home
from appliance.web.pages import pages

_log = structlog.stdlib.get_logger(__name__)

#: Seconds for which a start waits for a PostgreSQL that is still starting.
_PATIENCE = 60.0


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


def open_accounts(settings: Settings) -> Accounts:
    """Signing in, with the key file of the data directory."""
    vault = open_vault(settings.data_dir / "secret.key")
    return Accounts(vault, Throttle(trio.current_time), token_scheme=settings.subsonic_tokens)


async def settle_libraries(settings: Settings, store: Store, terminal: Terminal) -> list[Library]:
    """The folders of music to use: those of the settings, else the demo library, written first if need be."""
    roots = settings.music_dirs
    if not roots:
        with terminal.progress("Composing a demo library", " tracks") as progress:
            await trio.to_thread.run_sync(partial(write_demo, settings.demo_dir, progress=progress))
        roots = (settings.demo_dir,)
    async with store.begin() as work:
        return await work.libraries.settle([bytes(root) for root in roots])


async def serve(settings: Settings, terminal: Terminal, stop: trio.Event) -> None:
    """Everything, until ``stop`` is set; then the levels end one by one, the innermost first."""
    supervisor = Supervisor()
    async with open_store(settings, supervisor, terminal) as store:
        accounts = open_accounts(settings)
        async with store.begin() as work:
            administrator = await accounts.first_administrator(work, settings.admin_user, settings.admin_password)
        libraries = await settle_libraries(settings, store, terminal)
        async with open_offload(workers=settings.worker_count) as offload:
            scanner = Scanner(store, offload)
            watcher = Watcher(store, [library.root for library in libraries])
            jobs = [Service(name="scanner", run=scanner.run, required=False)]
            if settings.watch:
                jobs.append(Service(name="watcher", run=watcher.run, required=False))
            async with (
                supervisor.level(*jobs),
                open_stream(
                    cache_dir=settings.cache_dir,
                    cache_bytes=settings.cache_megabytes * 1_000_000,
                    workers=settings.worker_count,
                    offload=offload,
                ) as stream,
            ):
                health = Health(
                    [
                        Check("database", required=True, probe=partial(_answers, store)),
                        Check("transcoder", required=False, probe=partial(_works, stream)),
                        *(Check(job.name, required=False, probe=partial(supervisor.probe, job.name)) for job in jobs),
                    ]
                )
                metrics = Metrics()
                metrics.gauge(
                    "tonearm_transcoder_workers_busy", "Workers that transcode now.", lambda: stream.busy_workers
                )
                services = Services(
                    store=store, accounts=accounts, media=stream.media, covers=stream.covers, version=__version__
                )
                listening: list[str] = []
                home = Home(store, __version__, listening)
                app = make_app(
                    services, health, metrics, pages=[pages(home.status)], allowed_hosts=settings.allowed_hosts
                )
                web = Service(name="web", run=partial(serve_http, app, bind=settings.bind), required=True)
                async with (
                    supervisor.level(Service(name="health", run=health.run, required=True)),
                    supervisor.level(web) as [addresses],
                    trio.open_nursery() as nursery,
                ):
                    listening += addresses
                    greet(terminal, addresses, administrator)
                    nursery.start_soon(_first_scan, store, terminal)
                    await stop.wait()
                    terminal.say("Stopping…")
                    nursery.cancel_scope.cancel()


async def _answers(store: Store) -> str:
    await store.ping()
    return "answers"


async def _works(stream: Stream) -> str:
    await stream.check()
    return f"{stream.busy_workers} busy, {stream.warm_workers} waiting"


async def _first_scan(store: Store, terminal: Terminal) -> None:
    """Look for what changed while the server was down, and show it."""
    try:
        async with store.begin() as work:
            scan = await work.scans.request(ScanKind.QUICK)
        ended = await follow_scan(store, scan.id, terminal)
        async with store.begin() as work:
            albums = await work.albums.count(AlbumFilter())
        terminal.say(f"{summary(ended)} Your library has {albums:,} albums.")
    except Unavailable:
        _log.warning("The database went away during the first scan")


def greet(terminal: Terminal, addresses: list[str], administrator: FirstAdministrator | None) -> None:
    """Where to go and, once, with which name and password."""
    terminal.say()
    for address in addresses:
        terminal.say(f"  Tonearm plays at {terminal.emphasised(f'http://{address}')}")
    if administrator is not None:
        terminal.say(
            f"  Sign in as {terminal.emphasised(administrator.name)} with the password "
            f"{terminal.emphasised(administrator.password)}"
        )
        terminal.say("  (shown only now; any Subsonic app takes the same address, name and password)")
    terminal.say()


async def scan(settings: Settings, terminal: Terminal, kind: ScanKind) -> tuple[Scan, list[ScanFault]]:
    """Scan once: by the server that runs on this data directory, or here when none does."""
    supervisor = Supervisor()
    async with open_store(settings, supervisor, terminal) as store:
        if settings.music_dirs:
            await settle_libraries(settings, store, terminal)
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


async def add_user(settings: Settings, terminal: Terminal, name: str, password: str, role: Role) -> User:
    """Add a user, whether or not a server runs on this data directory."""
    async with open_store(settings, Supervisor(), terminal) as store, store.begin() as work:
        return await open_accounts(settings).create(work, name, password, role)


def openapi() -> dict[str, object]:
    """The OpenAPI document of the REST interface."""
    return openapi_document(__version__)
