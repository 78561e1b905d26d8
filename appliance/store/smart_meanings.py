"""What each field of a rule means, and each operator: the whole list of what smart playlists can ask.

Values are parameters, and none is a pattern: ``strpos`` and ``starts_with`` know no wildcards. A comparison with what
is not there (NULL) does not hold, and its opposite does.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Item
from appliance.core.smart_fields import Field, Operator
from appliance.core.smart_rules import moment_of
from appliance.core.text import fold, genre_key, sort_key
from appliance.store.smart_parts import Ids, Part, Truth, negated
from appliance.store.smart_sources import Asked, Source, likes_where, plays_where, ratings_where
from appliance.store.tables import (
    album_artists,
    albums,
    artists,
    files,
    genre_aliases,
    genres,
    moods,
    track_artists,
    track_genres,
    tracks,
)

Column = ColumnElement[Any]


class Meaning(NamedTuple):
    """What a field means."""

    part: Callable[[Operator, Any], Part]
    source: Source | None = None
    """What has to lie beside the tracks."""
    own: bool = False
    """Whether the listener's log alone answers: then the planner guesses well how many there are."""


def _number(column: Column, operator: Operator, value: Any) -> Truth:
    match operator:
        case Operator.IS:
            return column == _bound(value)
        case Operator.IS_NOT:
            return column.is_distinct_from(_bound(value))
        case Operator.GREATER:
            return column > _bound(value)
        case Operator.LESS:
            return column < _bound(value)
        case Operator.BETWEEN:
            low, high = value
            return column.between(_bound(low), _bound(high))
        case Operator.IN_THE_LAST:
            return column >= literal(datetime.now(UTC) - timedelta(days=value))
        case _:
            return column.is_not(None) if value is not False else column.is_(None)


def _bound(value: Any) -> Column:
    """Numbers as wide as they come; times as times."""
    return literal(value, BigInteger) if isinstance(value, int) else literal(value)


def _moment(column: Column, operator: Operator, value: Any) -> Truth:
    match value:
        case str():
            value = moment_of(value)
        case (low, high):
            value = (moment_of(low), moment_of(high))
    return _number(column, operator, value)


def _left(
    compare: Callable[[Column, Operator, Any], Truth],
    marked: Callable[[Callable[[Column], Truth]], Ids],
    operator: Operator,
    value: Any,
) -> Part:
    """Of what somebody left on some tracks. ``marked``: the tracks on whose mark something is true."""
    match operator:
        case Operator.IS_SET:
            ids = marked(lambda _: true())
            return ids if value is not False else negated(ids)
        case Operator.IS_NOT:
            return negated(marked(lambda column: compare(column, Operator.IS, value)))
        case _:
            return marked(lambda column: compare(column, operator, value))


def _play_count(operator: Operator, value: Any) -> Part:
    """Never played is 0; where 0 does, all tracks do but those whose count does not."""
    if operator is Operator.IS_SET:
        return true() if value is not False else false()
    if _does_for_zero(operator, value):
        return negated(plays_where(lambda count, _: _number(count, operator, value).is_not(true())))
    return plays_where(lambda count, _: _number(count, operator, value))


def _last_played(holds: Asked) -> Ids:
    return plays_where(lambda _, last: holds(last))


def _does_for_zero(operator: Operator, value: Any) -> bool:
    match operator:
        case Operator.IS:
            return bool(value == 0)
        case Operator.IS_NOT:
            return bool(value != 0)
        case Operator.GREATER:
            return bool(value < 0)
        case Operator.LESS:
            return bool(value > 0)
        case _:
            low, high = value
            return bool(low <= 0 <= high)


def _flag(there: Part, _: Operator, value: Any) -> Part:
    return there if value else negated(there)


def _names(column: Column, key: Callable[[str], str], operator: Operator, value: str) -> Truth:
    """Of folded names. ``key``: how a name becomes what the column holds, where that is more than folding."""
    keyed = _text(key(value))
    match operator:
        case Operator.CONTAINS:
            there: Truth = func.strpos(column, _text(fold(value))) > 0
            # The key as well: a sort name lacks the article with which it may have been typed.
            return there if key(value) == fold(value) else or_(there, func.starts_with(column, keyed))
        case Operator.BEGINS_WITH:
            return func.starts_with(column, keyed)
        case _:
            return column == keyed


def _text(value: str) -> Column:
    return literal(value, Text)


def _single(column: Column, operator: Operator, value: Any) -> Truth:
    """Of one text."""
    match operator:
        case Operator.IS_NOT:
            return negated(_names(column, fold, Operator.IS, value))
        case Operator.IS_SET:
            filled = func.coalesce(column, "") != ""
            return filled if value is not False else not_(filled)
        case _:
            return _names(column, fold, operator, value)


def _several(
    among: Callable[[Asked], Part], any_at_all: Part, key: Callable[[str], str], operator: Operator, value: Any
) -> Part:
    """Of names of which a track may have many. ``among``: that one of them does what is asked."""
    match operator:
        case Operator.IS_SET:
            return any_at_all if value is not False else negated(any_at_all)
        case Operator.IS_NOT:
            return negated(among(lambda column: _names(column, key, Operator.IS, value)))
        case _:
            return among(lambda column: _names(column, key, operator, value))


def _artists(asked: Asked) -> Select[Any]:
    return select(artists.c.id).where(asked(artists.c.key))


def _by_artist(asked: Asked) -> Ids:
    return _by_any(_artists(asked))


def _by_any(ids: Select[Any]) -> Ids:
    return select(track_artists.c.track_id).where(track_artists.c.artist_id.in_(ids))


def _by_album_artist(asked: Asked) -> Truth:
    credited = select(album_artists.c.album_id).where(album_artists.c.artist_id.in_(_artists(asked)))
    return tracks.c.album_id.in_(credited)


def _on_album(asked: Asked) -> Truth:
    return tracks.c.album_id.in_(select(albums.c.id).where(asked(albums.c.sort_title)))


def _of_genre(asked: Asked) -> Ids:
    named = union_all(
        select(genres.c.id).where(asked(genres.c.key)),
        select(genre_aliases.c.genre_id).where(asked(genre_aliases.c.key)),
    )
    return select(track_genres.c.track_id).where(
        track_genres.c.genre_id == func.any(func.array(named.scalar_subquery()))
    )


def _of_mood(asked: Asked) -> Truth:
    named = select(moods.c.name).where(asked(moods.c.key))
    found: Truth = tracks.c.moods.overlap(func.array(named.scalar_subquery(), type_=ARRAY(Text)))
    # As a case, of which the planner expects half of all tracks. It would expect 1 in 200 otherwise, and look up each
    # file of what may be a third of the library by itself.
    return case((found, true()), else_=false())


def _library(operator: Operator, value: Any) -> Truth:
    there: Truth = _bound(value) == func.any(tracks.c.libraries)
    return there if operator is Operator.IS else not_(there)


def _lowered(column: Column) -> Column:
    """Folding as far as PostgreSQL goes, for what is kept as it was tagged."""
    bare = func.regexp_replace(func.pg_catalog.normalize(column, _text("NFKD")), "[\u0300-\u036f]", "", "g")
    return func.lower(bare)


def _numbered(column: Column, source: Source | None = None) -> Meaning:
    return Meaning(partial(_number, column), source)


def _rated_artists(holds: Callable[[Column], Truth]) -> Ids:
    return _by_any(ratings_where(Item.ARTIST, holds))


def _on_rated_albums(operator: Operator, value: Any) -> Truth:
    """As ``_left``, by the album."""
    match operator:
        case Operator.IS_SET:
            there = tracks.c.album_id.in_(ratings_where(Item.ALBUM, lambda _: true()))
            return there if value is not False else not_(there)
        case Operator.IS_NOT:
            return tracks.c.album_id.not_in(
                ratings_where(Item.ALBUM, lambda column: _number(column, Operator.IS, value))
            )
        case _:
            return tracks.c.album_id.in_(ratings_where(Item.ALBUM, lambda column: _number(column, operator, value)))


#: The folded title, as the track's identity ends with it; the title to sort by may be another.
_TITLE: Final[Column] = func.split_part(tracks.c.place, func.chr(31), -1)

MEANINGS: Final[dict[Field, Meaning]] = {
    Field.TITLE: Meaning(partial(_single, _TITLE)),
    Field.ALBUM: Meaning(partial(_several, _on_album, true(), sort_key)),
    Field.ARTIST: Meaning(partial(_several, _by_artist, func.cardinality(tracks.c.artist_ids) > 0, fold)),
    Field.ALBUM_ARTIST: Meaning(partial(_several, _by_album_artist, _by_album_artist(lambda _: true()), fold)),
    Field.GENRE: Meaning(partial(_several, _of_genre, func.cardinality(tracks.c.genres) > 0, genre_key)),
    Field.MOOD: Meaning(partial(_several, _of_mood, func.cardinality(tracks.c.moods) > 0, genre_key)),
    Field.COMMENT: Meaning(partial(_single, _lowered(tracks.c.comment))),
    Field.YEAR: _numbered(tracks.c.year),
    Field.DISC_NUMBER: _numbered(tracks.c.disc_number),
    Field.TRACK_NUMBER: _numbered(tracks.c.track_number),
    Field.DURATION: _numbered(tracks.c.duration_ms),
    Field.BPM: _numbered(tracks.c.bpm),
    Field.COMPILATION: Meaning(partial(_flag, albums.c.compilation), Source.ALBUM),
    Field.LYRICS: Meaning(partial(_flag, tracks.c.lyrics.is_not(None))),
    Field.ADDED: Meaning(partial(_moment, tracks.c.created_at)),
    Field.CHANGED: Meaning(partial(_moment, tracks.c.updated_at)),
    Field.LIBRARY: Meaning(_library),
    Field.CODEC: Meaning(partial(_single, files.c.codec), Source.FILE),
    Field.SUFFIX: Meaning(partial(_single, files.c.suffix), Source.FILE),
    Field.SIZE: _numbered(files.c.size, Source.FILE),
    Field.BIT_RATE: _numbered(files.c.bit_rate, Source.FILE),
    Field.SAMPLE_RATE: _numbered(files.c.sample_rate, Source.FILE),
    Field.BIT_DEPTH: _numbered(files.c.bit_depth, Source.FILE),
    Field.CHANNELS: _numbered(files.c.channels, Source.FILE),
    Field.PLAY_COUNT: Meaning(_play_count, own=True),
    Field.LAST_PLAYED: Meaning(partial(_left, _moment, _last_played), own=True),
    Field.LIKED: Meaning(partial(_flag, likes_where(Item.TRACK, lambda _: true())), own=True),
    Field.LIKED_AT: Meaning(partial(_left, _moment, partial(likes_where, Item.TRACK)), own=True),
    Field.RATING: Meaning(partial(_left, _number, partial(ratings_where, Item.TRACK)), own=True),
    Field.ALBUM_LIKED: Meaning(partial(_flag, tracks.c.album_id.in_(likes_where(Item.ALBUM, lambda _: true())))),
    Field.ALBUM_RATING: Meaning(_on_rated_albums),
    Field.ARTIST_LIKED: Meaning(partial(_flag, _by_any(likes_where(Item.ARTIST, lambda _: true())))),
    Field.ARTIST_RATING: Meaning(partial(_left, _number, _rated_artists)),
}
"""Where each field is found."""
