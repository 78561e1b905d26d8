"""The order of a playlist's entries, and what edits make of it: rules without I/O.

An edit names entries, never places: so two people who edit at once, or a telephone that comes back after days, both
keep their work. Whatever an edit names that is gone meanwhile does no harm: a removed entry keeps its place, unseen,
so that what was put after it is still put there, and moving it changes nothing.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from appliance.core.ranks import between

After = UUID | None | UnsetType
"""After this entry; None: at the beginning; unset, or after one that the playlist never had: at the end."""


class Insert(msgspec.Struct, frozen=True):
    """Put a track in. An entry that is there already, or was and is removed, is left as it is."""

    id: UUID
    """Of the entry, made by whoever edits."""
    track_id: UUID
    after: After = UNSET


class Move(msgspec.Struct, frozen=True):
    """Put an entry elsewhere. One that is removed or unknown is left alone."""

    id: UUID
    after: After = UNSET


class Remove(msgspec.Struct, frozen=True):
    """Take an entry out. One that is removed or unknown is left alone."""

    id: UUID


Operation = Insert | Move | Remove


class Place(msgspec.Struct, frozen=True):
    """Where an entry stands."""

    rank: str
    next: str | None
    """The rank that follows, also that of a removed entry; None at the end."""
    removed: bool = False


class Places(msgspec.Struct, frozen=True):
    """As much of a playlist's order as an edit needs."""

    entries: Mapping[UUID, Place]
    """Those that the edit names, as far as they exist, removed ones included."""
    first: str | None = None
    last: str | None = None
    """The outermost ranks, also of removed entries; None in a playlist that never had any."""
    count: int = 0
    """Entries that are not removed."""


class Changes(msgspec.Struct, frozen=True):
    """What an edit comes to."""

    inserted: Mapping[UUID, tuple[UUID, str]]
    """Track and rank, by entry; some may be among the removed as well."""
    moved: Mapping[UUID, str]
    """The new rank of entries that were there before."""
    removed: frozenset[UUID]
    count: int
    """Entries that are not removed, afterwards."""

    @property
    def any(self) -> bool:
        return bool(self.inserted or self.moved or self.removed)

    @property
    def longest(self) -> int:
        """The length of the longest rank that was made."""
        made = [*(rank for _, rank in self.inserted.values()), *self.moved.values()]
        return max(map(len, made), default=0)


def named(operations: Iterable[Operation]) -> set[UUID]:
    """The entries that must be known to apply these."""
    return {id_ for operation in operations for id_ in _names(operation)}


def _names(operation: Operation) -> Iterator[UUID]:
    yield operation.id
    if not isinstance(operation, Remove) and isinstance(operation.after, UUID):
        yield operation.after


def edit(places: Places, operations: Iterable[Operation]) -> Changes:
    """Apply the operations one after another. Applied again, they change nothing."""
    order = _Order(places)
    for operation in operations:
        order.apply(operation)
    return order.changes()


class _Order:
    """A part of the order: all of it that lies around the places where an operation may put something."""

    def __init__(self, places: Places) -> None:
        self._ranks = {id_: place.rank for id_, place in places.entries.items()}
        self._removed = {id_ for id_, place in places.entries.items() if place.removed}
        ends = {rank for rank in (places.first, places.last) if rank is not None}
        known = {place.rank for place in places.entries.values()}
        following = {place.next for place in places.entries.values() if place.next is not None}
        # A rank stays in here when its entry moves away: what it fenced off is still so.
        self._fences = sorted(ends | known | following)
        self._count = places.count
        self._inserted: dict[UUID, UUID] = {}
        self._moved: set[UUID] = set()
        self._taken_out: set[UUID] = set()

    def apply(self, operation: Operation) -> None:
        match operation:
            case Insert(id_, track_id, after):
                if id_ not in self._ranks:
                    self._ranks[id_] = self._rank(after)
                    self._inserted[id_] = track_id
                    self._count += 1
            case Move(id_, after):
                if id_ in self._ranks and id_ not in self._removed and after != id_:
                    self._ranks[id_] = self._rank(after)
                    self._moved.add(id_)
            case _:
                self._remove(operation.id)

    def _remove(self, id_: UUID) -> None:
        if id_ in self._ranks and id_ not in self._removed:
            self._removed.add(id_)
            self._taken_out.add(id_)
            self._count -= 1

    def changes(self) -> Changes:
        inserted = {id_: (track_id, self._ranks[id_]) for id_, track_id in self._inserted.items()}
        moved = {id_: self._ranks[id_] for id_ in self._moved if id_ not in inserted}
        return Changes(inserted, moved, frozenset(self._taken_out), self._count)

    def _rank(self, after: After) -> str:
        """A new rank there."""
        fences = self._fences
        if after is None:
            low, high = None, fences[0] if fences else None
        elif isinstance(after, UUID) and after in self._ranks:
            low = self._ranks[after]
            above = bisect_right(fences, low)
            high = fences[above] if above < len(fences) else None
        else:
            low, high = fences[-1] if fences else None, None
        rank = between(low, high)
        insort(fences, rank)
        return rank
