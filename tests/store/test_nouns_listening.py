"""Likes, ratings and plays: whatever the order in which they arrive, the latest event counts."""

from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest

from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, Library, Marks, Window
from appliance.core.ids import new_id
from appliance.store.unit_of_work import PostgresStore
from tests.store.events import at, like, play, rate
from tests.store.sheets import album_of, bring_in

EVERYTHING = AlbumFilter()
ALL = Window(100)


async def marks(store: PostgresStore, user_id: UUID, item: Item, *ids: UUID) -> dict[UUID, Marks]:
    async with store.begin() as work:
        return await work.listening.marks(user_id, item, ids)


async def albums_by(store: PostgresStore, user_id: UUID, order: AlbumOrder) -> list[str]:
    async with store.begin() as work:
        return [album.title for album in await work.albums.list(order, EVERYTHING, ALL, user_id)]


@pytest.fixture
async def tracks(store: PostgresStore, library: Library) -> list[UUID]:
    return [decision.track_id for decision in await bring_in(store, library, album_of(3))]


@pytest.fixture
async def albums(store: PostgresStore, library: Library) -> dict[str, list[UUID]]:
    """The tracks of three albums by the album's title."""
    return {
        title: [decision.track_id for decision in await bring_in(store, library, album_of(2, title))]
        for title in ("First", "Second", "Third")
    }


async def album_ids(store: PostgresStore) -> dict[str, UUID]:
    async with store.begin() as work:
        listed = await work.albums.list(AlbumOrder.TITLE, EVERYTHING, ALL, UUID(int=0))
    return {album.title: album.id for album in listed}


async def test_the_latest_like_counts_in_whatever_order_they_arrive(
    store: PostgresStore, user_id: UUID, tracks: Sequence[UUID]
) -> None:
    events = [(1, True), (2, False), (3, True)]
    for item_id, order in zip([new_id() for _ in range(6)], permutations(events), strict=True):
        for minute, liked in order:
            await like(store, user_id, Item.TRACK, (item_id, minute, liked))
        assert await marks(store, user_id, Item.TRACK, item_id) == {item_id: Marks(liked_at=at(3))}
    await like(store, user_id, Item.TRACK, (tracks[0], 5, False), (tracks[0], 4, True))
    assert await marks(store, user_id, Item.TRACK, tracks[0]) == {}


async def test_a_rating_of_zero_takes_it_back(store: PostgresStore, user_id: UUID, tracks: Sequence[UUID]) -> None:
    await rate(store, user_id, Item.TRACK, (tracks[0], 2, 4), (tracks[0], 1, 2), (tracks[1], 1, 5), (tracks[1], 2, 0))
    assert await marks(store, user_id, Item.TRACK, *tracks) == {tracks[0]: Marks(rating=4)}


async def test_a_play_is_recorded_once(store: PostgresStore, user_id: UUID, tracks: Sequence[UUID]) -> None:
    await play(store, user_id, (tracks[0], 1), (tracks[0], 1), (tracks[0], 2))
    await play(store, user_id, (tracks[0], 1), (tracks[1], 1))
    await play(store, user_id, (tracks[0], 1), client="another app")
    found = await marks(store, user_id, Item.TRACK, *tracks)
    assert found == {
        tracks[0]: Marks(play_count=3, last_played_at=at(2)),
        tracks[1]: Marks(play_count=1, last_played_at=at(1)),
    }


async def test_nothing_appended_is_nothing(store: PostgresStore, user_id: UUID) -> None:
    await like(store, user_id, Item.TRACK)
    await rate(store, user_id, Item.TRACK)
    await play(store, user_id)
    assert await marks(store, user_id, Item.TRACK) == {}


async def test_the_marks_of_one_kind_and_user_are_not_anothers(
    store: PostgresStore, user_id: UUID, albums: dict[str, list[UUID]]
) -> None:
    ids = await album_ids(store)
    async with store.begin() as work:
        [artist] = await work.artists.album_artists()
    await like(store, user_id, Item.ALBUM, (ids["First"], 1, True))
    await like(store, user_id, Item.ARTIST, (artist.id, 2, True))
    await rate(store, user_id, Item.ARTIST, (artist.id, 2, 3))
    await play(store, user_id, (albums["First"][0], 3), (albums["First"][1], 4), (albums["Second"][0], 5))
    assert await marks(store, user_id, Item.ALBUM, *ids.values()) == {
        ids["First"]: Marks(liked_at=at(1), play_count=2, last_played_at=at(4)),
        ids["Second"]: Marks(play_count=1, last_played_at=at(5)),
    }
    assert await marks(store, user_id, Item.ARTIST, artist.id) == {artist.id: Marks(liked_at=at(2), rating=3)}
    assert await marks(store, user_id, Item.TRACK, ids["First"], artist.id) == {}
    assert await marks(store, new_id(), Item.ALBUM, *ids.values()) == {}


async def test_what_is_liked_comes_latest_first_and_only_while_it_can_be_played(
    store: PostgresStore, library: Library, user_id: UUID, tracks: Sequence[UUID]
) -> None:
    one, two, three = tracks
    await like(store, user_id, Item.TRACK, (one, 3, True), (two, 1, True), (three, 2, True), (three, 4, False))
    async with store.begin() as work:
        assert await work.listening.liked(user_id, Item.TRACK) == [one, two]
        assert await work.listening.liked(user_id, Item.TRACK, library.number) == [one, two]
        assert await work.listening.liked(user_id, Item.TRACK, library.number + 1) == []
        await work.catalogue.mark_missing(library, [b"First/1.mp3"])
        assert await work.listening.liked(user_id, Item.TRACK) == [two]


async def test_liked_albums_and_artists_go_by_library(
    store: PostgresStore, library: Library, user_id: UUID, albums: dict[str, list[UUID]]
) -> None:
    ids = await album_ids(store)
    assert ids.keys() == albums.keys()
    async with store.begin() as work:
        [artist] = await work.artists.album_artists()
    await like(store, user_id, Item.ALBUM, (ids["First"], 1, True), (ids["Third"], 2, True))
    await like(store, user_id, Item.ARTIST, (artist.id, 1, True))
    async with store.begin() as work:
        for item, wanted in ((Item.ALBUM, [ids["Third"], ids["First"]]), (Item.ARTIST, [artist.id])):
            assert await work.listening.liked(user_id, item) == wanted
            assert await work.listening.liked(user_id, item, library.number) == wanted
            assert await work.listening.liked(user_id, item, library.number + 1) == []


async def test_albums_are_listed_as_a_user_played_rated_and_liked_them(
    store: PostgresStore, library: Library, user_id: UUID, albums: dict[str, list[UUID]]
) -> None:
    ids = await album_ids(store)
    one, two = albums["First"], albums["Second"]
    await play(store, user_id, (one[0], 1), (one[1], 2), (two[0], 3))
    await rate(store, user_id, Item.ALBUM, (ids["Third"], 1, 5), (ids["First"], 2, 2), (ids["Second"], 1, 0))
    await like(store, user_id, Item.ALBUM, (ids["First"], 1, True), (ids["Second"], 2, True), (ids["Third"], 1, False))
    assert await albums_by(store, user_id, AlbumOrder.RECENT) == ["Second", "First"]
    assert await albums_by(store, user_id, AlbumOrder.FREQUENT) == ["First", "Second"]
    assert await albums_by(store, user_id, AlbumOrder.RATED) == ["Third", "First"]
    assert await albums_by(store, user_id, AlbumOrder.STARRED) == ["Second", "First"]
    nobody = new_id()
    for order in (AlbumOrder.RECENT, AlbumOrder.FREQUENT, AlbumOrder.RATED, AlbumOrder.STARRED):
        assert await albums_by(store, nobody, order) == []
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [b"First/1.mp3", b"First/2.mp3"])
        await work.catalogue.tidy()
    assert await albums_by(store, user_id, AlbumOrder.RECENT) == ["Second"]
    assert await albums_by(store, user_id, AlbumOrder.RATED) == ["Third"]


async def test_what_does_not_exist_is_told_and_what_is_missing_exists(
    store: PostgresStore, library: Library, tracks: Sequence[UUID]
) -> None:
    [album_id] = (await album_ids(store)).values()
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [b"First/1.mp3", b"First/2.mp3", b"First/3.mp3"])
        await work.catalogue.tidy()
        strangers = [(Item.ARTIST, tracks[0]), (Item.ALBUM, new_id()), (Item.TRACK, album_id)]
        asked = [(Item.TRACK, tracks[0]), *strangers, (Item.ALBUM, album_id)]
        assert await work.listening.unknown(asked) == strangers
        assert await work.listening.unknown([]) == []
