"""``/playlists``. Their entries are in ``playlist_entries``."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Reply
from appliance.api.rest.owned import ClientId, Comment, Created, Maker, Name, OwnedList, Updated, Visible, shared
from appliance.api.rest.schemas import Id
from appliance.core import playlists
from appliance.core.playlists import Change, Draft, Playlist, PlaylistFilter, PlaylistOrder
from appliance.core.visibility import Visibility

#: As many as a body of a megabyte holds with ease; more are inserted by operations.
_MOST_TO_BEGIN_WITH = 10_000


class PlaylistRead(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist."""

    id: Id
    owner: Maker
    name: Name
    comment: Comment
    visibility: Visible
    track_count: Annotated[int, Meta(description="Entries, also of tracks that cannot be played now.", examples=[12])]
    duration_ms: Annotated[
        int,
        Meta(
            description="How long all of it plays, in milliseconds, as it was when its entries last changed.",
            examples=[2_640_000],
        ),
    ]
    created_at: Created
    updated_at: Updated

    @classmethod
    def of(cls, playlist: Playlist) -> "PlaylistRead":
        return cls(
            id=playlist.id,
            name=playlist.name,
            comment=playlist.comment,
            track_count=playlist.track_count,
            duration_ms=playlist.duration_ms,
            created_at=playlist.created_at,
            updated_at=playlist.updated_at,
            **shared(playlist),
        )


class PlaylistPage(Page[PlaylistRead], frozen=True):
    """One page of playlists."""


class PlaylistCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A playlist to be made."""

    id: ClientId = None
    name: Name
    comment: Comment = ""
    visibility: Visible = Visibility.PRIVATE
    track_ids: Annotated[
        tuple[UUID, ...],
        Meta(
            max_length=_MOST_TO_BEGIN_WITH,
            description="Tracks to begin with, in this order; a track may come more than once.",
            examples=[["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"]],
        ),
    ] = ()


class PlaylistUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a playlist; what is left out stays."""

    name: Name | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET
    visibility: Visible | UnsetType = UNSET


class PlaylistSorting(StrEnum):
    """By what playlists can be sorted; ``-`` turns the order round."""

    NAME = "name"
    NAME_DOWN = "-name"
    UPDATED = "updated_at"
    UPDATED_DOWN = "-updated_at"


class PlaylistList(OwnedList, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which playlists."""

    sorting: Annotated[
        tuple[PlaylistSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-updated_at"]]),
    ] = (PlaylistSorting.NAME,)


async def listing(call: Call[PlaylistList, Nothing]) -> Reply:
    """One page of the user's own playlists and those that others show."""
    wanted = call.query
    (sorting,) = wanted.sorting
    found, total = await call.work.playlists.page(
        call.caller.user.id,
        PlaylistFilter(owner=wanted.owner, visibility=wanted.visibility),
        PlaylistOrder(sorting.removeprefix("-")),
        wanted.window(),
        descending=sorting.startswith("-"),
    )
    return Reply(wanted.of([PlaylistRead.of(playlist) for playlist in found], total))


async def create(call: Call[Nothing, PlaylistCreate]) -> Reply:
    """Make a playlist."""
    draft = msgspec.convert(call.body, Draft, from_attributes=True)
    return Reply(PlaylistRead.of(await playlists.create(call.work, call.caller.user, draft)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One playlist."""
    return Reply(PlaylistRead.of(await call.work.playlists.get(call.item, call.caller.user.id)))


async def update(call: Call[Nothing, PlaylistUpdate]) -> Reply:
    """Rename it, comment on it, show it to others."""
    wanted = Change(name=call.body.name, comment=call.body.comment, visibility=call.body.visibility)
    return Reply(PlaylistRead.of(await playlists.change(call.work, call.caller.user, call.item, wanted)))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Take it away."""
    await playlists.remove(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_playlists",
        method="GET",
        path="/playlists/",
        tag="Playlists",
        summary="List playlists",
        description="The user's own, and those that others show to the household.",
        handle=listing,
        query=PlaylistList,
        answer=PlaylistPage,
    ),
    Operation(
        name="create_playlist",
        method="POST",
        path="/playlists/",
        tag="Playlists",
        summary="Make a playlist",
        description="One of the user's own that has the `id` already is answered as it is.",
        handle=create,
        body=PlaylistCreate,
        status=201,
        answer=PlaylistRead,
        access=Access.MEMBERS,
        refusals=(409,),
    ),
    Operation(
        name="read_playlist",
        method="GET",
        path="/playlists/{id}",
        tag="Playlists",
        summary="Read a playlist",
        handle=read,
        answer=PlaylistRead,
    ),
    Operation(
        name="update_playlist",
        method="PATCH",
        path="/playlists/{id}",
        tag="Playlists",
        summary="Change what a playlist is called and who sees it",
        description="Who sees it is decided by its owner; the rest of a collaborative one by any member.",
        handle=update,
        body=PlaylistUpdate,
        answer=PlaylistRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="delete_playlist",
        method="DELETE",
        path="/playlists/{id}",
        tag="Playlists",
        summary="Delete a playlist",
        description="Its owner may, and an administrator who sees it.",
        handle=delete,
        status=204,
        access=Access.MEMBERS,
    ),
)
