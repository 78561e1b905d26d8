"""Who had a part in a track beside its performing artists, as tracks and artists show it."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.schemas import ArtistMention
from appliance.core.credits import Part, TrackCredit

Role = Annotated[Part, Meta(description="What somebody did.", examples=["composer"])]


class CreditRead(msgspec.Struct, frozen=True):
    """Somebody's part in a track."""

    role: Role
    artist: Annotated[
        ArtistMention,
        Meta(
            description="Whose part it is.",
            examples=[{"id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f01", "name": "Bill Evans"}],
        ),
    ]
    detail: Annotated[
        str | None, Meta(description="Of a performer the instrument or voice; null where not told.", examples=["piano"])
    ]


Credits = Annotated[
    list[CreditRead],
    Meta(
        description="Who else had a part in it: composers, conductors, engineers and so on.",
        examples=[
            [
                {
                    "role": "composer",
                    "artist": {"id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f01", "name": "Bill Evans"},
                    "detail": None,
                }
            ]
        ],
    ),
]


def credits_read(credited: Iterable[TrackCredit]) -> list[CreditRead]:
    """In their order."""
    return [
        CreditRead(credit.role, ArtistMention(credit.artist.id, credit.artist.name), credit.detail)
        for credit in credited
    ]
