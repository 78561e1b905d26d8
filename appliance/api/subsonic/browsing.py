"""The library, level by level: by tags, and for older clients as folders that are made of the same tags."""

from datetime import UTC, datetime
from uuid import UUID

from appliance.api.subsonic import mapping, responses
from appliance.api.subsonic.call import Call, Element
from appliance.api.subsonic.ids import album_id, artist_id, read_item, read_uuid
from appliance.api.subsonic.marked import albums_by_tags, marks_of, marks_on, songs
from appliance.core.catalogue import Artist, Item
from appliance.core.errors import NotFound
from appliance.core.scanning import Scan
from appliance.core.text import IGNORED_ARTICLES

_ARTICLES = " ".join(IGNORED_ARTICLES)
_UNIX_MILLISECONDS = 2**62


async def get_music_folders(call: Call) -> Element:
    """The libraries."""
    folders = [
        responses.MusicFolder(id=library.number, name=library.name) for library in await call.work.libraries.all()
    ]
    return Element("musicFolders", responses.MusicFolders(music_folder=folders))


async def get_genres(call: Call) -> Element:
    """The genres, with how much there is of each."""
    genres = [
        responses.Genre(value=genre.name, song_count=genre.track_count, album_count=genre.album_count)
        for genre in await call.work.genres.all()
    ]
    return Element("genres", responses.Genres(genre=genres))


async def get_artists(call: Call) -> Element:
    """The album artists under their letters."""
    artists = await call.work.artists.album_artists(call.parameters.folder())
    marks = await marks_on(call, Item.ARTIST, artists)
    index = mapping.artist_index(artists, marks)
    return Element("artists", responses.ArtistsID3(ignored_articles=_ARTICLES, index=index))


async def get_indexes(call: Call) -> Element:
    """The artists as folders; none of them for a client that has seen the library as it is."""
    folder = call.parameters.folder()
    since = call.parameters.whole("ifModifiedSince", most=_UNIX_MILLISECONDS)
    modified = _last_modified(await call.work.scans.latest())
    artists: list[Artist] = []
    if since is None or since < modified:
        artists = await call.work.artists.album_artists(folder)
    marks = await marks_on(call, Item.ARTIST, artists)
    index = mapping.folder_index(artists, marks)
    return Element("indexes", responses.Indexes(ignored_articles=_ARTICLES, last_modified=modified, index=index))


async def get_music_directory(call: Call) -> Element:
    """A music folder by its number, an artist, or an album."""
    text = call.parameters.text("id")
    if text.isdecimal():
        return Element("directory", await _library_directory(call, text))
    item, uuid = read_item(text)
    if item is Item.ARTIST:
        return Element("directory", await _artist_directory(call, uuid))
    if item is Item.ALBUM:
        return Element("directory", await _album_directory(call, uuid))
    raise NotFound("A song is not a folder.")


async def get_artist(call: Call) -> Element:
    """An artist with the albums."""
    artist = await call.work.artists.get(read_uuid(call.parameters.text("id"), Item.ARTIST))
    albums = await albums_by_tags(call, await call.work.albums.of_artist(artist.id))
    marks = await marks_of(call, Item.ARTIST, artist.id)
    return Element("artist", mapping.artist_with_albums(artist, marks, albums))


async def get_album(call: Call) -> Element:
    """An album with its songs."""
    album = await call.work.albums.get(read_uuid(call.parameters.text("id"), Item.ALBUM))
    tracks = await songs(call, await call.work.tracks.of_album(album.id))
    marks = await marks_of(call, Item.ALBUM, album.id)
    return Element("album", mapping.album_with_songs(album, marks, tracks))


async def get_song(call: Call) -> Element:
    """One song."""
    track = await call.work.tracks.get(read_uuid(call.parameters.text("id"), Item.TRACK))
    (song,) = await songs(call, [track])
    return Element("song", song)


async def _library_directory(call: Call, number: str) -> responses.Directory:
    for library in await call.work.libraries.all():
        if str(library.number) == number:
            artists = await call.work.artists.album_artists(library.number)
            marks = await marks_on(call, Item.ARTIST, artists)
            children = [mapping.artist_child(artist, marks(artist.id)) for artist in artists]
            return responses.Directory(id=number, name=library.name, child=children)
    raise NotFound("There is no such music folder.")


async def _artist_directory(call: Call, uuid: UUID) -> responses.Directory:
    artist = await call.work.artists.get(uuid)
    albums = await call.work.albums.of_artist(uuid)
    marks = await marks_on(call, Item.ALBUM, albums)
    own = await marks_of(call, Item.ARTIST, uuid)
    return responses.Directory(
        id=artist_id(uuid),
        name=artist.name,
        starred=mapping.time(own.liked_at),
        user_rating=own.rating,
        child=[mapping.album_child(album, marks(album.id)) for album in albums],
    )


async def _album_directory(call: Call, uuid: UUID) -> responses.Directory:
    album = await call.work.albums.get(uuid)
    own = await marks_of(call, Item.ALBUM, uuid)
    return responses.Directory(
        id=album_id(uuid),
        parent=artist_id(album.artists[0].id) if album.artists else None,
        name=album.title,
        starred=mapping.time(own.liked_at),
        user_rating=own.rating,
        play_count=own.play_count,
        child=await songs(call, await call.work.tracks.of_album(uuid)),
    )


def _last_modified(scan: Scan | None) -> int:
    """Unix time in ms of the last change: a scan's end; now, as long as one runs or none ever did."""
    moment = scan.finished_at if scan is not None and scan.finished_at is not None else datetime.now(UTC)
    return int(moment.timestamp() * 1000)
