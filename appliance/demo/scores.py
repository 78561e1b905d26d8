"""What a demo library is made of: artists, albums and pieces, as values. The music itself is in ``albums``."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Literal

import msgspec

VARIOUS_ARTISTS = "Various Artists"

# Refused by FAT and Windows, which may hold the disk or the share that the files end up on.
_UNSAFE = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


class Style(StrEnum):
    """How a piece is arranged; ``arrange`` has one function for each."""

    NOCTURNE = "nocturne"
    """Piano over slow strings."""
    LOFI = "lofi"
    """Electric piano, swung drums, a worn tape."""
    WALTZ = "waltz"
    """Plucked strings and a reed organ in three."""
    DRIVE = "drive"
    """Four on the floor, saw bass, arpeggios."""
    DRIFT = "drift"
    """The same machines at half the pace."""


class Artist(msgspec.Struct, frozen=True):
    name: str
    sort_name: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One track as composed."""

    title: str
    artists: tuple[Artist, ...]
    credit: str
    """All artists in one line, as a sleeve prints them."""
    style: Style
    bpm: int
    scale: str
    """The scale of the melody: ``C major``, ``A minor``, ``D dorian``."""
    chords: str
    """One chord a bar, in the usual symbols; the piece ends on the first of them."""
    rounds: int
    """How often the chords are played; each round adds voices."""
    loudness: float = -18.0
    """Integrated loudness in LUFS (EBU R 128) that the mastering aims at."""
    title_sort: str | None = None
    composer: str | None = None
    mood: str | None = None
    lyrics: str | None = None
    """LRC."""


class Disc(msgspec.Struct, frozen=True):
    pieces: tuple[Piece, ...]
    title: str | None = None


class Album(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    artist: Artist
    suffix: Literal["flac", "mp3", "opus", "m4a"]
    genres: tuple[str, ...]
    release_date: str
    original_date: str
    cover: Literal["tide", "window", "quilt", "valve"]
    """The design, one function in ``covers``."""
    cover_place: Literal["embedded", "folder"]
    discs: tuple[Disc, ...]
    label: str = "Brass Arm Recordings"
    compilation: bool = False
    title_sort: str | None = None

    @property
    def folder(self) -> PurePosixPath:
        """Relative to the library's root."""
        return PurePosixPath(_safe(self.artist.name), _safe(f"{self.title} ({self.release_date[:4]})"))

    def tracks(self) -> "Iterator[Track]":
        """Every track in the order of the sleeve."""
        for disc_number, disc in enumerate(self.discs, 1):
            for number, piece in enumerate(disc.pieces, 1):
                yield Track(album=self, disc_number=disc_number, number=number, piece=piece)


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """A piece at its place on an album."""

    album: Album
    disc_number: int
    number: int
    piece: Piece

    @property
    def disc(self) -> Disc:
        return self.album.discs[self.disc_number - 1]

    @property
    def path(self) -> PurePosixPath:
        """Relative to the library's root."""
        place = f"{self.number:02}" if len(self.album.discs) == 1 else f"{self.disc_number}-{self.number:02}"
        return self.album.folder / _safe(f"{place} {self.piece.title}.{self.album.suffix}")


def _safe(name: str) -> str:
    return name.translate(_UNSAFE).strip(" .")
