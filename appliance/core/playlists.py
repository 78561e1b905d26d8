"""Playlists: tracks in an order that somebody chose. Entries refer to ``track.id``, whatever becomes of its files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ids import new_id
from appliance.core.playlist_order import Insert, Operation, Places, edit, named
from appliance.core.ports import UnitOfWork
from appliance.core.visibility import (
    Owner,
    Visibility,
    comment_of,
    must_be_member,
    must_be_theirs_to_change,
    must_be_theirs_to_remove,
    must_be_theirs_to_show,
    name_of,
)

#: Entries of one playlist.
MOST_ENTRIES = 100_000
#: Ranks are kept below this length, in characters; a playlist with a longer one is numbered anew.
_LONGEST_RANK = 200


class Playlist(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    owner: Owner
    name: str
    comment: str
    visibility: Visibility
    track_count: int = 0
    """Entries, also of tracks that cannot be played now."""
    duration_ms: int = 0
    """Of all of them, as it was when the entries last changed."""
    created_at: datetime
    updated_at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    """Its own: a track may be there more than once."""
    track_id: UUID
    added_at: datetime
    added_by: UUID | None
    """None when that user is gone."""


class PlaylistOrder(StrEnum):
    NAME = "name"
    UPDATED = "updated_at"


class PlaylistFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Narrows a list of playlists; None and empty do not narrow."""

    owner: UUID | None = None
    visibility: tuple[Visibility, ...] = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist to be made."""

    id: UUID | None = None
    """Made by whoever asks, so that asking again changes nothing; None: by us."""
    name: str
    comment: str = ""
    visibility: Visibility = Visibility.PRIVATE
    track_ids: tuple[UUID, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a playlist; what is unset stays."""

    name: str | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET


async def create(work: UnitOfWork, user: User, draft: Draft) -> Playlist:
    """Make a playlist; one of the user's with this id is answered as it is.

    Raises ``NotUsable`` for a name without a visible character and for tracks that do not exist, ``Conflict`` when the
    id is somebody else's.
    """
    must_be_member(user)
    entries = [Insert(new_id(), track_id) for track_id in draft.track_ids]
    await _must_exist(work, {f"track_ids.{number}": track_id for number, track_id in enumerate(draft.track_ids)})
    now = datetime.now(UTC)
    playlist = Playlist(
        id=draft.id or new_id(),
        owner=Owner(user.id, user.name),
        name=name_of(draft.name),
        comment=comment_of(draft.comment),
        visibility=draft.visibility,
        created_at=now,
        updated_at=now,
    )
    if await work.playlists.add(playlist):
        await work.playlists.apply(playlist.id, user.id, edit(Places({}), entries))
    elif not await work.playlists.owns(user.id, playlist.id):
        raise Conflict("There is something else with this id.")
    return await work.playlists.get(playlist.id, user.id)


async def change(work: UnitOfWork, user: User, playlist_id: UUID, wanted: Change) -> Playlist:
    """Rename it, comment on it, show it to others. Raises ``NotFound``, ``Forbidden`` or ``NotUsable``."""
    playlist = await work.playlists.hold(playlist_id, user.id)
    must_be_theirs_to_change(playlist, user)
    if wanted.visibility not in {UNSET, playlist.visibility}:
        must_be_theirs_to_show(playlist, user)
    changed = msgspec.structs.replace(
        playlist,
        name=playlist.name if wanted.name is UNSET else name_of(wanted.name),
        comment=playlist.comment if wanted.comment is UNSET else comment_of(wanted.comment),
        visibility=playlist.visibility if wanted.visibility is UNSET else wanted.visibility,
    )
    if changed != playlist:
        await work.playlists.describe(changed)
    return await work.playlists.get(playlist_id, user.id)


async def remove(work: UnitOfWork, user: User, playlist_id: UUID) -> None:
    """Raises ``NotFound`` or ``Forbidden``."""
    must_be_theirs_to_remove(await work.playlists.hold(playlist_id, user.id), user)
    await work.playlists.remove(playlist_id)


async def operate(work: UnitOfWork, user: User, playlist_id: UUID, operations: Sequence[Operation]) -> Playlist:
    """Insert, move and remove entries, all or none. The same operations sent again change nothing.

    Raises ``NotFound``, ``Forbidden``, ``NotUsable`` for tracks that do not exist, ``Conflict`` when the playlist
    would become too long.
    """
    must_be_theirs_to_change(await work.playlists.hold(playlist_id, user.id), user)
    await _must_exist(
        work,
        {
            f"operations.{number}.track_id": operation.track_id
            for number, operation in enumerate(operations)
            if isinstance(operation, Insert)
        },
    )
    changes = edit(await work.playlists.places(playlist_id, named(operations)), operations)
    if changes.inserted and changes.count > MOST_ENTRIES:
        raise Conflict(f"A playlist has at most {MOST_ENTRIES:,} entries.")
    if changes.any:
        await work.playlists.apply(playlist_id, user.id, changes)
    if changes.longest > _LONGEST_RANK:
        await work.playlists.renumber(playlist_id)
    return await work.playlists.get(playlist_id, user.id)


async def _must_exist(work: UnitOfWork, tracks: dict[str, UUID]) -> None:
    """Raises ``NotUsable``, naming each field with a track that the user does not know."""
    wanted = list(dict.fromkeys(tracks.values()))
    if missing := {id_ for _, id_ in await work.listening.unknown([(Item.TRACK, id_) for id_ in wanted])}:
        raise NotUsable(
            [
                FieldFault(field, f"There is no track {track_id}.", "not_found")
                for field, track_id in tracks.items()
                if track_id in missing
            ]
        )
