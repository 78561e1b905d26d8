"""What whoever asks has left on an artist, an album or a track: shown beside it wherever it is read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call
from appliance.core.catalogue import NO_MARKS, Item, Marks


class MarksRead(msgspec.Struct, frozen=True, kw_only=True):
    """What you left on it."""

    liked_at: Annotated[
        datetime | None, Meta(description="Since when you like it (UTC); null when you do not.", examples=[None])
    ]
    rating: Annotated[int | None, Meta(description="Yours, 1 to 5; null when you gave none.", examples=[5])]
    play_count: Annotated[
        int, Meta(description="How often you heard it; of an album, its tracks. Artists have 0.", examples=[12])
    ]
    last_played_at: Annotated[
        datetime | None, Meta(description="When you heard it last (UTC).", examples=["2026-03-01T18:20:00Z"])
    ]

    @classmethod
    def of(cls, marks: Marks) -> "MarksRead":
        return cls(
            liked_at=marks.liked_at,
            rating=marks.rating,
            play_count=marks.play_count,
            last_played_at=marks.last_played_at,
        )


MarksShown = Annotated[
    MarksRead,
    Meta(
        description="Your own marks; nobody else sees them.",
        examples=[{"liked_at": None, "rating": 5, "play_count": 12, "last_played_at": "2026-03-01T18:20:00Z"}],
    ),
]


class MarksOf:
    """The marks of whoever asks, on some things."""

    def __init__(self, known: dict[UUID, Marks]) -> None:
        self._known = known

    def __getitem__(self, item_id: UUID) -> MarksRead:
        return MarksRead.of(self._known.get(item_id, NO_MARKS))


async def marks_on(call: Call[Any, Any], item: Item, ids: Sequence[UUID]) -> MarksOf:
    """What the caller has left on these things, asked for once for all of them."""
    return MarksOf(await call.work.listening.marks(call.caller.user.id, item, ids) if ids else {})
