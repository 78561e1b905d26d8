"""The store's unit of work in memory: what PostgreSQL answers, from lists."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import (
    NO_MARKS,
    Album,
    AlbumFilter,
    AlbumOrder,
    Artist,
    Artwork,
    Found,
    Genre,
    Item,
    Library,
    Marks,
    Track,
    TrackFilter,
    Window,
)
from appliance.core.errors import NotFound
from appliance.core.library import Decision, KnownFile
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.ports import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Genres,
    KnownFiles,
    Libraries,
    Listening,
    Scans,
    Search,
    Sessions,
    Tracks,
    Users,
)
from appliance.core.scanning import Scan, ScanCounts, ScanFault, ScanKind, ScanState
from appliance.core.sheet import Fault
from appliance.core.text import fold, words
from tests.api.subsonic.world import WHEN, World

T = TypeVar("T")


class _Of:
    """A part of the unit of work."""

    def __init__(self, world: World) -> None:
        self.world = world


def _cut(rows: list[T], window: Window) -> list[T]:
    return rows[window.offset : window.offset + window.limit]


class MemoryLibraries(_Of):
    async def all(self) -> list[Library]:
        return self.world.libraries

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        raise NotImplementedError(roots)


class MemoryCatalogue:
    """No Subsonic call writes the catalogue."""

    async def known(self, library: Library) -> KnownFiles:
        raise NotImplementedError(library)

    async def recognise(self, library: Library, paths: Sequence[bytes], identities: Sequence[bytes]) -> list[KnownFile]:
        raise NotImplementedError(library, paths, identities)

    async def merge(self, library: Library, decisions: Sequence[Decision], faults: Sequence[Fault]) -> None:
        raise NotImplementedError(library, decisions, faults)

    async def mark_missing(self, library: Library, paths: Iterable[bytes]) -> int:
        raise NotImplementedError(library, paths)

    async def mark_returned(self, library: Library, paths: Iterable[bytes]) -> int:
        raise NotImplementedError(library, paths)

    async def tidy(self) -> None:
        raise NotImplementedError


class MemoryArtists(_Of):
    async def get(self, artist_id: UUID) -> Artist:
        found = await self.many([artist_id])
        if not found:
            raise NotFound("There is no such artist.")
        return found[0]

    async def many(self, ids: Sequence[UUID]) -> list[Artist]:
        return [artist for wanted in ids for artist in self.world.artists if artist.id == wanted]

    async def album_artists(self, library: int | None = None) -> list[Artist]:
        albums = [album for album in self.world.albums if library in {None, self._library(album)}]
        ids = {ref.id for album in albums for ref in album.artists}
        return sorted((each for each in self.world.artists if each.id in ids), key=lambda each: each.sort_name)

    async def page(self, window: Window) -> tuple[list[Artist], int]:
        rows = sorted(self.world.artists, key=lambda each: each.sort_name)
        return _cut(rows, window), len(rows)

    def _library(self, album: Album) -> int:
        return next(track.file.library_number for track in self.world.tracks if track.album_id == album.id)


class MemoryAlbums(_Of):
    async def get(self, album_id: UUID) -> Album:
        found = await self.many([album_id])
        if not found:
            raise NotFound("There is no such album.")
        return found[0]

    async def many(self, ids: Sequence[UUID]) -> list[Album]:
        return [album for wanted in ids for album in self.world.albums if album.id == wanted]

    async def of_artist(self, artist_id: UUID) -> list[Album]:
        rows = [album for album in self.world.albums if artist_id in {ref.id for ref in album.artists}]
        return sorted(rows, key=lambda album: (album.year or 0, album.sort_title))

    async def list(self, order: AlbumOrder, narrow: AlbumFilter, window: Window, user_id: UUID) -> list[Album]:
        rows = [album for album in self.world.albums if self._fits(album, narrow)]
        marks = MemoryListening(self.world).marks_now(user_id, [album.id for album in rows])
        if order is AlbumOrder.RANDOM:
            random.Random(4).shuffle(rows)
            return _cut(rows, window)
        personal: dict[AlbumOrder, Callable[[Marks], Any]] = {
            AlbumOrder.RECENT: lambda mark: mark.last_played_at,
            AlbumOrder.FREQUENT: lambda mark: mark.play_count,
            AlbumOrder.RATED: lambda mark: mark.rating,
            AlbumOrder.STARRED: lambda mark: mark.liked_at,
        }
        if order in personal:
            by = personal[order]
            rows = [album for album in rows if by(marks.get(album.id, NO_MARKS))]
            return _cut(sorted(rows, key=lambda album: by(marks[album.id]), reverse=True), window)
        public: dict[AlbumOrder, Callable[[Album], Any]] = {
            AlbumOrder.TITLE: lambda album: album.sort_title,
            AlbumOrder.ARTIST: lambda album: (fold(album.artist_display), album.sort_title),
            AlbumOrder.NEWEST: lambda album: album.created_at,
            AlbumOrder.YEAR: lambda album: album.year or 0,
            AlbumOrder.YEAR_DESCENDING: lambda album: album.year or 0,
        }
        backwards = order in {AlbumOrder.NEWEST, AlbumOrder.YEAR_DESCENDING}
        return _cut(sorted(rows, key=public[order], reverse=backwards), window)

    async def count(self, narrow: AlbumFilter) -> int:
        return sum(self._fits(album, narrow) for album in self.world.albums)

    def _fits(self, album: Album, narrow: AlbumFilter) -> bool:
        tracks = [track for track in self.world.tracks if track.album_id == album.id]
        return any(_fits(track, narrow) for track in tracks)


class MemoryTracks(_Of):
    async def get(self, track_id: UUID) -> Track:
        found = await self.many([track_id])
        if not found:
            raise NotFound("There is no such track.")
        return found[0]

    async def many(self, ids: Sequence[UUID]) -> list[Track]:
        return [track for wanted in ids for track in self.world.tracks if track.id == wanted]

    async def of_album(self, album_id: UUID) -> list[Track]:
        return [track for track in self.world.tracks if track.album_id == album_id]

    async def random(self, narrow: TrackFilter, limit: int) -> list[Track]:
        rows = [track for track in self.world.tracks if _fits(track, narrow)]
        random.Random(5).shuffle(rows)
        return rows[:limit]

    async def of_genre(self, genre: str, window: Window, library: int | None = None) -> list[Track]:
        rows = [track for track in self.world.tracks if _fits(track, TrackFilter(genres=(genre,), library=library))]
        return _cut(sorted(rows, key=lambda track: track.sort_title), window)

    async def page(self, narrow: TrackFilter, window: Window) -> tuple[list[Track], int]:
        rows = sorted((each for each in self.world.tracks if _fits(each, narrow)), key=lambda each: each.sort_title)
        return _cut(rows, window), len(rows)


def _fits(track: Track, narrow: TrackFilter | AlbumFilter) -> bool:
    return bool(
        narrow.library in {None, track.file.library_number}
        and (not narrow.genres or {*map(fold, narrow.genres)} & {*map(fold, track.genres)})
        and (narrow.from_year is None or (track.year is not None and track.year >= narrow.from_year))
        and (narrow.to_year is None or (track.year is not None and track.year <= narrow.to_year))
    )


class MemoryGenres(_Of):
    async def all(self) -> list[Genre]:
        names = sorted({genre for track in self.world.tracks for genre in track.genres})
        return [
            Genre(
                id=UUID(int=number),
                name=name,
                album_count=sum(name in album.genres for album in self.world.albums),
                track_count=sum(name in track.genres for track in self.world.tracks),
            )
            for number, name in enumerate(names)
        ]


class MemorySearch(_Of):
    async def find(
        self, query: str, *, artists: Window, albums: Window, tracks: Window, library: int | None = None
    ) -> Found:
        wanted = words(query)

        def hit(text: str) -> bool:
            return all(any(word.startswith(each) for word in words(text)) for each in wanted)

        return Found(
            artists=_cut([each for each in self.world.artists if hit(each.name)], artists),
            albums=_cut([each for each in self.world.albums if hit(f"{each.title} {each.artist_display}")], albums),
            tracks=_cut(
                [
                    each
                    for each in self.world.tracks
                    if hit(f"{each.title} {each.artist_display}") and library in {None, each.file.library_number}
                ],
                tracks,
            ),
        )


class MemoryListening(_Of):
    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        known = {(Item.ARTIST, each.id) for each in self.world.artists}
        known |= {(Item.ALBUM, each.id) for each in self.world.albums}
        known |= {(Item.TRACK, each.id) for each in self.world.tracks}
        return [item for item in items if item not in known]

    async def add_likes(self, events: Sequence[LikeEvent]) -> None:
        self.world.likes.extend(events)

    async def add_ratings(self, events: Sequence[RatingEvent]) -> None:
        self.world.ratings.extend(events)

    async def add_plays(self, events: Sequence[PlayEvent]) -> None:
        known = {(each.user_id, each.track_id, each.client, each.happened_at) for each in self.world.plays}
        self.world.plays.extend(
            each for each in events if (each.user_id, each.track_id, each.client, each.happened_at) not in known
        )

    async def marks(self, user_id: UUID, item: Item, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        self.world.marks_asked += 1
        assert {Item.ARTIST: self.world.artists, Item.ALBUM: self.world.albums, Item.TRACK: self.world.tracks}[item]
        return self.marks_now(user_id, ids)

    def marks_now(self, user_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        found: dict[UUID, Marks] = {}
        for item_id in ids:
            likes = [each for each in self.world.likes if (each.user_id, each.item_id) == (user_id, item_id)]
            ratings = [each for each in self.world.ratings if (each.user_id, each.item_id) == (user_id, item_id)]
            tracks = {each.id for each in self.world.tracks if item_id in {each.id, each.album_id}}
            plays = [each for each in self.world.plays if each.user_id == user_id and each.track_id in tracks]
            marks = Marks(
                liked_at=likes[-1].happened_at if likes and likes[-1].liked else None,
                rating=ratings[-1].rating or None if ratings else None,
                play_count=len(plays),
                last_played_at=max((each.happened_at for each in plays), default=None),
            )
            if marks != Marks():
                found[item_id] = marks
        return found

    async def liked(self, user_id: UUID, item: Item, library: int | None = None) -> list[UUID]:
        state = {each.item_id: each for each in self.world.likes if (each.user_id, each.item) == (user_id, item)}
        latest = sorted((each for each in state.values() if each.liked), key=lambda each: each.happened_at)
        there = {each.id for each in self.world.tracks if library in {None, each.file.library_number}}
        return [each.item_id for each in reversed(latest) if item is not Item.TRACK or each.item_id in there]


class MemoryUsers(_Of):
    async def lock(self) -> None:
        pass

    async def add(self, account: Account) -> bool:
        if await self.by_name(account.user.name) is not None:
            return False
        self.world.accounts.append(account)
        return True

    async def by_name(self, name: str) -> Account | None:
        assert "\0" not in name, "PostgreSQL takes no NUL"
        return next((each for each in self.world.accounts if fold(each.user.name) == fold(name)), None)

    async def administrator_exists(self) -> bool:
        return any(each.user.role is Role.ADMIN for each in self.world.accounts)

    async def all(self) -> list[User]:
        return sorted((each.user for each in self.world.accounts), key=lambda user: user.name)


class MemorySessions:
    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime) -> None:
        raise NotImplementedError(token_hash, user_id, expires_at)

    async def user(self, token_hash: bytes, now: datetime) -> User | None:
        raise NotImplementedError(token_hash, now)

    async def remove(self, token_hash: bytes) -> None:
        raise NotImplementedError(token_hash)


class MemoryScans(_Of):
    async def request(self, kind: ScanKind) -> Scan:
        scan = Scan(
            id=UUID(int=len(self.world.scans)),
            kind=kind,
            state=ScanState.QUEUED,
            counts=ScanCounts(),
            requested_at=WHEN,
        )
        self.world.scans.append(scan)
        return scan

    async def take(self) -> Scan | None:
        raise NotImplementedError

    async def progress(self, scan_id: UUID, counts: ScanCounts) -> bool:
        raise NotImplementedError(scan_id, counts)

    async def finish(self, scan_id: UUID, state: ScanState, counts: ScanCounts, message: str | None = None) -> None:
        raise NotImplementedError(scan_id, state, counts, message)

    async def cancel(self, scan_id: UUID) -> Scan:
        raise NotImplementedError(scan_id)

    async def get(self, scan_id: UUID) -> Scan:
        raise NotImplementedError(scan_id)

    async def page(self, window: Window) -> tuple[list[Scan], int]:
        raise NotImplementedError(window)

    async def latest(self) -> Scan | None:
        return self.world.scans[-1] if self.world.scans else None

    async def faults(self, window: Window) -> tuple[list[ScanFault], int]:
        raise NotImplementedError(window)


class MemoryArtworks(_Of):
    async def get(self, artwork_id: UUID) -> Artwork:
        for artwork in self.world.artworks:
            if artwork.id == artwork_id:
                return artwork
        raise NotFound("There is no such picture.")

    async def of(self, item: Item, item_id: UUID) -> Artwork | None:
        if await MemoryListening(self.world).unknown([(item, item_id)]):
            raise NotFound(f"There is no such {item}.")
        cover = self.world.covers.get((item, item_id))
        return None if cover is None else await self.get(cover)


class MemoryWork:
    def __init__(self, world: World) -> None:
        self.libraries: Libraries = MemoryLibraries(world)
        self.catalogue: Catalogue = MemoryCatalogue()
        self.artists: Artists = MemoryArtists(world)
        self.albums: Albums = MemoryAlbums(world)
        self.tracks: Tracks = MemoryTracks(world)
        self.genres: Genres = MemoryGenres(world)
        self.search: Search = MemorySearch(world)
        self.listening: Listening = MemoryListening(world)
        self.users: Users = MemoryUsers(world)
        self.sessions: Sessions = MemorySessions()
        self.scans: Scans = MemoryScans(world)
        self.artworks: Artworks = MemoryArtworks(world)
