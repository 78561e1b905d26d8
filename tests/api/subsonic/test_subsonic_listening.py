"""Stars, ratings, plays, users, scans: what calls leave behind, and who may make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.core.scanning import ScanCounts, ScanKind, ScanState
from tests.api.subsonic.house import House


def ids(house: House) -> tuple[str, str, str]:
    world = house.world
    return (
        f"ar-{world.artist('The Needles').id.hex}",
        f"al-{world.album('Groove').id.hex}",
        f"tr-{world.track('Alpha').id.hex}",
    )


# --- stars


async def test_stars_show_wherever_the_thing_does(house: House) -> None:
    artist, album, track = ids(house)
    await house.ok("star", id=track, albumId=album, artistId=artist)
    assert (await house.ok("getSong", id=track))["starred"].endswith("Z")
    assert "starred" in await house.ok("getAlbum", id=album)
    assert "starred" in (await house.ok("getAlbum", id=album))["song"][0]
    assert "starred" in await house.ok("getArtist", id=artist)
    assert "starred" in await house.ok("getMusicDirectory", id=artist)
    assert "starred" not in await house.ok("getSong", "Bob", id=track)
    albums = await house.ok("getAlbumList2", type="starred")
    assert [each["id"] for each in albums["album"]] == [album]
    for path in ("getStarred", "getStarred2"):
        starred = await house.ok(path)
        assert [[each["id"] for each in starred[kind]] for kind in ("artist", "album", "song")] == [
            [artist],
            [album],
            [track],
        ]
        assert await house.ok(path, "Bob") == {"artist": [], "album": [], "song": []}
        assert (await house.ok(path, musicFolderId=2))["song"] == []


async def test_an_id_says_itself_what_it_is_of(house: House) -> None:
    artist, album, track = ids(house)
    await house.ok("star", id=[artist, album, track, track])
    assert len(await house.likes()) == 3
    await house.ok("unstar", id=[artist, album], albumId=track)
    assert await house.ok("getStarred2") == {"artist": [], "album": [], "song": []}


async def test_an_unknown_id_stars_nothing_at_all(house: House) -> None:
    _, _, track = ids(house)
    assert await house.code("star", id=[track, "tr-" + "f" * 32]) == 70
    assert await house.code("star", id=[track, "nonsense"]) == 70
    assert await house.code("star", id=[track, f"pi-{house.world.picture.id.hex}"]) == 70
    assert await house.code("star") == 10
    assert await house.likes() == []


async def test_five_thousand_ids_come_by_post(house: House) -> None:
    _, _, track = ids(house)
    many = [track, *(f"tr-{number:032x}" for number in range(10**6, 10**6 + 5000))]
    response = await house.send("star", {"f": "json"}, form=house.credentials() | {"id": many})
    assert response.status_code == 200
    assert b'"code":70' in await response.get_data(as_text=False)
    await house.send("star", {"f": "json"}, form=house.credentials() | {"id": [track] * 5000})
    assert len(await house.likes()) == 1


# --- ratings


async def test_ratings_come_and_go(house: House) -> None:
    artist, album, track = ids(house)
    for id_, path in ((artist, "getArtist"), (album, "getAlbum"), (track, "getSong")):
        await house.ok("setRating", id=id_, rating=4)
        assert (await house.ok(path, id=id_))["userRating"] == 4
        await house.ok("setRating", id=id_, rating=0)
        assert "userRating" not in await house.ok(path, id=id_)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"rating": 6}, 0),
        ({"rating": -1}, 0),
        ({"rating": "NaN"}, 0),
        ({"rating": ""}, 10),
        ({"id": "", "rating": 1}, 10),
    ],
)
async def test_other_ratings_are_refused(house: House, parameters: dict[str, Any], code: int) -> None:
    assert await house.code("setRating", **({"id": ids(house)[2]} | parameters)) == code
    assert await house.ratings() == []


# --- plays


async def test_plays_made_offline_come_with_their_times(house: House) -> None:
    first, second = house.world.tracks[:2]
    times = [1_700_000_000_123, 1_700_000_100_000]
    played: dict[str, Any] = {"id": [f"tr-{first.id.hex}", f"tr-{second.id.hex}"], "time": times}
    await house.ok("scrobble", **played)
    await house.ok("scrobble", **played)
    assert [(play.track_id, play.client) for play in await house.plays()] == [(first.id, "tests"), (second.id, "tests")]
    assert (await house.plays())[0].happened_at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    album = await house.ok("getAlbum", id=f"al-{first.album_id.hex}")
    assert (album["playCount"], album["song"][0]["playCount"]) == (2, 1)
    assert album["song"][0]["played"] == "2023-11-14T22:13:20.123Z"
    assert [each["name"] for each in (await house.ok("getAlbumList2", type="recent"))["album"]] == ["Groove"]


@pytest.mark.parametrize("time", [None, 0, 1000, 2**63, -5, 4_102_444_800_000, 9 * 10**23])
async def test_a_clock_that_lies_plays_now(house: House, time: int | None) -> None:
    before = datetime.now(UTC)
    given: dict[str, Any] = {} if time is None else {"time": time}
    await house.ok("scrobble", id=ids(house)[2], **given)
    assert before <= (await house.plays())[0].happened_at <= before + timedelta(minutes=1)


async def test_fewer_and_more_times_than_ids_are_taken(house: House) -> None:
    track = ids(house)[2]
    await house.ok("scrobble", id=[track, track], time=1_700_000_000_000)
    await house.ok("scrobble", id=track, time=[1_700_000_000_000, 5, 6])
    assert len(await house.plays()) == 2


async def test_now_playing_is_no_play(house: House) -> None:
    await house.ok("scrobble", id=ids(house)[2], submission="false")
    assert await house.plays() == []


async def test_plays_that_cannot_be_meant(house: House) -> None:
    assert await house.code("scrobble") == 10
    assert await house.code("scrobble", id="nonsense") == 70
    assert await house.code("scrobble", id=ids(house)[1]) == 70
    assert await house.code("scrobble", id=[ids(house)[2], "tr-" + "f" * 32]) == 70
    assert await house.code("scrobble", id=ids(house)[2], time="NaN") == 0
    assert await house.code("scrobble", id=ids(house)[2], submission="perhaps") == 0
    assert await house.plays() == []


async def test_guests_listen_and_change_nothing(house: House) -> None:
    track = ids(house)[2]
    await house.ok("scrobble", "guy", id=track)
    assert [play.user_id for play in await house.plays()] == [house.user("guy").id]
    assert await house.code("star", "guy", id=track) == 50
    assert await house.code("unstar", "guy", id=track) == 50
    assert await house.code("setRating", "guy", id=track, rating=3) == 50


# --- users


ROLES = [
    *("adminRole", "settingsRole", "downloadRole", "uploadRole", "playlistRole", "coverArtRole", "commentRole"),
    *("podcastRole", "streamRole", "jukeboxRole", "shareRole", "videoConversionRole", "scrobblingEnabled"),
]


async def test_a_user_carries_every_flag(house: House) -> None:
    user = await house.ok("getUser", "Bob", username="bob")
    assert (user["username"], user["folder"]) == ("Bob", [1, 2])
    assert all(isinstance(user[role], bool) for role in ROLES)
    assert (user["downloadRole"], user["streamRole"], user["adminRole"]) == (True, True, False)
    assert (await house.ok("getUser", username="ada"))["adminRole"] is True
    root = await house.xml("getUser", username="ada")
    assert [folder.text for folder in root[0]] == ["1", "2"]


async def test_only_administrators_see_others(house: House) -> None:
    assert (await house.ok("getUser", username="Bob"))["username"] == "Bob"
    assert await house.code("getUser", username="nobody") == 70
    assert await house.code("getUser", "Bob", username="ada") == 50
    assert await house.code("getUser", "Bob", username="nobody") == 50
    assert await house.code("getUser", "Bob", username="%") == 50
    assert await house.code("getUser") == 10


# --- scans


async def test_administrators_start_scans(house: House) -> None:
    assert await house.ok("getScanStatus") == {"scanning": False, "count": 0}
    assert await house.ok("startScan") == {"scanning": True, "count": 0}
    assert [scan.kind for scan in await house.scans()] == [ScanKind.QUICK]
    await house.ok("startScan", fullScan="true")
    assert [scan.kind for scan in await house.scans()] == [ScanKind.FULL]
    async with house.store.begin() as work:
        scan = await work.scans.take()
        assert scan is not None
        assert await work.scans.progress(scan.id, ScanCounts(found=77))
    assert await house.ok("getScanStatus", "guy") == {"scanning": True, "count": 77}
    async with house.store.begin() as work:
        await work.scans.finish(scan.id, ScanState.FAILED, ScanCounts(found=77))
    assert await house.ok("getScanStatus") == {"scanning": False, "count": 77}


@pytest.mark.parametrize("user", ["Bob", "guy"])
async def test_nobody_else_does(house: House, user: str) -> None:
    assert await house.code("startScan", user) == 50
    assert await house.scans() == []
