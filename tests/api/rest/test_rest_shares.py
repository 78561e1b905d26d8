"""Shares: made by members, opened by anybody who has the link."""

from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.albums import AlbumPage
from appliance.api.rest.public_shares import PublicShareRead
from appliance.api.rest.shares import SharePage, ShareRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.ids import new_id
from tests.api.rest.api import Api

ID = "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"
CODE = "kPq3vX0nT7mJ2hYc8RwZsA"


@pytest.fixture
def anybody(client: Client) -> Api:
    """Somebody without an account."""
    return Api(client)


async def album_id(api: Api) -> UUID:
    """Of the one that is called Autumn, which has three tracks."""
    return (await api.get("/albums/", AlbumPage)).items[0].id


async def album(api: Api, **wish: Any) -> dict[str, Any]:
    return {"kind": "album", "item_ids": [str(await album_id(api))]} | wish


async def shared(api: Api, **wish: Any) -> ShareRead:
    return await api.post("/shares/", await album(api, **wish), ShareRead)


def opening(share: ShareRead) -> str:
    return share.path.removeprefix("/api/v1")


async def test_a_link_is_made_and_opened_by_anybody(as_member: Api, anybody: Api) -> None:
    share = await shared(as_member, description="For the train", expires_at="2030-01-01T00:00:00+01:00", visit_limit=9)
    assert (share.description, share.visit_limit, share.visit_count, share.visited_at) == ("For the train", 9, 0, None)
    assert msgspec.json.encode(share.expires_at) == b'"2029-12-31T23:00:00Z"'
    opened = await anybody.get(opening(share), PublicShareRead)
    assert (opened.title, opened.artist_display, opened.description) == ("Autumn", "Ana Bell", "For the train")
    assert [(track.number, track.title, track.duration_ms) for track in opened.tracks] == [
        (1, "Autumn 1", 180_001),
        (2, "Autumn 2", 180_002),
        (3, "Autumn 3", 180_003),
    ]
    assert opened.tracks[1].audio_path == f"{share.path}/tracks/2/audio"
    read = await as_member.get(f"/shares/{share.id}", ShareRead)
    assert (read.visit_count, read.visited_at is None) == (1, False)
    assert (await as_member.get("/shares/", SharePage)).items == [read]


async def test_several_tracks_are_shared_in_the_order_of_choice(as_member: Api, anybody: Api) -> None:
    tracks = (await as_member.get("/tracks/", TrackPage)).items
    chosen = [str(tracks[number].id) for number in (4, 0)]
    share = await as_member.post("/shares/", {"kind": "tracks", "item_ids": chosen}, ShareRead)
    opened = await anybody.get(opening(share), PublicShareRead)
    assert [track.title for track in opened.tracks] == [tracks[4].title, tracks[0].title]


async def test_a_link_tells_nothing_of_the_household(as_member: Api, client: Client) -> None:
    share = await shared(as_member)
    response = await client.get(share.path)
    told = await response.get_data(as_text=True)
    tracks = (await as_member.get("/tracks/", TrackPage)).items
    secrets = {str(share.id), str(share.user_id), "member", "/music", ".flac", "user", "visit"}
    secrets |= {str(id_) for track in tracks for id_ in (track.id, track.album_id, track.file.id, track.artists[0].id)}
    assert [secret for secret in secrets if secret in told] == []
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_used_up_or_revoked_or_ended_link_is_as_one_that_never_was(
    as_member: Api, anybody: Api, client: Client, database_url: str
) -> None:
    used_up, revoked, ended = [await shared(as_member, visit_limit=1) for _ in range(3)]
    await anybody.get(opening(used_up), PublicShareRead)
    await as_member.delete(f"/shares/{revoked.id}")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE shares SET expires_at = now() - interval '1 second' WHERE id = %s", [ended.id])
    answers = [
        await (await client.get(f"/api/v1/shares/public/{code}")).get_data()
        for code in (used_up.code, revoked.code, ended.code, CODE)
    ]
    assert len(set(answers)) == 1
    for share in (revoked, ended):
        for path in (opening(share), f"{opening(share)}/tracks/1/audio"):
            assert await anybody.refused(404, "GET", path) == [("", "not_found")]


async def test_what_is_no_code_is_not_found(anybody: Api) -> None:
    for code in ("x", "%00" * 22, "'%20OR%20true--", "..%2f..%2fetc%2fpasswd", CODE + "A", CODE[:-1] + "é", "%"):
        await anybody.refused(404, "GET", f"/shares/public/{code}")
        await anybody.refused(404, "GET", f"/shares/public/{code}/tracks/1/audio")


async def test_what_is_no_number_of_a_track_is_not_found(as_member: Api, anybody: Api) -> None:
    share = await shared(as_member)
    for number in ("0", "4", "-1", "x", "1.5", str(2**63), "9" * 1000, "nan", str(new_id())):
        await anybody.refused(404, "GET", f"{opening(share)}/tracks/{number}/audio")


async def test_a_wish_for_sound_that_cannot_be_meant_is_refused(as_member: Api, anybody: Api) -> None:
    share = await shared(as_member)
    for wish in ({"max_bit_rate": -1}, {"max_bit_rate": 2**63}, {"max_bit_rate": "x"}, {"format": "x" * 11}, {"id": 1}):
        [(place, _)] = await anybody.refused(422, "GET", f"{opening(share)}/tracks/1/audio", **wish)
        assert place == f"query.{next(iter(wish))}"
    await anybody.refused(422, "GET", f"{opening(share)}/tracks/1/audio", format="exe")
    await anybody.refused(422, "GET", opening(share), visits=0)


async def test_wrong_codes_are_throttled(anybody: Api, client: Client) -> None:
    for _ in range(10):
        await anybody.refused(404, "GET", f"/shares/public/{CODE}")
    assert await anybody.refused(429, "GET", f"/shares/public/{CODE}") == [("", "too_many_attempts")]
    response = await client.get(f"/api/v1/shares/public/{CODE}/tracks/1/audio")
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


async def test_a_share_is_changed_and_its_limits_are_lifted(as_member: Api) -> None:
    share = await shared(as_member, description="x", expires_at="2030-01-01T00:00:00Z", visit_limit=9)
    path = f"/shares/{share.id}"
    assert await as_member.patch(path, {}, ShareRead) == share
    lifted = await as_member.patch(path, {"expires_at": None, "visit_limit": None, "description": ""}, ShareRead)
    assert (lifted.expires_at, lifted.visit_limit, lifted.description) == (None, None, "")
    assert await as_member.get(path, ShareRead) == lifted


async def test_guests_share_nothing(as_member: Api, as_guest: Api) -> None:
    share = await shared(as_member)
    await as_guest.refused(403, "POST", "/shares/", await album(as_member))
    await as_guest.refused(403, "GET", "/shares/")
    for method, body in (("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)):
        await as_guest.refused(403, method, f"/shares/{share.id}", body)


async def test_another_users_share_is_not_there(as_member: Api, as_administrator: Api) -> None:
    share = await shared(as_administrator)
    for method, body in (("GET", None), ("PATCH", {"description": "x"}), ("PATCH", {}), ("DELETE", None)):
        await as_member.refused(404, method, f"/shares/{share.id}", body)
    await as_member.refused(404, "GET", "/shares/", user=share.user_id)
    await as_member.refused(404, "GET", "/shares/", user=new_id())
    assert (await as_member.get("/shares/", SharePage)).items == []


async def test_an_administrator_finds_and_revokes_everybodys(
    as_member: Api, as_administrator: Api, anybody: Api
) -> None:
    own, theirs = await shared(as_administrator), await shared(as_member)
    assert (await as_administrator.get("/shares/", SharePage)).items == [theirs, own]
    assert (await as_administrator.get("/shares/", SharePage, user=theirs.user_id)).items == [theirs]
    assert (await as_administrator.get("/shares/", SharePage, user=new_id())).items == []
    assert await as_administrator.get(f"/shares/{theirs.id}", ShareRead) == theirs
    await as_administrator.refused(403, "PATCH", f"/shares/{theirs.id}", {"visit_limit": 9})
    await as_administrator.delete(f"/shares/{theirs.id}")
    await anybody.refused(404, "GET", opening(theirs))


async def test_what_is_not_there_is_not_shared(as_member: Api) -> None:
    for kind in ("album", "track", "tracks", "playlist"):
        await as_member.refused(404, "POST", "/shares/", {"kind": kind, "item_ids": [str(new_id())]})
    of_album = str(await album_id(as_member))
    await as_member.refused(404, "POST", "/shares/", {"kind": "track", "item_ids": [of_album]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "file"), ("kind", None), ("kind", ["album"]), ("item_ids", []), ("item_ids", "x"), ("item_ids", None),
        ("item_ids", ["../../etc/passwd"]), ("item_ids", [ID] * 2), ("item_ids", [ID] * 5000),
        ("description", "x" * 1001), ("description", None), ("description", 1), ("expires_at", "2020-01-01T00:00:00Z"),
        ("expires_at", "2030-01-01T00:00:00"), ("expires_at", "9999-12-31T23:59:59-23:59"), ("expires_at", "never"),
        ("expires_at", 0), ("visit_limit", 0), ("visit_limit", -1), ("visit_limit", 2**63), ("visit_limit", 1.5),
        ("visit_limit", "3"), ("code", CODE), ("user_id", ID), ("visit_count", 0), ("id", ID),
    ],
)  # fmt: skip
async def test_what_cannot_be_shared_is_refused(as_member: Api, field: str, value: Any) -> None:
    [(place, _), *_] = await as_member.refused(422, "POST", "/shares/", await album(as_member, **{field: value}))
    assert place.startswith(f"body.{field}")
    assert (await as_member.get("/shares/", SharePage)).items == []


@pytest.mark.parametrize(
    "change",
    [{"expires_at": "2020-01-01T00:00:00Z"}, {"visit_limit": 0}, {"description": None}, {"kind": "track"},
     {"item_ids": []}, {"code": CODE}],
)  # fmt: skip
async def test_what_cannot_be_changed_is_refused(as_member: Api, change: dict[str, Any]) -> None:
    share = await shared(as_member)
    [(place, _)] = await as_member.refused(422, "PATCH", f"/shares/{share.id}", change)
    assert place == f"body.{next(iter(change))}"
    assert await as_member.get(f"/shares/{share.id}", ShareRead) == share
