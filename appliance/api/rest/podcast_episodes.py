"""``/podcasts/{id}/episodes/`` and ``/podcasts/episodes/{id}``: what the feeds tell of."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.podcasts import Episode, EpisodeState

_STATE = Meta(
    description=(
        "`known`: its feed tells of it; `queued`: it is to be fetched; `downloaded`: it is the track `track_id`; "
        "`deleted`: it was here and was taken away; `error`: it could not be had."
    ),
    examples=["known"],
)


class EpisodeRead(msgspec.Struct, frozen=True, kw_only=True):
    """An episode of a podcast. All but the ids and the state is what a stranger wrote into the feed."""

    id: Id
    podcast_id: Id
    guid: Annotated[
        str, Meta(description="What tells it from the feed's others.", examples=["https://example.org/show/12"])
    ]
    title: Annotated[str, Meta(description="Its name; may be empty.", examples=["12: Which needle?"])]
    description: Annotated[
        str | None,
        Meta(
            description="What it is about: plain text, HTML in it included, which is not to be interpreted.",
            examples=["Two people talk about needles."],
        ),
    ]
    published_at: Annotated[
        datetime | None,
        Meta(description="When, as the feed says (UTC); null where that cannot be.", examples=["2026-03-01T06:00:00Z"]),
    ]
    duration_ms: Annotated[
        int | None, Meta(description="How long it plays, as the feed says, in milliseconds.", examples=[2_520_000])
    ]
    enclosure_url: Annotated[
        str | None, Meta(description="Where its sound is, on the Internet.", examples=["https://example.org/12.mp3"])
    ]
    enclosure_type: Annotated[
        str | None, Meta(description="Media type of its sound, as the feed claims.", examples=["audio/mpeg"])
    ]
    enclosure_size: Annotated[
        int | None, Meta(description="Bytes of its sound, as the feed claims.", examples=[40_320_000])
    ]
    state: Annotated[EpisodeState, _STATE]
    message: Annotated[str | None, Meta(description="Why it could not be had.", examples=["The server answered 404."])]
    track_id: Annotated[
        UUID | None,
        Meta(
            description="The track that it has become; where somebody is in it is a bookmark there.",
            examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"],
        ),
    ]
    created_at: Annotated[
        datetime, Meta(description="When its feed first told of it (UTC).", examples=["2026-03-01T18:20:00Z"])
    ]

    @classmethod
    def of(cls, episode: Episode) -> "EpisodeRead":
        return cls(**msgspec.structs.asdict(episode))


class EpisodePage(Page[EpisodeRead], frozen=True):
    """One page of episodes."""


class EpisodeList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which episodes."""

    state: Annotated[EpisodeState | None, Meta(description="Only those in this state.", examples=["downloaded"])] = None


async def listing(call: Call[EpisodeList, Nothing]) -> Reply:
    """One page of a podcast's episodes, newest first."""
    wanted = call.query
    podcast = await call.work.podcasts.get(call.item)
    episodes, total = await call.work.podcasts.episodes(podcast.id, wanted.state, wanted.window())
    return Reply(wanted.of([EpisodeRead.of(episode) for episode in episodes], total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One episode."""
    return Reply(EpisodeRead.of(await call.work.podcasts.episode(call.item)))


OPERATIONS = (
    Operation(
        name="list_podcast_episodes",
        method="GET",
        path="/podcasts/{id}/episodes/",
        tag="Podcasts",
        summary="List a podcast's episodes",
        description="Newest first, those without a date last. Empty until its feed was fetched.",
        handle=listing,
        query=EpisodeList,
        answer=EpisodePage,
    ),
    Operation(
        name="read_podcast_episode",
        method="GET",
        path="/podcasts/episodes/{id}",
        tag="Podcasts",
        summary="Read an episode",
        handle=read,
        answer=EpisodeRead,
    ),
)
