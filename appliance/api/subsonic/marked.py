"""Lists with what the user left on them: one question to the store for each list, never one for each row."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from appliance.api.subsonic import mapping, responses
from appliance.api.subsonic.call import Call
from appliance.core.catalogue import NO_MARKS, Album, Found, Item, Marks, Track


class _Identified(Protocol):
    @property
    def id(self) -> UUID: ...


async def marks_on(call: Call, item: Item, entities: Sequence[_Identified]) -> mapping.MarksOf:
    """The marks on all of these, by id."""
    found = await call.work.listening.marks(call.user.id, item, [each.id for each in entities]) if entities else {}
    return lambda uuid: found.get(uuid, NO_MARKS)


async def marks_of(call: Call, item: Item, uuid: UUID) -> Marks:
    """The marks on this one."""
    return (await call.work.listening.marks(call.user.id, item, [uuid])).get(uuid, NO_MARKS)


async def songs(call: Call, tracks: Sequence[Track]) -> list[responses.Child]:
    """Tracks with their marks and credits."""
    marks = await marks_on(call, Item.TRACK, tracks)
    credited = await call.work.tracks.credits([track.id for track in tracks]) if tracks else {}
    return [mapping.song(track, marks(track.id), credited.get(track.id, ())) for track in tracks]


async def albums_by_tags(call: Call, albums: Sequence[Album]) -> list[responses.AlbumID3]:
    """Albums with their marks."""
    marks = await marks_on(call, Item.ALBUM, albums)
    return [mapping.album(album, marks(album.id)) for album in albums]


async def album_folders(call: Call, albums: Sequence[Album]) -> list[responses.Child]:
    """Albums with their marks, as folders."""
    marks = await marks_on(call, Item.ALBUM, albums)
    return [mapping.album_child(album, marks(album.id)) for album in albums]


async def as_folders(call: Call, found: Found) -> responses.Folders:
    """What was found or is liked, for clients that browse folders."""
    marks = await marks_on(call, Item.ARTIST, found.artists)
    return responses.Folders(
        artist=[mapping.folder_artist(artist, marks(artist.id)) for artist in found.artists],
        album=await album_folders(call, found.albums),
        song=await songs(call, found.tracks),
    )


async def by_tags(call: Call, found: Found) -> responses.Tagged:
    """The same for clients that browse by tags."""
    marks = await marks_on(call, Item.ARTIST, found.artists)
    return responses.Tagged(
        artist=[mapping.artist(artist, marks(artist.id)) for artist in found.artists],
        album=await albums_by_tags(call, found.albums),
        song=await songs(call, found.tracks),
    )
