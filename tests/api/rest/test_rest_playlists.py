"""Playlists through HTTP: whose they are, who sees and changes them, what is in them."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from appliance.api.rest.playlist_entries import EntryPage, EntryRead
from appliance.api.rest.playlists import PlaylistPage, PlaylistRead
from appliance.api.rest.tracks import TrackPage
from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.core.ports import Store
from tests.api.rest.api import Api

Tracks = list[UUID]


@pytest.fixture
async def tracks(as_member: Api) -> Tracks:
    """The nine of the house, by title."""
    return [track.id for track in (await as_member.get("/tracks/", TrackPage)).items]


async def made(who: Api, name: str = "Mine", **more: object) -> PlaylistRead:
    return await who.post("/playlists/", {"name": name, **more}, PlaylistRead)


async def entries(who: Api, playlist: PlaylistRead, **query: object) -> list[EntryRead]:
    return (await who.get(f"/playlists/{playlist.id}/entries/", EntryPage, **query)).items


async def heard(who: Api, playlist: PlaylistRead) -> Tracks:
    return [entry.track_id for entry in await entries(who, playlist)]


async def edited(who: Api, playlist: PlaylistRead, *operations: object) -> PlaylistRead:
    return await who.post(f"/playlists/{playlist.id}/operations", {"operations": operations}, PlaylistRead)


def insert(entry_id: UUID, track_id: UUID, **after: object) -> dict[str, object]:
    return {"do": "insert", "id": entry_id, "track_id": track_id, **after}


async def test_a_playlist_is_made_read_changed_and_deleted(as_member: Api) -> None:
    playlist = await made(as_member, "  Sunday\tmorning ", comment="For\nthe drive. ")
    assert (playlist.name, playlist.comment) == ("Sunday morning", "For\nthe drive.")
    assert (playlist.owner.name, playlist.visibility, playlist.track_count, playlist.duration_ms) == (
        "member", "private", 0, 0
    )  # fmt: skip
    path = f"/playlists/{playlist.id}"
    assert await as_member.get(path, PlaylistRead) == playlist
    assert (await as_member.get("/playlists/", PlaylistPage)).items == [playlist]
    assert (await as_member.patch(path, {}, PlaylistRead)) == playlist
    changed = await as_member.patch(path, {"name": "Sunday", "comment": ""}, PlaylistRead)
    assert (changed.name, changed.comment, changed.visibility) == ("Sunday", "", "private")
    assert changed.updated_at > playlist.updated_at
    shown = await as_member.patch(path, {"visibility": "household"}, PlaylistRead)
    assert (shown.name, shown.visibility) == ("Sunday", "household")
    await as_member.delete(path)
    assert await as_member.refused(404, "GET", path) == [("", "not_found")]
    assert (await as_member.get("/playlists/", PlaylistPage)).items == []


async def test_it_may_begin_with_tracks_one_of_them_twice(as_member: Api, tracks: Tracks) -> None:
    wanted = [tracks[3], tracks[0], tracks[3]]
    playlist = await made(as_member, track_ids=wanted)
    assert playlist.track_count == 3
    found = await entries(as_member, playlist)
    assert [entry.track_id for entry in found] == wanted
    assert [entry.track.id for entry in found if entry.track] == wanted
    assert playlist.duration_ms == sum(entry.track.duration_ms for entry in found if entry.track)
    assert len({entry.id for entry in found}) == 3
    assert {entry.added_by for entry in found} == {playlist.owner.id}


async def test_making_it_again_under_its_id_changes_nothing(
    as_member: Api, as_administrator: Api, tracks: Tracks
) -> None:
    id_ = new_id()
    first = await made(as_member, "First", id=id_, track_ids=tracks[:2])
    assert first.id == id_
    assert await made(as_member, "Second", id=id_, track_ids=tracks[:5]) == first
    assert await as_administrator.refused(409, "POST", "/playlists/", {"name": "Theirs", "id": id_}) == [
        ("", "conflict")
    ]


async def test_what_is_private_is_nowhere_for_others(as_member: Api, as_administrator: Api, tracks: Tracks) -> None:
    playlist = await made(as_member, track_ids=tracks[:1])
    path = f"/playlists/{playlist.id}"
    not_found = [("", "not_found")]
    assert await as_administrator.refused(404, "GET", path) == not_found
    assert await as_administrator.refused(404, "GET", f"{path}/entries/") == not_found
    assert await as_administrator.refused(404, "PATCH", path, {"name": "x"}) == not_found
    assert await as_administrator.refused(404, "POST", f"{path}/operations", {"operations": []}) == not_found
    assert await as_administrator.refused(404, "DELETE", path) == not_found
    assert (await as_administrator.get("/playlists/", PlaylistPage)).pagination.total_count == 0
    theirs = await as_administrator.get("/playlists/", PlaylistPage, owner=playlist.owner.id)
    assert theirs.items == []


async def test_what_the_household_sees_only_its_owner_changes(
    as_member: Api, as_administrator: Api, as_guest: Api, tracks: Tracks
) -> None:
    playlist = await made(as_administrator, visibility="household", track_ids=tracks[:2])
    path = f"/playlists/{playlist.id}"
    forbidden = [("", "forbidden")]
    for who in (as_member, as_guest):
        assert await who.get(path, PlaylistRead) == playlist
        assert await heard(who, playlist) == tracks[:2]
        assert await who.refused(403, "PATCH", path, {"name": "x"}) == forbidden
        assert await who.refused(403, "POST", f"{path}/operations", {"operations": []}) == forbidden
        assert await who.refused(403, "DELETE", path) == forbidden
    assert (await as_member.get("/playlists/", PlaylistPage)).items == [playlist]
    assert await as_guest.refused(403, "POST", "/playlists/", {"name": "x"}) == forbidden


async def test_an_administrator_deletes_what_a_member_shows(as_member: Api, as_administrator: Api) -> None:
    playlist = await made(as_member, visibility="household")
    await as_administrator.delete(f"/playlists/{playlist.id}")
    assert await as_member.refused(404, "GET", f"/playlists/{playlist.id}") == [("", "not_found")]


async def test_a_collaborative_one_is_edited_by_members_and_shown_by_its_owner(
    as_member: Api, as_administrator: Api, as_guest: Api, tracks: Tracks
) -> None:
    playlist = await made(as_administrator, visibility="collaborative")
    path = f"/playlists/{playlist.id}"
    one, two = new_id(), new_id()
    await edited(as_administrator, playlist, insert(one, tracks[0]))
    now = await edited(as_member, playlist, insert(two, tracks[1], after=one))
    assert now.track_count == 2
    assert len({entry.added_by for entry in await entries(as_guest, playlist)}) == 2
    assert (await as_member.patch(path, {"name": "Ours"}, PlaylistRead)).name == "Ours"
    forbidden = [("", "forbidden")]
    assert await as_member.refused(403, "PATCH", path, {"visibility": "private"}) == forbidden
    assert (await as_member.patch(path, {"visibility": "collaborative"}, PlaylistRead)).visibility == "collaborative"
    assert await as_member.refused(403, "DELETE", path) == forbidden
    assert await as_guest.refused(403, "POST", f"{path}/operations", {"operations": []}) == forbidden


async def test_entries_are_inserted_moved_and_removed(as_member: Api, tracks: Tracks) -> None:
    playlist = await made(as_member)
    a, b, c, d = (new_id() for _ in range(4))
    filled = await edited(
        as_member,
        playlist,
        insert(b, tracks[1]),
        insert(a, tracks[0], after=None),
        insert(d, tracks[3], after=new_id()),
        insert(c, tracks[2], after=str(b)),
    )
    assert [entry.id for entry in await entries(as_member, playlist)] == [a, b, c, d]
    assert filled.updated_at > playlist.updated_at
    await edited(as_member, playlist, {"do": "move", "id": d, "after": None}, {"do": "move", "id": b})
    assert [entry.id for entry in await entries(as_member, playlist)] == [d, a, c, b]
    less = await edited(as_member, playlist, {"do": "remove", "id": a}, {"do": "remove", "id": new_id()})
    assert less.track_count == 3
    assert [entry.id for entry in await entries(as_member, playlist)] == [d, c, b]


async def test_the_same_edits_sent_again_change_nothing(as_member: Api, tracks: Tracks) -> None:
    playlist = await made(as_member)
    a, b = new_id(), new_id()
    edits = [insert(a, tracks[0]), insert(b, tracks[1]), {"do": "remove", "id": a}]
    first = await edited(as_member, playlist, *edits)
    assert await edited(as_member, playlist, *edits) == first
    assert await edited(as_member, playlist, {"do": "move", "id": a}) == first
    assert await heard(as_member, playlist) == [tracks[1]]


async def test_tracks_that_do_not_exist_are_named_and_nothing_is_done(as_member: Api, tracks: Tracks) -> None:
    playlist = await made(as_member)
    edits = [insert(new_id(), tracks[0]), insert(new_id(), new_id()), {"do": "remove", "id": new_id()}]
    path = f"/playlists/{playlist.id}/operations"
    assert await as_member.refused(422, "POST", path, {"operations": edits}) == [
        ("body.operations.1.track_id", "not_found")
    ]
    assert await heard(as_member, playlist) == []
    assert await as_member.refused(
        422, "POST", "/playlists/", {"name": "x", "track_ids": [new_id(), tracks[0], new_id()]}
    ) == [("body.track_ids.0", "not_found"), ("body.track_ids.2", "not_found")]
    assert (await as_member.get("/playlists/", PlaylistPage)).pagination.total_count == 1


async def test_what_is_malformed_is_named(as_member: Api, tracks: Tracks) -> None:
    playlist = await made(as_member)
    refused = [
        ("POST", "/playlists/", {}, {("body.name", "required")}),
        ("POST", "/playlists/", {"name": ""}, {("body.name", "invalid")}),
        ("POST", "/playlists/", {"name": " \x07 "}, {("body.name", "invalid")}),
        ("POST", "/playlists/", {"name": "x" * 201}, {("body.name", "invalid")}),
        ("POST", "/playlists/", {"name": "x", "visibility": "secret"}, {("body.visibility", "invalid")}),
        ("POST", "/playlists/", {"name": "x", "owner": str(new_id())}, {("body.owner", "unknown")}),
        ("PATCH", f"/playlists/{playlist.id}", {"name": None}, {("body.name", "invalid")}),
        ("PATCH", f"/playlists/{playlist.id}", {"comment": "x" * 2001}, {("body.comment", "invalid")}),
        (
            "POST",
            f"/playlists/{playlist.id}/operations",
            {"operations": [{"do": "sort"}, insert(new_id(), tracks[0]), {"do": "move"}, {"do": "remove", "id": "x"}]},
            {
                ("body.operations.0.do", "invalid"),
                ("body.operations.2.id", "required"),
                ("body.operations.3.id", "invalid"),
            },
        ),
        (
            "POST",
            f"/playlists/{playlist.id}/operations",
            {"operations": [{"do": "remove", "id": str(new_id())}] * 1001},
            {("body.operations", "invalid")},
        ),
    ]  # fmt: skip
    for method, path, body, faults in refused:
        assert set(await as_member.refused(422, method, path, body)) == faults
    refused_of_list = await as_member.refused(422, "GET", "/playlists/", sorting="size", visibility="all", owner="me")
    assert sorted(refused_of_list) == [
        ("query.owner", "invalid"),
        ("query.sorting", "invalid"),
        ("query.visibility", "invalid"),
    ]


async def test_lists_are_sorted_filtered_and_paged(as_member: Api, as_administrator: Api) -> None:
    mine = [await made(as_member, name) for name in ("Charlie", "alpha")]
    theirs = [
        await made(as_administrator, "Bravo", visibility="household"),
        await made(as_administrator, "The Delta", visibility="collaborative"),
    ]
    await made(as_administrator, "Hidden")

    async def names(**query: object) -> Sequence[str]:
        page = await as_member.get("/playlists/", PlaylistPage, **query)
        if "limit" not in query:
            assert page.pagination.total_count == len(page.items)
        return [playlist.name for playlist in page.items]

    assert await names() == ["alpha", "Bravo", "Charlie", "The Delta"]
    assert await names(sorting="-name") == ["The Delta", "Charlie", "Bravo", "alpha"]
    assert await names(sorting="updated_at") == ["Charlie", "alpha", "Bravo", "The Delta"]
    assert await names(sorting="-updated_at") == ["The Delta", "Bravo", "alpha", "Charlie"]
    assert await names(owner=mine[0].owner.id) == ["alpha", "Charlie"]
    assert await names(owner=theirs[0].owner.id) == ["Bravo", "The Delta"]
    assert await names(visibility="household") == ["Bravo"]
    assert await names(visibility=["private", "collaborative"]) == ["alpha", "Charlie", "The Delta"]
    assert await names(limit=3, page=2) == ["The Delta"]
    assert await names(limit=3, page=10_000_000) == []


async def test_entries_are_paged_and_what_is_missing_keeps_its_place(
    as_member: Api, tracks: Tracks, store: Store
) -> None:
    playlist = await made(as_member, track_ids=tracks)
    assert [entry.track_id for entry in await entries(as_member, playlist, limit=4, page=2)] == tracks[4:8]
    async with store.begin() as work:
        [library] = await work.libraries.all()
        gone = (await work.tracks.get(tracks[4])).file.path
        await _gone(store, library, gone)
    found = await entries(as_member, playlist)
    assert [entry.track_id for entry in found] == tracks
    assert [number for number, entry in enumerate(found) if entry.track is None] == [4]
    assert (await as_member.get(f"/playlists/{playlist.id}", PlaylistRead)).track_count == 9
    # It can be put in once more: it exists.
    await edited(as_member, playlist, insert(new_id(), tracks[4]))


async def _gone(store: Store, library: Library, path: bytes) -> None:
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [path])
        await work.catalogue.tidy()
