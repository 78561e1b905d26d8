"""``/smart-playlists``: rules in place of entries."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.owned import ClientId, Comment, Created, Maker, Name, Updated, Visible, shared
from appliance.api.rest.playlists import PlaylistList
from appliance.api.rest.schemas import Id
from appliance.api.rest.tracks import TrackPage, tracks_shown
from appliance.core import smart_playlists
from appliance.core.catalogue import Window
from appliance.core.playlists import PlaylistFilter, PlaylistOrder
from appliance.core.smart_playlists import Change, Draft, SmartPlaylist
from appliance.core.smart_rules import HIGHEST_LIMIT, MOST_SORTINGS, Rule, Selection, Sorting, checked
from appliance.core.visibility import Visibility

_RULE = {"kind": "condition", "field": "genre", "operator": "is", "value": "Jazz"}
_RULES = {"kind": "all", "rules": [_RULE, {"kind": "not", "rule": {**_RULE, "value": "Smooth Jazz"}}]}

Rules = Annotated[
    Rule,
    Meta(
        description=(
            "Which tracks: groups (`all`, `any`, `not`) and conditions, at most 8 deep and 100 in all. "
            "docs/playlists.md lists the fields and what each can be asked."
        ),
        examples=[_RULES],
    ),
]
Sortings = Annotated[
    tuple[Sorting, ...],
    Meta(
        max_length=MOST_SORTINGS,
        description="In what order; by title where nothing else is said. What is not known comes last.",
        examples=[[{"by": "last_played_at", "descending": True}]],
    ),
]
Limit = Annotated[
    Annotated[int, Meta(ge=1, le=HIGHEST_LIMIT)] | None,
    Meta(description="At most so many tracks, the first of the order; null: all.", examples=[100]),
]
Seed = Annotated[
    int,
    Meta(
        ge=0, le=2**53, description="For the order `random`: another number shuffles another way.", examples=[20261120]
    ),
]


class SmartPlaylistRead(msgspec.Struct, frozen=True, kw_only=True):
    """A smart playlist."""

    id: Id
    owner: Maker
    name: Name
    comment: Comment
    visibility: Visible
    rules: Rules
    sorting: Sortings
    limit: Limit
    seed: Seed
    created_at: Created
    updated_at: Updated

    @classmethod
    def of(cls, playlist: SmartPlaylist) -> "SmartPlaylistRead":
        return cls(
            id=playlist.id,
            name=playlist.name,
            comment=playlist.comment,
            rules=playlist.selection.rules,
            sorting=playlist.selection.sorting,
            limit=playlist.selection.limit,
            seed=playlist.selection.seed,
            created_at=playlist.created_at,
            updated_at=playlist.updated_at,
            **shared(playlist),
        )


class SmartPlaylistPage(Page[SmartPlaylistRead], frozen=True):
    """One page of smart playlists."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to try."""

    rules: Rules
    sorting: Sortings = ()
    limit: Limit = None
    seed: Seed = 0

    def selection(self) -> Selection:
        return Selection(rules=self.rules, sorting=self.sorting, limit=self.limit, seed=self.seed)


class SmartPlaylistCreate(Chosen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A smart playlist to be made."""

    id: ClientId = None
    name: Name
    comment: Comment = ""
    visibility: Visible = Visibility.PRIVATE


class SmartPlaylistUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a smart playlist; what is left out stays."""

    name: Name | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET
    visibility: Visible | UnsetType = UNSET
    rules: Rules | UnsetType = UNSET
    sorting: Sortings | UnsetType = UNSET
    limit: Limit | UnsetType = UNSET
    seed: Seed | UnsetType = UNSET

    def change(self) -> Change:
        parts = {"rules": self.rules, "sorting": self.sorting, "limit": self.limit, "seed": self.seed}
        return Change(
            name=self.name,
            comment=self.comment,
            visibility=self.visibility,
            selection={name: part for name, part in parts.items() if part is not UNSET},
        )


class ChosenTracks(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the tracks."""


async def _tracks(
    call: Call[ChosenTracks, Nothing] | Call[Nothing, Chosen], selection: Selection, paged: Paged
) -> Reply:
    """One page of what a selection has for whoever asks."""
    window: Window = paged.window()
    ids, total = await call.work.smart_playlists.choose(selection, call.caller.user.id, window)
    return Reply(paged.of(await tracks_shown(call, await call.work.tracks.many(ids)), total))


async def listing(call: Call[PlaylistList, Nothing]) -> Reply:
    """One page of the user's own smart playlists and those that others show."""
    wanted = call.query
    (sorting,) = wanted.sorting
    found, total = await call.work.smart_playlists.page(
        call.caller.user.id,
        PlaylistFilter(owner=wanted.owner, visibility=wanted.visibility),
        PlaylistOrder(sorting.removeprefix("-")),
        wanted.window(),
        descending=sorting.startswith("-"),
    )
    return Reply(wanted.of([SmartPlaylistRead.of(playlist) for playlist in found], total))


async def create(call: Call[Nothing, SmartPlaylistCreate]) -> Reply:
    """Make a smart playlist."""
    body = call.body
    draft = Draft(
        id=body.id, name=body.name, comment=body.comment, visibility=body.visibility, selection=body.selection()
    )
    return Reply(SmartPlaylistRead.of(await smart_playlists.create(call.work, call.caller.user, draft)))


async def preview(call: Call[Nothing, Chosen]) -> Reply:
    """Try rules without keeping them."""
    return await _tracks(call, checked(call.body.selection()), Paged())


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One smart playlist."""
    return Reply(SmartPlaylistRead.of(await call.work.smart_playlists.get(call.item, call.caller.user.id)))


async def tracks(call: Call[ChosenTracks, Nothing]) -> Reply:
    """One page of its tracks."""
    playlist = await call.work.smart_playlists.get(call.item, call.caller.user.id)
    return await _tracks(call, playlist.selection, call.query)


async def update(call: Call[Nothing, SmartPlaylistUpdate]) -> Reply:
    """Change its rules, its name, who sees it."""
    changed = await smart_playlists.change(call.work, call.caller.user, call.item, call.body.change())
    return Reply(SmartPlaylistRead.of(changed))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Take it away."""
    await smart_playlists.remove(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_smart_playlists",
        method="GET",
        path="/smart-playlists/",
        tag="Playlists",
        summary="List smart playlists",
        description="The user's own, and those that others show to the household.",
        handle=listing,
        query=PlaylistList,
        answer=SmartPlaylistPage,
    ),
    Operation(
        name="create_smart_playlist",
        method="POST",
        path="/smart-playlists/",
        tag="Playlists",
        summary="Make a smart playlist",
        description="One of the user's own that has the `id` already is answered as it is.",
        handle=create,
        body=SmartPlaylistCreate,
        status=201,
        answer=SmartPlaylistRead,
        access=Access.MEMBERS,
        refusals=(409,),
    ),
    Operation(
        name="preview_smart_playlist",
        method="POST",
        path="/smart-playlists/preview",
        tag="Playlists",
        summary="Try rules without keeping them",
        description="How many tracks there are, and the first page of them.",
        handle=preview,
        body=Chosen,
        answer=TrackPage,
        access=Access.MEMBERS,
    ),
    Operation(
        name="read_smart_playlist",
        method="GET",
        path="/smart-playlists/{id}",
        tag="Playlists",
        summary="Read a smart playlist",
        handle=read,
        answer=SmartPlaylistRead,
    ),
    Operation(
        name="list_smart_playlist_tracks",
        method="GET",
        path="/smart-playlists/{id}/tracks/",
        tag="Playlists",
        summary="List the tracks of a smart playlist",
        description="As its rules choose them now, by the plays, likes and ratings of whoever asks.",
        handle=tracks,
        query=ChosenTracks,
        answer=TrackPage,
    ),
    Operation(
        name="update_smart_playlist",
        method="PATCH",
        path="/smart-playlists/{id}",
        tag="Playlists",
        summary="Change a smart playlist",
        description="Who sees it is decided by its owner; the rest of a collaborative one by any member.",
        handle=update,
        body=SmartPlaylistUpdate,
        answer=SmartPlaylistRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="delete_smart_playlist",
        method="DELETE",
        path="/smart-playlists/{id}",
        tag="Playlists",
        summary="Delete a smart playlist",
        description="Its owner may, and an administrator who sees it.",
        handle=delete,
        status=204,
        access=Access.MEMBERS,
    ),
)
