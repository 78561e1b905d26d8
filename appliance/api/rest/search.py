"""``/search``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.albums import AlbumRead, albums_shown
from appliance.api.rest.artists import ArtistRead, artists_shown
from appliance.api.rest.operation import Call, Nothing, Operation, Reply
from appliance.api.rest.playlists import PlaylistRead
from appliance.api.rest.tracks import TrackRead, tracks_shown
from appliance.core.catalogue import Mended
from appliance.core.search import Limits, search

_MOST = 100
_DEFAULT = 20


def _limit(kind: str) -> Meta:
    return Meta(ge=0, le=_MOST, description=f"How many {kind} at most; 0 for none.", examples=[_DEFAULT])


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked for."""

    q: Annotated[
        str,
        Meta(
            max_length=500,
            description=(
                "Beginnings of words, in any order; case, accents and width do not matter, and Cyrillic and Greek may "
                "be typed in Latin letters. A query without a word finds nothing."
            ),
            examples=["kind of bl", "chaykovskiy"],
        ),
    ]
    artist_limit: Annotated[int, _limit("artists")] = _DEFAULT
    album_limit: Annotated[int, _limit("albums")] = _DEFAULT
    track_limit: Annotated[int, _limit("tracks")] = _DEFAULT
    playlist_limit: Annotated[int, _limit("playlists")] = _DEFAULT


class CorrectionRead(msgspec.Struct, frozen=True):
    """A word that begins no name, and what it was taken for."""

    typed: Annotated[str, Meta(description="The word as it was understood: folded.", examples=["metalica"])]
    meant: Annotated[
        list[str],
        Meta(description="The words by which something was found instead, likeliest first.", examples=[["metallica"]]),
    ]

    @classmethod
    def of(cls, mended: Mended) -> "CorrectionRead":
        return cls(mended.typed, list(mended.meant))


class SearchRead(msgspec.Struct, frozen=True, kw_only=True):
    """The best of each kind: the name itself first, then names that begin so, then names that hold the words."""

    artists: Annotated[list[ArtistRead], Meta(description="Artists, each as it is read alone.", examples=[[]])]
    albums: Annotated[list[AlbumRead], Meta(description="Albums, each as it is read alone.", examples=[[]])]
    tracks: Annotated[list[TrackRead], Meta(description="Tracks, each as it is read alone.", examples=[[]])]
    playlists: Annotated[
        list[PlaylistRead],
        Meta(description="Your own and those that others show, each as it is read alone.", examples=[[]]),
    ]
    corrected: Annotated[
        list[CorrectionRead],
        Meta(
            description="Where nothing of a kind was found: the words that were taken for others. Empty else.",
            examples=[[{"typed": "metalica", "meant": ["metallica"]}]],
        ),
    ]


async def read(call: Call[SearchQuery, Nothing]) -> Reply:
    """What was found."""
    wanted = call.query
    limits = Limits(
        artists=wanted.artist_limit,
        albums=wanted.album_limit,
        tracks=wanted.track_limit,
        playlists=wanted.playlist_limit,
    )
    found = await search(call.work, call.caller.user, wanted.q, limits)
    return Reply(
        SearchRead(
            artists=await artists_shown(call, found.artists),
            albums=await albums_shown(call, found.albums),
            tracks=await tracks_shown(call, found.tracks),
            playlists=[PlaylistRead.of(playlist) for playlist in found.playlists],
            corrected=[CorrectionRead.of(mended) for mended in found.mended],
        )
    )


OPERATIONS = (
    Operation(
        name="search",
        method="GET",
        path="/search/",
        tag="Search",
        summary="Search everything that has a name",
        description=(
            "Every word must begin a word of the name, of its artists, or of its album. Only what can be played now is "
            "found. Where nothing of a kind is found, words that begin no name are taken for those that come nearest."
        ),
        handle=read,
        query=SearchQuery,
        answer=SearchRead,
    ),
)
