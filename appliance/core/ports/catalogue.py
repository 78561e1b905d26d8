"""Reading and writing the music that there is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol
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
    TrackOrder,
    Window,
)
from appliance.core.credits import TrackCredit
from appliance.core.files import FileFilter, HeldFile
from appliance.core.library import Decision, KnownFile, Signature
from appliance.core.lyrics import Lyrics
from appliance.core.sheet import Fault

if TYPE_CHECKING:
    from appliance.core.genres import GenreOwner, GenreState
    from appliance.core.libraries import LibraryState


class Libraries(Protocol):
    async def lock(self) -> None:
        """Wait for whoever changes the catalogue; from here to the end of the transaction nobody else does."""
        ...

    async def roots(self) -> list[bytes]:
        """The roots of every library that is in use, whoever asks."""
        ...

    async def chosen(self) -> bool:
        """Whether a folder was ever chosen, in use now or not."""
        ...

    async def states(self) -> "list[LibraryState]":
        """As ``all``, with what the last scan counted."""
        ...

    async def state(self, library_id: UUID) -> "LibraryState":
        """Raises ``NotFound``, also for one that is not in use."""
        ...

    async def add(self, root: bytes, name: str | None) -> UUID | None:
        """Put the folder to use by a person's word, and tell whoever watches; None when it is in use.

        One that was in use before keeps its id, its number, and its name where no other is given. A new one without a
        name is named after its folder.
        """
        ...

    async def rename(self, library_id: UUID, name: str) -> None:
        """Raises ``NotFound``."""
        ...

    async def remove(self, library_id: UUID) -> None:
        """Take it out of use by a person's word, and tell whoever watches. Its files become missing.

        Raises ``NotFound``.
        """
        ...

    async def all(self) -> list[Library]:
        """Every library that is in use, in the order of its number."""
        ...

    async def settle(self, roots: Sequence[bytes]) -> list[Library]:
        """Put the libraries with these absolute roots to use, new ones named after their folders, and no others.

        Those that people added or took out of use are left as they are, also where ``roots`` name them.
        Whoever watches them is told on commit, by ``LIBRARIES_CHANNEL``.
        The files of one that is no longer in use become missing; they come back as themselves with it. Returns the
        libraries in use in the order of ``roots``.
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
        """Recount albums, artists and genres after changes, and refresh what is shown of them. Idempotent.

        Whoever listens is told that there is other music than before.
        """
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

    async def sort_by(self, artist_id: UUID, sort_name: str, *, manual: bool) -> None:
        """Sort the artist, and what is by the artist, by this. ``manual``: no scan sets it again."""
        ...

    async def call(self, artist_id: UUID, aliases: Sequence[str], search: str) -> None:
        """Give the artist these aliases. ``search``: all names as ``core.text.searched`` has them."""
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

    async def page(
        self, narrow: TrackFilter, window: Window, order: TrackOrder = TrackOrder.TITLE
    ) -> tuple[list[Track], int]:
        """Playable tracks in an order, and how many there are in it in all."""
        ...

    async def credits(self, ids: Sequence[UUID]) -> dict[UUID, tuple[TrackCredit, ...]]:
        """Who else had a part in these tracks, in the order of the parts; a track without any is left out.

        Of tracks that the caller was shown: it is not asked again whether they may be seen.
        """
        ...

    async def lyrics(self, track_id: UUID) -> Lyrics | None:
        """The words, where they are known. Raises ``NotFound`` as ``get`` does."""
        ...


class Files(Protocol):
    async def get(self, file_id: UUID) -> HeldFile:
        """Raises ``NotFound``."""
        ...

    async def page(self, narrow: FileFilter, window: Window) -> tuple[list[HeldFile], int]:
        """Files of the libraries in use, first arrival first, and how many there are in all."""
        ...


class Genres(Protocol):
    async def all(self) -> list[Genre]:
        """By name; only those with something playable."""
        ...

    async def page(self, window: Window) -> "tuple[list[GenreState], int]":
        """The same, page by page, and how many there are in all."""
        ...

    async def get(self, genre_id: UUID) -> "GenreState":
        """Raises ``NotFound``."""
        ...

    async def lock(self) -> None:
        """Wait for whoever changes the catalogue; from here to the end of the transaction nobody else does."""
        ...

    async def owners(self, keys: Sequence[str]) -> "dict[str, GenreOwner]":
        """What these names, by their keys, stand for; those that stand for nothing are left out."""
        ...

    async def write(self, genre_id: UUID, key: str, name: str, aliases: Mapping[str, str]) -> None:
        """Call a genre so, everywhere. ``aliases``: its other names by their keys, all of them.

        A genre whose own name is one of them is gone afterwards: its tracks have this one, and its aliases.
        """
        ...


class Search(Protocol):
    async def find(
        self, query: str, *, artists: Window, albums: Window, tracks: Window, library: int | None = None
    ) -> Found:
        """Playable things whose words begin with each word of ``query``, folded; names that begin so come first.

        Where nothing of a kind is found, words that begin no name at all are taken for those that come nearest.

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
