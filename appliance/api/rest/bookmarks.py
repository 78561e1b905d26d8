"""``/bookmarks``: where somebody left off."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.events_told import Position, TrackId
from appliance.api.rest.mentioned import TrackMention, TrackShown, tracks_mentioned
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.bookmarks import Bookmark, change_bookmark, remove_bookmark, set_bookmark
from appliance.core.listening import TimeOrder
from appliance.core.ports import UnitOfWork

_Comment = Annotated[str, Meta(max_length=1000, description="A word about it.", examples=["The second theme"])]


class BookmarkRead(msgspec.Struct, frozen=True, kw_only=True):
    """A bookmark."""

    id: Id
    track_id: TrackId
    track: TrackShown
    position_ms: Position
    comment: _Comment
    created_at: Annotated[datetime, Meta(description="When it was made (UTC).", examples=["2026-03-01T18:20:00Z"])]
    changed_at: Annotated[
        datetime, Meta(description="When it was changed last (UTC).", examples=["2026-03-01T18:20:00Z"])
    ]

    @classmethod
    def of(cls, bookmark: Bookmark, track: TrackMention | None) -> "BookmarkRead":
        return cls(
            id=bookmark.id,
            track_id=bookmark.track_id,
            track=track,
            position_ms=bookmark.position_ms,
            comment=bookmark.comment,
            created_at=bookmark.created_at,
            changed_at=bookmark.changed_at,
        )


class BookmarkPage(Page[BookmarkRead], frozen=True):
    """One page of bookmarks."""


class BookmarkCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to put a bookmark."""

    track_id: TrackId
    position_ms: Position
    comment: _Comment = ""


class BookmarkUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    position_ms: Position | UnsetType = UNSET
    comment: _Comment | UnsetType = UNSET


class BookmarkSorting(StrEnum):
    """By what bookmarks can be sorted."""

    CHANGED_DOWN = "-changed_at"
    CHANGED = "changed_at"


_ORDERS = {BookmarkSorting.CHANGED_DOWN: TimeOrder.NEWEST, BookmarkSorting.CHANGED: TimeOrder.OLDEST}


class BookmarkList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which bookmarks."""

    sorting: Annotated[
        tuple[BookmarkSorting, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-changed_at"]]),
    ] = (BookmarkSorting.CHANGED_DOWN,)


async def listing(call: Call[BookmarkList, Nothing]) -> Reply:
    """One page of the caller's bookmarks."""
    wanted = call.query
    bookmarks, total = await call.work.bookmarks.page(call.caller.user.id, _ORDERS[wanted.sorting[0]], wanted.window())
    tracks = await tracks_mentioned(call.work, [bookmark.track_id for bookmark in bookmarks])
    return Reply(wanted.of([BookmarkRead.of(bookmark, tracks.get(bookmark.track_id)) for bookmark in bookmarks], total))


async def create(call: Call[Nothing, BookmarkCreate]) -> Reply:
    """Put a bookmark."""
    body = call.body
    bookmark = await set_bookmark(call.work, call.caller.user, body.track_id, body.position_ms, body.comment)
    return await _read(call.work, bookmark)


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One bookmark."""
    return await _read(call.work, await call.work.bookmarks.get(call.caller.user.id, call.item))


async def update(call: Call[Nothing, BookmarkUpdate]) -> Reply:
    """Change a bookmark."""
    body = call.body
    bookmark = await change_bookmark(
        call.work,
        call.caller.user,
        call.item,
        position_ms=None if body.position_ms is UNSET else body.position_ms,
        comment=None if body.comment is UNSET else body.comment,
    )
    return await _read(call.work, bookmark)


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Take a bookmark out."""
    await remove_bookmark(call.work, call.caller.user, call.item)
    return Reply()


async def _read(work: UnitOfWork, bookmark: Bookmark) -> Reply:
    tracks = await tracks_mentioned(work, [bookmark.track_id])
    return Reply(BookmarkRead.of(bookmark, tracks.get(bookmark.track_id)))


OPERATIONS = (
    Operation(
        name="list_bookmarks",
        method="GET",
        path="/bookmarks/",
        tag="Listening",
        summary="List your bookmarks",
        handle=listing,
        query=BookmarkList,
        answer=BookmarkPage,
    ),
    Operation(
        name="create_bookmark",
        method="POST",
        path="/bookmarks/",
        tag="Listening",
        summary="Put a bookmark",
        description="One in each track: where yours is already, it is moved, and keeps its `id`.",
        handle=create,
        body=BookmarkCreate,
        status=201,
        answer=BookmarkRead,
        access=Access.MEMBERS,
        refusals=(404,),
    ),
    Operation(
        name="read_bookmark",
        method="GET",
        path="/bookmarks/{id}",
        tag="Listening",
        summary="Read a bookmark",
        handle=read,
        answer=BookmarkRead,
    ),
    Operation(
        name="update_bookmark",
        method="PATCH",
        path="/bookmarks/{id}",
        tag="Listening",
        summary="Change a bookmark",
        handle=update,
        body=BookmarkUpdate,
        answer=BookmarkRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="delete_bookmark",
        method="DELETE",
        path="/bookmarks/{id}",
        tag="Listening",
        summary="Take a bookmark out",
        handle=delete,
        status=204,
        access=Access.MEMBERS,
    ),
)
