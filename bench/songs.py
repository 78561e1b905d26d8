"""What is in the benchmark library: every file's place and tags, the same for the same seed.

Real libraries are lopsided and untidy: few artists have most of the albums (Zipf), some albums are compilations, some
names are in other scripts, some tracks have several artists, a part was tagged with MusicBrainz Picard, and some files
are broken.
"""

import itertools
from collections.abc import Iterator
from random import Random
from typing import Final
from uuid import UUID

import msgspec

from bench.words import ADJECTIVES, FOREIGN, GENRES, NOUNS

TRACKS_ON_AN_ALBUM: Final = 12
_FORMATS: Final = {"flac": 40, "mp3": 35, "m4a": 15, "opus": 10}
"""Suffixes and their shares of the albums, in per cent."""
_WITH_MUSICBRAINZ: Final = 0.30
_WITH_SEVERAL_ARTISTS: Final = 0.10
_COMPILATIONS: Final = 0.05
_NON_LATIN: Final = 0.05
_HOSTILE: Final = 0.02
HOSTILITIES: Final = (
    "empty", "noise", "web page", "cut short", "huge tag", "flipped bits", "bad text", "odd name", "wrong suffix",
)  # fmt: skip
"""What a hostile file may be. Some of them play all the same."""


class Artist(msgspec.Struct, frozen=True):
    name: str
    musicbrainz_id: UUID


class Album(msgspec.Struct, frozen=True):
    title: str
    artist: Artist
    year: int
    genre: str
    suffix: str
    compilation: bool
    musicbrainz_id: UUID | None
    release_group_id: UUID | None

    @property
    def folder(self) -> str:
        return f"{_safe(self.artist.name)}/{_safe(self.title)} ({self.year})"


class Song(msgspec.Struct, frozen=True):
    path: str
    """Relative to the library."""
    title: str
    artists: tuple[Artist, ...]
    album: Album
    number: int
    recording_id: UUID | None
    """Given exactly when the album has MusicBrainz ids."""
    salt: int
    """What makes the file's sound its own; 64 bits."""
    hostility: str | None


_VARIOUS: Final = Artist("Various Artists", UUID("89ad4ac3-39f7-470e-963a-56509c546377"))


def songs(files: int, seed: int) -> Iterator[Song]:
    """``files`` songs, album by album."""
    random = Random(seed)
    artists = [_artist(random) for _ in range(max(4, files // 50))]
    # Zipf: the n-th most productive artist has 1/n of the first one's albums.
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(artists) + 1)))
    places: set[str] = set()
    for start in range(0, files, TRACKS_ON_AN_ALBUM):
        album = _album(random, random.choices(artists, cum_weights=weights)[0])
        while album.folder in places:
            album = msgspec.structs.replace(album, title=f"{album.title} {_noun(random)}")
        places.add(album.folder)
        for number in range(1, min(TRACKS_ON_AN_ALBUM, files - start) + 1):
            others = random.choices(artists, cum_weights=weights, k=2)
            yield _song(random, album, number, others)


def _artist(random: Random) -> Artist:
    if random.random() < _NON_LATIN:
        return Artist(f"{random.choice(FOREIGN)} {random.randrange(1000)}", _uuid(random))
    the = random.choice(("", "", "The "))
    plural = random.choice(("", "s", " Quartet", " Orchestra"))
    return Artist(f"{the}{random.choice(ADJECTIVES)} {_noun(random)} {_noun(random)}{plural}", _uuid(random))


def _album(random: Random, artist: Artist) -> Album:
    compilation = random.random() < _COMPILATIONS
    known = random.random() < _WITH_MUSICBRAINZ
    return Album(
        title=f"{random.choice(ADJECTIVES)} {_noun(random)} {random.choice(('', 'and the ', 'of '))}{_noun(random)}",
        artist=_VARIOUS if compilation else artist,
        year=random.randint(1958, 2025),
        genre=random.choice(GENRES),
        suffix=random.choices(list(_FORMATS), weights=list(_FORMATS.values()))[0],
        compilation=compilation,
        musicbrainz_id=_uuid(random) if known else None,
        release_group_id=_uuid(random) if known else None,
    )


def _song(random: Random, album: Album, number: int, others: list[Artist]) -> Song:
    artists: tuple[Artist, ...] = (others[0],) if album.compilation else (album.artist,)
    if random.random() < _WITH_SEVERAL_ARTISTS and others[1] not in artists:
        artists += (others[1],)
    foreign = random.random() < _NON_LATIN
    title = random.choice(FOREIGN) if foreign else f"{random.choice(ADJECTIVES)} {_noun(random)}"
    hostility = random.choice(HOSTILITIES) if random.random() < _HOSTILE else None
    name = f"{number:02} {_safe(title)}.{album.suffix}"
    if hostility == "odd name":
        name = f"-{number:02} {_safe(title)[:20]}\n'\"$(x) {'x' * 150}.{album.suffix}"
    return Song(
        path=f"{album.folder}/{name}",
        title=title,
        artists=artists,
        album=album,
        number=number,
        recording_id=_uuid(random) if album.musicbrainz_id else None,
        salt=random.getrandbits(64),
        hostility=hostility,
    )


def _noun(random: Random) -> str:
    return random.choice(NOUNS)


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _safe(name: str) -> str:
    return name.replace("/", "_")
