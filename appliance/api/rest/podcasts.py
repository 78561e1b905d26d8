"""``/podcasts``: channels that are subscribed to."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.addresses import LONGEST_ADDRESS
from appliance.core.podcasts import MOST_KEPT, Podcast, PodcastState, subscribe

_FEED = Meta(
    max_length=LONGEST_ADDRESS,
    description="Its RSS or Atom feed: `http` or `https`, without a user name or password.",
    examples=["https://feeds.example.org/show.xml"],
)
_KEEP = Meta(
    ge=0,
    le=MOST_KEPT,
    description="How many of the newest episodes are to be here; 0: none by itself.",
    examples=[5],
)
#: Said of what a stranger wrote.
_AS_TEXT = "plain text, HTML in it included, which is not to be interpreted"


class PodcastRead(msgspec.Struct, frozen=True, kw_only=True):
    """A podcast."""

    id: Id
    feed_url: Annotated[str, _FEED]
    title: Annotated[
        str | None, Meta(description="What its feed calls it; null until it was fetched.", examples=["The Show"])
    ]
    description: Annotated[
        str | None, Meta(description=f"What its feed says of it: {_AS_TEXT}.", examples=["Two people talk."])
    ]
    image_url: Annotated[
        str | None, Meta(description="Its picture, on the Internet.", examples=["https://example.org/show.png"])
    ]
    state: Annotated[
        PodcastState,
        Meta(
            description="`new`: its feed was not fetched yet; `ok`: it was; `error`: the last attempt failed.",
            examples=["new"],
        ),
    ]
    message: Annotated[
        str | None, Meta(description="Why the last attempt failed.", examples=["The feed does not answer."])
    ]
    keep_newest: Annotated[int, _KEEP]
    fetched_at: Annotated[
        datetime | None,
        Meta(description="When its feed was last tried (UTC); null until then.", examples=["2026-03-01T18:20:00Z"]),
    ]
    created_by: Annotated[
        UUID | None,
        Meta(description="Who subscribed; null when they are gone.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"]),
    ]
    created_at: Annotated[datetime, Meta(description="Since when (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, podcast: Podcast) -> "PodcastRead":
        return cls(**msgspec.structs.asdict(podcast))


class PodcastPage(Page[PodcastRead], frozen=True):
    """One page of podcasts."""


class PodcastCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A podcast to subscribe to."""

    feed_url: Annotated[str, _FEED]
    keep_newest: Annotated[int, _KEEP] = 0


class PodcastUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays."""

    keep_newest: Annotated[int, _KEEP] | UnsetType = UNSET


class PodcastList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which podcasts."""


async def listing(call: Call[PodcastList, Nothing]) -> Reply:
    """One page of the podcasts, by title."""
    podcasts, total = await call.work.podcasts.page(call.query.window())
    return Reply(call.query.of([PodcastRead.of(podcast) for podcast in podcasts], total))


async def create(call: Call[Nothing, PodcastCreate]) -> Reply:
    """Subscribe."""
    wanted = call.body
    podcast = await subscribe(call.work, call.caller.user, wanted.feed_url, wanted.keep_newest, datetime.now(UTC))
    return Reply(PodcastRead.of(podcast))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One podcast."""
    return Reply(PodcastRead.of(await call.work.podcasts.get(call.item)))


async def change(call: Call[Nothing, PodcastUpdate]) -> Reply:
    """Change what is to be here of it."""
    podcasts, newest = call.work.podcasts, call.body.keep_newest
    podcast = await (podcasts.get(call.item) if newest is UNSET else podcasts.keep(call.item, newest))
    return Reply(PodcastRead.of(podcast))


async def remove(call: Call[Nothing, Nothing]) -> Reply:
    """End the subscription."""
    await call.work.podcasts.remove(call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_podcasts",
        method="GET",
        path="/podcasts/",
        tag="Podcasts",
        summary="List podcasts",
        description="By title; one that has none yet, by the host of its feed.",
        handle=listing,
        query=PodcastList,
        answer=PodcastPage,
    ),
    Operation(
        name="create_podcast",
        method="POST",
        path="/podcasts/",
        tag="Podcasts",
        summary="Subscribe to a podcast",
        description=(
            "Notes the subscription, in the state `new`. This release does not fetch feeds yet: it stays so until one "
            "that does. 409 when its feed is subscribed to already."
        ),
        handle=create,
        body=PodcastCreate,
        status=201,
        answer=PodcastRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="read_podcast",
        method="GET",
        path="/podcasts/{id}",
        tag="Podcasts",
        summary="Read a podcast",
        handle=read,
        answer=PodcastRead,
    ),
    Operation(
        name="update_podcast",
        method="PATCH",
        path="/podcasts/{id}",
        tag="Podcasts",
        summary="Change a podcast",
        handle=change,
        body=PodcastUpdate,
        answer=PodcastRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="delete_podcast",
        method="DELETE",
        path="/podcasts/{id}",
        tag="Podcasts",
        summary="End a subscription",
        description="Its episodes go with it; tracks that some of them have become stay in the library.",
        handle=remove,
        status=204,
        access=Access.ADMINISTRATORS,
    ),
)
