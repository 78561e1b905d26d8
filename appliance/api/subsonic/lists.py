"""Lists of albums and songs: newest, random, by year, starred."""

from appliance.api.subsonic import responses
from appliance.api.subsonic.call import Call, Element
from appliance.api.subsonic.errors import malformed
from appliance.api.subsonic.marked import album_folders, albums_by_tags, as_folders, by_tags, songs
from appliance.core.catalogue import Album, AlbumFilter, AlbumOrder, Found, Item, TrackFilter, Window

#: The protocol says 500; apps that read a whole library at once ask for 10,000.
MOST = 10_000
_DEFAULT_COUNT = 10
_ORDERS = {
    "random": AlbumOrder.RANDOM,
    "newest": AlbumOrder.NEWEST,
    "highest": AlbumOrder.RATED,
    "frequent": AlbumOrder.FREQUENT,
    "recent": AlbumOrder.RECENT,
    "alphabeticalByName": AlbumOrder.TITLE,
    "alphabeticalByArtist": AlbumOrder.ARTIST,
    "starred": AlbumOrder.STARRED,
}


async def get_album_list(call: Call) -> Element:
    """A list of albums, as folders."""
    return Element("albumList", responses.AlbumList(album=await album_folders(call, await _albums(call))))


async def get_album_list2(call: Call) -> Element:
    """A list of albums."""
    return Element("albumList2", responses.AlbumList2(album=await albums_by_tags(call, await _albums(call))))


async def get_random_songs(call: Call) -> Element:
    """Songs by chance."""
    wanted = call.parameters
    narrow = TrackFilter(
        library=wanted.folder(),
        genres=_genres(wanted.optional("genre")),
        from_year=wanted.whole("fromYear"),
        to_year=wanted.whole("toYear"),
    )
    tracks = await call.work.tracks.random(narrow, wanted.count("size", _DEFAULT_COUNT, most=MOST))
    return Element("randomSongs", responses.Songs(song=await songs(call, tracks)))


async def get_songs_by_genre(call: Call) -> Element:
    """The songs of a genre, by title."""
    window = Window(call.parameters.count("count", _DEFAULT_COUNT, most=MOST), call.parameters.offset("offset"))
    tracks = await call.work.tracks.of_genre(call.parameters.text("genre"), window, call.parameters.folder())
    return Element("songsByGenre", responses.Songs(song=await songs(call, tracks)))


async def get_starred(call: Call) -> Element:
    """What the user likes, by folders."""
    return Element("starred", await as_folders(call, await _liked(call)))


async def get_starred2(call: Call) -> Element:
    """What the user likes, by tags."""
    return Element("starred2", await by_tags(call, await _liked(call)))


async def _liked(call: Call) -> Found:
    work, user, folder = call.work, call.user.id, call.parameters.folder()
    return Found(
        artists=await work.artists.many(await work.listening.liked(user, Item.ARTIST, folder)),
        albums=await work.albums.many(await work.listening.liked(user, Item.ALBUM, folder)),
        tracks=await work.tracks.many(await work.listening.liked(user, Item.TRACK, folder)),
    )


async def _albums(call: Call) -> list[Album]:
    wanted = call.parameters
    kind, folder = wanted.text("type"), wanted.folder()
    window = Window(wanted.count("size", _DEFAULT_COUNT, most=MOST), wanted.offset("offset"))
    if kind == "byYear":
        first, last = wanted.required_whole("fromYear"), wanted.required_whole("toYear")
        order = AlbumOrder.YEAR if first <= last else AlbumOrder.YEAR_DESCENDING
        narrow = AlbumFilter(library=folder, from_year=min(first, last), to_year=max(first, last))
    elif kind == "byGenre":
        order, narrow = AlbumOrder.TITLE, AlbumFilter(library=folder, genres=(wanted.text("genre"),))
    elif kind in _ORDERS:
        order, narrow = _ORDERS[kind], AlbumFilter(library=folder)
    else:
        raise malformed("type", f"one of {', '.join([*_ORDERS, 'byYear', 'byGenre'])}")
    return await call.work.albums.list(order, narrow, window, call.user.id)


def _genres(genre: str | None) -> tuple[str, ...]:
    return () if genre is None else (genre,)
