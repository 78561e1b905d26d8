"""Likes, ratings and plays: logs that are only ever appended to. What counts now is read from the latest event."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Integer, Subquery, Table, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert, distinct_on, insert

from appliance.core.catalogue import Item, Marks
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.store.database import Connection
from appliance.store.given import given, values_of
from appliance.store.statement import Statement
from appliance.store.tables import album_artists, albums, artists, files, libraries, likes, plays, ratings, tracks

_USER = bindparam("user_id", type_=Uuid)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_LIBRARY = bindparam("library", type_=Integer)
_TABLES = {Item.ARTIST: artists, Item.ALBUM: albums, Item.TRACK: tracks}


def latest_likes(user_id: BindParameter[UUID], item: Item) -> Subquery:
    """For each thing that the user ever liked: ``item_id``, ``liked`` and ``happened_at`` of the latest event."""
    return (
        select(likes.c.item_id, likes.c.liked, likes.c.happened_at)
        .ext(distinct_on(likes.c.item_id))
        .where(likes.c.user_id == user_id, likes.c.item == item.value)
        .order_by(likes.c.item_id, likes.c.happened_at.desc(), likes.c.id.desc())
        .subquery()
    )


def latest_ratings(user_id: BindParameter[UUID], item: Item) -> Subquery:
    """For each thing that the user ever rated: ``item_id``, ``rating`` and ``happened_at`` of the latest event."""
    return (
        select(ratings.c.item_id, ratings.c.rating, ratings.c.happened_at)
        .ext(distinct_on(ratings.c.item_id))
        .where(ratings.c.user_id == user_id, ratings.c.item == item.value)
        .order_by(ratings.c.item_id, ratings.c.happened_at.desc(), ratings.c.id.desc())
        .subquery()
    )


def _append(table: Table) -> Insert:
    rows = given(list(table.c))
    names = [column.name for column in table.c]
    return insert(table).from_select(names, select(*(rows.c[name] for name in names)))


_ADD_LIKES = Statement(_append(likes))
_ADD_RATINGS = Statement(_append(ratings))
_ADD_PLAYS = Statement(
    _append(plays).on_conflict_do_nothing(
        index_elements=[plays.c.user_id, plays.c.track_id, plays.c.client, plays.c.happened_at]
    )
)
_EXISTING = {item: Statement(select(table.c.id).where(table.c.id == func.any(_IDS))) for item, table in _TABLES.items()}
_LIKED_OF = Statement(
    select(likes.c.item_id, likes.c.liked, likes.c.happened_at)
    .ext(distinct_on(likes.c.item_id))
    .where(likes.c.user_id == _USER, likes.c.item == bindparam("item", type_=Text), likes.c.item_id == func.any(_IDS))
    .order_by(likes.c.item_id, likes.c.happened_at.desc(), likes.c.id.desc())
)
_RATED_OF = Statement(
    select(ratings.c.item_id, ratings.c.rating)
    .ext(distinct_on(ratings.c.item_id))
    .where(
        ratings.c.user_id == _USER,
        ratings.c.item == bindparam("item", type_=Text),
        ratings.c.item_id == func.any(_IDS),
    )
    .order_by(ratings.c.item_id, ratings.c.happened_at.desc(), ratings.c.id.desc())
)
_PLAYS_OF = {
    Item.TRACK: Statement(
        select(plays.c.track_id, func.count(), func.max(plays.c.happened_at))
        .where(plays.c.user_id == _USER, plays.c.track_id == func.any(_IDS))
        .group_by(plays.c.track_id)
    ),
    Item.ALBUM: Statement(
        select(tracks.c.album_id, func.count(), func.max(plays.c.happened_at))
        .join(tracks, tracks.c.id == plays.c.track_id)
        .where(plays.c.user_id == _USER, tracks.c.album_id == func.any(_IDS))
        .group_by(tracks.c.album_id)
    ),
}

_PLAYABLE = {
    Item.ARTIST: (artists.c.track_count > 0) | (artists.c.album_count > 0),
    Item.ALBUM: albums.c.track_count > 0,
    Item.TRACK: tracks.c.file_id.is_not(None),
}
_IN_LIBRARY: dict[Item, ColumnElement[bool]] = {
    Item.ARTIST: select(albums.c.id)
    .join(album_artists, album_artists.c.album_id == albums.c.id)
    .where(album_artists.c.artist_id == artists.c.id, _LIBRARY == func.any(albums.c.libraries))
    .exists(),
    Item.ALBUM: _LIBRARY == func.any(albums.c.libraries),
    Item.TRACK: select(files.c.id)
    .join(libraries, libraries.c.id == files.c.library_id)
    .where(files.c.id == tracks.c.file_id, libraries.c.number == _LIBRARY)
    .exists(),
}


def _liked(item: Item, *, narrowed: bool) -> Statement:
    latest = latest_likes(_USER, item)
    table = _TABLES[item]
    statement = (
        select(latest.c.item_id)
        .join(table, table.c.id == latest.c.item_id)
        .where(latest.c.liked, _PLAYABLE[item])
        .order_by(latest.c.happened_at.desc(), latest.c.item_id)
    )
    return Statement(statement.where(_IN_LIBRARY[item]) if narrowed else statement)


_LIKED = {(item, narrowed): _liked(item, narrowed=narrowed) for item in Item for narrowed in (False, True)}


class Listening:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unknown(self, items: Sequence[tuple[Item, UUID]]) -> list[tuple[Item, UUID]]:
        known: set[tuple[Item, UUID]] = set()
        for item, statement in _EXISTING.items():
            if ids := [item_id for kind, item_id in items if kind is item]:
                known |= {(item, id_) for (id_,) in await self._connection.fetch(statement, ids=ids)}
        return [pair for pair in items if pair not in known]

    async def add_likes(self, events: Sequence[LikeEvent]) -> None:
        await self._connection.execute(_ADD_LIKES, **values_of(list(likes.c), events))

    async def add_ratings(self, events: Sequence[RatingEvent]) -> None:
        await self._connection.execute(_ADD_RATINGS, **values_of(list(ratings.c), events))

    async def add_plays(self, events: Sequence[PlayEvent]) -> None:
        await self._connection.execute(_ADD_PLAYS, **values_of(list(plays.c), events))

    async def marks(self, user_id: UUID, item: Item, ids: Sequence[UUID]) -> dict[UUID, Marks]:
        wanted = list(ids)
        liked = await self._connection.fetch(_LIKED_OF, user_id=user_id, item=item.value, ids=wanted)
        rated = await self._connection.fetch(_RATED_OF, user_id=user_id, item=item.value, ids=wanted)
        played = []
        if item in _PLAYS_OF:
            played = await self._connection.fetch(_PLAYS_OF[item], user_id=user_id, ids=wanted)
        likes_at = {id_: at for id_, is_liked, at in liked if is_liked}
        stars = {id_: rating for id_, rating in rated if rating}
        heard = {id_: (count, last) for id_, count, last in played}
        return {
            id_: Marks(
                liked_at=likes_at.get(id_),
                rating=stars.get(id_),
                play_count=heard[id_][0] if id_ in heard else 0,
                last_played_at=heard[id_][1] if id_ in heard else None,
            )
            for id_ in {*likes_at, *stars, *heard}
        }

    async def liked(self, user_id: UUID, item: Item, library: int | None = None) -> list[UUID]:
        values: dict[str, object] = {"user_id": user_id}
        if library is not None:
            values["library"] = library
        return [id_ for (id_,) in await self._connection.fetch(_LIKED[item, library is not None], **values)]
