"""The albums that a batch names: known by their key, renamed with their tracks, or new."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.ids import new_id
from appliance.core.library import Decision
from appliance.core.shelving import AlbumDraft
from appliance.core.text import searched
from appliance.store.database import Connection
from appliance.store.merge_rows import year_of
from appliance.store.release_groups import release_group_ids_of
from appliance.store.staging import Staging
from appliance.store.stale import mark_credited
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, tracks

#: What a draft says of its album; the counts and the cover are ``tidy``'s.
_COLUMNS = (
    "id",
    "key",
    "title",
    "sort_title",
    "artist_display",
    "artist_sort",
    "artist_ids",
    "artist_names",
    "compilation",
    "release_date",
    "original_date",
    "year",
    "musicbrainz_release_id",
    "musicbrainz_release_group_id",
    "release_group_id",
    "types",
    "label",
    "catalog_number",
    "country",
    "edition",
    "search",
)
_KNOWN = Statement(
    select(*(albums.c[column] for column in _COLUMNS)).where(
        albums.c.key == func.any(bindparam("keys", type_=ARRAY(Text)))
    )
)
#: Every track, missing ones too, of the albums that the given tracks are on now.
_COMPANIONS = Statement(
    select(tracks.c.id, tracks.c.album_id).where(
        tracks.c.album_id.in_(
            select(tracks.c.album_id).where(tracks.c.id == func.any(bindparam("tracks", type_=ARRAY(Uuid))))
        )
    )
)
_CHANGED = Staging(albums, _COLUMNS, also="stale = true")
_UNLINK = Statement(
    delete(album_artists).where(album_artists.c.album_id == func.any(bindparam("albums", type_=ARRAY(Uuid))))
)


class AlbumMerge:
    """Writes the albums of one batch, and tells their ids."""

    def __init__(self, connection: Connection, artist_ids: Mapping[str, UUID]) -> None:
        self._connection = connection
        self._artist_ids = artist_ids

    async def run(self, named: Iterable[Decision], kept: Sequence[Decision]) -> dict[str, UUID]:
        """``named``: decisions whose drafts tell an album. ``kept``: those of them whose track was there before."""
        drafts = {decision.draft.album.key: decision.draft.album for decision in named}
        known = {row[1]: tuple(row) for row in await self._connection.fetch(_KNOWN, keys=list(drafts))}
        ids: dict[str, UUID] = {key: row[0] for key, row in known.items()}
        renamed = await self._renamed(kept, ids)
        ids |= renamed
        groups = await release_group_ids_of(self._connection, drafts.values())
        added, changed = [], []
        for key, draft in drafts.items():
            if key not in ids:
                ids[key] = new_id()
                added.append(self._row(ids[key], draft, groups[draft.group.key]))
            elif (row := self._row(ids[key], draft, groups[draft.group.key])) != known.get(key):
                changed.append(row)
        await self._connection.copy("albums", _COLUMNS, added)
        if await _CHANGED.stage(self._connection, changed):
            await _CHANGED.write(self._connection)
        relinked = [row[0] for row in changed]
        if relinked:
            # Before and after: an artist who loses an album has to be counted again as well.
            await mark_credited(self._connection, relinked)
            await self._connection.execute(_UNLINK, albums=relinked)
        await self._connection.copy(
            "album_artists",
            ("album_id", "position", "artist_id"),
            [
                (row[0], position, artist_id)
                for row in (*added, *changed)
                for position, artist_id in enumerate(row[_COLUMNS.index("artist_ids")])
            ],
        )
        if relinked:
            await mark_credited(self._connection, relinked)
        return ids

    async def _renamed(self, kept: Sequence[Decision], known: Mapping[str, UUID]) -> dict[str, UUID]:
        """New keys that are an old album under a new name: all its tracks, and no others, go there together.

        So an album keeps its id, and with it its likes, when its title is corrected.
        """
        if not kept:
            return {}
        going = {decision.track_id: decision.draft.album.key for decision in kept}
        destinations: dict[UUID, set[str | None]] = {}
        for track_id, album_id in await self._connection.fetch(_COMPANIONS, tracks=list(going)):
            destinations.setdefault(album_id, set()).add(going.get(track_id))
        renamed: dict[str, UUID] = {}
        for album_id, keys in destinations.items():
            key = next(iter(keys))
            # An album whose own name is still called in this batch stays what it is.
            staying = album_id in known.values()
            if len(keys) == 1 and key is not None and not staying and key not in known and key not in renamed:
                renamed[key] = album_id
        return renamed

    def _row(self, album_id: UUID, draft: AlbumDraft, group_id: UUID) -> tuple[Any, ...]:
        """In the order of ``_COLUMNS``."""
        names = [artist.name for artist in draft.artists]
        return (
            album_id,
            draft.key,
            draft.title,
            draft.sort_title,
            draft.artist_display,
            draft.artists[0].sort_name,
            [self._artist_ids[artist.key] for artist in draft.artists],
            names,
            draft.compilation,
            draft.release_date,
            draft.original_date,
            year_of(draft.original_date, draft.release_date),
            draft.musicbrainz_release_id,
            draft.musicbrainz_release_group_id,
            group_id,
            list(draft.types),
            draft.label,
            draft.catalog_number,
            draft.country,
            draft.edition,
            searched(draft.title, draft.artist_display, *names),
        )
