"""What several nouns show: mentions, and the field types that come again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Paged
from appliance.core import catalogue

Id = Annotated[
    UUID,
    Meta(
        description="Never changes, whatever happens to names and files.",
        examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"],
    ),
]
CreatedAt = Annotated[
    datetime, Meta(description="When it came into the library (UTC).", examples=["2026-03-01T18:20:00Z"])
]
CoverId = Annotated[
    UUID | None, Meta(description="Its picture; null without one.", examples=["0190c3f2-8e2b-7c4f-9b5a-6e3dafc20a11"])
]
Genres = Annotated[list[str], Meta(description="Genres, as tagged.", examples=[["Jazz", "Soul"]])]
ReleaseDate = Annotated[
    str | None, Meta(description="Of this edition: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.", examples=["1998-05-12"])
]
OriginalDate = Annotated[
    str | None, Meta(description="Of the first edition: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.", examples=["1959-08-17"])
]
Year = Annotated[int | None, Meta(description="Of the first edition where known, else of this one.", examples=[1959])]
Duration = Annotated[int, Meta(description="How long it plays, in milliseconds.", examples=[562_000])]


class ArtistMention(msgspec.Struct, frozen=True):
    """An artist, as named on an album or a track."""

    id: Id
    name: Annotated[str, Meta(description="The artist's name.", examples=["Miles Davis"])]


def mentions(artists: tuple[catalogue.ArtistRef, ...]) -> list[ArtistMention]:
    """The artists of a credit, in its order."""
    return [ArtistMention(artist.id, artist.name) for artist in artists]


ArtistMentions = Annotated[
    list[ArtistMention],
    Meta(
        description="The artists, in the order of the credit.",
        examples=[[{"id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f01", "name": "Miles Davis"}]],
    ),
]
ArtistDisplay = Annotated[str, Meta(description="The credit as printed.", examples=["Miles Davis feat. John Coltrane"])]

GenreFilter = Annotated[
    tuple[str, ...],
    Meta(
        max_length=20,
        description="Only of any of these genres; case and accents do not matter.",
        examples=[["Jazz", "Soul"]],
    ),
]
_Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_CalendarYear = Annotated[int, Meta(ge=0, le=9999)]
LibraryFilter = Annotated[_Number | None, Meta(description="Only from the library of this number.", examples=[1])]
FromYear = Annotated[_CalendarYear | None, Meta(description="Only from this year on.", examples=[1950])]
ToYear = Annotated[_CalendarYear | None, Meta(description="Only up to this year.", examples=[1969])]


LibraryNumbers = Annotated[
    Annotated[tuple[Annotated[int, Meta(ge=1, le=2**31 - 1)], ...], Meta(max_length=1000)] | None,
    Meta(
        description="Numbers of the libraries that they may see; null is every one, also those to come.",
        examples=[[1, 3]],
    ),
]


class Narrowed(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a list of music: page by page, and which part of the library."""

    genre: GenreFilter = ()
    library: LibraryFilter = None
    from_year: FromYear = None
    to_year: ToYear = None
