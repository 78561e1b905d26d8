"""Libraries: added, renamed, taken out of use and brought back."""

import os
from pathlib import Path

import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.libraries import LibraryPage, LibraryRead
from appliance.api.rest.tracks import TrackPage, TrackRead
from appliance.api.services import Services
from appliance.core.accounts import Role
from appliance.core.scanning import ScanKind, ScanState
from tests.api.rest.api import Api


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that can be added."""
    folder = tmp_path / "disk" / "Music"
    folder.mkdir(parents=True)
    return folder


async def test_a_folder_is_added_and_scanned(services: Services, as_administrator: Api, disk: Path) -> None:
    added = await as_administrator.post("/libraries/", {"root": f"{disk}/"}, LibraryRead)
    assert (added.name, added.root, added.file_count) == ("Music", str(disk), 0)
    assert await as_administrator.get(f"/libraries/{added.id}", LibraryRead) == added
    async with services.store.begin() as work:
        assert [library.root for library in await work.libraries.all()] == [b"/music", bytes(disk)]
        scan = await work.scans.latest()
    assert scan is not None
    assert (scan.kind, scan.state) == (ScanKind.QUICK, ScanState.QUEUED)


async def test_only_administrators_see_where_it_is(as_administrator: Api, as_member: Api, as_guest: Api) -> None:
    (known,) = (await as_administrator.get("/libraries/", LibraryPage)).items
    assert known.root == "/music"
    assert (known.file_count, known.missing_count, known.track_count) == (9, 0, 9)
    assert known.size == 9_000_019
    for api in (as_member, as_guest):
        (seen,) = (await api.get("/libraries/", LibraryPage)).items
        assert (seen.root, seen.name, seen.number) == (None, known.name, known.number)
        assert (await api.get(f"/libraries/{known.id}", LibraryRead)).root is None
        await api.refused(403, "POST", "/libraries/", {"root": "/media"})
        await api.refused(403, "PATCH", f"/libraries/{known.id}", {"name": "Mine"})
        await api.refused(403, "DELETE", f"/libraries/{known.id}")


async def test_a_library_is_renamed(as_administrator: Api) -> None:
    (library,) = (await as_administrator.get("/libraries/", LibraryPage)).items
    path = f"/libraries/{library.id}"
    assert (await as_administrator.patch(path, {"name": " The\0 attic "}, LibraryRead)).name == "The  attic"
    assert (await as_administrator.patch(path, {}, LibraryRead)).name == "The  attic"
    for name in ("", "\n", "x" * 201, None):
        assert await as_administrator.refused(422, "PATCH", path, {"name": name}) == [("body.name", "invalid")]


async def test_what_is_taken_out_of_use_comes_back_as_itself(services: Services, as_administrator: Api) -> None:
    api = as_administrator
    (library,) = (await api.get("/libraries/", LibraryPage)).items
    before = (await api.get("/tracks/", TrackPage)).items
    await api.delete(f"/libraries/{library.id}")
    assert (await api.get("/libraries/", LibraryPage)).items == []
    assert (await api.get("/tracks/", TrackPage)).items == []
    await api.refused(404, "GET", f"/libraries/{library.id}")
    await api.refused(404, "DELETE", f"/libraries/{library.id}")
    await api.refused(404, "PATCH", f"/libraries/{library.id}", {"name": "x"})
    async with services.store.begin() as work:
        # As a folder that is there would be added by POST: the rows know their files still.
        assert await work.libraries.add(b"/music", None) == library.id
        (back,) = await work.libraries.all()
        await work.catalogue.mark_returned(back, [track.file.path.encode() for track in before])
        await work.catalogue.tidy()
    assert (await api.get(f"/libraries/{library.id}", LibraryRead)).number == library.number
    assert (await api.get("/tracks/", TrackPage)).items == before
    assert (await api.get(f"/tracks/{before[0].id}", TrackRead)) == before[0]


async def test_what_people_say_outlives_a_start_with_other_settings(
    services: Services, as_administrator: Api, disk: Path
) -> None:
    added = await as_administrator.post("/libraries/", {"root": str(disk), "name": "Disk"}, LibraryRead)
    (settled, _) = (await as_administrator.get("/libraries/", LibraryPage)).items
    async with services.store.begin() as work:
        assert [library.root for library in await work.libraries.settle([b"/elsewhere"])] == [b"/elsewhere"]
    listed = (await as_administrator.get("/libraries/", LibraryPage)).items
    assert [library.root for library in listed] == [str(disk), "/elsewhere"]
    await as_administrator.delete(f"/libraries/{added.id}")
    async with services.store.begin() as work:
        assert await work.libraries.settle([b"/music", bytes(disk)]) != []
        assert await work.libraries.chosen()
    listed = (await as_administrator.get("/libraries/", LibraryPage)).items
    assert [(library.id, library.root) for library in listed] == [(settled.id, "/music")]
    again = await as_administrator.post("/libraries/", {"root": str(disk)}, LibraryRead)
    assert (again.id, again.number, again.name) == (added.id, added.number, "Disk")


async def test_a_folder_that_cannot_be_a_library_is_refused_with_its_reason(
    as_administrator: Api, disk: Path, tmp_path: Path
) -> None:
    (disk / "file").touch()
    locked = tmp_path / "server"
    locked.mkdir()
    for root in (
        "music",
        "/etc",
        "/",
        str(disk / "nowhere"),
        str(disk / "file"),
        f"{disk}/../x",
        "/a\0b",
        str(locked),
        "x" * 4097,
    ):
        assert await as_administrator.refused(422, "POST", "/libraries/", {"root": root}) == [("body.root", "invalid")]


async def test_no_library_lies_in_another(as_administrator: Api, disk: Path) -> None:
    (disk / "inner").mkdir()
    await as_administrator.post("/libraries/", {"root": str(disk)}, LibraryRead)
    for root in (disk / "inner", disk.parent):
        refused = await as_administrator.refused(422, "POST", "/libraries/", {"root": str(root)})
        assert refused == [("body.root", "nested")]
    assert await as_administrator.refused(409, "POST", "/libraries/", {"root": str(disk)}) == [("", "conflict")]


async def test_a_name_that_is_not_utf_8_is_shown(services: Services, as_administrator: Api, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    async with services.store.begin() as work:
        await work.libraries.settle([folder])
    (library,) = (await as_administrator.get("/libraries/", LibraryPage)).items
    assert (library.name, library.root) == ("caf\ufffd", f"{tmp_path}/caf\ufffd")


async def test_a_member_of_one_library_sees_that_one(
    services: Services, client: Client, as_administrator: Api, disk: Path
) -> None:
    added = await as_administrator.post("/libraries/", {"root": str(disk)}, LibraryRead)
    async with services.store.begin() as work:
        user = await services.accounts.create(work, "Lea", "correct horse", Role.MEMBER, libraries=(added.number,))
        token = await services.accounts.open_session(work, user)
    api = Api(client, {"Authorization": f"Bearer {token}"})
    assert [library.id for library in (await api.get("/libraries/", LibraryPage)).items] == [added.id]
    (hidden, _) = (await as_administrator.get("/libraries/", LibraryPage)).items
    await api.refused(404, "GET", f"/libraries/{hidden.id}")
