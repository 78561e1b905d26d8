"""The entries of playlists: read in their order, and written as edits leave them (``core.playlist_order``)."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import Integer, Select, Text, Uuid, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from appliance.core.catalogue import Window
from appliance.core.playlist_order import Changes, Place, Places
from appliance.core.playlists import Entry
from appliance.core.ranks import spread
from appliance.store.database import Connection
from appliance.store.given import given
from appliance.store.statement import Statement
from appliance.store.tables import playlist_entries as entries
from appliance.store.tables import playlists, tracks

#: Removed entries that are kept of each playlist; a late edit that names an older one is met as by a stranger's id.
_TOMBSTONES = 10_000

_PLAYLIST = bindparam("playlist_id", type_=Uuid)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)

_SEEN = entries.c.removed_at.is_(None)
_REMOVED = entries.c.removed_at.is_not(None)
_OF_PLAYLIST = entries.c.playlist_id == _PLAYLIST

# The page's ids first: for them the index alone is read, however far the page lies.
_on_page = (
    select(entries.c.id, entries.c.rank)
    .where(_OF_PLAYLIST, _SEEN)
    .order_by(entries.c.rank, entries.c.id)
    .limit(_LIMIT)
    .offset(_OFFSET)
    .subquery("page")
)
_PAGE = Statement(
    select(entries.c.id, entries.c.track_id, entries.c.added_at, entries.c.added_by)
    .join(_on_page, _on_page.c.id == entries.c.id)
    .where(_OF_PLAYLIST)
    .order_by(_on_page.c.rank, _on_page.c.id)
)

_named = entries.alias("named")


def _nearest(of: "Select[tuple[str]]") -> "list[Select[tuple[str]]]":
    """The same question of the entries that are seen and of those that are removed: each has its index."""
    return [of.where(_SEEN), of.where(_REMOVED)]


_following = select(func.min(entries.c.rank)).where(_OF_PLAYLIST, entries.c.rank > _named.c.rank).correlate(_named)
_PLACES = Statement(
    select(
        _named.c.id,
        _named.c.rank,
        func.least(*(part.scalar_subquery() for part in _nearest(_following))),
        _named.c.removed_at.is_not(None),
    ).where(_named.c.playlist_id == _PLAYLIST, _named.c.id == func.any(_IDS))
)
_ENDS = Statement(
    select(
        func.least(
            *(part.scalar_subquery() for part in _nearest(select(func.min(entries.c.rank)).where(_OF_PLAYLIST)))
        ),
        func.greatest(
            *(part.scalar_subquery() for part in _nearest(select(func.max(entries.c.rank)).where(_OF_PLAYLIST)))
        ),
        select(playlists.c.track_count).where(playlists.c.id == _PLAYLIST).scalar_subquery(),
    )
)

_inserted = given([entries.c.id, entries.c.track_id, entries.c.rank])
_INSERT = Statement(
    insert(entries).from_select(
        ["playlist_id", "added_by", "id", "track_id", "rank"],
        select(
            _PLAYLIST,
            bindparam("added_by", type_=Uuid),
            _inserted.c.id,
            _inserted.c.track_id,
            _inserted.c.rank,
        ),
    )
)
_moved = given([entries.c.id, entries.c.rank])
_RANK = update(entries).where(_OF_PLAYLIST, entries.c.id == _moved.c.id).values(rank=func.cast(_moved.c.rank, Text))
_MOVE = Statement(_RANK.values(placed_at=func.now()))
_RENUMBER = Statement(_RANK)
_REMOVE = Statement(
    update(entries).where(_OF_PLAYLIST, _SEEN, entries.c.id == func.any(_IDS)).values(removed_at=func.now())
)
_FORGET = Statement(
    delete(entries).where(
        _OF_PLAYLIST,
        entries.c.id.in_(
            select(entries.c.id)
            .where(_OF_PLAYLIST, _REMOVED)
            .order_by(entries.c.removed_at.desc(), entries.c.id)
            .offset(_TOMBSTONES)
        ),
    )
)
_heard = (
    select(func.count().label("count"), func.coalesce(func.sum(tracks.c.duration_ms), 0).label("duration"))
    .select_from(entries.join(tracks, tracks.c.id == entries.c.track_id))
    .where(_OF_PLAYLIST, _SEEN)
    .subquery()
)
_RECOUNT = Statement(
    update(playlists)
    .where(playlists.c.id == _PLAYLIST)
    .values(track_count=_heard.c.count, duration_ms=_heard.c.duration, updated_at=func.now())
)
_ALL = Statement(select(entries.c.id).where(_OF_PLAYLIST).order_by(entries.c.rank, entries.c.id))


async def page(connection: Connection, playlist_id: UUID, window: Window) -> list[Entry]:
    rows = await connection.fetch(_PAGE, playlist_id=playlist_id, limit=window.limit, offset=window.offset)
    return [Entry(id=id_, track_id=track, added_at=at, added_by=by) for id_, track, at, by in rows]


async def places(connection: Connection, playlist_id: UUID, ids: AbstractSet[UUID]) -> Places:
    """Where these stand, and the ends of the playlist."""
    rows = await connection.fetch(_PLACES, playlist_id=playlist_id, ids=list(ids))
    found = {id_: Place(rank, following, removed) for id_, rank, following, removed in rows}
    [(first, last, count)] = await connection.fetch(_ENDS, playlist_id=playlist_id)
    return Places(found, first, last, count)


async def apply(connection: Connection, playlist_id: UUID, user_id: UUID, changes: Changes) -> None:
    """Write what an edit came to, and count anew."""
    if changes.inserted:
        ranked = changes.inserted.values()
        await connection.execute(
            _INSERT,
            playlist_id=playlist_id,
            added_by=user_id,
            id_values=list(changes.inserted),
            track_id_values=[track_id for track_id, _ in ranked],
            rank_values=[rank for _, rank in ranked],
        )
    if changes.moved:
        await connection.execute(
            _MOVE, playlist_id=playlist_id, id_values=list(changes.moved), rank_values=list(changes.moved.values())
        )
    if changes.removed:
        await connection.execute(_REMOVE, playlist_id=playlist_id, ids=list(changes.removed))
        await connection.execute(_FORGET, playlist_id=playlist_id)
    await connection.execute(_RECOUNT, playlist_id=playlist_id)


async def renumber(connection: Connection, playlist_id: UUID) -> None:
    """Give every entry the shortest rank, in the same order."""
    ids = [id_ for (id_,) in await connection.fetch(_ALL, playlist_id=playlist_id)]
    await connection.execute(_RENUMBER, playlist_id=playlist_id, id_values=ids, rank_values=list(spread(len(ids))))
