"""What can be played, of each kind of thing: the conditions under which an artist, an album or a track is shown."""

from typing import Final

from sqlalchemy import ColumnElement, Integer, Table, bindparam, func, select

from appliance.core.catalogue import Item
from appliance.store.tables import album_artists, albums, artists, files, libraries, tracks

TABLES: Final[dict[Item, Table]] = {Item.ARTIST: artists, Item.ALBUM: albums, Item.TRACK: tracks}

PLAYABLE: Final[dict[Item, ColumnElement[bool]]] = {
    Item.ARTIST: (artists.c.track_count > 0) | (artists.c.album_count > 0),
    Item.ALBUM: albums.c.track_count > 0,
    Item.TRACK: tracks.c.file_id.is_not(None),
}

_LIBRARY = bindparam("library", type_=Integer)
#: In the library with the number ``library``. An artist is where an album of the artist's is.
IN_LIBRARY: Final[dict[Item, ColumnElement[bool]]] = {
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
