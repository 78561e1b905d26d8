"""Where a track stands: which album, which place on it, which credits, read from its sheet alone."""

from hashlib import blake2b

import msgspec

from appliance.core.credits import Part
from appliance.core.sheet import Sheet, Tags
from appliance.core.text import clean, fold, searched, sort_key

UNKNOWN_ARTIST = "Unknown artist"
UNKNOWN_ALBUM = "Unknown album"
VARIOUS_ARTISTS = "Various Artists"
_LONGEST_KEY = 500


class ArtistDraft(msgspec.Struct, frozen=True):
    """An artist as one sheet names it. ``key`` makes it one with the same artist on other sheets."""

    key: str
    name: str
    sort_name: str
    musicbrainz_id: str | None = None


class CreditDraft(msgspec.Struct, frozen=True):
    """Somebody's part in a track as one sheet names it."""

    role: str
    artist: ArtistDraft
    detail: str | None = None


class ReleaseGroupDraft(msgspec.Struct, frozen=True):
    """What the editions of one album have in common."""

    key: str
    title: str


class AlbumDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An album as one sheet names it. ``key`` makes it one with the same album on other sheets."""

    key: str
    title: str
    sort_title: str
    artists: tuple[ArtistDraft, ...]
    artist_display: str
    compilation: bool
    release_date: str | None
    original_date: str | None
    musicbrainz_release_id: str | None
    musicbrainz_release_group_id: str | None
    group: ReleaseGroupDraft
    types: tuple[str, ...] = ()
    label: str | None = None
    catalog_number: str | None = None
    country: str | None = None
    edition: str | None = None


class TrackDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A track as its sheet names it; the audio facts and the other tags stay on the sheet."""

    place: str
    """Album key, disc, number and folded title: two files of equal sound at equal places are copies of one track."""
    title: str
    sort_title: str
    artists: tuple[ArtistDraft, ...]
    artist_display: str
    credits: tuple[CreditDraft, ...]
    genres: tuple[str, ...]
    album: AlbumDraft
    search: str
    """Of title, artists and album, as ``core.text.searched`` has it."""


def shelve(sheet: Sheet) -> TrackDraft:
    """Name the track, its album and everybody on it, whatever the tags leave out."""
    tags = sheet.tags
    folder, stem = _folder_and_stem(sheet.path)
    title = tags.title or stem or "Untitled"
    artists = _artists(
        tags.artists or tags.album_artists or (UNKNOWN_ARTIST,), tags.artist_sorts, tags.musicbrainz_artist_ids
    )
    display = tags.artist_display or ", ".join(artist.name for artist in artists)
    album = _album(tags, artists, folder)
    return TrackDraft(
        place=f"{album.key}\x1f{tags.disc_number or 0}\x1f{tags.track_number or 0}\x1f{fold(title)}",
        title=title,
        sort_title=sort_key(title, tags.title_sort),
        artists=artists,
        artist_display=display,
        credits=_credits(tags),
        genres=tags.genres,
        album=album,
        search=searched(title, display, *(a.name for a in artists), album.title),
    )


def _credits(tags: Tags) -> tuple[CreditDraft, ...]:
    """Each by the artist that the name is of. Composers may bring sort names of their own."""
    sorts = iter(tags.composer_sorts)
    drafts: dict[CreditDraft, None] = {}
    for credit in tags.credits:
        sort = next(sorts, None) if credit.role == Part.COMPOSER else None
        (artist,) = _artists((credit.name,), (sort,) if sort else (), ())
        drafts[CreditDraft(credit.role, artist, credit.detail)] = None
    return tuple(drafts)


def _album(tags: Tags, track_artists: tuple[ArtistDraft, ...], folder: bytes) -> AlbumDraft:
    if tags.album_artists:
        artists = _artists(tags.album_artists, tags.album_artist_sorts, tags.musicbrainz_album_artist_ids)
    elif tags.compilation:
        artists = _artists((VARIOUS_ARTISTS,), (), ())
    else:
        # The first artist only: a guest on one track must not tear that track out of the album.
        artists = track_artists[:1]
    title = tags.album or clean(folder.rsplit(b"/", 1)[-1].decode(errors="replace")) or UNKNOWN_ALBUM
    named = _key_by_name(tags, artists, title, folder)
    group = tags.musicbrainz_release_group_id
    return AlbumDraft(
        key=f"mb\x1f{tags.musicbrainz_release_id}" if tags.musicbrainz_release_id else named,
        title=title,
        sort_title=sort_key(title, tags.album_sort),
        artists=artists,
        artist_display=tags.album_artist_display or ", ".join(artist.name for artist in artists),
        compilation=tags.compilation,
        release_date=tags.release_date,
        original_date=tags.original_date,
        musicbrainz_release_id=tags.musicbrainz_release_id,
        musicbrainz_release_group_id=tags.musicbrainz_release_group_id,
        group=ReleaseGroupDraft(f"mb\x1f{group}" if group else named, title),
        types=tags.release_types,
        label=tags.label,
        catalog_number=tags.catalog_number,
        country=tags.release_country,
        edition=tags.edition,
    )


def _key_by_name(tags: Tags, artists: tuple[ArtistDraft, ...], title: str, folder: bytes) -> str:
    """The key of an album without MusicBrainz's ids."""
    if tags.album:
        return _bounded(f"tag\x1f{'/'.join(artist.key for artist in artists)}\x1f{fold(title)}")
    # Without an album tag the folder holds the album together.
    return _bounded(f"dir\x1f{folder.hex()}")


def _bounded(key: str) -> str:
    """``key``, or a digest in place of the rest of one that is too long for a unique index (2,704 bytes)."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:100]}\x1f{blake2b(key.encode(), digest_size=16).hexdigest()}"


def _artists(names: tuple[str, ...], sorts: tuple[str, ...], ids: tuple[str, ...]) -> tuple[ArtistDraft, ...]:
    drafts: dict[str, ArtistDraft] = {}
    for index, name in enumerate(names):
        sort = sorts[index] if len(sorts) == len(names) else None
        musicbrainz_id = ids[index] if len(ids) == len(names) else None
        key = _bounded(fold(name) or name)
        drafts.setdefault(key, ArtistDraft(key, name, sort_key(name, sort), musicbrainz_id))
    return tuple(drafts.values())


def _folder_and_stem(path: bytes) -> tuple[bytes, str]:
    folder, _, name = path.rpartition(b"/")
    return folder, clean(name.rpartition(b".")[0].decode(errors="replace"))
