"""``/tracks/{id}/lyrics``: the words of a track."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call, Nothing, Operation, Reply
from appliance.core.errors import NotFound
from appliance.core.lyrics import Lyrics


class LyricsLine(msgspec.Struct, frozen=True):
    """One line of lyrics."""

    start_ms: Annotated[
        int | None,
        Meta(description="When it is sung, in milliseconds; null in lyrics that are not timed.", examples=[12_500]),
    ]
    text: Annotated[str, Meta(description="Its words; may be empty.", examples=["Row, row, row your boat"])]


class LyricsRead(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a track."""

    synced: Annotated[
        bool, Meta(description="Whether every line has its time; then they are in the order of it.", examples=[True])
    ]
    language: Annotated[
        str | None, Meta(description="ISO 639, two or three letters; null where nobody told it.", examples=["eng"])
    ]
    lines: Annotated[
        list[LyricsLine],
        Meta(description="The lines.", examples=[[{"start_ms": 12_500, "text": "Row, row, row your boat"}]]),
    ]

    @classmethod
    def of(cls, lyrics: Lyrics) -> "LyricsRead":
        return cls(
            synced=lyrics.synced,
            language=lyrics.language,
            lines=[LyricsLine(line.start_ms, line.text) for line in lyrics.lines],
        )


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """The words of a track. Raises ``NotFound`` where none are known."""
    lyrics = await call.work.tracks.lyrics(call.item)
    if lyrics is None:
        raise NotFound(f"No lyrics are known of the track {call.item}.")
    return Reply(LyricsRead.of(lyrics))


OPERATIONS = (
    Operation(
        name="read_lyrics",
        method="GET",
        path="/tracks/{id}/lyrics",
        tag="Library",
        summary="Read a track's lyrics",
        description="From the file's tags, timed (LRC) or plain. 404 where the file holds none.",
        handle=read,
        answer=LyricsRead,
    ),
)
