"""Search by the beginnings of words, on the folded text that the merge wrote. If nothing is found, slips are mended."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Integer, bindparam, select

from appliance.core.catalogue import Album, Artist, Found, Item, Mended, Track, Window
from appliance.core.text import searched, spelled
from appliance.store.albums import Albums
from appliance.store.artists import Artists
from appliance.store.asked import Asked, begins, holds, holds_too
from appliance.store.database import Connection
from appliance.store.playable import PLAYABLE, TABLES
from appliance.store.scope import Bounds, Question, Scope
from appliance.store.tables import albums, artists, tracks
from appliance.store.tracks import Tracks
from appliance.store.vocabulary import Vocabulary

#: Rows from the beginning of what is found that are worth a look of their own.
_FIRST_PAGES = 500

_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)


class _Questions:
    """The ids of one kind of thing, found on the narrow columns alone."""

    def __init__(self, item: Item, sort: Any) -> None:
        table = TABLES[item]
        page = select(table.c.id).where(PLAYABLE[item]).limit(_LIMIT).offset(_OFFSET)
        by_name = (sort, table.c.id)
        self.everything = Question.narrowed(page.order_by(*by_name), item)
        self.beginning = Question.narrowed(page.where(begins(sort), holds_too(table)).order_by(*by_name), item)
        self.holding = Question.narrowed(page.where(holds(table)).order_by(begins(sort).desc(), *by_name), item)


_QUESTIONS = {
    Item.ARTIST: _Questions(Item.ARTIST, artists.c.sort_name),
    Item.ALBUM: _Questions(Item.ALBUM, albums.c.sort_title),
    Item.TRACK: _Questions(Item.TRACK, tracks.c.sort_title),
}


class Search:
    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope
        self._vocabulary = Vocabulary(connection)

    async def find(
        self, query: str, *, artists: Window, albums: Window, tracks: Window, library: int | None = None
    ) -> Found:
        bounds = self._scope.within(library)
        windows = {Item.ARTIST: artists, Item.ALBUM: albums, Item.TRACK: tracks}
        wanted = spelled(query)
        asked = Asked.of(wanted, query)
        ids = {item: await self._ids(item, asked, window, bounds) for item, window in windows.items()}
        if not wanted:
            return await self._filled(ids)
        missed = [
            item for item in windows if not ids[item] and await self._is_nowhere(item, asked, windows[item], bounds)
        ]
        meant = await self._vocabulary.mend(wanted) if missed else {}
        if not meant:
            return await self._filled(ids)
        mended = [meant.get(place, spellings) for place, spellings in enumerate(wanted)]
        asked = Asked.of(mended, " ".join(word[0] for word in mended))
        for item in missed:
            ids[item] = await self._ids(item, asked, windows[item], bounds)
        return _telling(await self._filled(ids), {wanted[place][0]: words for place, words in meant.items()})

    async def _ids(self, item: Item, asked: Asked, window: Window, bounds: Bounds) -> list[UUID]:
        if window.limit <= 0:
            return []
        questions = _QUESTIONS[item]
        if not asked.words:
            return await self._page(questions.everything, asked, window, bounds)
        # Names that begin so come first, and are in order already: mostly they fill the page.
        end = window.offset + window.limit
        if end <= _FIRST_PAGES:
            first = await self._page(questions.beginning, asked, Window(end), bounds)
            if len(first) == end:
                return first[window.offset :]
        return await self._page(questions.holding, asked, window, bounds)

    async def _page(self, question: Question, asked: Asked, window: Window, bounds: Bounds) -> list[UUID]:
        rows = await self._connection.fetch(
            question.within(bounds), limit=window.limit, offset=window.offset, **asked.values(), **bounds
        )
        return [id_ for (id_,) in rows]

    async def _is_nowhere(self, item: Item, asked: Asked, window: Window, bounds: Bounds) -> bool:
        """Whether an empty page is not just beyond the last one."""
        if window.limit <= 0:
            return False
        return window.offset == 0 or not await self._ids(item, asked, Window(1), bounds)

    async def _filled(self, ids: dict[Item, list[UUID]]) -> Found:
        connection, scope = self._connection, self._scope
        return Found(
            artists=await Artists(connection, scope).many(ids[Item.ARTIST]) if ids[Item.ARTIST] else [],
            albums=await Albums(connection, scope).many(ids[Item.ALBUM]) if ids[Item.ALBUM] else [],
            tracks=await Tracks(connection, scope).many(ids[Item.TRACK]) if ids[Item.TRACK] else [],
        )


def _telling(found: Found, meant: dict[str, list[str]]) -> Found:
    """``found``, and of what words were taken for, what is seen in it: not which words are in other libraries."""
    names = (
        *(name for artist in found.artists for name in _names(artist)),
        *(name for album in found.albums for name in _names(album)),
        *(name for track in found.tracks for name in _names(track)),
    )
    seen = {word for name in set(names) for word in searched(name).split()}
    told = [Mended(typed, tuple(word for word in words if _begins(word, seen))) for typed, words in meant.items()]
    return msgspec.structs.replace(found, mended=tuple(one for one in told if one.meant))


def _begins(beginning: str, words: set[str]) -> bool:
    return any(word.startswith(beginning) for word in words)


def _names(thing: Artist | Album | Track) -> list[str]:
    match thing:
        case Artist():
            return [thing.name, *thing.aliases]
        case Album():
            return [thing.title, thing.artist_display, *(artist.name for artist in thing.artists)]
        case Track():
            return [thing.title, thing.artist_display, thing.album_title, *(artist.name for artist in thing.artists)]
