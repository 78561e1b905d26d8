"""Where smart playlists find what they ask about: beside each track its file and album, and what its listener left.

What a user did is gathered from the logs once for all tracks: as the ids of the tracks on which something is so, for
rules, and laid beside the tracks, to sort by it.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, bindparam, func, select

from appliance.core.catalogue import Item
from appliance.store.listening import latest
from appliance.store.tables import albums, files, likes, plays, ratings, tracks

_USER = bindparam("user_id", type_=Uuid)

Asked = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""What is asked of a column."""

_count, _last = func.count(), func.max(plays.c.happened_at)
_of_user = plays.c.user_id == _USER


def plays_where(holds: Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]) -> Select[Any]:
    """The tracks that the user played, where something holds of how often and when last."""
    return select(plays.c.track_id).where(_of_user).group_by(plays.c.track_id).having(holds(_count, _last))


def likes_where(item: Item, holds: Asked) -> Select[Any]:
    """What of this kind the user likes, where something holds of since when."""
    state = latest(likes.c.liked, item)
    return select(state.c.item_id).where(state.c.liked, holds(state.c.happened_at))


def ratings_where(item: Item, holds: Asked) -> Select[Any]:
    """What of this kind the user rates, where something holds of how."""
    state = latest(ratings.c.rating, item)
    return select(state.c.item_id).where(state.c.rating > 0, holds(state.c.rating))


played = (
    select(plays.c.track_id, _count.label("count"), _last.label("last"))
    .where(_of_user)
    .group_by(plays.c.track_id)
    .subquery("played")
)
_likings = latest(likes.c.liked, Item.TRACK)
liked = select(_likings.c.item_id, _likings.c.happened_at).where(_likings.c.liked).subquery("liked")
_ratings = latest(ratings.c.rating, Item.TRACK)
rated = select(_ratings.c.item_id, _ratings.c.rating).where(_ratings.c.rating > 0).subquery("rated")


class Source(Enum):
    """What may lie beside a track: what it is, and which row of it belongs to the track."""

    FILE = (files, files.c.id == tracks.c.file_id)
    ALBUM = (albums, albums.c.id == tracks.c.album_id)
    PLAYED = (played, played.c.track_id == tracks.c.id)
    LIKED = (liked, liked.c.item_id == tracks.c.id)
    RATED = (rated, rated.c.item_id == tracks.c.id)

    def beside(self, base: FromClause) -> FromClause:
        table: FromClause
        condition: ColumnElement[bool]
        table, condition = self.value
        # Every track that can be played has a file and an album; the rest not everybody has left on everything.
        return base.join(table, condition, isouter=self not in {Source.FILE, Source.ALBUM})
