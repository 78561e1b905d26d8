"""Smart playlists through HTTP: rules as data, answered for whoever asks, refused where they make no sense."""

from uuid import UUID

from appliance.api.rest.playlists import PlaylistPage
from appliance.api.rest.smart_playlists import SmartPlaylistPage, SmartPlaylistRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.catalogue import Item
from appliance.core.ids import new_id
from appliance.core.ports import Store
from tests.api.rest.api import Api
from tests.store.events import like

JAZZ = {"kind": "condition", "field": "genre", "operator": "is", "value": "jazz"}
LIKED = {"kind": "condition", "field": "liked", "operator": "is", "value": True}
WINTER = {"kind": "condition", "field": "album", "operator": "begins_with", "value": "WINT"}
RULES = {"kind": "all", "rules": [JAZZ, {"kind": "not", "rule": WINTER}]}
NOT_FOUND = [("", "not_found")]
FORBIDDEN = [("", "forbidden")]


async def made(who: Api, rules: object = RULES, **more: object) -> SmartPlaylistRead:
    return await who.post("/smart-playlists/", {"name": "Mine", "rules": rules, **more}, SmartPlaylistRead)


async def titles(who: Api, playlist: SmartPlaylistRead, **query: object) -> list[str]:
    page = await who.get(f"/smart-playlists/{playlist.id}/tracks/", TrackPage, **query)
    return [track.title for track in page.items]


async def test_a_smart_playlist_is_made_read_changed_and_deleted(as_member: Api) -> None:
    playlist = await made(as_member, comment="Not cold.")
    path = f"/smart-playlists/{playlist.id}"
    assert await as_member.get(path, SmartPlaylistRead) == playlist
    assert (await as_member.get("/smart-playlists/", SmartPlaylistPage)).items == [playlist]
    assert await titles(as_member, playlist) == ["Autumn 1", "Autumn 2", "Autumn 3"]
    changed = await as_member.patch(
        path, {"sorting": [{"by": "track_number", "descending": True}], "limit": 2}, SmartPlaylistRead
    )
    assert (changed.rules, changed.limit, changed.name) == (playlist.rules, 2, "Mine")
    assert await titles(as_member, changed) == ["Autumn 3", "Autumn 2"]
    assert await titles(as_member, changed, limit=1, page=2) == ["Autumn 2"]
    assert await titles(as_member, changed, limit=1, page=3) == []
    freed = await as_member.patch(path, {"limit": None, "rules": WINTER, "sorting": []}, SmartPlaylistRead)
    assert (freed.limit, freed.sorting) == (None, ())
    assert await titles(as_member, freed) == ["Winter 1", "Winter 2"]
    assert await as_member.patch(path, {}, SmartPlaylistRead) == freed
    assert (await as_member.patch(path, {"name": "x", "comment": ""}, SmartPlaylistRead)).comment == ""
    await as_member.delete(path)
    assert await as_member.refused(404, "GET", path) == NOT_FOUND
    assert await as_member.refused(404, "GET", f"{path}/tracks/") == NOT_FOUND


async def test_making_it_again_under_its_id_changes_nothing(as_member: Api, as_administrator: Api) -> None:
    id_ = new_id()
    first = await made(as_member, id=id_)
    assert await made(as_member, WINTER, id=id_) == first
    assert await as_administrator.refused(
        409, "POST", "/smart-playlists/", {"id": id_, "name": "x", "rules": RULES}
    ) == [("", "conflict")]


async def test_each_hears_their_own(as_member: Api, as_administrator: Api, as_guest: Api, store: Store) -> None:
    playlist = await made(as_administrator, LIKED, visibility="household")
    autumn = (await as_member.get("/tracks/", TrackPage)).items[0]
    async with store.begin() as work:
        (member,) = [user for user in await work.users.all() if user.name == "member"]
    await like(store, member.id, Item.TRACK, (autumn.id, 1, True))
    assert await titles(as_member, playlist) == [autumn.title]
    assert await titles(as_administrator, playlist) == []
    assert await titles(as_guest, playlist) == []


async def test_what_is_private_is_nowhere_for_others(as_member: Api, as_administrator: Api) -> None:
    playlist = await made(as_member)
    path = f"/smart-playlists/{playlist.id}"
    for method, where, body in [
        ("GET", path, None),
        ("GET", f"{path}/tracks/", None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
    ]:
        assert await as_administrator.refused(404, method, where, body) == NOT_FOUND
    assert (await as_administrator.get("/smart-playlists/", SmartPlaylistPage)).items == []
    assert (await as_administrator.get("/playlists/", PlaylistPage)).items == []


async def test_what_is_shown_is_changed_by_whom_it_belongs_to(
    as_member: Api, as_administrator: Api, as_guest: Api
) -> None:
    playlist = await made(as_administrator, visibility="household")
    path = f"/smart-playlists/{playlist.id}"
    assert await as_member.refused(403, "PATCH", path, {"name": "x"}) == FORBIDDEN
    assert await as_member.refused(403, "DELETE", path) == FORBIDDEN
    await as_administrator.patch(path, {"visibility": "collaborative"}, SmartPlaylistRead)
    assert (await as_member.patch(path, {"rules": JAZZ}, SmartPlaylistRead)).visibility == "collaborative"
    assert await as_member.refused(403, "PATCH", path, {"visibility": "private"}) == FORBIDDEN
    assert await as_guest.refused(403, "PATCH", path, {"name": "x"}) == FORBIDDEN
    assert await as_guest.refused(403, "POST", "/smart-playlists/preview", {"rules": JAZZ}) == FORBIDDEN
    await as_administrator.delete(path)


async def test_rules_are_tried_without_being_kept(as_member: Api) -> None:
    page = await as_member.post("/smart-playlists/preview", {"rules": {"kind": "all", "rules": []}}, TrackPage)
    assert (page.pagination.total_count, len(page.items)) == (9, 9)
    page = await as_member.post(
        "/smart-playlists/preview",
        {"rules": {"kind": "any", "rules": [JAZZ, WINTER]}, "limit": 4, "sorting": [{"by": "random"}], "seed": 7},
        TrackPage,
    )
    assert (page.pagination.total_count, len(page.items)) == (4, 4)
    assert (await as_member.get("/smart-playlists/", SmartPlaylistPage)).items == []


def within(depth: int) -> object:
    return JAZZ if depth == 1 else {"kind": "not", "rule": within(depth - 1)}


async def test_every_wrong_path_is_named(as_member: Api) -> None:
    def condition(field: str, operator: str, value: object = None) -> dict[str, object]:
        return {"kind": "condition", "field": field, "operator": operator, "value": value}

    wrong = [
        condition("genre", "greater", "x"),
        condition("year", "is", "nineteen"),
        condition("year", "between", [1959]),
        {"kind": "not", "rule": condition("liked", "is", 1)},
        {"kind": "any", "rules": [JAZZ, condition("created_at", "in_the_last", 0)]},
        condition("created_at", "greater", "yesterday"),
        condition("title", "contains", " \x07"),
        condition("title", "is"),
        condition("year", "is", value=True),
        condition("year", "is", 2**60),
        condition("year", "is_set", 1),
        condition("year", "less", 1959.5),
    ]
    told = await as_member.refused(
        422, "POST", "/smart-playlists/preview", {"rules": {"kind": "all", "rules": [*wrong, JAZZ]}}
    )
    paths = [
        "0.operator",
        "1.value",
        "2.value",
        "3.rule.value",
        "4.rules.1.value",
        *(f"{n}.value" for n in range(5, 12)),
    ]
    assert told == [(f"body.rules.rules.{path}", "invalid") for path in paths]


async def test_what_is_no_rule_at_all_is_named_as_well(as_member: Api) -> None:
    broken = {
        "kind": "all",
        "rules": [
            {"kind": "condition", "field": "shoe_size", "operator": "is", "value": 43},
            {"kind": "condition", "field": "year", "operator": "like", "value": 43},
            {"kind": "condition", "operator": "is", "value": 43},
            {"kind": "xor", "rules": []},
            {"kind": "not"},
            {"kind": "condition", "field": "year", "operator": "is", "value": {"sql": "1"}},
            {"kind": "condition", "field": "title", "operator": "is", "value": "x" * 201, "sql": "1"},
            7,
        ],
    }
    told = await as_member.refused(
        422,
        "POST",
        "/smart-playlists/",
        {"name": "", "rules": broken, "sorting": [{"by": "size"}], "limit": 0, "seed": -1, "query": "1"},
    )
    assert sorted(told) == sorted(
        [
            ("body.name", "invalid"),
            ("body.query", "unknown"),
            ("body.sorting.0.by", "invalid"),
            ("body.limit", "invalid"),
            ("body.seed", "invalid"),
            ("body.rules.rules.0.field", "invalid"),
            ("body.rules.rules.1.operator", "invalid"),
            ("body.rules.rules.2.field", "required"),
            ("body.rules.rules.3.kind", "invalid"),
            ("body.rules.rules.4.rule", "required"),
            ("body.rules.rules.5.value", "invalid"),
            ("body.rules.rules.6.sql", "unknown"),
            ("body.rules.rules.6.value", "invalid"),
            ("body.rules.rules.7", "invalid"),
        ]
    )


async def test_trees_are_bounded(as_member: Api) -> None:
    path = "/smart-playlists/preview"
    await as_member.post(path, {"rules": within(8)}, TrackPage)
    (fault,) = await as_member.refused(422, "POST", path, {"rules": within(9)})
    assert fault == ("body.rules" + ".rule" * 8, "invalid")
    assert await as_member.refused(422, "POST", path, {"rules": within(900)}) != []
    many = {"kind": "any", "rules": [{"kind": "all", "rules": [JAZZ] * 50}] * 2}
    await as_member.post(path, {"rules": many}, TrackPage)
    more = {"kind": "any", "rules": [many, JAZZ]}
    assert await as_member.refused(422, "POST", path, {"rules": more}) == [("body.rules", "invalid")]
    assert await as_member.refused(422, "POST", path, {"rules": {"kind": "all", "rules": [JAZZ] * 101}}) == [
        ("body.rules.rules", "invalid")
    ]
    playlist = await made(as_member)
    (fault,) = await as_member.refused(422, "PATCH", f"/smart-playlists/{playlist.id}", {"rules": within(9)})
    assert fault[1] == "invalid"
    assert isinstance(playlist.id, UUID)
