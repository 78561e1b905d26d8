"""A small house of music in a real database, with the application in front of it."""

import hashlib
from pathlib import Path
from typing import cast

import pytest
import trio
from quart.typing import TestClientProtocol as Client

from appliance.api.app import make_app
from appliance.api.event_streams import EventStreams
from appliance.api.exchange import App
from appliance.api.health import Check, Health
from appliance.api.metrics import Metrics
from appliance.api.services import Services
from appliance.core.accounts import Accounts, Role
from appliance.core.jobs import JobKinds
from appliance.core.library import Batch
from appliance.core.ports import Covers, Media, Store
from appliance.core.scanning import ScanCounts, ScanKind, ScanState
from appliance.core.schedules import Timetable
from appliance.core.setup import Setup, Terms
from appliance.core.sheet import AudioFacts, Fault, Sheet, Tags
from appliance.core.throttle import Throttle
from appliance.ingest.music_folders import MusicFolders
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.kinds import KINDS
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore
from appliance.vault import FileVault
from tests.api.rest.api import Api
from tests.api.rest.witness import Testimony, witnessed
from tests.core.setting_up import MemoryMachine

PASSWORD = "correct horse"
#: Albums as (artist, album, year, genre, tracks).
HOUSE = (
    ("Ana Bell", "Autumn", 2001, "Jazz", 3),
    ("Ana Bell", "Winter", 2003, "Jazz", 2),
    ("Bo", "Étude", 1999, "Soul", 4),
)

#: Asks what all the other tests of this folder have seen: it comes after them, and only when all of them are run.
_LAST = "test_every_operation_has_answered_some_test_with_success"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    last = [item for item in items if item.path.parent == here and item.name == _LAST]
    items[:] = [item for item in items if item not in last]
    collected = {item.path for item in items if item.path.parent == here}
    chosen = any("::" in argument for argument in config.args) or any(
        config.getoption(option, None) for option in ("keyword", "markexpr", "deselect", "lf", "stepwise")
    )
    if collected == set(here.glob("test_*.py")) and not chosen:
        items += last
    else:
        config.hook.pytest_deselected(items=last)


@pytest.fixture(scope="session")
def testimony() -> Testimony:
    """What the tests of this folder are answered."""
    return Testimony()


@pytest.fixture
async def store(database: Database) -> Store:
    """The house: 3 albums of 9 tracks by 2 artists, one finished scan and one fault."""
    house = PostgresStore(database, Listener(database))
    async with house.begin() as work:
        (library,) = await work.libraries.settle([b"/music"])
        await work.catalogue.merge(library, Batch(library.id, set()).decide_rest(_sheets(), []), [])
        await work.catalogue.merge(library, [], [Fault(path=b"Broken/\xff.mp3", reason="No audio was found in it.")])
        await work.catalogue.tidy()
    async with house.begin() as work:
        await work.scans.request(ScanKind.FULL)
        scan = await work.scans.take()
        assert scan is not None
        await work.scans.finish(scan.id, ScanState.DONE, ScanCounts(found=10, to_read=10, read=10, added=9, faulty=1))
    return house


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(trio.current_time)


@pytest.fixture
def accounts(throttle: Throttle) -> Accounts:
    return Accounts(FileVault(bytes(32)), throttle)


@pytest.fixture
def machine() -> MemoryMachine:
    return MemoryMachine()


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    return Terms(by_page=True, music_folder=tmp_path / "music")


@pytest.fixture
def setup(terms: Terms, accounts: Accounts, throttle: Throttle, machine: MemoryMachine, tmp_path: Path) -> Setup:
    """Open, unless the test has an administrator."""
    return Setup(terms, accounts, throttle, MusicFolders(tmp_path / "music", tmp_path / "server"), machine)


@pytest.fixture
def services(store: Store, accounts: Accounts, setup: Setup, tmp_path: Path) -> Services:
    # Nothing of the native interface plays yet.
    return Services(
        store=store,
        accounts=accounts,
        setup=setup,
        media=cast("Media", None),
        covers=cast("Covers", None),
        folders=MusicFolders(tmp_path / "music", tmp_path / "server"),
        timetable=Timetable(JobKinds(KINDS), CronCalendar()),
        events=EventStreams(store),
        version="0.1.0-test",
    )


@pytest.fixture
async def app(services: Services, testimony: Testimony, nursery: trio.Nursery) -> App:
    async def answers() -> str:
        await services.store.ping()
        return "answers"

    health = Health([Check("database", required=True, probe=answers)])
    await nursery.start(health.run)
    app = make_app(services, health, Metrics(), allowed_hosts=["Music.Example.org"])
    app.test_client_class = witnessed(testimony)
    return app


@pytest.fixture
def client(app: App) -> Client:
    return app.test_client(use_cookies=False)


@pytest.fixture
async def administrator(services: Services) -> dict[str, str]:
    """The headers of a signed-in administrator."""
    return await _signed_in(services, Role.ADMIN)


@pytest.fixture
async def member(services: Services) -> dict[str, str]:
    """The headers of a signed-in member, whose name is ``member``."""
    return await _signed_in(services, Role.MEMBER)


@pytest.fixture
async def guest(services: Services) -> dict[str, str]:
    """The headers of a signed-in guest."""
    return await _signed_in(services, Role.GUEST)


@pytest.fixture
def as_administrator(client: Client, administrator: dict[str, str]) -> Api:
    """The interface, as an administrator sees it."""
    return Api(client, administrator)


@pytest.fixture
def as_member(client: Client, member: dict[str, str]) -> Api:
    """The interface, as a member sees it."""
    return Api(client, member)


@pytest.fixture
def as_guest(client: Client, guest: dict[str, str]) -> Api:
    """The interface, as a guest sees it."""
    return Api(client, guest)


@pytest.fixture
async def doorstep(client: Client, member: dict[str, str]) -> Client:  # noqa: ARG001 - the member exists, not signed in
    """A client that has yet to sign in; there is a member named ``member``."""
    return client


async def _signed_in(services: Services, role: Role) -> dict[str, str]:
    async with services.store.begin() as work:
        user = await services.accounts.create(work, role.value, PASSWORD, role)
        token = await services.accounts.open_session(work, user)
    return {"Authorization": f"Bearer {token}"}


def _sheets() -> list[Sheet]:
    return [
        _sheet(artist, album, year, genre, number)
        for artist, album, year, genre, count in HOUSE
        for number in range(1, count + 1)
    ]


def _sheet(artist: str, album: str, year: int, genre: str, number: int) -> Sheet:
    path = f"{artist}/{album}/{number:02}.flac".encode()
    return Sheet(
        path=path,
        size=1_000_000 + number,
        mtime_ns=1_700_000_000_000_000_000,
        audio=AudioFacts(
            identity=hashlib.blake2b(path, digest_size=16).digest(),
            suffix="flac",
            codec="flac",
            duration_ms=180_000 + number,
            bit_rate=800,
            sample_rate=44_100,
            channels=2,
            bit_depth=16,
        ),
        tags=Tags(
            title=f"{album} {number}",
            artists=(artist,),
            album=album,
            album_artists=(artist,),
            track_number=number,
            track_total=4,
            genres=(genre,),
            release_date=str(year),
            track_gain=-6.5,
            musicbrainz_recording_id="2a0b1f0c-5b0a-4b5e-9d0a-1b2c3d4e5f60",
        ),
    )
