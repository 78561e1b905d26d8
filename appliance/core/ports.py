"""What the core needs of the world, as contracts. Adapters implement them; ``compose`` introduces them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
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
    Marks,
    Track,
    TrackFilter,
    Window,
)
from appliance.core.library import Decision, KnownFile, Signature
from appliance.core.machine import MachineState, MachineWishes
from appliance.core.playback import Plan
from appliance.core.scanning import Scan, ScanCounts, ScanFault, ScanKind, ScanState
from appliance.core.sheet import Fault

if TYPE_CHECKING:
    from appliance.core.accounts import Account, User
    from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent

T = TypeVar("T")


class Machine(Protocol):
    """What set-up may change of the machine."""

    async def state(self) -> MachineState: ...

    async def apply(self, wishes: MachineWishes) -> dict[str, str]:
        """Do what is wished, each by itself. Returns what could not be done: by field, a sentence for a person.

        Never raises for a machine that refuses or does not answer: set-up goes on without.
        """
        ...


class MusicFolders(Protocol):
    """Folders that somebody who sets up may name."""

    async def fault(self, folder: Path) -> str | None:
        """Why music cannot be kept in ``folder``, as a sentence; None when it can.

        The folder that is offered may be missing: it can be made. Nothing is changed.
        """
        ...

    async def prepare(self, folder: Path) -> str | None:
        """Make the folder that is offered, where it is missing. Returns as ``fault`` does."""
        ...


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


class Listening(Protocol):
    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        """Those of the items that do not exist (missing ones exist)."""
        ...

    async def add_likes(self, events: Sequence["LikeEvent"]) -> None: ...

    async def add_ratings(self, events: Sequence["RatingEvent"]) -> None: ...

    async def add_plays(self, events: Sequence["PlayEvent"]) -> None:
        """Append; a play of the same user, track, client and time is already there and is left alone."""
        ...

    async def marks(self, user_id: UUID, item: Item, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        """What the user left on these; an id without any mark is absent. An album's plays are its tracks'."""
        ...

    async def liked(self, user_id: UUID, item: Item, library: int | None = None) -> list[UUID]:
        """What the user likes now and can be played, latest first."""
        ...


class Users(Protocol):
    async def lock(self) -> None:
        """Wait until no other transaction is creating users; held to the end of this one."""
        ...

    async def add(self, account: "Account") -> bool:
        """False when the (folded) name is taken."""
        ...

    async def by_name(self, name: str) -> "Account | None":
        """Compared folded and exactly; never as a pattern."""
        ...

    async def administrator_exists(self) -> bool: ...

    async def all(self) -> list["User"]:
        """By name."""
        ...


class Sessions(Protocol):
    async def add(self, token_hash: bytes, user_id: UUID, expires_at: datetime) -> None:
        """Also forgets sessions that have expired."""
        ...

    async def user(self, token_hash: bytes, now: datetime) -> "User | None": ...

    async def remove(self, token_hash: bytes) -> None: ...


class Scans(Protocol):
    async def request(self, kind: ScanKind) -> Scan:
        """Queue a scan and wake the scanner on commit. A queued scan that covers ``kind`` is returned instead."""
        ...

    async def take(self) -> Scan | None:
        """Start the oldest queued scan, or take up one whose process is gone; None when there is nothing to do."""
        ...

    async def progress(self, scan_id: UUID, counts: ScanCounts) -> bool:
        """Write the counts. False when the scan was cancelled meanwhile."""
        ...

    async def finish(self, scan_id: UUID, state: ScanState, counts: ScanCounts, message: str | None = None) -> None:
        """End a running scan; one that was cancelled meanwhile stays so. Forgets all but the latest few hundred."""
        ...

    async def cancel(self, scan_id: UUID) -> Scan:
        """Cancel a queued or running scan, waking the scanner on commit. An ended one stays as it is. ``NotFound``."""
        ...

    async def get(self, scan_id: UUID) -> Scan:
        """Raises ``NotFound``."""
        ...

    async def page(self, window: Window) -> tuple[list[Scan], int]:
        """Latest first, and how many in all."""
        ...

    async def latest(self) -> Scan | None:
        """The one running, else the one requested last."""
        ...

    async def faults(self, window: Window) -> tuple[list[ScanFault], int]:
        """What could not be read, by library and path, and how many in all."""
        ...


class Artworks(Protocol):
    async def get(self, artwork_id: UUID) -> Artwork:
        """Raises ``NotFound``."""
        ...

    async def of(self, item: Item, item_id: UUID) -> Artwork | None:
        """The cover of an artist, album or track; None when it has none. Raises ``NotFound`` for no such item."""
        ...


class UnitOfWork(Protocol):
    """One transaction on one connection."""

    @property
    def libraries(self) -> Libraries: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def artists(self) -> Artists: ...
    @property
    def albums(self) -> Albums: ...
    @property
    def tracks(self) -> Tracks: ...
    @property
    def genres(self) -> Genres: ...
    @property
    def search(self) -> Search: ...
    @property
    def listening(self) -> Listening: ...
    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def scans(self) -> Scans: ...
    @property
    def artworks(self) -> Artworks: ...


class Store(Protocol):
    """The database."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction: committed when the block ends, rolled back when it raises or is cancelled.

        Raises ``Unavailable`` when the database does not answer within a few seconds.
        """
        ...

    async def ping(self) -> None:
        """Return when there is a transaction to be had. Raises ``Unavailable``."""
        ...

    async def answers(self) -> None:
        """Return when the database answers, however many wait for a transaction. Raises ``Unavailable``."""
        ...

    async def maintain(self) -> None:
        """Let the database see to what large changes leave behind, so that answers stay quick.

        Takes seconds, or minutes where the card is slow. Raises ``Unavailable``; nothing depends on it.
        """
        ...

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The payloads notified on ``channel`` from now on.

        Survives reconnects; after one, an empty payload comes, so that a listener looks for what it missed.
        """
        ...


class Vault(Protocol):
    """Keeps secrets."""

    async def hash(self, password: str) -> str:
        """An argon2id hash in PHC format."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether they match. Takes as long for None, which never matches.

        Raises ``Busy`` when too many ask at once.
        """
        ...

    def seal(self, secret: str, owner: UUID) -> bytes:
        """Encrypt so that only this server, for this owner, can read it back."""
        ...

    def open(self, sealed: bytes, owner: UUID) -> str | None:
        """What was sealed; None when the key has changed or the seal is broken."""
        ...


class Offload(Protocol):
    """Worker processes for short jobs that parse what strangers made: confined, killable, limited in memory."""

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        """Call ``job`` (importable, picklable arguments and result) in a worker process.

        Cancellation kills the worker. Raises ``MediaFault`` when the job takes over ``seconds`` or its process dies
        (killed for memory, crashed); an exception of the job itself comes through as it is.
        """
        ...


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of a request for media that decide which bytes are sent (RFC 9110 sections 13 and 14)."""

    head: bool = False
    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None


class MediaReply(msgspec.Struct, frozen=True, kw_only=True):
    """Status, headers and bytes of a media response, ready to be sent by an adapter that knows none of it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes] | None
    """None for HEAD, 304 and 416."""


class Media(Protocol):
    """Audio out."""

    def open(
        self, plan: Plan, conditions: Conditions, *, attachment: bool = False
    ) -> AbstractAsyncContextManager[MediaReply]:
        """Carry out a plan. Leaving the block frees the file or the worker within a second.

        ``attachment``: the reply carries a Content-Disposition with the file's name (a download). Raises
        ``MediaGone`` (no such file now), ``MediaFault`` (cannot be decoded), ``Busy`` (no worker within reach),
        ``Unavailable`` (the cache's disk is full, or the server is stopping) or ``BadRequest`` (an offset past the
        end).
        """
        ...


class Cover(msgspec.Struct, frozen=True):
    """A picture to send."""

    media_type: str
    etag: str
    """Strong, with its quotes."""
    data: bytes


class Covers(Protocol):
    """Cover art out."""

    async def get(self, artwork: Artwork | None, size: int | None) -> Cover:
        """The picture, at most ``size`` pixels wide and high (bounded to 16…2048); None is the original.

        No artwork, or one that cannot be read any more, gives the placeholder, resized the same. Raises
        ``MediaFault`` only when not even that can be made.
        """
        ...


class Progress(Protocol):
    """Where a person waits: told how far something is."""

    def __call__(self, done: int, total: int | None, /) -> None: ...
