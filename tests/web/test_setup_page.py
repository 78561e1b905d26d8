"""The set-up page: what it asks, what it says when something is wrong, and the card that it ends with."""

import html
import re
from importlib.resources import files as package_files
from pathlib import Path
from urllib.parse import urlencode

import pytest
import trio
from quart import Response
from quart_trio import QuartTrio

from appliance.core.accounts import Accounts, Role
from appliance.core.errors import Unavailable
from appliance.core.machine import MachineWishes
from appliance.core.ports import Store
from appliance.core.setup import Setup, Terms
from appliance.core.setup_answers import host_name
from appliance.core.throttle import Throttle
from appliance.ingest.music_folders import MusicFolders
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore
from appliance.vault import FileVault
from appliance.web import newness, pages, setup_pages
from appliance.web.setup_words import qr_code, zones
from tests.core.setting_up import MemoryMachine
from tests.web.test_home_page import STATUS, STYLE, luminance

FORM = {"administrator": "ada", "password": "correct horse"}
ASSETS = package_files("appliance.web").joinpath("assets")


class Site:
    """The pages of a box, and what is behind them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.music = folder / "music"
        self.terms = Terms(by_page=True, music_folder=self.music)
        self.machine: MemoryMachine | None = MemoryMachine()
        self.throttle = Throttle(trio.current_time)
        self.accounts = Accounts(FileVault(bytes(32)), self.throttle)
        self._folders = MusicFolders(self.music, folder / "server")
        self._app: QuartTrio | None = None

    async def get(self, path: str = "/setup", host: str = "tonearm.local") -> Response:
        return await self._made().test_client().get(path, headers={"Host": host})

    async def post(self, form: dict[str, str], host: str = "tonearm.local") -> Response:
        headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._made().test_client().post("/setup", data=urlencode(form).encode(), headers=headers)

    async def users(self) -> list[str]:
        async with self.store.begin() as work:
            return [user.name for user in await work.users.all()]

    def _made(self) -> QuartTrio:
        if self._app is None:
            setup = Setup(self.terms, self.accounts, self.throttle, self._folders, self.machine)

            async def status() -> object:
                return STATUS

            self._app = QuartTrio("test", static_folder=None)
            self._app.register_blueprint(pages(status, newness(self.store, setup)))  # type: ignore[arg-type]
            self._app.register_blueprint(setup_pages(self.store, setup))
        return self._app


@pytest.fixture
async def site(database: Database, tmp_path: Path) -> Site:
    return Site(PostgresStore(database, Listener(database)), tmp_path)


async def text_of(response: Response) -> str:
    return html.unescape(await response.get_data(as_text=True))


def fields(text: str) -> set[str]:
    return set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', text))


# --- Which page there is


async def test_the_first_page_sends_to_set_up_until_it_is_done(site: Site) -> None:
    answer = await site.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await site.get()).status_code == 200
    assert (await site.post(FORM)).status_code == 201
    assert (await site.get("/")).status_code == 200
    answer = await site.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


async def test_an_administrator_who_is_made_elsewhere_ends_it(site: Site) -> None:
    assert (await site.get("/")).status_code == 303
    async with site.store.begin() as work:
        await site.accounts.create(work, "root", "x", Role.ADMIN)
    assert (await site.get("/")).status_code == 200
    assert (await site.post(FORM)).status_code == 409
    assert await site.users() == ["root"]


async def test_where_the_terminal_sets_up_there_is_no_page(site: Site) -> None:
    site.terms = Terms(by_page=False, music_folder=site.music)
    assert (await site.get("/")).status_code == 200
    assert (await site.get()).status_code == 303
    assert (await site.post(FORM)).status_code == 409


# --- What it asks


async def test_it_asks_for_what_the_box_needs(site: Site) -> None:
    response = await site.get()
    text = await text_of(response)
    assert fields(text) == {"administrator", "password", "device_name", "time_zone", "clock", "music_folder"}
    assert 'name="device_name" value="tonearm"' in text
    assert f'value="{site.music}"' in text
    assert '<option value="Etc/UTC" selected>' in text
    assert '<option value="America/Argentina/Buenos_Aires">Argentina, Buenos Aires</option>' in text
    assert response.headers["Cache-Control"] == "no-store"


async def test_on_somebodys_computer_it_asks_for_less(site: Site) -> None:
    site.machine = None
    assert fields(await text_of(await site.get())) == {"administrator", "password", "music_folder"}


async def test_folders_that_the_settings_name_are_not_asked_for(site: Site) -> None:
    site.terms = Terms(by_page=True, music_folder=None, code="7KQM-2XWD")
    text = await text_of(await site.get())
    assert "music_folder" not in fields(text)
    assert "code" in fields(text)
    assert "7KQM" not in text


async def test_a_box_that_was_never_named_is_offered_a_name(site: Site) -> None:
    site.machine = MemoryMachine(name="localhost")
    assert 'name="device_name" value="tonearm"' in await text_of(await site.get())


def test_a_zone_that_is_none_of_the_usual_comes_first() -> None:
    known = {"Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Eastern"}
    assert next(iter(zones(known, "Etc/UTC").values()))[0] == ("Etc/UTC", "UTC")
    assert zones(known, "Europe/Berlin") == {
        "America": [("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires")],
        "Europe": [("Europe/Berlin", "Berlin")],
    }
    assert list(zones(known, None)) == ["America", "Europe"]


# --- What it makes of the answers


async def test_the_card_says_how_to_connect(site: Site) -> None:
    response = await site.post(FORM | {"device_name": "Küche", "time_zone": "Europe/Berlin"}, host="192.168.1.20:8080")
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    text = await text_of(response)
    for shown in ("http://kuche.local:8080", "http://192.168.1.20:8080", "<code>ada</code>", str(site.music)):
        assert shown in text
    assert text.count("<li>") == 3
    assert str(qr_code("http://kuche.local:8080")) in text
    assert "correct horse" not in text
    assert 'href="/"' in text
    assert site.music.is_dir()
    assert site.machine is not None
    assert site.machine.asked == [MachineWishes(name="kuche", time_zone="Europe/Berlin")]


async def test_a_name_that_was_given_up_is_not_linked_to(site: Site) -> None:
    text = await text_of(await site.post(FORM | {"device_name": "kitchen"}))
    assert "http://tonearm.local" not in text
    assert 'href="http://kitchen.local/"' in text


async def test_what_the_machine_refused_is_on_the_card(site: Site) -> None:
    assert site.machine is not None
    site.machine.refuses = {"name": "The name could not be set: <it> is taken."}
    response = await site.post(FORM | {"device_name": "kitchen"})
    raw = await response.get_data(as_text=True)
    assert "&lt;it&gt; is taken." in raw
    assert "http://tonearm.local" in raw


async def test_on_this_computer_it_says_how_to_let_a_phone_in(site: Site) -> None:
    site.machine = None
    text = await text_of(await site.post(FORM, host="localhost:4700"))
    assert "TONEARM_BIND=0.0.0.0:4700" in text


async def test_the_clock_of_the_browser_is_handed_on(site: Site) -> None:
    assert (await site.post(FORM | {"clock": "2031-01-01T12:00:00.000Z"})).status_code == 201
    assert site.machine is not None
    (wishes,) = site.machine.asked
    assert wishes.clock is not None
    assert wishes.clock.isoformat() == "2031-01-01T12:00:00+00:00"


@pytest.mark.parametrize("clock", ["", "soon", "2031-01-01T12:00:00", "2031-99-99", "١٢"])
async def test_a_clock_that_says_nothing_is_left_aside(site: Site, clock: str) -> None:
    assert (await site.post(FORM | {"clock": clock})).status_code == 201
    assert site.machine is not None
    assert site.machine.asked == []


# --- Faults


async def test_faults_stand_beside_their_fields_and_what_was_typed_stays(site: Site) -> None:
    typed = {
        "administrator": 'a"<b>' + "x" * 64,
        "password": "a\x01secret",
        "device_name": "???",
        "time_zone": "Mars/Olympus",
        "music_folder": "relative",
    }
    response = await site.post(typed)
    assert response.status_code == 422
    raw = await response.get_data(as_text=True)
    for field in typed:
        assert f'id="{field}-fault"' in raw
        assert f'href="#{field}"' in raw
        assert re.search(rf'id="{field}"[^>]* aria-invalid="true" aria-describedby="{field}-hint {field}-fault"', raw)
    assert "a&#34;&lt;b&gt;" in raw
    assert 'value="???"' in raw
    assert 'value="relative"' in raw
    assert "secret" not in raw
    assert 'role="alert"' in raw
    assert await site.users() == []
    assert not site.music.exists()


async def test_an_empty_form_is_told_all_that_is_missing(site: Site) -> None:
    text = await text_of(await site.post({}))
    assert "Choose a user name." in text
    assert "Choose a password." in text


async def test_what_the_browser_may_guess_it_guesses_once(site: Site) -> None:
    assert "data-guess" in await text_of(await site.get())
    assert "data-guess" not in await text_of(await site.post({"time_zone": "Asia/Tokyo"}))


async def test_wrong_codes_are_told_and_throttled(site: Site) -> None:
    site.terms = Terms(by_page=True, music_folder=site.music, code="7KQM-2XWD")
    for number in range(10):
        response = await site.post(FORM | {"code": f"guess {number}"})
        assert response.status_code == 422
        assert "not the code" in await text_of(response)
    response = await site.post(FORM | {"code": "7KQM-2XWD"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "Too many wrong attempts" in await text_of(response)
    assert await site.users() == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff&%=%&administrator=%00&password=%zz"),
        ("application/x-www-form-urlencoded", b"&".join(b"administrator=a" for _ in range(5000))),
        ("application/json", b'{"administrator": "ada", "password": "x"}'),
        ("text/plain", b"administrator=ada&password=x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=password\r\n\r\nx\r\n--x--"),
        ("", b""),
    ],
)
async def test_a_form_that_is_none_is_refused(site: Site, kind: str, data: bytes) -> None:
    client = site._made().test_client()  # noqa: SLF001
    response = await client.post("/setup", data=data, headers={"Host": "tonearm.local", "Content-Type": kind})
    assert response.status_code == 422
    assert await site.users() == []


async def test_the_form_alone_may_be_sent_and_its_page_tells_where_it_comes_from(site: Site) -> None:
    for form in (await site.get(), await site.post({})):
        assert "form-action 'self'" in form.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in form.headers["Content-Security-Policy"]
        # Under no-referrer a browser sends `Origin: null` with a form, which is what foreign pages send.
        assert form.headers["Referrer-Policy"] == "same-origin"
    assert "Content-Security-Policy" not in (await site.post(FORM)).headers  # the server says it for other pages


async def test_whoever_comes_second_is_told_so(site: Site) -> None:
    assert (await site.post(FORM)).status_code == 201
    response = await site.post(FORM | {"administrator": "eve"})
    assert response.status_code == 409
    text = await text_of(response)
    assert "somebody else in your network was quicker" in text
    assert "eve" not in text
    assert await site.users() == ["ada"]


class Away:
    """A store whose database does not answer."""

    def begin(self) -> object:
        raise Unavailable("The database does not answer.")


async def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    site = Site(Away(), tmp_path)  # type: ignore[arg-type]
    for response in (await site.get(), await site.post(FORM)):
        assert response.status_code == 503
        assert "Nothing is lost." in await text_of(response)
    assert (await site.get("/")).status_code == 200


# --- How it is made


async def test_everything_comes_from_here_and_nothing_is_inline(site: Site) -> None:
    for response in (await site.get(), await site.post({}), await site.post(FORM), await site.post(FORM)):
        text = await response.get_data(as_text=True)
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?! src=)", text)
        for link in re.findall(r'(?:href|src|action)="([^"#][^"]*)"', text):
            assert link.startswith("/")
            if link.startswith("/assets/"):
                assert (await site.get(link)).status_code == 200


async def test_every_field_has_its_label_and_every_reference_leads_somewhere(site: Site) -> None:
    site.terms = Terms(by_page=True, music_folder=site.music, code="7KQM-2XWD")
    for response in (await site.get(), await site.post({})):
        text = await text_of(response)
        assert text.count("<h1>") == 1
        for name in fields(text) - {"clock"}:
            assert f'<label for="{name}">' in text
        for ids in re.findall(r'aria-(?:describedby|labelledby|controls)="([^"]*)"', text):
            for each in ids.split():
                assert f'id="{each}"' in text, each


def test_the_script_spells_names_as_the_server_does() -> None:
    """The letters that Unicode does not take apart: one list here, and one there."""
    script = ASSETS.joinpath("setup.js").read_text()
    (listed,) = re.findall(r"const LETTERS = \{ (.*) \};", script)
    letters = dict(re.findall(r'"(\w)": "(\w+)"', listed))
    assert {letter: host_name(letter) for letter in letters} == letters


def palette(theme: int) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[theme]))


@pytest.mark.parametrize("theme", [0, 1], ids=["dark", "light"])
def test_every_pair_of_colours_can_be_read(theme: int) -> None:
    """Each rule of the style that sets both, and text on what is behind it."""
    colours = palette(theme)
    style = ASSETS.joinpath("setup.css").read_text()
    pairs = {("text", "ground"), ("text", "raised"), ("quiet", "raised"), ("bad", "raised")}
    for body in re.findall(r"\{([^}]*)\}", style):
        ink = re.search(r"(?:^|[ ;])color: var\(--(\w+)\)", body)
        ground = re.search(r"background: var\(--(\w+)\)", body)
        if ink and ground:
            pairs.add((ink[1], ground[1]))
    assert ("ground", "accent") in pairs
    for ink_name, ground_name in pairs:
        assert contrast(colours[ink_name], colours[ground_name]) >= 4.5, (ink_name, ground_name)
    # The edge of a field has to be seen (WCAG 1.4.11).
    assert contrast(colours["quiet"], colours["raised"]) >= 3


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_what_a_finger_touches_is_large_enough() -> None:
    style = ASSETS.joinpath("setup.css").read_text()
    (rule,) = re.findall(r"input, select, button, a\.main \{([^}]*)\}", style)
    assert int(re.findall(r"min-height: (\d+)px", rule)[0]) >= 44
    # Smaller, and a phone zooms into the field.
    assert "16px" in rule
    assert {int(size) for size in re.findall(r"font-size: (\d+)px", style)} <= {12, 14, 16, 20, 28, 40}
