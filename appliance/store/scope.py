"""Who may see what: the one place that narrows what is read to some libraries (docs/decisions/0017-the-model.md).

Artists, albums and tracks each keep, in ``libraries``, the numbers of the libraries in which something of theirs can be
played. A question about music is put in two ways, once of all music and once ``WITHIN`` some libraries, so that
whoever may see everything, nearly everybody, is answered from indexes alone.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.accounts import User
from appliance.core.catalogue import Item
from appliance.store.statement import Statement
from appliance.store.tables import albums, artists, tracks

#: The numbers of the libraries to stay within.
LIBRARIES = bindparam("libraries", type_=ARRAY(Integer))

WITHIN: Final[dict[Item, ColumnElement[bool]]] = {
    Item.ARTIST: artists.c.libraries.overlap(LIBRARIES),
    Item.ALBUM: albums.c.libraries.overlap(LIBRARIES),
    Item.TRACK: tracks.c.libraries.overlap(LIBRARIES),
}

Bounds = dict[str, list[int]]
"""The value of ``LIBRARIES``, or nothing where nothing bounds the question."""


class Scope(msgspec.Struct, frozen=True):
    """The part of the music that is there for whoever asks."""

    libraries: frozenset[int] | None = None
    """By their numbers; None is all of it."""

    @classmethod
    def of(cls, user: User) -> "Scope":
        return cls(None if user.libraries is None else frozenset(user.libraries))

    @property
    def bounds(self) -> Bounds:
        return {} if self.libraries is None else {LIBRARIES.key: sorted(self.libraries)}

    def within(self, library: int | None) -> Bounds:
        """The same, and only of this library, where one is named; it may be one that nobody may see."""
        if library is None:
            return self.bounds
        return {LIBRARIES.key: [library] if self.libraries is None or library in self.libraries else []}


#: What scans and jobs see, and whoever may see every library.
EVERYTHING = Scope()


class Question:
    """One question, of all music and of some libraries."""

    __slots__ = ("_of_all", "_of_some")

    def __init__(self, of_all: Select[Any], of_some: Select[Any]) -> None:
        self._of_all = Statement(of_all)
        self._of_some = Statement(of_some)

    @classmethod
    def narrowed(cls, question: Select[Any], item: Item) -> "Question":
        """A question whose answer differs only in which artists, albums or tracks there are."""
        return cls(question, question.where(WITHIN[item]))

    def within(self, bounds: Bounds) -> Statement:
        """The statement to give the ``bounds`` to."""
        return self._of_some if bounds else self._of_all
