"""Smart playlists: rules in place of entries, evaluated for whoever asks, by their own plays, likes and ratings."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from appliance.core.accounts import User
from appliance.core.errors import Conflict
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.smart_rules import Selection, checked
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


class SmartPlaylist(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    owner: Owner
    name: str
    comment: str
    visibility: Visibility
    selection: Selection
    created_at: datetime
    updated_at: datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A smart playlist to be made."""

    id: UUID | None = None
    """Made by whoever asks, so that asking again changes nothing; None: by us."""
    name: str
    comment: str = ""
    visibility: Visibility = Visibility.PRIVATE
    selection: Selection


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a smart playlist; what is unset stays."""

    name: str | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    selection: dict[str, object] = {}
    """Parts of the selection by name."""


async def create(work: UnitOfWork, user: User, draft: Draft) -> SmartPlaylist:
    """Make a smart playlist; one of the user's with this id is answered as it is.

    Raises ``NotUsable`` for rules that make no sense, naming each, ``Conflict`` when the id is somebody else's.
    """
    must_be_member(user)
    now = datetime.now(UTC)
    playlist = SmartPlaylist(
        id=draft.id or new_id(),
        owner=Owner(user.id, user.name),
        name=name_of(draft.name),
        comment=comment_of(draft.comment),
        visibility=draft.visibility,
        selection=checked(draft.selection),
        created_at=now,
        updated_at=now,
    )
    if not await work.smart_playlists.add(playlist) and not await work.smart_playlists.owns(user.id, playlist.id):
        raise Conflict("There is something else with this id.")
    return await work.smart_playlists.get(playlist.id, user.id)


async def change(work: UnitOfWork, user: User, playlist_id: UUID, wanted: Change) -> SmartPlaylist:
    """Raises ``NotFound``, ``Forbidden`` or ``NotUsable``."""
    playlist = await work.smart_playlists.hold(playlist_id, user.id)
    must_be_theirs_to_change(playlist, user)
    if wanted.visibility not in {UNSET, playlist.visibility}:
        must_be_theirs_to_show(playlist, user)
    changed = msgspec.structs.replace(
        playlist,
        name=playlist.name if wanted.name is UNSET else name_of(wanted.name),
        comment=playlist.comment if wanted.comment is UNSET else comment_of(wanted.comment),
        visibility=playlist.visibility if wanted.visibility is UNSET else wanted.visibility,
        selection=checked(msgspec.structs.replace(playlist.selection, **wanted.selection)),
    )
    if changed != playlist:
        await work.smart_playlists.describe(changed)
    return await work.smart_playlists.get(playlist_id, user.id)


async def remove(work: UnitOfWork, user: User, playlist_id: UUID) -> None:
    """Raises ``NotFound`` or ``Forbidden``."""
    must_be_theirs_to_remove(await work.smart_playlists.hold(playlist_id, user.id), user)
    await work.smart_playlists.remove(playlist_id)
