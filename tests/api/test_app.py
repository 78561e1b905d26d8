"""The whole application behind a real socket, as a browser, an app and a program meet it."""

from functools import partial

import httpx
import pytest
import trio
from quart import Blueprint, Response

from appliance.api.app import make_app
from appliance.api.exchange import App
from appliance.api.health import Health
from appliance.api.metrics import Metrics
from appliance.api.server import serve
from appliance.api.services import Services
from appliance.core.accounts import Accounts
from appliance.core.errors import Unavailable
from appliance.core.setup import Setup, Terms
from appliance.core.throttle import Throttle


class NoStore:
    """A store whose database is away."""

    def begin(self) -> object:
        raise Unavailable("The database does not answer.")


@pytest.fixture
async def app(nursery: trio.Nursery) -> App:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def home() -> str:
        return "home"

    @pages.route("/setup", methods=["GET", "POST"])
    async def setup_form() -> Response:
        return Response("form", headers={"Referrer-Policy": "same-origin"})

    throttle = Throttle(trio.current_time)
    accounts = Accounts(vault=None, throttle=throttle)  # type: ignore[arg-type]  # nobody signs in
    terms = Terms(by_page=True, music_folder=None)
    services = Services(
        store=NoStore(),  # type: ignore[arg-type]
        accounts=accounts,
        setup=Setup(terms, accounts, throttle, folders=None, machine=None),  # type: ignore[arg-type]
        media=None,  # type: ignore[arg-type]
        covers=None,  # type: ignore[arg-type]
        folders=None,  # type: ignore[arg-type]
        timetable=None,  # type: ignore[arg-type]
        events=None,  # type: ignore[arg-type]
        version="0.1.0-test",
    )
    health = Health([])
    await nursery.start(health.run)
    return make_app(services, health, Metrics(), pages=[pages], allowed_hosts=["Music.Example.org"])


@pytest.fixture
async def url(app: App, nursery: trio.Nursery) -> str:
    (address,) = await nursery.start(partial(serve, app, bind="127.0.0.1:0"))
    return f"http://{address}"


async def got(url: str, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url) as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/", "/health", "/health/ready", "/metrics", "/api/docs", "/api/v1/openapi.json"])
async def test_what_is_open_to_everybody_is_open(url: str, path: str) -> None:
    assert (await got(url, path)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/api/docs", "/nowhere"])
async def test_a_name_that_a_stranger_may_own_is_misdirected(url: str, path: str) -> None:
    response = await got(url, path, Host="evil.example")
    assert response.status_code == 421
    assert "not known under this name" in response.text


async def test_under_a_name_that_it_is_not_known_by_it_tells_its_address(app: App) -> None:
    for path in ("/", "/api/v1/me"):
        scope = {"server": ("::ffff:192.168.1.20", 80)}
        response = await app.test_client().get(path, headers={"Host": "tonearm.fritz.box"}, scope_base=scope)
        assert response.status_code == 421
        assert "Open it by its address, http://192.168.1.20, or" in await response.get_data(as_text=True)


@pytest.mark.parametrize("host", ["tonearm.local", "tonearm.lan", "music.example.org", "[::1]:4533"])
async def test_our_own_names_are_served(url: str, host: str) -> None:
    assert (await got(url, "/", Host=host)).text == "home"


@pytest.mark.parametrize("path", ["/rest/getOpenSubsonicExtensions?f=json", "/health", "/metrics"])
async def test_machines_may_use_any_name(url: str, path: str) -> None:
    assert (await got(url, path, Host="box.tailnet.example")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/docs", "/nowhere"])
async def test_pages_run_nothing_foreign_and_are_framed_by_nobody(url: str, path: str) -> None:
    headers = (await got(url, path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def posted(url: str, path: str, **headers: str) -> int:
    async with httpx.AsyncClient(base_url=url) as client:
        return (
            await client.post(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        ).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evil.example", "Host": "tonearm.local"},
        {"Origin": "http://tonearm.local:81", "Host": "tonearm.local"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
async def test_a_foreign_page_sends_no_form_to_a_page_of_ours(url: str, headers: dict[str, str]) -> None:
    assert await posted(url, "/setup", **headers) == 403
    assert await posted(url, "/setup", Host="evil.example", Origin="http://evil.example") == 421
    assert (await got(url, "/setup", **headers)).text == "form"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "tonearm.local", "Origin": "http://tonearm.local"},
        {"Host": "Tonearm.local:81", "Origin": "http://tonearm.local:81"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "null"},
        {"Sec_Fetch_Site": "none"},
    ],
)
async def test_a_page_of_ours_and_a_program_send_forms(url: str, headers: dict[str, str]) -> None:
    assert await posted(url, "/setup", **headers) == 200


async def test_what_a_page_says_of_itself_stands_and_the_rest_is_said_for_it(url: str) -> None:
    headers = (await got(url, "/setup")).headers
    assert headers["Referrer-Policy"] == "same-origin"
    assert "form-action 'none'" in headers["Content-Security-Policy"]
    assert (await got(url, "/")).headers["Referrer-Policy"] == "no-referrer"


async def test_a_database_that_is_away_is_told_and_is_no_fault_of_the_request(url: str) -> None:
    response = await got(url, "/api/v1/me", Authorization="Bearer x")
    assert response.status_code == 503
    assert response.json()["detail"][0]["type"] == "unavailable"
    document = (await got(url, "/api/v1/openapi.json")).json()
    assert "503" in document["paths"]["/api/v1/me"]["get"]["responses"]
    assert (await got(url, "/health")).status_code == 200


async def test_no_cross_origin_reading_is_offered(url: str) -> None:
    response = await got(url, "/api/v1/openapi.json", Origin="http://evil.example")
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_server_does_not_tell_its_make(url: str) -> None:
    assert "Server" not in (await got(url, "/")).headers
