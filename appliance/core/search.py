"""Search over everything that has a name: artists, albums, tracks, and the playlists that one sees."""

import msgspec

from appliance.core.accounts import User
from appliance.core.catalogue import Album, Artist, Mended, Track, Window
from appliance.core.playlists import Playlist
from appliance.core.ports import UnitOfWork
from appliance.core.text import words


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each kind are wanted at most; 0 costs nothing."""

    artists: int
    albums: int
    tracks: int
    playlists: int


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The best of each kind, best first: the name itself, names that begin so, names that hold the words."""

    artists: list[Artist]
    albums: list[Album]
    tracks: list[Track]
    playlists: list[Playlist]
    mended: tuple[Mended, ...]


async def search(work: UnitOfWork, user: User, query: str, limits: Limits) -> Results:
    """What ``user`` may see whose words begin with each word of ``query``. A query without a word finds nothing."""
    if not words(query):
        return Results(artists=[], albums=[], tracks=[], playlists=[], mended=())
    found = await work.search.find(
        query, artists=Window(limits.artists), albums=Window(limits.albums), tracks=Window(limits.tracks)
    )
    return Results(
        artists=found.artists,
        albums=found.albums,
        tracks=found.tracks,
        playlists=await work.playlists.find(user.id, query, Window(limits.playlists)),
        mended=found.mended,
    )
