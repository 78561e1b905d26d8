"""What the first page tells, and in which words. It is read by strangers: no name, no password, no path is in it."""

import math

import msgspec
import trio

from appliance.core.catalogue import AlbumFilter, TrackFilter, Window
from appliance.core.errors import Unavailable
from appliance.core.ports import Store
from appliance.core.scanning import Scan, ScanState

#: Seconds for which a status stands, so that many open pages ask the database once.
_MEMORY = 1.0
_NONE = Window(1)


class HomeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to hear, and what is happening."""

    version: str
    artists: int
    albums: int
    tracks: int
    scan: Scan | None
    """The one running, else the last one."""


class Home:
    """Asks the store for the status, at most once a second."""

    def __init__(self, store: Store, version: str) -> None:
        self._store = store
        self._version = version
        self._asking = trio.Lock()
        self._last: HomeStatus | None = None
        self._stands_until = -math.inf

    async def status(self) -> HomeStatus | None:
        """None when the database does not answer. That is remembered as well: a row of pages waits for it once."""
        async with self._asking:
            if trio.current_time() >= self._stands_until:
                self._last = await self._ask()
                self._stands_until = trio.current_time() + _MEMORY
            return self._last

    async def _ask(self) -> HomeStatus | None:
        try:
            async with self._store.begin() as work:
                _, artists = await work.artists.page(_NONE)
                albums = await work.albums.count(AlbumFilter())
                _, tracks = await work.tracks.page(TrackFilter(), _NONE)
                scan = await work.scans.latest()
        except Unavailable:
            return None
        return HomeStatus(
            version=self._version,
            artists=artists,
            albums=albums,
            tracks=tracks,
            scan=scan,
        )


class Progress(msgspec.Struct, frozen=True):
    """A scan in words, and as a bar while it runs."""

    words: str
    done: int | None = None
    total: int | None = None
    """Both None: no bar. ``total`` None: how much there is, is not known yet."""
    running: bool = False
    failed: bool = False


def progress(status: HomeStatus) -> Progress:
    """How the library is coming along."""
    scan = status.scan
    if scan is None:
        return Progress("Your music has not been looked at yet.")
    counts = scan.counts
    match scan.state:
        case ScanState.QUEUED:
            return Progress("About to look through your music.", running=True)
        case ScanState.RUNNING if not counts.to_read:
            return Progress(f"Looking through your music: {files(counts.found)} so far.", 0, None, running=True)
        case ScanState.RUNNING:
            words = f"Reading your music: {counts.read:,} of {files(counts.to_read)}."
            return Progress(words, min(counts.read, counts.to_read), counts.to_read, running=True)
        case ScanState.FAILED:
            words = f"The last scan stopped. {scan.message or 'The log says why.'} Nothing is lost."
            return Progress(words, failed=True)
        case ScanState.CANCELLED:
            return Progress("The last scan was cancelled. What it had read is here.")
        case ScanState.DONE:
            return Progress(_done(status.tracks, counts.faulty))


def _done(tracks: int, faulty: int) -> str:
    if not faulty:
        return "Everything is read." if tracks else "No music yet."
    if not tracks:
        return f"No music yet: {files(faulty)} could not be read."
    return f"Everything is read but {files(faulty)} that could not be; the rest plays."


def files(count: int) -> str:
    """A number of files."""
    return "1 file" if count == 1 else f"{count:,} files"
