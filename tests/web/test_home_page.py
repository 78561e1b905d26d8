"""The first page: what it says, to whom, and how it looks."""

import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from importlib.resources import files as package_files

import msgspec
import pytest
import trio
import trio.testing
from quart_trio import QuartTrio

from appliance.core.errors import Unavailable
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore
from appliance.web import Home, HomeStatus, pages
from appliance.web.home import progress

STATUS = HomeStatus(version="0.1.0", artists=1, albums=12, tracks=1304, scan=None)
STYLE = package_files("appliance.web").joinpath("assets/home.css").read_text()


def scan(state: ScanState, message: str | None = None, **counts: int) -> Scan:
    return Scan(
        id=new_id(),
        kind=ScanKind.QUICK,
        state=state,
        counts=ScanCounts(**counts),
        requested_at=datetime.now(UTC),
        message=message,
    )


def site(status: Callable[[], Awaitable[HomeStatus | None]]) -> QuartTrio:
    app = QuartTrio("test", static_folder=None)
    app.register_blueprint(pages(status, _not_new))
    return app


async def _not_new() -> bool:
    return False


async def page(status: HomeStatus = STATUS, path: str = "/", host: str = "tonearm.local:4533") -> str:
    async def now() -> HomeStatus:
        return status

    response = await site(now).test_client().get(path, headers={"Host": host})
    assert response.status_code == 200
    return await response.get_data(as_text=True)


async def test_it_says_how_to_connect_an_app() -> None:
    text = await page()
    assert "<code>http://tonearm.local:4533</code>" in text
    assert "chosen at set-up" in text


async def test_it_counts_the_library() -> None:
    assert re.findall(r">([^<>]+)</d[dt]>", await page())[:6] == [
        "12",
        "albums",
        "1",
        "artist",
        "1,304",
        "tracks",
    ]


async def test_a_scan_shows_as_a_bar_and_a_sentence() -> None:
    status = msgspec.structs.replace(STATUS, scan=scan(ScanState.RUNNING, found=2000, to_read=1200, read=450))
    for path in ("/", "/now"):
        text = await page(status, path)
        assert 'max="1200" value="450"' in text
        assert "Reading your music: 450 of 1,200 files." in text


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (None, "not been looked at"),
        (scan(ScanState.QUEUED), "About to look"),
        (scan(ScanState.RUNNING, found=1), "1 file so far"),
        (scan(ScanState.DONE, read=9), "Everything is read."),
        (scan(ScanState.DONE, read=9, faulty=2), "but 2 files that could not be"),
        (scan(ScanState.FAILED, "The disk is not there."), "The disk is not there. Nothing is lost."),
        (scan(ScanState.FAILED), "The log says why."),
        (scan(ScanState.CANCELLED), "was cancelled"),
    ],
)
def test_every_state_of_a_scan_has_its_sentence(now: Scan | None, words: str) -> None:
    assert words in progress(msgspec.structs.replace(STATUS, scan=now)).words


async def test_an_empty_library_says_how_to_add_music_once_it_has_looked() -> None:
    empty = msgspec.structs.replace(STATUS, tracks=0, scan=scan(ScanState.DONE))
    text = await page(empty)
    assert "No music yet." in text
    assert text.count("<li>") == 2
    assert "make run" not in text  # a box has no such command
    broken = msgspec.structs.replace(empty, scan=scan(ScanState.DONE, read=1, faulty=1))
    assert "No music yet: 1 file could not be read." in await page(broken)
    running = msgspec.structs.replace(empty, scan=scan(ScanState.RUNNING, found=3))
    assert "<li>" not in await page(running)
    assert "<li>" not in await page()


async def test_a_scan_that_failed_is_seen_at_once() -> None:
    assert 'class="words bad"' in await page(msgspec.structs.replace(STATUS, scan=scan(ScanState.FAILED)))
    assert 'class="words"' in await page(msgspec.structs.replace(STATUS, scan=scan(ScanState.DONE)))


async def test_on_this_computer_it_says_how_to_let_a_phone_in() -> None:
    text = await page(host="localhost:4700")
    assert "this computer only" in text
    assert "TONEARM_BIND=0.0.0.0:4700" in text
    assert "TONEARM_BIND=0.0.0.0:4533" in await page(host="localhost")
    assert "this computer only" not in await page()


async def test_a_database_that_is_away_is_said_and_nothing_breaks() -> None:
    async def away() -> None:
        return None

    response = await site(away).test_client().get("/")
    assert response.status_code == 503
    text = await response.get_data(as_text=True)
    assert "Nothing is lost" in text
    assert "Connect an app" in text


async def test_what_strangers_wrote_is_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    assert "TONEARM_BIND" not in await page(host="localhost:99999")
    status = msgspec.structs.replace(STATUS, scan=scan(ScanState.FAILED, hostile))
    assert hostile not in await page(status, host=f"{hostile}.local")


async def test_everything_comes_from_here() -> None:
    async def now() -> HomeStatus:
        return STATUS

    text = await page()
    links = set(re.findall(r'(?:href|src)="([^"]+)"', text)) - {"http://tonearm.local:4533/"}
    assert all(link.startswith("/") for link in links)
    assert "style=" not in text
    client = site(now).test_client()
    for link in links:
        if link.startswith("/assets/"):
            assert (await client.get(link)).status_code == 200


async def test_it_has_landmarks_one_heading_and_names_for_its_sections() -> None:
    text = await page()
    for landmark in ("<header>", "<main>", "<footer>", "<nav aria-label="):
        assert text.count(landmark) == 1
    assert text.count("<h1>") == 1
    for name in re.findall(r'aria-labelledby="([^"]+)"', text):
        assert f'id="{name}"' in text


def test_all_pages_have_one_palette() -> None:
    documentation = package_files("appliance.api.rest").joinpath("pages/docs.css").read_text()
    assert re.findall(r"--\w+: #[0-9a-f]{6}", documentation) == re.findall(r"--\w+: #[0-9a-f]{6}", STYLE)


@pytest.mark.parametrize("theme", [0, 1], ids=["dark", "light"])
@pytest.mark.parametrize("ground", ["ground", "raised"])
@pytest.mark.parametrize("ink", ["text", "quiet", "accent", "good", "bad"])
def test_text_can_be_read(theme: int, ground: str, ink: str) -> None:
    palette = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[theme]))
    light, dark = sorted((luminance(palette[ink]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_the_status_is_what_the_store_holds_and_is_asked_for_once_a_second(database: Database) -> None:
    store = PostgresStore(database, Listener(database))
    home = Home(store, "0.1.0")
    status = await home.status()
    assert status is not None
    assert (status.tracks, status.scan) == (0, None)
    async with store.begin() as work:
        await work.scans.request(ScanKind.QUICK)
    assert await home.status() is status


class AwayStore:
    """A store whose database is away, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        self.asked += 1
        raise Unavailable("The database does not answer.")


async def test_a_database_that_is_away_is_asked_once_a_second(mock_clock: trio.testing.MockClock) -> None:
    store = AwayStore()
    home = Home(store, "0.1.0")  # type: ignore[arg-type]  # it has nothing else of a store
    assert [await home.status() for _ in range(3)] == [None] * 3
    assert store.asked == 1
    mock_clock.jump(1)
    assert await home.status() is None
    assert store.asked == 2
