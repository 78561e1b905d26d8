"""What can be played, of each kind of thing: the conditions under which an artist, an album or a track is shown."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Integer, Table, cast

from appliance.core.catalogue import Item
from appliance.store.tables import albums, artists, tracks

TABLES: Final[dict[Item, Table]] = {Item.ARTIST: artists, Item.ALBUM: albums, Item.TRACK: tracks}

PLAYABLE: Final[dict[Item, ColumnElement[bool]]] = {
    Item.ARTIST: (artists.c.track_count > 0) | (artists.c.album_count > 0) | (artists.c.credit_count > 0),
    Item.ALBUM: albums.c.track_count > 0,
    Item.TRACK: tracks.c.file_id.is_not(None),
}


def best_first(files: FromClause) -> tuple[ColumnElement[Any], ...]:
    """The order of a track's files: lossless before lossy, then the finer one."""
    lossless = cast(files.c.bit_depth.is_not(None), Integer)
    return (
        files.c.bit_depth.desc().nulls_last(),
        (files.c.sample_rate * lossless).desc(),
        files.c.bit_rate.desc(),
        files.c.id.asc(),
    )
