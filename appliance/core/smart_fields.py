"""What rules of a smart playlist may speak of, and how. The store knows where each is found."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a field holds; texts compare without case and accents."""

    TEXT = "text"
    TEXTS = "texts"
    """Several: one of them is enough, and ``is_not`` means none of them."""
    NUMBER = "number"
    NUMBERS = "numbers"
    """Several numbers, as above."""
    MOMENT = "moment"
    FLAG = "flag"


class Operator(StrEnum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    BEGINS_WITH = "begins_with"
    GREATER = "greater"
    LESS = "less"
    BETWEEN = "between"
    IN_THE_LAST = "in_the_last"
    IS_SET = "is_set"


_TEXT = (Operator.IS, Operator.IS_NOT, Operator.CONTAINS, Operator.BEGINS_WITH, Operator.IS_SET)
OPERATORS: Final[dict[Kind, tuple[Operator, ...]]] = {
    Kind.TEXT: _TEXT,
    Kind.TEXTS: _TEXT,
    Kind.NUMBER: (
        Operator.IS,
        Operator.IS_NOT,
        Operator.GREATER,
        Operator.LESS,
        Operator.BETWEEN,
        Operator.IS_SET,
    ),
    Kind.NUMBERS: (Operator.IS, Operator.IS_NOT),
    Kind.MOMENT: (Operator.GREATER, Operator.LESS, Operator.BETWEEN, Operator.IN_THE_LAST, Operator.IS_SET),
    Kind.FLAG: (Operator.IS,),
}


class Field(StrEnum):
    """What a rule speaks of."""

    TITLE = "title"
    ALBUM = "album"
    ARTIST = "artist"
    ALBUM_ARTIST = "album_artist"
    GENRE = "genre"
    MOOD = "mood"
    COMMENT = "comment"
    YEAR = "year"
    DISC_NUMBER = "disc_number"
    TRACK_NUMBER = "track_number"
    DURATION = "duration_ms"
    BPM = "bpm"
    COMPILATION = "compilation"
    LYRICS = "has_lyrics"
    ADDED = "created_at"
    CHANGED = "updated_at"
    LIBRARY = "library"
    CODEC = "codec"
    SUFFIX = "suffix"
    SIZE = "size"
    BIT_RATE = "bit_rate"
    SAMPLE_RATE = "sample_rate"
    BIT_DEPTH = "bit_depth"
    CHANNELS = "channels"
    PLAY_COUNT = "play_count"
    LAST_PLAYED = "last_played_at"
    LIKED = "liked"
    LIKED_AT = "liked_at"
    RATING = "rating"
    ALBUM_LIKED = "album_liked"
    ALBUM_RATING = "album_rating"
    ARTIST_LIKED = "artist_liked"
    ARTIST_RATING = "artist_rating"


KINDS: Final[dict[Field, Kind]] = {
    Field.TITLE: Kind.TEXT,
    Field.ALBUM: Kind.TEXT,
    Field.ARTIST: Kind.TEXTS,
    Field.ALBUM_ARTIST: Kind.TEXTS,
    Field.GENRE: Kind.TEXTS,
    Field.MOOD: Kind.TEXTS,
    Field.COMMENT: Kind.TEXT,
    Field.YEAR: Kind.NUMBER,
    Field.DISC_NUMBER: Kind.NUMBER,
    Field.TRACK_NUMBER: Kind.NUMBER,
    Field.DURATION: Kind.NUMBER,
    Field.BPM: Kind.NUMBER,
    Field.COMPILATION: Kind.FLAG,
    Field.LYRICS: Kind.FLAG,
    Field.ADDED: Kind.MOMENT,
    Field.CHANGED: Kind.MOMENT,
    Field.LIBRARY: Kind.NUMBERS,
    Field.CODEC: Kind.TEXT,
    Field.SUFFIX: Kind.TEXT,
    Field.SIZE: Kind.NUMBER,
    Field.BIT_RATE: Kind.NUMBER,
    Field.SAMPLE_RATE: Kind.NUMBER,
    Field.BIT_DEPTH: Kind.NUMBER,
    Field.CHANNELS: Kind.NUMBER,
    Field.PLAY_COUNT: Kind.NUMBER,
    Field.LAST_PLAYED: Kind.MOMENT,
    Field.LIKED: Kind.FLAG,
    Field.LIKED_AT: Kind.MOMENT,
    Field.RATING: Kind.NUMBER,
    Field.ALBUM_LIKED: Kind.FLAG,
    Field.ALBUM_RATING: Kind.NUMBER,
    Field.ARTIST_LIKED: Kind.FLAG,
    Field.ARTIST_RATING: Kind.NUMBER,
}


class SortField(StrEnum):
    """By what the tracks of a smart playlist can be sorted."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    YEAR = "year"
    DISC_NUMBER = "disc_number"
    TRACK_NUMBER = "track_number"
    DURATION = "duration_ms"
    BPM = "bpm"
    ADDED = "created_at"
    BIT_RATE = "bit_rate"
    PLAY_COUNT = "play_count"
    LAST_PLAYED = "last_played_at"
    LIKED_AT = "liked_at"
    RATING = "rating"
    RANDOM = "random"
