"""One search over artists, albums, tracks and playlists."""

import pytest

from appliance.api.rest.albums import AlbumRead
from appliance.api.rest.artists import ArtistRead
from appliance.api.rest.playlists import PlaylistRead
from appliance.api.rest.search import CorrectionRead, SearchRead
from appliance.api.rest.tracks import TrackRead
from tests.api.rest.api import Api

NOTHING = SearchRead(artists=[], albums=[], tracks=[], playlists=[], corrected=[])


async def find(api: Api, q: str, **limits: int) -> SearchRead:
    return await api.get("/search/", SearchRead, q=q, **limits)


async def test_each_kind_is_found_as_it_is_read_alone(as_member: Api) -> None:
    made = await as_member.post("/playlists/", {"name": "Ana on Sundays"}, PlaylistRead)
    found = await find(as_member, "ana")
    assert [artist.name for artist in found.artists] == ["Ana Bell"]
    assert [album.title for album in found.albums] == ["Autumn", "Winter"]
    assert len(found.tracks) == 5
    assert found.playlists == [made]
    assert found.corrected == []
    assert found.artists == [await as_member.get(f"/artists/{one.id}", ArtistRead) for one in found.artists]
    assert found.albums == [await as_member.get(f"/albums/{one.id}", AlbumRead) for one in found.albums]
    assert found.tracks == [await as_member.get(f"/tracks/{one.id}", TrackRead) for one in found.tracks]


async def test_the_best_comes_first(as_member: Api) -> None:
    for name in ("Bell", "A bell", "Bella", "The Bell"):
        await as_member.post("/playlists/", {"name": name}, PlaylistRead)
    found = await find(as_member, "BELL")
    assert [playlist.name for playlist in found.playlists] == ["Bell", "The Bell", "Bella", "A bell"]
    assert (await find(as_member, "winter 2 bell")).tracks[0].title == "Winter 2"


async def test_limits_are_kept_for_each_kind(as_member: Api) -> None:
    found = await find(as_member, "ana", artist_limit=0, album_limit=1, track_limit=2, playlist_limit=0)
    assert (len(found.artists), len(found.albums), len(found.tracks), len(found.playlists)) == (0, 1, 2, 0)
    whole = await find(as_member, "ana")
    assert (found.albums, found.tracks) == (whole.albums[:1], whole.tracks[:2])


async def test_a_slip_is_mended_and_told(as_member: Api) -> None:
    found = await find(as_member, "autunm 3")
    assert [track.title for track in found.tracks] == ["Autumn 3"]
    assert found.corrected == [CorrectionRead("autunm", ["autumn"])]
    assert await find(as_member, "zzzzzz") == NOTHING


@pytest.mark.parametrize("q", ["", " ", '""', "&|!:*()'", "\u200b", "…"])
async def test_a_query_without_a_word_finds_nothing(as_member: Api, q: str) -> None:
    await as_member.post("/playlists/", {"name": "Bell"}, PlaylistRead)
    assert await find(as_member, q) == NOTHING


@pytest.mark.parametrize(
    "q", ["'; DROP TABLE tracks; --", "a' | 'b", "\\", "%", "_", "x" * 500, "a " * 250, "\0", "ana:*"]
)
async def test_nothing_in_a_query_is_taken_for_more_than_words(as_member: Api, q: str) -> None:
    await find(as_member, q)
    assert len((await find(as_member, "ana")).tracks) == 5


async def test_the_playlists_of_others_are_found_when_they_are_shown(as_member: Api, as_administrator: Api) -> None:
    for name, visibility in (("Secret songs", "private"), ("Shown songs", "household"), ("Our songs", "collaborative")):
        await as_administrator.post("/playlists/", {"name": name, "visibility": visibility}, PlaylistRead)
    names = {playlist.name for playlist in (await find(as_member, "songs")).playlists}
    assert names == {"Shown songs", "Our songs"}
    assert len((await find(as_administrator, "songs")).playlists) == 3
    assert (await find(as_member, "secret")).playlists == []


async def test_a_renamed_playlist_is_found_by_its_new_name(as_member: Api) -> None:
    made = await as_member.post("/playlists/", {"name": "Утро"}, PlaylistRead)
    assert [one.id for one in (await find(as_member, "utro")).playlists] == [made.id]
    await as_member.patch(f"/playlists/{made.id}", {"name": "Βράδυ"}, PlaylistRead)
    assert (await find(as_member, "utro")).playlists == []
    assert [one.id for one in (await find(as_member, "vrady")).playlists] == [made.id]


async def test_a_guest_may_search(as_guest: Api) -> None:
    assert len((await find(as_guest, "ana")).albums) == 2


async def test_what_cannot_be_meant_is_refused_all_at_once(as_member: Api) -> None:
    assert sorted(await as_member.refused(422, "GET", "/search/", artist_limit=101, album_limit=-1, genre="x")) == [
        ("query.album_limit", "invalid"),
        ("query.artist_limit", "invalid"),
        ("query.genre", "unknown"),
        ("query.q", "required"),
    ]
    assert await as_member.refused(422, "GET", "/search/", q="x" * 501) == [("query.q", "invalid")]
    assert await Api(as_member._client).refused(401, "GET", "/search/", q="ana") == [("", "not_signed_in")]  # noqa: SLF001
