"""Whoever may see some libraries finds nothing of the others: no row, no number, no picture, no better file."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from appliance.core.accounts import Role, User
from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, TrackFilter, Window
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.listening import LikeEvent, like
from appliance.core.ports import UnitOfWork
from appliance.core.sheet import Fault, Sheet
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import TAGS, bring_in, picture, sheet, tagged

ALL = Window(100)
NONE = Window(0)
COMMON = tagged(TAGS, album="Common", genres=("Jazz",))
SECRET = tagged(TAGS, album="Secret", artists=("Zed",), album_artists=("Zed",), genres=("Secretcore",), title="Whisper")


def for_all() -> list[Sheet]:
    """Two tracks of one album."""
    return [
        sheet("c/1.mp3", "common one", COMMON),
        sheet("c/2.mp3", "common two", tagged(COMMON, title="Two", track_number=2)),
    ]


def for_some() -> list[Sheet]:
    """A better copy of one of them, a third track of that album, and an album by somebody else."""
    return [
        sheet("c/1.flac", "common one", COMMON, lossless=True),
        sheet("c/3.mp3", "common three", tagged(COMMON, title="Three", track_number=3, genres=("Secretcore",))),
        sheet("s/1.mp3", "secret", SECRET, picture=picture("secret", "s/cover.png")),
    ]


@pytest.fixture
async def house(store: PostgresStore) -> PostgresStore:
    """Library 1 for everybody, library 2 for some."""
    async with store.begin() as work:
        first, second = await work.libraries.settle([b"/one", b"/two"])
    await bring_in(store, first, for_all(), faults=[Fault(path=b"open.mp3", reason="Broken.")])
    await bring_in(store, second, for_some(), faults=[Fault(path=b"hidden.mp3", reason="Broken.")])
    assert (first.number, second.number) == (1, 2)
    return store


@asynccontextmanager
async def seen_by(store: PostgresStore, *libraries: int) -> AsyncIterator[UnitOfWork]:
    """What a member with these libraries sees."""
    member = User(id=new_id(), name="bo", role=Role.MEMBER, created_at=datetime.now(UTC), libraries=libraries or None)
    async with store.begin() as work:
        yield work.seen_by(member)


Listing = Callable[[UnitOfWork], Awaitable[list[str]]]


async def _albums(work: UnitOfWork, library: int | None = None) -> list[str]:
    return [a.title for a in await work.albums.list(AlbumOrder.TITLE, AlbumFilter(library=library), ALL, UUID(int=0))]


async def _tracks(work: UnitOfWork, library: int | None = None) -> list[str]:
    page, total = await work.tracks.page(TrackFilter(library=library), ALL)
    assert total == len(page)
    return [track.title for track in page]


async def _artists(work: UnitOfWork) -> list[str]:
    page, total = await work.artists.page(ALL)
    assert total == len(page)
    return [artist.name for artist in page]


async def _found(work: UnitOfWork, query: str) -> list[str]:
    found = await work.search.find(query, artists=ALL, albums=ALL, tracks=ALL)
    return [
        *(artist.name for artist in found.artists),
        *(album.title for album in found.albums),
        *(track.title for track in found.tracks),
    ]


async def _faults(work: UnitOfWork) -> list[str]:
    faults, total = await work.scans.faults(ALL)
    assert total == len(faults)
    return [fault.path for fault in faults]


LISTS: dict[str, tuple[Listing, list[str], list[str]]] = {
    "albums": (_albums, ["Common"], ["Common", "Secret"]),
    "albums of a library": (lambda work: _albums(work, library=2), [], ["Common", "Secret"]),
    "tracks": (_tracks, ["One", "Two"], ["One", "Three", "Two", "Whisper"]),
    "tracks of a library": (lambda work: _tracks(work, library=2), [], ["One", "Three", "Whisper"]),
    "artists": (_artists, ["Ana"], ["Ana", "Zed"]),
    "a search": (lambda work: _found(work, "whisper"), [], ["Whisper"]),
    "a search for everything": (
        lambda work: _found(work, ""),
        ["Ana", "Common", "One", "Two"],
        ["Ana", "Zed", "Common", "Secret", "One", "Three", "Two", "Whisper"],
    ),
    "faults": (_faults, ["open.mp3"], ["open.mp3", "hidden.mp3"]),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_holds_what_its_reader_may_see(house: PostgresStore, name: str) -> None:
    listing, some, everything = LISTS[name]
    async with seen_by(house, 1) as work:
        assert await listing(work) == some
    async with seen_by(house) as work:
        assert await listing(work) == everything
    async with seen_by(house, 1, 2) as work:
        assert await listing(work) == everything
    async with seen_by(house, 7) as work:
        assert await listing(work) == []


async def test_random_and_album_artists_and_genres_and_libraries_are_narrowed(house: PostgresStore) -> None:
    async with seen_by(house, 1) as work:
        assert {track.title for track in await work.tracks.random(TrackFilter(), 100)} == {"One", "Two"}
        assert [artist.name for artist in await work.artists.album_artists()] == ["Ana"]
        assert [artist.name for artist in await work.artists.album_artists(2)] == []
        genres = await work.genres.all()
        assert [(genre.name, genre.track_count, genre.album_count) for genre in genres] == [("Jazz", 2, 1)]
        assert [library.number for library in await work.libraries.all()] == [1]
        assert await work.tracks.of_genre("Secretcore", ALL) == []


async def test_numbers_count_what_may_be_seen(house: PostgresStore) -> None:
    async with seen_by(house, 1) as work:
        [album] = await work.albums.list(AlbumOrder.TITLE, AlbumFilter(), ALL, UUID(int=0))
        assert (album.track_count, album.duration_ms) == (2, 20_000)
        assert [track.title for track in await work.tracks.of_album(album.id)] == ["One", "Two"]
        [artist] = await work.artists.many([album.artists[0].id])
        assert (artist.album_count, artist.track_count, artist.cover_id) == (1, 2, None)
    async with seen_by(house) as work:
        whole = await work.albums.get(album.id)
        assert whole.track_count == 3


async def test_the_file_that_plays_is_one_that_may_be_seen(house: PostgresStore) -> None:
    async with seen_by(house) as work:
        [track] = [track for track in (await work.tracks.page(TrackFilter(), ALL))[0] if track.title == "One"]
        assert (track.file.suffix, track.file.library_number) == ("flac", 2)
    async with seen_by(house, 1) as work:
        seen = await work.tracks.get(track.id)
        assert (seen.file.suffix, seen.file.library_number) == ("mp3", 1)


async def test_hidden_things_do_not_exist(house: PostgresStore) -> None:
    async with seen_by(house) as work:
        found = await work.search.find("secret", artists=NONE, albums=ALL, tracks=NONE)
        [album] = found.albums
        [track] = await work.tracks.of_album(album.id)
        assert album.cover_id is not None
        picture_of_it = await work.artworks.get(album.cover_id)
    hidden = {Item.ARTIST: album.artists[0].id, Item.ALBUM: album.id, Item.TRACK: track.id}
    async with seen_by(house, 1) as work:
        asked: list[Callable[[], Awaitable[object]]] = [
            partial(work.artists.get, hidden[Item.ARTIST]),
            partial(work.albums.get, hidden[Item.ALBUM]),
            partial(work.tracks.get, hidden[Item.TRACK]),
            partial(work.artworks.get, picture_of_it.id),
            *(partial(work.artworks.of, item, hidden[item]) for item in Item),
        ]
        for ask in asked:
            with pytest.raises(NotFound):
                await ask()
        assert await work.artists.many([hidden[Item.ARTIST]]) == []
        assert await work.albums.many([hidden[Item.ALBUM]]) == []
        assert await work.tracks.many([hidden[Item.TRACK]]) == []
        assert await work.albums.of_artist(hidden[Item.ARTIST]) == []
        assert await work.tracks.of_album(hidden[Item.ALBUM]) == []
        assert await work.listening.unknown(list(hidden.items())) == list(hidden.items())
    async with seen_by(house, 2) as work:
        assert await work.artworks.get(picture_of_it.id) == picture_of_it
        assert await work.listening.unknown(list(hidden.items())) == []


async def test_a_like_outlives_the_sight_of_it(house: PostgresStore, user_id: UUID) -> None:
    async with seen_by(house) as work:
        found = await work.search.find("whisper", artists=NONE, albums=NONE, tracks=ALL)
        now = datetime.now(UTC)
        liked = LikeEvent(
            id=new_id(),
            user_id=user_id,
            item=Item.TRACK,
            item_id=found.tracks[0].id,
            liked=True,
            happened_at=now,
            recorded_at=now,
        )
        await work.listening.add_likes([liked])
    async with seen_by(house, 1) as work:
        assert await work.listening.liked(user_id, Item.TRACK) == []
        bo = User(id=user_id, name="bo", role=Role.MEMBER, created_at=now, libraries=(1,))
        with pytest.raises(NotFound):
            await like(work, bo, [(Item.TRACK, liked.item_id)], liked=False)
    async with seen_by(house) as work:
        assert await work.listening.liked(user_id, Item.TRACK) == [liked.item_id]


async def test_whoever_may_see_everything_is_answered_by_the_same_statements_as_the_server(
    house: PostgresStore,
) -> None:
    async with house.begin() as work:
        everybody = User(id=new_id(), name="ana", role=Role.MEMBER, created_at=datetime.now(UTC))
        assert work.seen_by(everybody) is work
