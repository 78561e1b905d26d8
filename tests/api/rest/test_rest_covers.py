"""Pictures of artists, albums and tracks, through real workers."""

import io
from collections.abc import AsyncIterator
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.albums import AlbumPage, AlbumRead
from appliance.api.services import Services
from appliance.core.sheet import Picture
from appliance.offload import open_offload
from appliance.stream.service import open_stream
from tests.api.rest.api import Api
from tests.store.sheets import bring_in, sheet, tagged


@pytest.fixture
async def services(services: Services, tmp_path: Path) -> AsyncIterator[Services]:
    """Those of every test here, with real pictures."""
    async with (
        open_offload(workers=1) as offload,
        open_stream(cache_dir=tmp_path / "cache", cache_bytes=10**7, workers=1, offload=offload) as stream,
    ):
        yield msgspec.structs.replace(services, covers=stream.covers)


@pytest.fixture
async def album(services: Services, as_member: Api, tmp_path: Path) -> AlbumRead:
    """An album with a green picture, 400 pixels wide, in its folder."""
    out = io.BytesIO()
    Image.new("RGB", (400, 200), (20, 200, 20)).save(out, "PNG")
    root = tmp_path / "pictured"
    (root / "Green").mkdir(parents=True)
    (root / "Green" / "cover.png").write_bytes(out.getvalue())
    async with services.store.begin() as work:
        (library,) = await work.libraries.settle([bytes(root)])
    cover = Picture(
        identity=blake2b(out.getvalue(), digest_size=16).digest(),
        source="folder",
        path=b"Green/cover.png",
        media_type="image/png",
        size=len(out.getvalue()),
    )
    tags = tagged(album="Green", artists=("Gia",), album_artists=("Gia",))
    await bring_in(services.store, library, [sheet("Green/1.mp3", "green", tags, picture=cover)])
    (found,) = (await as_member.get("/albums/", AlbumPage)).items
    return found


async def cover(client: Client, path: str, headers: dict[str, str]) -> tuple[int, str | None, bytes]:
    """Status, ETag and bytes."""
    response = await client.get(f"/api/v1{path}", headers=headers)
    data = await response.get_data()
    assert isinstance(data, bytes)
    return response.status_code, response.headers.get("ETag"), data


async def test_an_album_its_artist_and_its_track_show_the_picture(
    client: Client, member: dict[str, str], album: AlbumRead
) -> None:
    (track,) = msgspec.json.decode((await cover(client, f"/tracks/?album={album.id}", member))[2])["items"]
    for path in (f"/albums/{album.id}", f"/artists/{album.artists[0].id}", f"/tracks/{track['id']}"):
        status, etag, data = await cover(client, f"{path}/cover?size=100", member)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        pixel = picture.getpixel((10, 10))
        assert (status, picture.size) == (200, (96, 48))
        assert isinstance(pixel, tuple)
        assert pixel[1] > 150 > pixel[0]
        assert etag is not None
        again = await cover(client, f"{path}/cover?size=100", {**member, "If-None-Match": etag})
        assert again == (304, etag, b"")


async def test_the_original_is_what_it_is_and_browsers_do_not_guess(
    client: Client, member: dict[str, str], album: AlbumRead
) -> None:
    response = await client.get(f"/api/v1/albums/{album.id}/cover", headers=member)
    assert response.content_type == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"


async def test_without_a_picture_there_is_the_placeholder(
    client: Client, as_member: Api, services: Services, album: AlbumRead
) -> None:
    async with services.store.begin() as work:
        (library,) = await work.libraries.all()
    await bring_in(services.store, library, [sheet("Plain/1.mp3", "plain", tagged(album="Plain"))])
    plain = next(one for one in (await as_member.get("/albums/", AlbumPage)).items if one.id != album.id)
    response = await client.get(f"/api/v1/albums/{plain.id}/cover?size=64", headers=as_member.headers)
    assert (response.status_code, response.content_type) == (200, "image/jpeg")


async def test_absurd_sizes_and_unknown_things_are_refused(as_member: Api, album: AlbumRead) -> None:
    for size in ("0", "15", "2049", "-1", "1e9", "NaN", ""):
        refused = await as_member.refused(422, "GET", f"/albums/{album.id}/cover", size=size)
        assert refused == [("query.size", "invalid")]
    for noun in ("albums", "artists", "tracks"):
        await as_member.refused(404, "GET", f"/{noun}/00000000-0000-0000-0000-000000000000/cover")
