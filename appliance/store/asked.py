"""What is asked of names, as PostgreSQL is told: words that begin as these do, and names that begin so altogether.

Its own parsers take no part: ``array_to_tsvector`` keeps the words as ``core.text.searched`` made them, so that what is
searched for and what is found were split by the same rule.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Table, Text, bindparam, cast, func, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from appliance.core.text import sort_key

_MOST_WORDS = 64

_WORDS = cast(bindparam("words", type_=Text), TSQUERY)
_KEY = bindparam("key", type_=Text(collation="C"))


class Asked(msgspec.Struct, frozen=True):
    """One question, for the conditions below."""

    words: str
    """The tsquery: one spelling of each word begins a word. Empty for everything."""
    key: str
    """As a name's sort key is made."""

    @classmethod
    def of(cls, wanted: Sequence[Sequence[str]], query: str) -> "Asked":
        """``wanted``: the words of ``query``, each in its spellings (``core.text.spelled``)."""
        # Words hold letters, digits and underscores only, so that nothing in them can end the quotes.
        either = (" | ".join(f"'{spelling}':*" for spelling in word) for word in wanted[:_MOST_WORDS])
        return cls(" & ".join(f"({word})" for word in either), sort_key(query))

    def values(self) -> dict[str, object]:
        return {"words": self.words, "key": self.key} if self.words else {}


def holds(table: Table) -> ColumnElement[bool]:
    """Names that hold the words, by the index of words."""
    vector: Any = literal_column(f"array_to_tsvector(string_to_array({table.name}.search, ' '))")
    return _matched(vector)


def holds_too(table: Table) -> ColumnElement[bool]:
    """The same, and yet not what the index of words is made of: for a few rows that come from another index."""
    vector: Any = literal_column(f"array_to_tsvector(string_to_array({table.name}.search || '', ' '))")
    return _matched(vector)


def _matched(vector: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = vector.op("@@")(_WORDS)
    return condition


def begins(sort: Column[Any]) -> ColumnElement[bool]:
    """Names whose sort key begins as the query's."""
    return (sort >= _KEY) & (sort < _KEY.concat(func.chr(0x10FFFF)))
