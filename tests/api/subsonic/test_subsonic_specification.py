"""Answers against OpenSubsonic's own schemas where they are present, and always against our list of what is required.

The end of the report says whether they were.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from appliance.api.subsonic.door import ENDPOINTS, PUBLIC
from tests.api.subsonic.house import House

#: Element, and the paths (``[]`` goes into a list) that must be there.
REQUIRED: dict[str, tuple[str, list[str]]] = {
    "ping": ("", []),
    "getLicense": ("license", ["valid"]),
    "tokenInfo": ("tokenInfo", ["username"]),
    "getOpenSubsonicExtensions": ("openSubsonicExtensions", ["[]name", "[]versions"]),
    "getMusicFolders": ("musicFolders", ["musicFolder[]id"]),
    "getIndexes": ("indexes", ["ignoredArticles", "lastModified", "index[]name", "index[]artist[]id"]),
    "getMusicDirectory": ("directory", ["id", "name", "child[]id", "child[]isDir", "child[]title"]),
    "getGenres": ("genres", ["genre[]value", "genre[]songCount", "genre[]albumCount"]),
    "getArtists": ("artists", ["index[]name", "index[]artist[]id", "index[]artist[]name"]),
    "getArtist": ("artist", ["id", "name", "album[]id", "album[]songCount"]),
    "getAlbum": ("album", ["id", "name", "songCount", "duration", "created", "song[]id", "song[]isDir"]),
    "getSong": ("song", ["id", "isDir", "title"]),
    "getAlbumList": ("albumList", ["album[]id", "album[]isDir", "album[]title"]),
    "getAlbumList2": ("albumList2", ["album[]id", "album[]name", "album[]songCount", "album[]created"]),
    "getRandomSongs": ("randomSongs", ["song[]id", "song[]isDir", "song[]title"]),
    "getSongsByGenre": ("songsByGenre", ["song[]id", "song[]isDir", "song[]title"]),
    "getStarred": ("starred", ["artist[]name", "album[]isDir", "song[]isDir"]),
    "getStarred2": ("starred2", ["artist[]id", "album[]songCount", "song[]isDir"]),
    "search2": ("searchResult2", ["artist[]name", "album[]isDir", "song[]isDir"]),
    "search3": ("searchResult3", ["artist[]id", "album[]songCount", "song[]isDir"]),
    "star": ("", []),
    "unstar": ("", []),
    "setRating": ("", []),
    "scrobble": ("", []),
    "getUser": ("user", ["username", "scrobblingEnabled", "adminRole", "downloadRole", "videoConversionRole"]),
    "startScan": ("scanStatus", ["scanning"]),
    "getScanStatus": ("scanStatus", ["scanning"]),
}
#: Of these the answer is no envelope.
BINARY = {"stream", "download", "getCoverArt"}


def parameters(house: House, endpoint: str) -> dict[str, Any]:
    artist = f"ar-{house.world.artist('The Needles').id.hex}"
    album = f"al-{house.world.album('Groove').id.hex}"
    track = f"tr-{house.world.track('Alpha').id.hex}"
    wanted: dict[str, dict[str, Any]] = {
        "getArtist": {"id": artist},
        "getMusicDirectory": {"id": artist},
        "getAlbum": {"id": album},
        "getSong": {"id": track},
        "getAlbumList": {"type": "random"},
        "getAlbumList2": {"type": "random"},
        "getSongsByGenre": {"genre": "Rock"},
        "search2": {"query": "s"},
        "search3": {"query": ""},
        "star": {"id": track},
        "unstar": {"id": track},
        "setRating": {"id": track, "rating": 5},
        "scrobble": {"id": track},
        "getUser": {"username": "ada"},
    }
    return wanted.get(endpoint, {})


async def prepare(house: House) -> None:
    """Leave every kind of mark on everything."""
    for prefix, rows in (("ar", house.world.artists), ("al", house.world.albums), ("tr", house.world.tracks)):
        for row in rows:
            await house.ok("star", id=f"{prefix}-{row.id.hex}")
            await house.ok("setRating", id=f"{prefix}-{row.id.hex}", rating=3)
            if prefix == "tr":
                await house.ok("scrobble", id=f"tr-{row.id.hex}")


def test_every_endpoint_is_held_to_something() -> None:
    assert set(REQUIRED) | BINARY == {*ENDPOINTS, *PUBLIC}


@pytest.mark.parametrize("endpoint", REQUIRED)
async def test_an_answer_has_what_clients_require(house: House, specification: Path | None, endpoint: str) -> None:
    await prepare(house)
    content = await house.answer(endpoint, **parameters(house, endpoint))
    assert {"status", "version", "type", "serverVersion", "openSubsonic"} <= set(content)
    assert content["status"] == "ok"
    element, paths = REQUIRED[endpoint]
    for path in paths:
        assert found(content[element], path), f"{endpoint} lacks {path}"
    validate(specification, endpoint, content)


@pytest.mark.parametrize("endpoint", REQUIRED)
async def test_a_refusal_is_as_specified(house: House, specification: Path | None, endpoint: str) -> None:
    response = await house.send(endpoint, {"f": "json", "u": "ada", "p": "wrong"})
    content = json.loads(await response.get_data(as_text=False))["subsonic-response"]
    if endpoint != "getOpenSubsonicExtensions":
        assert (content["status"], content["error"]["code"]) == ("failed", 40)
    validate(specification, endpoint, content)


def found(value: Any, path: str) -> bool:
    """Whether ``path`` leads somewhere, in every element of every list on the way; a list must have one."""
    head, brackets, rest = path.partition("[]")
    for step in filter(None, [head]):
        if step not in value:
            return False
        value = value[step]
    return not brackets or (bool(value) and all(found(each, rest) for each in value))


def validate(root: Path | None, endpoint: str, content: dict[str, Any]) -> None:
    """Against the schema of the endpoint, where the specification is there."""
    if root is None:
        return
    operation = json.loads((root / "endpoints" / f"{endpoint}.json").read_text())["get"]
    response = operation["responses"]["200"]
    base = root / "endpoints"
    if "$ref" in response:
        path = (base / response["$ref"]).resolve()
        response, base = json.loads(path.read_text()), path.parent
    schema = inlined(response["content"]["application/json"]["schema"], base)
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(
        {"subsonic-response": content}
    )


def inlined(schema: Any, base: Path) -> Any:
    """The schema with every reference to a file replaced by what the file says."""
    if isinstance(schema, list):
        return [inlined(each, base) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        path = (base / schema["$ref"]).resolve()
        return inlined(json.loads(path.read_text()), path.parent)
    return {key: inlined(value, base) for key, value in schema.items() if key not in {"example", "externalDocs"}}
