"""The fields that come again wherever a client tells what happened."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from appliance.core.catalogue import Item

_ID = "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f20"

OwnId = Annotated[
    UUID | None,
    Meta(
        description="Made by the client, so that sending it again changes nothing; left out, the server makes one.",
        examples=[_ID],
    ),
]
ToldAt = Annotated[
    Annotated[datetime, Meta(tz=True)] | None,
    Meta(
        description="By the client's clock, with its zone. Left out, before 2000 or over five minutes ahead of the "
        "server: now.",
        examples=["2026-03-01T18:20:00Z"],
    ),
]
HappenedAt = Annotated[
    datetime,
    Meta(
        description="When it happened (UTC), as far as the client's clock is believed.",
        examples=["2026-03-01T18:20:00Z"],
    ),
]
RecordedAt = Annotated[
    datetime, Meta(description="When the server heard of it (UTC).", examples=["2026-03-01T18:20:01Z"])
]
ItemKind = Annotated[Item, Meta(description="What kind of thing.", examples=["track"])]
ItemId = Annotated[
    UUID, Meta(description="Of the artist, the album or the track.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])
]
TrackId = Annotated[UUID, Meta(description="Of the track.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])]
ItemFilter = Annotated[Item | None, Meta(description="Only things of this kind.", examples=["album"])]
Milliseconds = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Position = Annotated[Milliseconds, Meta(description="Where in the track, in milliseconds.", examples=[83_000])]
Client = Annotated[
    str, Meta(max_length=100, description="The name that the app gives itself.", examples=["Kitchen radio"])
]
DeviceId = Annotated[
    UUID | None, Meta(description="Of the device that it happened on, where the app knows it.", examples=[_ID])
]
