"""``/playlists/{id}/entries/`` and ``/playlists/{id}/operations``: what is in a playlist, and edits of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.playlists import PlaylistRead
from appliance.api.rest.tracks import TrackRead, tracks_shown
from appliance.core import playlist_order, playlists

_MOST_OPERATIONS = 1000

EntryId = Annotated[
    UUID,
    Meta(description="The entry's own: a track may come twice.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0c"]),
]
NewEntryId = Annotated[
    UUID,
    Meta(
        description="Made by the client. One that the playlist has or had already is left as it is.",
        examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0c"],
    ),
]
TrackId = Annotated[UUID, Meta(description="The track, for ever.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])]
After = Annotated[
    UUID | None,
    Meta(
        description="Right after this entry; null: at the beginning; left out: at the end.",
        examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0d"],
    ),
]


class EntryRead(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a playlist."""

    id: EntryId
    track_id: TrackId
    track: Annotated[
        TrackRead | None, Meta(description="The track; null while it cannot be played here.", examples=[None])
    ]
    added_at: Annotated[datetime, Meta(description="When it was put in (UTC).", examples=["2026-03-01T18:20:00Z"])]
    added_by: Annotated[
        UUID | None,
        Meta(
            description="Who put it in; null when that user is gone.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0b"]
        ),
    ]


class EntryPage(Page[EntryRead], frozen=True):
    """One page of a playlist."""


class EntryList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries."""


class InsertEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="insert"):
    """Put a track in."""

    id: NewEntryId
    track_id: TrackId
    after: After | UnsetType = UNSET


class MoveEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="move"):
    """Put an entry elsewhere."""

    id: EntryId
    after: After | UnsetType = UNSET


class RemoveEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="remove"):
    """Take an entry out."""

    id: EntryId


class PlaylistOperations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Edits, one after another: all of them or none."""

    operations: Annotated[
        tuple[InsertEntry | MoveEntry | RemoveEntry, ...],
        Meta(
            max_length=_MOST_OPERATIONS,
            description="What to do, in this order. What names an entry that is gone does no harm.",
            examples=[
                [
                    {
                        "do": "insert",
                        "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0c",
                        "track_id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00",
                        "after": None,
                    },
                    {"do": "remove", "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0d"},
                ]
            ],
        ),
    ]


def _meant(operation: InsertEntry | MoveEntry | RemoveEntry) -> playlist_order.Operation:
    match operation:
        case InsertEntry():
            return playlist_order.Insert(operation.id, operation.track_id, operation.after)
        case MoveEntry():
            return playlist_order.Move(operation.id, operation.after)
        case _:
            return playlist_order.Remove(operation.id)


async def listing(call: Call[EntryList, Nothing]) -> Reply:
    """One page of a playlist."""
    playlist = await call.work.playlists.get(call.item, call.caller.user.id)
    entries = await call.work.playlists.entries(playlist.id, call.query.window())
    wanted = list({entry.track_id for entry in entries})
    tracks = {track.id: track for track in await tracks_shown(call, await call.work.tracks.many(wanted))}
    return Reply(
        call.query.of(
            [
                EntryRead(
                    id=entry.id,
                    track_id=entry.track_id,
                    track=tracks.get(entry.track_id),
                    added_at=entry.added_at,
                    added_by=entry.added_by,
                )
                for entry in entries
            ],
            playlist.track_count,
        )
    )


async def operate(call: Call[Nothing, PlaylistOperations]) -> Reply:
    """Edit a playlist."""
    wanted = [_meant(operation) for operation in call.body.operations]
    return Reply(PlaylistRead.of(await playlists.operate(call.work, call.caller.user, call.item, wanted)))


OPERATIONS = (
    Operation(
        name="list_playlist_entries",
        method="GET",
        path="/playlists/{id}/entries/",
        tag="Playlists",
        summary="List what is in a playlist",
        description="In its order. A track that cannot be played now keeps its place.",
        handle=listing,
        query=EntryList,
        answer=EntryPage,
    ),
    Operation(
        name="edit_playlist",
        method="POST",
        path="/playlists/{id}/operations",
        tag="Playlists",
        summary="Insert, move and remove entries",
        description=(
            "Operations name entries, never places, so that people who edit at once both keep their work. Sent again, "
            "they change nothing."
        ),
        handle=operate,
        body=PlaylistOperations,
        answer=PlaylistRead,
        access=Access.MEMBERS,
        refusals=(409,),
    ),
)
