"""Search by the beginnings of words, on the folded text that the merge wrote.

PostgreSQL's own parsers take no part: ``array_to_tsvector`` keeps the words as ``core.text.words`` made them, so that
what is searched for and what is found were split by the same rule.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Integer, Select, Text, bindparam, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from appliance.core.catalogue import Found, Item, Window
from appliance.core.text import fold, words
from appliance.store.albums import album_of, select_albums
from appliance.store.artists import artist_of, select_artists
from appliance.store.database import Connection, Row
from appliance.store.playable import IN_LIBRARY, PLAYABLE, TABLES
from appliance.store.statement import Statement
from appliance.store.tables import albums, artists, tracks
from appliance.store.tracks import select_tracks, track_of

T = TypeVar("T")

_MOST_WORDS = 64

_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)


def _found(item: Item, sort: Any, rows: Select[Any], *, worded: bool, narrowed: bool) -> Statement:
    """Find the page's ids on the narrow columns first, then read the wide rows of that page only."""
    table = TABLES[item]
    order: list[Any] = [sort, table.c.id]
    conditions: list[Any] = [PLAYABLE[item]]
    if narrowed:
        conditions.append(IN_LIBRARY[item])
    if worded:
        vector: Any = literal_column(f"array_to_tsvector(string_to_array({table.name}.search, ' '))")
        conditions.append(vector.op("@@")(cast(bindparam("words", type_=Text), TSQUERY)))
        # The name itself first, then names that begin with what was typed, then the rest.
        folded = bindparam("folded", type_=Text)
        order.insert(0, case((sort == folded, 0), (func.starts_with(sort, folded), 1), else_=2))
    page = select(table.c.id).where(*conditions).order_by(*order).limit(_LIMIT).offset(_OFFSET).subquery("page")
    return Statement(rows.join(page, page.c.id == table.c.id).order_by(*order))


_KINDS = (
    (Item.ARTIST, artists.c.sort_name, select_artists()),
    (Item.ALBUM, albums.c.sort_title, select_albums()),
    (Item.TRACK, tracks.c.sort_title, select_tracks()),
)
_STATEMENTS = {
    (item, worded, narrowed): _found(item, sort, rows, worded=worded, narrowed=narrowed)
    for item, sort, rows in _KINDS
    for worded in (False, True)
    for narrowed in (False, True)
}


def prefix_query(query: str) -> str | None:
    """A tsquery for names in which each word of ``query`` begins a word; None when it holds no word.

    Words hold letters, digits and underscores only, so that nothing in them can end the quotes.
    """
    wanted = words(query)[:_MOST_WORDS]
    return " & ".join(f"'{word}':*" for word in wanted) if wanted else None


class Search:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(
        self, query: str, *, artists: Window, albums: Window, tracks: Window, library: int | None = None
    ) -> Found:
        return Found(
            artists=await self._page(Item.ARTIST, query, artists, library, artist_of),
            albums=await self._page(Item.ALBUM, query, albums, library, album_of),
            tracks=await self._page(Item.TRACK, query, tracks, library, track_of),
        )

    async def _page(
        self, item: Item, query: str, window: Window, library: int | None, read: Callable[[Row], T]
    ) -> list[T]:
        if window.limit <= 0:
            return []
        values: dict[str, object] = {"limit": window.limit, "offset": window.offset}
        wanted = prefix_query(query)
        if wanted is not None:
            values |= {"words": wanted, "folded": fold(query)}
        if library is not None:
            values["library"] = library
        statement = _STATEMENTS[item, wanted is not None, library is not None]
        return [read(row) for row in await self._connection.fetch(statement, **values)]
