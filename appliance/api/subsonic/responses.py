"""Every object of a response, typed. JSON and XML are both made from these.

A field of ``None`` is absent. ``Added`` fields are OpenSubsonic's: they are there, empty where nothing is known, so
that clients see what the server supports; old clients that choke on them are not sent any. A field named ``value`` is
the text of its XML element, every other plain value an attribute, every object and list a child element.

Names and meanings: https://opensubsonic.netlify.app/docs/responses/
"""

from typing import Annotated, TypeVar

import msgspec

T = TypeVar("T")
#: A field that OpenSubsonic added to Subsonic 1.16.1.
Added = Annotated[T | None, msgspec.Meta(extra={"opensubsonic": True})]


class Node(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Base of all objects. Times are ISO 8601 in UTC with milliseconds, durations whole seconds."""


class License(Node, frozen=True, kw_only=True):
    valid: bool


class TokenInfo(Node, frozen=True, kw_only=True):
    username: str


class Extension(Node, frozen=True, kw_only=True):
    name: str
    versions: list[int]


class MusicFolder(Node, frozen=True, kw_only=True):
    id: int
    """The one id that is a number."""
    name: str


class MusicFolders(Node, frozen=True, kw_only=True):
    music_folder: list[MusicFolder]


class Genre(Node, frozen=True, kw_only=True):
    song_count: int
    album_count: int
    value: str


class Genres(Node, frozen=True, kw_only=True):
    genre: list[Genre]


class ItemGenre(Node, frozen=True, kw_only=True):
    name: str


class ItemDate(Node, frozen=True, kw_only=True):
    year: int | None = None
    month: int | None = None
    day: int | None = None


class DiscTitle(Node, frozen=True, kw_only=True):
    disc: int
    title: str


class ReplayGain(Node, frozen=True, kw_only=True):
    """Gains in dB, peaks as a share of full scale."""

    track_gain: float | None = None
    album_gain: float | None = None
    track_peak: float | None = None
    album_peak: float | None = None


class ArtistID3(Node, frozen=True, kw_only=True):
    """An artist by tags; as a mention on an album or a song, id and name alone."""

    id: str
    name: str
    cover_art: str | None = None
    album_count: int | None = None
    starred: str | None = None
    user_rating: Added[int] = None
    music_brainz_id: Added[str] = None
    sort_name: Added[str] = None


class Contributor(Node, frozen=True, kw_only=True):
    """Whoever had a part in a song."""

    role: str
    sub_role: str | None = None
    """Of a performer the instrument."""
    artist: ArtistID3


class AlbumID3(Node, frozen=True, kw_only=True):
    id: str
    name: str
    artist: str
    artist_id: str | None = None
    cover_art: str | None = None
    song_count: int
    duration: int
    play_count: int
    created: str
    starred: str | None = None
    year: int | None = None
    genre: str | None = None
    played: Added[str] = None
    user_rating: Added[int] = None
    music_brainz_id: Added[str] = None
    genres: Added[list[ItemGenre]] = None
    artists: Added[list[ArtistID3]] = None
    display_artist: Added[str] = None
    sort_name: Added[str] = None
    original_release_date: Added[ItemDate] = None
    release_date: Added[ItemDate] = None
    is_compilation: Added[bool] = None
    disc_titles: Added[list[DiscTitle]] = None


class Child(Node, frozen=True, kw_only=True):
    """A song, or an album or artist where it stands for a folder."""

    id: str
    parent: str | None = None
    is_dir: bool
    title: str
    album: str | None = None
    artist: str | None = None
    track: int | None = None
    year: int | None = None
    genre: str | None = None
    cover_art: str | None = None
    size: int | None = None
    """Bytes."""
    content_type: str | None = None
    suffix: str | None = None
    duration: int | None = None
    bit_rate: int | None = None
    """kbit/s"""
    path: str | None = None
    """As a tidy library would name the file; not where it is."""
    is_video: bool | None = None
    user_rating: int | None = None
    play_count: int | None = None
    disc_number: int | None = None
    created: str | None = None
    starred: str | None = None
    album_id: str | None = None
    artist_id: str | None = None
    type: str | None = None
    bit_depth: Added[int] = None
    sampling_rate: Added[int] = None
    """Hz"""
    channel_count: Added[int] = None
    media_type: Added[str] = None
    played: Added[str] = None
    bpm: Added[int] = None
    comment: Added[str] = None
    sort_name: Added[str] = None
    music_brainz_id: Added[str] = None
    isrc: Added[list[str]] = None
    genres: Added[list[ItemGenre]] = None
    artists: Added[list[ArtistID3]] = None
    display_artist: Added[str] = None
    album_artists: Added[list[ArtistID3]] = None
    display_album_artist: Added[str] = None
    contributors: Added[list[Contributor]] = None
    display_composer: Added[str] = None
    moods: Added[list[str]] = None
    replay_gain: Added[ReplayGain] = None
    name: Added[str] = None
    """Of an album: its title. It and ``song_count`` are in no schema, but in what others send and clients ask for."""
    song_count: Added[int] = None


class AlbumWithSongsID3(AlbumID3, frozen=True, kw_only=True):
    song: list[Child]


class ArtistWithAlbumsID3(ArtistID3, frozen=True, kw_only=True):
    album: list[AlbumID3]


class IndexID3(Node, frozen=True, kw_only=True):
    name: str
    artist: list[ArtistID3]


class ArtistsID3(Node, frozen=True, kw_only=True):
    ignored_articles: str
    """Separated by spaces."""
    index: list[IndexID3]


class Artist(Node, frozen=True, kw_only=True):
    """An artist as a folder."""

    id: str
    name: str
    starred: str | None = None
    user_rating: int | None = None


class Index(Node, frozen=True, kw_only=True):
    name: str
    artist: list[Artist]


class Indexes(Node, frozen=True, kw_only=True):
    ignored_articles: str
    last_modified: int
    """Unix time in ms."""
    index: list[Index]


class Directory(Node, frozen=True, kw_only=True):
    id: str
    parent: str | None = None
    name: str
    starred: str | None = None
    user_rating: int | None = None
    play_count: int | None = None
    child: list[Child]


class AlbumList(Node, frozen=True, kw_only=True):
    album: list[Child]


class AlbumList2(Node, frozen=True, kw_only=True):
    album: list[AlbumID3]


class Songs(Node, frozen=True, kw_only=True):
    song: list[Child]


class Folders(Node, frozen=True, kw_only=True):
    """What was found or starred, by folders."""

    artist: list[Artist]
    album: list[Child]
    song: list[Child]


class Tagged(Node, frozen=True, kw_only=True):
    """What was found or starred, by tags."""

    artist: list[ArtistID3]
    album: list[AlbumID3]
    song: list[Child]


class User(Node, frozen=True, kw_only=True):
    username: str
    scrobbling_enabled: bool
    admin_role: bool
    settings_role: bool
    download_role: bool
    upload_role: bool
    playlist_role: bool
    cover_art_role: bool
    comment_role: bool
    podcast_role: bool
    stream_role: bool
    jukebox_role: bool
    share_role: bool
    video_conversion_role: bool
    folder: list[int]
    """Numbers of the music folders."""


class ScanStatus(Node, frozen=True, kw_only=True):
    scanning: bool
    count: int
    """Files seen."""


class Error(Node, frozen=True, kw_only=True):
    code: int
    message: str
