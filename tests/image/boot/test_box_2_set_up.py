"""The box once somebody has set it up, with music on it: what people do with it."""

import json

import httpx
import pytest
from libopensonic import AsyncConnection

from tests.image.boot.life import ADMINISTRATOR, HOST_NAME, TIME_ZONE, Household, set_up
from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine
from tests.journeys.recordings import listen


def test_it_is_called_what_it_was_called(box: Machine) -> None:
    assert box.run("hostname") == HOST_NAME
    assert box.run("cat", "/etc/hostname") == HOST_NAME
    assert box.run("readlink", "--canonicalize", "/etc/localtime").endswith(f"zoneinfo/{TIME_ZONE}")


def test_the_network_knows_it_by_that_name(box: Machine) -> None:
    # The name is looked up as any program does, by way of avahi.
    assert "10.0.2.15" in box.run("getent", "ahostsv4", f"{HOST_NAME}.local").split()


def test_set_up_happens_once(box: Machine, ada: Listener) -> None:
    again = httpx.post(
        f"{box.url}/api/v1/setup/", json={"administrator": "eve", "password": "long enough, surely"}, timeout=60
    )
    assert again.status_code == 409
    page = httpx.get(f"{box.url}/setup", timeout=60)
    assert (page.status_code, page.headers["Location"]) == (303, "/")
    assert ada.signs_in()
    assert not Listener(box, "eve", "long enough, surely").signs_in()
    assert not Listener(box, ADMINISTRATOR[0], "not this one").signs_in()


def test_music_on_the_data_partition_is_found(household: Household) -> None:
    assert sorted(household.songs) == sorted(household.files)


def test_py_opensonic_browses_it(household: Household) -> None:
    async def walk(client: AsyncConnection) -> dict[str, str]:
        found: dict[str, str] = {}
        for index in (await client.get_artists()).index or []:
            for artist in index.artist or []:
                for album in (await client.get_artist(artist.id)).album or []:
                    for song in (await client.get_album(album.id)).song or []:
                        found[song.title] = song.id
        return found

    assert household.listener.walk(walk) == household.songs


def test_a_raw_stream_is_the_file(household: Household) -> None:
    async def walk(client: AsyncConnection) -> dict[str, bytes]:
        return {
            title: await (await client.stream(song, tformat="raw")).read() for title, song in household.songs.items()
        }

    streamed = household.listener.walk(walk)
    assert streamed == {title: path.read_bytes() for title, path in household.files.items()}


@pytest.mark.parametrize("kind", ["opus", "mp3"])
def test_a_transcode_is_heard_to_its_end(household: Household, kind: str) -> None:
    async def walk(client: AsyncConnection) -> bytes:
        content: bytes = await (await client.stream(household.songs["Felt Mat"], tformat=kind, max_bit_rate=96)).read()
        return content

    heard = listen(household.listener.walk(walk))
    assert kind in heard.codec
    assert heard.seconds == pytest.approx(6.0, abs=0.1)


def test_nothing_of_it_landed_outside_of_the_data_partition(box: Machine, household: Household) -> None:
    assert household.songs
    ours = ("-user", "tonearm", "-o", "-user", "postgres")
    assert box.run("find", "/", "-xdev", "-type", "f", "(", *ours, ")", "-size", "+0", seconds=120) == ""


def test_set_up_cannot_be_repeated_by_the_same_person(box: Machine, ada: Listener) -> None:
    with pytest.raises(AssertionError, match="already"):
        set_up(box)
    assert ada.signs_in()


def test_who_lost_the_password_makes_another_administrator_over_ssh(box: Machine) -> None:
    name, password = "ben", "found again, 45 rpm"
    add = ("tonearm", "user", "add", name, "--admin", "--password-stdin")
    box.run(*add, stdin=f"{password}\n".encode())
    with Listener(box, name, password).rest() as rest:
        assert rest.get("/me").json()["role"] == "admin"
    again = box.ask(*add, stdin=f"{password}\n".encode())
    assert again.status == 1
    assert f"There is already a user named {name}" in again.stderr


def test_the_command_scans_beside_the_server(box: Machine, household: Household) -> None:
    said = json.loads(box.run("tonearm", "scan", "--json", seconds=180))
    assert (said["scan"]["state"], said["scan"]["counts"]["found"]) == ("done", len(household.songs))
