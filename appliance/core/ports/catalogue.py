"""Reading and writing the music that there is."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from appliance.core.catalogue import (
    Album,
    AlbumFilter,
    AlbumOrder,
    Artist,
    Artwork,
    Found,
    Genre,
    Item,
    Library,
    Track,
    TrackFilter,
    Window,
)
from appliance.core.library import Decision, KnownFile, Signature
from appliance.core.sheet import Fault


class Libraries(Protocol):
    async def all(self) -> list[Library]:
        """Every library that is in use, in the order of its number."""
        ...

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        """Put the libraries with these absolute roots to use, new ones named after their folders, and no others.

        Whoever watches them is told on commit, by ``LIBRARIES_CHANNEL``.
        The files of one that is no longer in use become missing; they come back as themselves with it. Returns the
        libraries in the order of ``roots``.
        """
        ...


class KnownFiles(msgspec.Struct, frozen=True):
    """What the store knows of a library's files, for the comparison with the walk."""

    signatures: dict[bytes, Signature]
    """By path relative to the root: files and faulty files alike; a path that is missing is there as well."""
    missing: set[bytes]
    """Those that are marked missing."""


class Catalogue(Protocol):
    """The write side: what scans and imports change. Sets, never row by row."""

    async def known(self, library: Library) -> KnownFiles: ...

    async def recognise(self, library: Library, paths: Sequence[bytes], identities: Sequence[bytes]) -> list[KnownFile]:
        """Every file at one of the paths of this library, or with one of the identities in any library."""
        ...

    async def merge(self, library: Library, decisions: Sequence[Decision], faults: Sequence[Fault]) -> None:
        """Write a batch of decisions, and the faults found beside them, as sets.

        A file that is displaced from its path by a decision becomes missing. A fault at a known file's path marks
        that file missing and keeps it. A path that reads well again loses its fault.
        """
        ...

    async def mark_missing(self, library: Library, paths: Iterable[bytes]) -> int:
        """Mark files as missing now; forget the faults at these paths. Returns how many files changed."""
        ...

    async def mark_returned(self, library: Library, paths: Iterable[bytes]) -> int:
        """Take the mark away from files that are there again, unchanged. Returns how many changed."""
        ...

    async def tidy(self) -> None:
        """Recount albums, artists and genres after changes, and refresh what is shown of them. Idempotent."""
        ...


class Artists(Protocol):
    async def get(self, artist_id: UUID) -> Artist:
        """Raises ``NotFound``."""
        ...

    async def many(self, ids: Sequence[UUID]) -> list[Artist]:
        """Those that exist, in the order of ``ids``."""
        ...

    async def album_artists(self, library: int | None = None) -> list[Artist]:
        """All artists with playable albums of their own, by sort name."""
        ...

    async def page(self, window: Window) -> tuple[list[Artist], int]:
        """Artists with anything playable by sort name, and how many there are in all."""
        ...


class Albums(Protocol):
    async def get(self, album_id: UUID) -> Album:
        """Raises ``NotFound``."""
        ...

    async def many(self, ids: Sequence[UUID]) -> list[Album]:
        """Those that exist, in the order of ``ids``."""
        ...

    async def of_artist(self, artist_id: UUID) -> list[Album]:
        """Albums with this album artist, by year then title; only those with something playable."""
        ...

    async def list(self, order: AlbumOrder, narrow: AlbumFilter, window: Window, user_id: UUID) -> list[Album]:
        """One page of the playable albums. ``user_id`` matters to the orders that are the user's own."""
        ...

    async def count(self, narrow: AlbumFilter) -> int: ...


class Tracks(Protocol):
    async def get(self, track_id: UUID) -> Track:
        """Raises ``NotFound``, also for a track none of whose files is present."""
        ...

    async def many(self, ids: Sequence[UUID]) -> list[Track]:
        """Those that exist and are playable, in the order of ``ids``."""
        ...

    async def of_album(self, album_id: UUID) -> list[Track]:
        """By disc, number, title."""
        ...

    async def random(self, narrow: TrackFilter, limit: int) -> list[Track]: ...

    async def of_genre(self, genre: str, window: Window, library: int | None = None) -> list[Track]:
        """By sort title. The genre is compared folded."""
        ...

    async def page(self, narrow: TrackFilter, window: Window) -> tuple[list[Track], int]:
        """Playable tracks by sort title, and how many there are in all."""
        ...


class Genres(Protocol):
    async def all(self) -> list[Genre]:
        """By name; only those with something playable."""
        ...


class Search(Protocol):
    async def find(
        self, query: str, *, artists: Window, albums: Window, tracks: Window, library: int | None = None
    ) -> Found:
        """Playable things whose words begin with each word of ``query``, folded; best first.

        A query without a word (``""`` included) means everything, in a stable order, paged. A window whose limit is
        0 costs nothing.
        """
        ...


class Artworks(Protocol):
    async def get(self, artwork_id: UUID) -> Artwork:
        """Raises ``NotFound``."""
        ...

    async def of(self, item: Item, item_id: UUID) -> Artwork | None:
        """The cover of an artist, album or track; None when it has none. Raises ``NotFound`` for no such item."""
        ...
