"""Bookmarks: where somebody left off in a track, with a word about it. One for each user and track."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.core.ids import new_id
from appliance.core.listening import may_write, must_exist
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    user_id: UUID
    track_id: UUID
    position_ms: int
    comment: str
    created_at: datetime
    changed_at: datetime


async def set_bookmark(work: UnitOfWork, user: User, track_id: UUID, position_ms: int, comment: str) -> Bookmark:
    """Put the user's bookmark in a track; one that is there already is moved, and keeps its id.

    Raises ``NotFound`` for an unknown track.
    """
    may_write(user)
    await must_exist(work, [(Item.TRACK, track_id)])
    now = datetime.now(UTC)
    return await work.bookmarks.put(
        Bookmark(
            id=new_id(),
            user_id=user.id,
            track_id=track_id,
            position_ms=position_ms,
            comment=clean(comment),
            created_at=now,
            changed_at=now,
        )
    )


async def change_bookmark(
    work: UnitOfWork, user: User, bookmark_id: UUID, *, position_ms: int | None = None, comment: str | None = None
) -> Bookmark:
    """Change what is not None. Raises ``NotFound`` for one that is not the user's."""
    may_write(user)
    bookmark = await work.bookmarks.get(user.id, bookmark_id)
    return await work.bookmarks.put(
        msgspec.structs.replace(
            bookmark,
            position_ms=bookmark.position_ms if position_ms is None else position_ms,
            comment=bookmark.comment if comment is None else clean(comment),
            changed_at=datetime.now(UTC),
        )
    )


async def remove_bookmark(work: UnitOfWork, user: User, bookmark_id: UUID) -> None:
    """Take a bookmark out. Raises ``NotFound`` for one that is not the user's."""
    may_write(user)
    await work.bookmarks.remove(user.id, bookmark_id)
