"""What a batch names: artists, genres, pictures. Those that are known, and those that are made now."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Library
from appliance.core.ids import new_id
from appliance.core.library import Decision
from appliance.core.sheet import Picture
from appliance.core.shelving import ArtistDraft
from appliance.core.text import genre_key, searched, sort_key
from appliance.store.database import Connection
from appliance.store.merge_rows import GenreRef
from appliance.store.staging import Staging
from appliance.store.statement import Statement
from appliance.store.tables import artists, artworks, genre_aliases, genres, moods

_KEYS = bindparam("keys", type_=ARRAY(Text))

_KNOWN_ARTISTS = Statement(
    select(
        artists.c.key,
        artists.c.id,
        artists.c.sort_name,
        artists.c.musicbrainz_id,
        literal("sort_name") == func.any(artists.c.manual),
    ).where(artists.c.key == func.any(_KEYS))
)
_KNOWN_GENRES = Statement(
    union_all(
        select(genres.c.key, genres.c.id, genres.c.name).where(genres.c.key == func.any(_KEYS)),
        select(genre_aliases.c.key, genres.c.id, genres.c.name)
        .join(genres, genres.c.id == genre_aliases.c.genre_id)
        .where(genre_aliases.c.key == func.any(_KEYS)),
    )
)
_KNOWN_MOODS = Statement(select(moods.c.key, moods.c.name).where(moods.c.key == func.any(_KEYS)))
_KNOWN_ARTWORKS = Statement(
    select(artworks.c.identity, artworks.c.id, artworks.c.library_id, artworks.c.path).where(
        artworks.c.identity == func.any(bindparam("identities", type_=ARRAY(LargeBinary)))
    )
)
_MOVE_ARTWORKS = Statement(
    text(
        """
        UPDATE artworks SET library_id = :library_id, path = given.path, source = given.source
        FROM unnest(CAST(:ids AS uuid[]), CAST(:paths AS bytea[]), CAST(:sources AS text[])) AS given(id, path, source)
        WHERE artworks.id = given.id
        """
    ).bindparams(bindparam("library_id", type_=Uuid))
)
_ARTISTS_LEARNT = Staging(artists, ("id", "sort_name", "musicbrainz_id"))


async def artist_ids_of(connection: Connection, named: Iterable[Decision]) -> dict[str, UUID]:
    """The id of each artist by key. A known one learns a sort name and a MusicBrainz id that are told only now.

    A sort name that a person gave stays.
    """
    drafts: dict[str, ArtistDraft] = {}
    for decision in named:
        credited = (credit.artist for credit in decision.draft.credits)
        for draft in (*decision.draft.artists, *decision.draft.album.artists, *credited):
            drafts[draft.key] = _learning(drafts.get(draft.key, draft), draft)
    rows = await connection.fetch(_KNOWN_ARTISTS, keys=list(drafts))
    known: dict[str, UUID] = {key: id_ for key, id_, *_ in rows}
    learnt = []
    for key, id_, sort_name, musicbrainz_id, is_manual in rows:
        draft = drafts[key]
        told = draft.sort_name if _tells_sort_name(draft) and not is_manual else sort_name
        if (told, musicbrainz_id or draft.musicbrainz_id) != (sort_name, musicbrainz_id):
            learnt.append((id_, told, musicbrainz_id or draft.musicbrainz_id))
    if await _ARTISTS_LEARNT.stage(connection, learnt):
        await _ARTISTS_LEARNT.write(connection)
    added = [
        (new_id(), key, draft.name, draft.sort_name, draft.musicbrainz_id, searched(draft.name))
        for key, draft in drafts.items()
        if key not in known
    ]
    await connection.copy("artists", ("id", "key", "name", "sort_name", "musicbrainz_id", "search"), added)
    return known | {row[1]: row[0] for row in added}


def _learning(first: ArtistDraft, other: ArtistDraft) -> ArtistDraft:
    """``first``, with what only ``other`` tells."""
    return ArtistDraft(
        first.key,
        first.name,
        other.sort_name if _tells_sort_name(other) and not _tells_sort_name(first) else first.sort_name,
        first.musicbrainz_id or other.musicbrainz_id,
    )


def _tells_sort_name(draft: ArtistDraft) -> bool:
    """Whether the sort name is more than what follows from the name."""
    return draft.sort_name != sort_key(draft.name)


async def genre_refs_of(connection: Connection, named: Iterable[Decision]) -> dict[str, GenreRef]:
    """Each genre by key, with the name that it was given, or has had since it was first met; by an alias the other."""
    names: dict[str, str] = {}
    for decision in named:
        for genre in decision.draft.genres:
            names.setdefault(genre_key(genre), genre)
    rows = await connection.fetch(_KNOWN_GENRES, keys=list(names))
    known = {key: GenreRef(id_, name) for key, id_, name in rows}
    added = {key: GenreRef(new_id(), name) for key, name in names.items() if key not in known}
    await connection.copy("genres", ("key", "id", "name"), [(key, *genre) for key, genre in added.items()])
    return known | added


async def mood_names_of(connection: Connection, named: Iterable[Decision]) -> dict[str, str]:
    """Each mood by key, as it was spelled when it was first met."""
    names: dict[str, str] = {}
    for decision in named:
        for mood in decision.sheet.tags.moods:
            names.setdefault(genre_key(mood), mood)
    if not names:
        return {}
    rows = await connection.fetch(_KNOWN_MOODS, keys=list(names))
    known: dict[str, str] = {row[0]: row[1] for row in rows}
    added = {key: name for key, name in names.items() if key not in known}
    await connection.copy("moods", ("key", "name"), list(added.items()))
    return known | added


async def artwork_ids_of(connection: Connection, library: Library, named: Iterable[Decision]) -> dict[bytes, UUID]:
    """The id of each picture by identity; one that is known is from now on found where it was just read."""
    pictures: dict[bytes, Picture] = {}
    for decision in named:
        if picture := decision.sheet.picture:
            pictures.setdefault(picture.identity, picture)
    rows = await connection.fetch(_KNOWN_ARTWORKS, identities=list(pictures))
    known: dict[bytes, UUID] = {identity: id_ for identity, id_, _, _ in rows}
    # The same picture was read again just now: its bytes surely are where it was read.
    moved = [
        (id_, pictures[identity])
        for identity, id_, library_id, path in rows
        if (library_id, path) != (library.id, pictures[identity].path)
    ]
    if moved:
        await connection.execute(
            _MOVE_ARTWORKS,
            library_id=library.id,
            ids=[id_ for id_, _ in moved],
            paths=[picture.path for _, picture in moved],
            sources=[picture.source for _, picture in moved],
        )
    added = [
        (new_id(), identity, library.id, picture.path, picture.source, picture.media_type, picture.size)
        for identity, picture in pictures.items()
        if identity not in known
    ]
    columns = ("id", "identity", "library_id", "path", "source", "media_type", "size")
    await connection.copy("artworks", columns, added)
    return known | {row[1]: row[0] for row in added}
