"""Radio stations: named by administrators, read by everybody."""

from typing import Any

import psycopg
import pytest

from appliance.api.rest.radio_stations import StationPage, StationRead
from appliance.core.ids import new_id
from tests.api.rest.api import Api

ID = "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"
RADIO = {"name": "Rádio Um", "stream_url": "http://radio.example/um", "home_page_url": "https://radio.example"}


async def test_a_station_is_named_read_and_listed(as_administrator: Api, as_guest: Api) -> None:
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    assert (made.name, made.stream_url, made.home_page_url) == (
        "Rádio Um",
        "http://radio.example/um",
        "https://radio.example/",
    )
    assert await as_guest.get(f"/radio-stations/{made.id}", StationRead) == made
    page = await as_guest.get("/radio-stations/", StationPage)
    assert (page.items, page.pagination.total_count) == ([made], 1)


async def test_stations_are_listed_by_name_page_by_page(as_administrator: Api, as_member: Api) -> None:
    for name in ("zulu", "Álpha", "BRAVO"):
        await as_administrator.post(
            "/radio-stations/", {"name": name, "stream_url": f"http://{new_id()}.example/"}, StationRead
        )
    listed = [await as_member.get("/radio-stations/", StationPage, page=page, limit=2) for page in (1, 2, 3)]
    assert [[station.name for station in page.items] for page in listed] == [["Álpha", "BRAVO"], ["zulu"], []]
    assert (listed[0].pagination.total_count, listed[0].pagination.max_page) == (3, 2)


async def test_a_change_changes_what_it_names(as_administrator: Api) -> None:
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    path = f"/radio-stations/{made.id}"
    assert await as_administrator.patch(path, {}, StationRead) == made
    renamed = await as_administrator.patch(path, {"name": "Radio  One "}, StationRead)
    assert (renamed.name, renamed.stream_url, renamed.home_page_url) == (
        "Radio  One",
        made.stream_url,
        made.home_page_url,
    )
    homeless = await as_administrator.patch(path, {"home_page_url": None}, StationRead)
    assert (homeless.name, homeless.home_page_url) == ("Radio  One", None)
    assert await as_administrator.get(path, StationRead) == homeless


async def test_a_name_or_a_stream_is_there_once(as_administrator: Api) -> None:
    first = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    for twin in (
        RADIO,
        {"name": "RADIO UM", "stream_url": "http://other.example/"},
        {"name": "Other", "stream_url": "HTTP://RADIO.example/um"},
    ):
        assert await as_administrator.refused(409, "POST", "/radio-stations/", twin) == [("", "conflict")]
    other = await as_administrator.post(
        "/radio-stations/", {"name": "Other", "stream_url": "http://other.example/"}, StationRead
    )
    for change in ({"name": "radio um"}, {"stream_url": first.stream_url}):
        assert await as_administrator.refused(409, "PATCH", f"/radio-stations/{other.id}", change) == [("", "conflict")]
    assert await as_administrator.get(f"/radio-stations/{other.id}", StationRead) == other


async def test_a_station_is_forgotten(as_administrator: Api) -> None:
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    await as_administrator.delete(f"/radio-stations/{made.id}")
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "Other"})):
        await as_administrator.refused(404, method, f"/radio-stations/{made.id}", body)
    assert (await as_administrator.get("/radio-stations/", StationPage)).items == []


async def test_only_administrators_write(as_administrator: Api, as_member: Api, as_guest: Api) -> None:
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    for someone in (as_member, as_guest):
        await someone.refused(403, "POST", "/radio-stations/", {"name": "Other", "stream_url": "http://other.example/"})
        await someone.refused(403, "PATCH", f"/radio-stations/{made.id}", {"name": "Other"})
        await someone.refused(403, "DELETE", f"/radio-stations/{made.id}")
        assert await someone.get(f"/radio-stations/{made.id}", StationRead) == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "  "), ("name", "\0"), ("name", "x" * 201), ("name", None), ("name", 7), ("name", ["x"]),
        ("name", "\u0301"), ("stream_url", "file:///etc/passwd"), ("stream_url", "../../etc/passwd"),
        ("stream_url", "http://ana:secret@radio.example/"), ("stream_url", "http://radio.example/\r\nX: y"),
        ("stream_url", "javascript:alert(1)"), ("stream_url", "http://radio.example/" + "x" * 2000),
        ("stream_url", "http://radio.example/" + "é" * 1500), ("stream_url", None), ("stream_url", ""),
        ("home_page_url", "javascript:alert(1)"), ("home_page_url", "http://"), ("home_page_url", ""),
        ("home_page_url", 2**63), ("created_by", None), ("id", ID),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_station_is_refused(as_administrator: Api, field: str, value: Any) -> None:
    [(place, _)] = await as_administrator.refused(422, "POST", "/radio-stations/", RADIO | {field: value})
    assert place == f"body.{field}"
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    [(place, _)] = await as_administrator.refused(422, "PATCH", f"/radio-stations/{made.id}", {field: value})
    assert place == f"body.{field}"


async def test_every_fault_is_told_at_once(as_administrator: Api) -> None:
    wrong = {"name": " ", "stream_url": "ftp://a", "home_page_url": "ftp://b"}
    faults = await as_administrator.refused(422, "POST", "/radio-stations/", wrong)
    assert [place for place, _ in faults] == ["body.name", "body.stream_url", "body.home_page_url"]


async def test_a_name_that_grows_when_folded_fits(as_administrator: Api) -> None:
    """U+FDFA is one character, and eighteen when it is folded."""
    made = await as_administrator.post(
        "/radio-stations/", {"name": "\ufdfa" * 200, "stream_url": "http://radio.example/"}, StationRead
    )
    assert made.name == "\ufdfa" * 200


async def test_a_station_outlives_who_named_it(as_administrator: Api, as_member: Api, database_url: str) -> None:
    made = await as_administrator.post("/radio-stations/", RADIO, StationRead)
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM users WHERE id = %s", [made.created_by])
    read = await as_member.get(f"/radio-stations/{made.id}", StationRead)
    assert (read.name, read.created_by) == ("Rádio Um", None)
