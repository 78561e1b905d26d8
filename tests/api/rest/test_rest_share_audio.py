"""What is heard behind a link: a real file, whole, in part and transcoded."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.shares import ShareRead
from appliance.api.services import Services
from appliance.core.catalogue import Window
from appliance.core.ports import Store
from appliance.offload import open_offload
from appliance.stream.service import Stream, open_stream
from tests.api.rest.api import Api
from tests.store.sheets import bring_in, sheet

SECONDS = 2


class Song(NamedTuple):
    """A file."""

    folder: Path
    data: bytes
    mtime_ns: int

    def take_away(self) -> None:
        (self.folder / "song.wav").unlink()


@pytest.fixture
def song(tmp_path: Path) -> Song:
    path = tmp_path / "music" / "song.wav"
    path.parent.mkdir()
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", "not compressed"))
        file.writeframes(bytes(SECONDS * 44_100 * 4))
    return Song(path.parent, path.read_bytes(), path.stat().st_mtime_ns)


@pytest.fixture
async def track_id(store: Store, song: Song) -> UUID:
    """The track that a scan would have made of it."""
    async with store.begin() as work:
        _, library = await work.libraries.settle([b"/music", bytes(song.folder)])
    read = sheet("song.wav", "song", mtime_ns=song.mtime_ns)
    audio = msgspec.structs.replace(read.audio, suffix="wav", codec="pcm", duration_ms=SECONDS * 1000, bit_rate=1411)
    await bring_in(store, library, [msgspec.structs.replace(read, audio=audio, size=len(song.data))])
    async with store.begin() as work:
        found = await work.search.find("one", artists=Window(0), albums=Window(0), tracks=Window(1))
    return found.tracks[0].id


@pytest.fixture
async def stream(tmp_path: Path) -> AsyncIterator[Stream]:
    async with (
        open_offload(workers=1) as offload,
        open_stream(cache_dir=tmp_path / "cache", cache_bytes=64_000_000, workers=1, offload=offload) as stream,
    ):
        yield stream


@pytest.fixture
def services(services: Services, stream: Stream) -> Services:
    return msgspec.structs.replace(services, media=stream.media)


@pytest.fixture
async def audio(as_member: Api, track_id: UUID) -> str:
    """Where the song is heard."""
    share = await as_member.post("/shares/", {"kind": "track", "item_ids": [str(track_id)]}, ShareRead)
    return f"{share.path}/tracks/1/audio"


async def test_the_file_is_heard_as_it_is(client: Client, audio: str, song: Song) -> None:
    response = await client.get(audio)
    assert (response.status_code, response.content_type) == (200, "audio/wav")
    assert await response.get_data(as_text=False) == song.data
    assert response.headers["Accept-Ranges"] == "bytes"
    assert "Content-Disposition" not in response.headers


async def test_a_part_is_heard(client: Client, audio: str, song: Song) -> None:
    response = await client.get(audio, headers={"Range": "bytes=40-49"})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes 40-49/{len(song.data)}"
    assert await response.get_data(as_text=False) == song.data[40:50]
    beyond = await client.get(audio, headers={"Range": f"bytes={len(song.data)}-"})
    assert beyond.status_code == 416


async def test_what_is_known_is_not_sent_again(client: Client, audio: str) -> None:
    head = await client.head(audio)
    assert (head.status_code, head.content_type) == (200, "audio/wav")
    assert await head.get_data(as_text=False) == b""
    unchanged = await client.get(audio, headers={"If-None-Match": head.headers["ETag"]})
    assert unchanged.status_code == 304


async def test_it_is_transcoded_for_who_asks(client: Client, audio: str) -> None:
    response = await client.get(audio, query_string={"format": "mp3", "max_bit_rate": 64})
    assert (response.status_code, response.content_type) == (200, "audio/mpeg")
    sound = await response.get_data(as_text=False)
    assert isinstance(sound, bytes)
    # 64 kbit/s are 8,000 bytes a second.
    assert 0.9 < len(sound) / (SECONDS * 8_000) < 1.2


async def test_a_file_that_is_gone_is_not_found(client: Client, audio: str, song: Song) -> None:
    song.take_away()
    response = await client.get(audio)
    assert (response.status_code, response.content_type) == (404, "application/json")
    assert str(song.folder) not in await response.get_data(as_text=True)


async def test_a_revoked_link_is_silent(client: Client, as_member: Api, audio: str) -> None:
    listed = await as_member.get("/shares/", msgspec.Raw)
    [share] = msgspec.json.decode(listed)["items"]
    await as_member.delete(f"/shares/{share['id']}")
    assert (await client.get(audio)).status_code == 404
