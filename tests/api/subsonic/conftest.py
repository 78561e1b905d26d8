"""A house of music in memory, behind the ports, and the Subsonic API in front of it."""

import copy
import hashlib
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID
from xml.etree import ElementTree as ET

import msgspec
import pytest
import trio
from quart import Response
from quart_trio import QuartTrio

from appliance.api.media_response import MediaConnection
from appliance.api.services import Services
from appliance.api.subsonic import blueprint
from appliance.core.accounts import Account, Accounts, Role, User
from appliance.core.catalogue import (
    Album,
    AlbumFilter,
    AlbumOrder,
    Artist,
    ArtistRef,
    Artwork,
    Found,
    Genre,
    Item,
    Library,
    Marks,
    MediaFile,
    Track,
    TrackFilter,
    Window,
)
from appliance.core.errors import Busy, NotFound, TonearmError
from appliance.core.library import Decision, KnownFile
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.playback import Plan, RawPlan
from appliance.core.ports import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Conditions,
    Cover,
    Genres,
    KnownFiles,
    Libraries,
    Listening,
    MediaReply,
    Scans,
    Search,
    Sessions,
    Tracks,
    UnitOfWork,
    Users,
)
from appliance.core.scanning import Scan, ScanCounts, ScanFault, ScanKind, ScanState
from appliance.core.sheet import Fault
from appliance.core.text import fold, sort_key, words
from appliance.core.throttle import Throttle

T = TypeVar("T")
WHEN = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
PASSWORD = "sesame & coriander"


# --- the data


class World(msgspec.Struct, kw_only=True):
    """Everything that the store would keep."""

    libraries: list[Library] = []
    artists: list[Artist] = []
    albums: list[Album] = []
    tracks: list[Track] = []
    artworks: list[Artwork] = []
    covers: dict[tuple[Item, UUID], UUID] = {}
    accounts: list[Account] = []
    likes: list[LikeEvent] = []
    ratings: list[RatingEvent] = []
    plays: list[PlayEvent] = []
    scans: list[Scan] = []
    marks_asked: int = 0

    def artist(self, name: str) -> Artist:
        return next(artist for artist in self.artists if artist.name == name)

    def album(self, title: str) -> Album:
        return next(album for album in self.albums if album.title == title)

    def track(self, title: str) -> Track:
        return next(track for track in self.tracks if track.title == title)


class _Numbers:
    """Identifiers that are the same on every run."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)


def furnish() -> World:
    """Two libraries: albums of several discs, several artists, no cover, other scripts, hostile names."""
    new_id = _Numbers()
    world = World()
    for number, name in ((1, "Music"), (2, "Vinyl & Tape")):
        world.libraries.append(Library(id=new_id(), number=number, name=name, root=f"/srv/{number}".encode()))
    picture = Artwork(
        id=new_id(), identity=b"p" * 16, source="folder", root=b"/srv/1", path=b"c.jpg", media_type="image/jpeg", size=9
    )
    world.artworks.append(picture)

    def artist(name: str, cover: bool = True) -> ArtistRef:  # noqa: FBT001, FBT002
        entity = Artist(
            id=new_id(),
            name=name,
            sort_name=sort_key(name),
            album_count=0,
            track_count=0,
            cover_id=picture.id if cover else None,
            musicbrainz_id="b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d" if name.startswith("The") else None,
            created_at=WHEN,
        )
        world.artists.append(entity)
        return ArtistRef(entity.id, name)

    def album(
        title: str,
        artists: tuple[ArtistRef, ...],
        titles: Sequence[str],
        *,
        genres: tuple[str, ...] = ("Rock",),
        original: str | None = None,
        release: str | None = None,
        library: int = 1,
        discs: dict[int, str] | None = None,
        suffix: str = "flac",
        performers: tuple[ArtistRef, ...] | None = None,
        cover: UUID | None = picture.id,
    ) -> None:
        year = int((original or release or "0")[:4]) or None
        entity = Album(
            id=new_id(),
            title=title,
            sort_title=sort_key(title),
            artists=artists,
            artist_display=" & ".join(ref.name for ref in artists),
            track_count=len(titles),
            duration_ms=61_900 * len(titles),
            genres=genres,
            compilation=artists[0].name == "Various Artists",
            release_date=release,
            original_date=original,
            year=year,
            disc_titles=discs or {},
            cover_id=cover,
            musicbrainz_release_id=None,
            musicbrainz_release_group_id=None,
            created_at=WHEN + timedelta(days=len(world.albums)),
        )
        world.albums.append(entity)
        for number, track_title in enumerate(titles, 1):
            by = performers or artists
            file = MediaFile(
                id=new_id(),
                library_number=library,
                root=f"/srv/{library}".encode(),
                path=f"{number}.{suffix}".encode(),
                size=1234 + number,
                mtime_ns=1,
                suffix=suffix,
                codec="flac" if suffix == "flac" else "mp3",
                bit_rate=900 if suffix == "flac" else 192,
                sample_rate=44_100,
                channels=2,
                bit_depth=16 if suffix == "flac" else None,
            )
            track = Track(
                id=new_id(),
                title=track_title,
                sort_title=sort_key(track_title),
                album_id=entity.id,
                album_title=title,
                artists=by,
                artist_display=" feat. ".join(ref.name for ref in by),
                album_artists=artists,
                album_artist_display=entity.artist_display,
                disc_number=2 if discs and number == len(titles) else 1,
                track_number=number,
                duration_ms=61_900,
                genres=genres,
                moods=("calm",) if number == 1 else (),
                release_date=release,
                original_date=original,
                year=year,
                cover_id=cover,
                musicbrainz_recording_id=None,
                track_gain=-7.25 if number == 1 else None,
                track_peak=0.98 if number == 1 else None,
                album_gain=float("nan"),
                album_peak=None,
                bpm=120,
                isrc="USSM18300073" if number == 1 else None,
                comment=None,
                created_at=WHEN,
                file=file,
            )
            world.tracks.append(track)
            for item, item_id in ((Item.TRACK, track.id), (Item.ALBUM, entity.id), (Item.ARTIST, artists[0].id)):
                if cover:
                    world.covers[item, item_id] = cover

    needles = artist("The Needles")
    sigur = artist("Sigur Rós")
    hisaishi = artist("久石譲", cover=False)
    various = artist("Various Artists")
    hostile = artist('<Ampersand & "Sons">', cover=False)
    album("Groove", (needles,), ["Alpha", "Beta", "Gamma/Delta"], original="1969-09-26", release="2019")
    album("Run-out", (needles, sigur), ["Omega"], genres=("Jazz", "Soul"), release="2001-05", suffix="mp3")
    album("Heima", (sigur,), ["Hafsól", "Von"], original="2007", discs={1: "Heim", 2: "Hvarf"})
    album("となりのトトロ", (hisaishi,), ["さんぽ"], genres=(), library=2, cover=None)
    album("Sampler", (various,), ["One", "Two"], genres=("Pop",), original="1984", performers=(needles, hisaishi))
    album("a\x0bb ]]> <c>", (hostile,), ["d\x00e\ufffe & 'f' \"g\"\n"], genres=('R&B <"',), cover=None)
    world.artists = [
        msgspec.structs.replace(
            entity,
            album_count=sum(entity.id in {ref.id for ref in each.artists} for each in world.albums),
            track_count=sum(entity.id in {ref.id for ref in each.artists} for each in world.tracks),
        )
        for entity in world.artists
    ]
    return world


# --- the ports


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

    async def recognise(
        self, library: Library, paths: Sequence[bytes], identities: Sequence[bytes]
    ) -> list[KnownFile]:
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
        never = datetime.min.replace(tzinfo=UTC)

        def mark(album: Album) -> Marks:
            return marks.get(album.id, Marks())

        match order:
            case AlbumOrder.TITLE:
                rows.sort(key=lambda album: album.sort_title)
            case AlbumOrder.ARTIST:
                rows.sort(key=lambda album: (fold(album.artist_display), album.sort_title))
            case AlbumOrder.NEWEST:
                rows.sort(key=lambda album: album.created_at, reverse=True)
            case AlbumOrder.YEAR:
                rows.sort(key=lambda album: album.year or 0)
            case AlbumOrder.YEAR_DESCENDING:
                rows.sort(key=lambda album: album.year or 0, reverse=True)
            case AlbumOrder.RANDOM:
                random.Random(4).shuffle(rows)
            case AlbumOrder.RECENT:
                rows = [album for album in rows if mark(album).last_played_at]
                rows.sort(key=lambda album: mark(album).last_played_at or never, reverse=True)
            case AlbumOrder.FREQUENT:
                rows = [album for album in rows if mark(album).play_count]
                rows.sort(key=lambda album: mark(album).play_count, reverse=True)
            case AlbumOrder.RATED:
                rows = [album for album in rows if mark(album).rating]
                rows.sort(key=lambda album: mark(album).rating or 0, reverse=True)
            case AlbumOrder.STARRED:
                rows = [album for album in rows if mark(album).liked_at]
                rows.sort(key=lambda album: mark(album).liked_at or never, reverse=True)
        return _cut(rows, window)

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
        rows = [track for track in self.world.tracks if _fits(track, TrackFilter(genre=genre, library=library))]
        return _cut(sorted(rows, key=lambda track: track.sort_title), window)

    async def page(self, narrow: TrackFilter, window: Window) -> tuple[list[Track], int]:
        rows = sorted((each for each in self.world.tracks if _fits(each, narrow)), key=lambda each: each.sort_title)
        return _cut(rows, window), len(rows)


def _fits(track: Track, narrow: TrackFilter | AlbumFilter) -> bool:
    return (
        narrow.library in {None, track.file.library_number}
        and (narrow.genre is None or fold(narrow.genre) in {fold(genre) for genre in track.genres})
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


class MemoryStore:
    """Transactions that roll back, one at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open = 0
        self.failure: TonearmError | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        if self.failure is not None:
            raise self.failure
        before = copy.copy(self.world.likes), copy.copy(self.world.ratings), copy.copy(self.world.plays)
        self.open += 1
        try:
            yield MemoryWork(self.world)
        except BaseException:
            self.world.likes, self.world.ratings, self.world.plays = before
            raise
        finally:
            self.open -= 1

    async def ping(self) -> None:
        pass

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        raise NotImplementedError(channel)
        yield


class MemoryVault:
    """Hides nothing: what it keeps lives as long as a test."""

    async def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return password_hash == await self.hash(password)

    def seal(self, secret: str, owner: UUID) -> bytes:
        return owner.bytes + secret.encode()

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        return sealed[16:].decode() if sealed[:16] == owner.bytes else None


class MemoryMedia:
    """Plays one sound, in chunks, for every plan; keeps account of what is open."""

    CHUNKS = (b"fLaC", b"\0" * 5, b"end")

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.failure: TonearmError | None = None
        self.endless = False
        self.open_now = 0
        self.asked: list[tuple[Plan, Conditions, bool]] = []
        self.transactions_seen: list[int] = []

    @asynccontextmanager
    async def open(
        self, plan: Plan, conditions: Conditions, *, attachment: bool = False
    ) -> AsyncIterator[MediaReply]:
        self.asked.append((plan, conditions, attachment))
        self.transactions_seen.append(self._store.open)
        if self.failure is not None:
            raise self.failure
        self.open_now += 1
        try:
            # A nursery, as the real one has: it breaks unless it is left by the task that entered it, in order.
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                yield self._reply(plan, conditions)
                nursery.cancel_scope.cancel()
        finally:
            self.open_now -= 1

    def _reply(self, plan: Plan, conditions: Conditions) -> MediaReply:
        content_type = "audio/flac" if isinstance(plan, RawPlan) else plan.profile.content_type
        headers = [("Content-Type", content_type), ("Accept-Ranges", "bytes"), ("ETag", '"sound"')]
        if conditions.if_none_match == '"sound"':
            return MediaReply(status=304, headers=(("ETag", '"sound"'),), body=None)
        if conditions.range == "bytes=999-":
            return MediaReply(status=416, headers=(("Content-Range", "bytes */12"),), body=None)
        if conditions.range:
            headers += [("Content-Range", "bytes 0-3/12"), ("Content-Length", "4")]
            return MediaReply(status=206, headers=tuple(headers), body=self._body(self.CHUNKS[:1]))
        headers.append(("Content-Length", "12"))
        body = None if conditions.head else self._body(self.CHUNKS)
        return MediaReply(status=200, headers=tuple(headers), body=body)

    async def _body(self, chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            await trio.lowlevel.checkpoint()
            yield chunk
        if self.endless:
            await trio.sleep_forever()


class MemoryCovers:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[tuple[Artwork | None, int | None]] = []

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        assert not self._store.open, "a picture is read outside the transaction"
        self.asked.append((artwork, size))
        name = "placeholder" if artwork is None else artwork.id.hex
        return Cover("image/jpeg", f'"{name}-{size}"', f"{name} {size}".encode())


# --- the API


class House:
    """The API as a client calls it. Parameters may be lists: then they are repeated."""

    def __init__(self, app: QuartTrio, store: MemoryStore, media: MemoryMedia, covers: MemoryCovers) -> None:
        self.app = app
        self.store = store
        self.world = store.world
        self.media = media
        self.covers = covers

    def user(self, name: str) -> User:
        return next(account.user for account in self.world.accounts if account.user.name == name)

    def credentials(self, user: str = "ada") -> dict[str, str]:
        token = hashlib.md5(f"{PASSWORD}s".encode(), usedforsecurity=False).hexdigest()
        return {"u": user, "t": token, "s": "s", "v": "1.16.1", "c": "tests"}

    async def send(
        self,
        path: str,
        parameters: dict[str, Any] | None = None,
        *,
        method: str = "GET",
        form: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        client: str = "192.0.2.1",
    ) -> Response:
        """A bare request below ``/rest``."""
        query = urlencode(parameters or {}, doseq=True)
        scope = {"client": (client, 4711)}
        head = dict(headers or {})
        data = None
        if form is not None:
            method = "POST"
            data = urlencode(form, doseq=True).encode()
            head["Content-Type"] = "application/x-www-form-urlencoded"
        return await self.app.test_client().open(  # type: ignore[return-value]  # it is a Quart response
            f"/rest/{path}?{query}", method=method, headers=head, data=data, scope_base=scope
        )

    async def answer(self, path: str, user: str = "ada", **parameters: Any) -> dict[str, Any]:
        """The content of a JSON envelope, whatever its status."""
        response = await self.send(path, self.credentials(user) | {"f": "json"} | parameters)
        assert response.content_type == "application/json"
        content = json.loads(await response.get_data(as_text=False))["subsonic-response"]
        assert isinstance(content, dict)
        return content

    async def ok(self, path: str, user: str = "ada", **parameters: Any) -> Any:
        """What a call answers, out of its envelope and its element."""
        content = await self.answer(path, user, **parameters)
        assert content["status"] == "ok", content
        rest = [value for key, value in content.items() if key not in ENVELOPE]
        return rest[0] if rest else None

    async def code(self, path: str, user: str = "ada", **parameters: Any) -> int:
        """The error code that a call answers."""
        content = await self.answer(path, user, **parameters)
        assert content["status"] == "failed", content
        assert content["error"]["message"]
        code = content["error"]["code"]
        assert isinstance(code, int)
        return code

    async def xml(self, path: str, user: str = "ada", **parameters: Any) -> ET.Element:
        """The root of an XML answer."""
        response = await self.send(path, self.credentials(user) | parameters)
        assert response.content_type == "text/xml; charset=utf-8"
        return ET.fromstring(await response.get_data(as_text=False))  # noqa: S314  # our own answer


ENVELOPE = {"status", "version", "type", "serverVersion", "openSubsonic"}


async def build_house() -> House:
    """Ada is the administrator, Bob a member, Guy a guest; all have one password."""
    store = MemoryStore(furnish())
    accounts = Accounts(MemoryVault(), Throttle(lambda: 0.0))  # time stands still
    async with store.begin() as work:
        for name, role in (("ada", Role.ADMIN), ("Bob", Role.MEMBER), ("guy", Role.GUEST)):
            await accounts.create(work, name, PASSWORD, role)
    media, covers = MemoryMedia(store), MemoryCovers(store)
    services = Services(store=store, accounts=accounts, media=media, covers=covers, version="0.1.0")
    app = QuartTrio("tests")
    app.asgi_http_class = MediaConnection
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(blueprint(services), url_prefix="/rest")
    return House(app, store, media, covers)


@pytest.fixture
async def house() -> House:
    return await build_house()


@pytest.fixture
def new_house() -> Callable[[], Any]:
    """``build_house``, for a test that runs its own loop."""
    return build_house


# --- the specification


def specification() -> Path | None:
    """The folder with OpenSubsonic's OpenAPI files, where there is one."""
    named = os.environ.get("TONEARM_OPENSUBSONIC_SPEC")
    path = Path(named) if named else Path(__file__).parents[4] / "shared" / "opensubsonic"
    return path if (path / "openapi.json").is_file() else None


def pytest_report_header() -> str:
    found = specification()
    if found is None:
        return "OpenSubsonic specification: absent; answers are held to the tests' own list of required fields"
    return f"OpenSubsonic specification: {found}"
