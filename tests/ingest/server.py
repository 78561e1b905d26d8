"""A server that may be stopped and started over, as far as scans go."""

from uuid import UUID

import trio

from appliance.core.ports import Store
from appliance.core.scanning import ScanKind, ScanState
from appliance.ingest.scanner import Scanner
from appliance.offload import open_offload
from appliance.store.database import open_database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore


class Server:
    """What of Tonearm scans and remembers, on one database; it may be stopped and started over."""

    def __init__(self, nursery: trio.Nursery, url: str) -> None:
        self._nursery = nursery
        self._url = url
        self._stop = trio.Event()
        self._stopped = trio.Event()
        self._stopped.set()
        self.store: Store

    async def start(self) -> None:
        self._stop, self._stopped = trio.Event(), trio.Event()
        await self._nursery.start(self._serve)

    async def stop(self) -> None:
        self._stop.set()
        await self._stopped.wait()

    async def scan(self, kind: ScanKind) -> None:
        scan = await self.request(kind)
        with trio.fail_after(60):
            while True:
                async with self.store.begin() as work:
                    now = await work.scans.get(scan)
                if now.finished_at is not None:
                    break
                await trio.sleep(0.02)
        assert (now.state, now.message, now.counts.faulty) == (ScanState.DONE, None, 0)

    async def request(self, kind: ScanKind) -> UUID:
        async with self.store.begin() as work:
            return (await work.scans.request(kind)).id

    async def _serve(self, *, task_status: "trio.TaskStatus[None]" = trio.TASK_STATUS_IGNORED) -> None:
        try:
            async with (
                open_database(self._url) as database,
                open_listener(database) as listener,
                open_offload(workers=2) as offload,
                trio.open_nursery() as nursery,
            ):
                self.store = PostgresStore(database, listener)
                await nursery.start(Scanner(self.store, offload).run)
                task_status.started()
                await self._stop.wait()
                nursery.cancel_scope.cancel()
        finally:
            self._stopped.set()
