"""The order of a playlist against a plain list: any edits in any batches, also repeated, give what the list gives."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from appliance.core.playlist_order import Changes, Insert, Move, Operation, Place, Places, Remove, edit, named

#: Few, so that edits often name the same.
ids = st.integers(1, 12).map(lambda number: UUID(int=number))
after = st.one_of(ids, st.none(), st.just(UNSET))
operations = st.one_of(st.builds(Insert, ids, ids, after), st.builds(Move, ids, after), st.builds(Remove, ids))
batches = st.lists(st.lists(operations, max_size=8), max_size=12)


class PlainList:
    """What is meant, in the plainest way."""

    def __init__(self) -> None:
        self.everything: list[UUID] = []
        self.removed: set[UUID] = set()

    @property
    def seen(self) -> list[UUID]:
        return [id_ for id_ in self.everything if id_ not in self.removed]

    def apply(self, operation: Operation) -> None:
        there = operation.id in self.everything
        match operation:
            case Insert(id_, _, after) if not there:
                self._put(id_, after)
            case Move(id_, after) if there and id_ not in self.removed and after != id_:
                self.everything.remove(id_)
                self._put(id_, after)
            case Remove(id_) if there:
                self.removed.add(id_)
            case _:
                pass

    def _put(self, id_: UUID, after: UUID | UnsetType | None) -> None:
        if after is None:
            self.everything.insert(0, id_)
        elif isinstance(after, UUID) and after in self.everything:
            self.everything.insert(self.everything.index(after) + 1, id_)
        else:
            self.everything.append(id_)


class Shelf:
    """Entries with ranks, as a store keeps them."""

    def __init__(self) -> None:
        self.ranks: dict[UUID, str] = {}
        self.tracks: dict[UUID, UUID] = {}
        self.removed: set[UUID] = set()

    @property
    def seen(self) -> list[UUID]:
        return [id_ for id_ in sorted(self.ranks, key=self.ranks.__getitem__) if id_ not in self.removed]

    def places(self, wanted: set[UUID]) -> Places:
        ranks = sorted(self.ranks.values())
        return Places(
            {
                id_: Place(rank, next((higher for higher in ranks if higher > rank), None), id_ in self.removed)
                for id_, rank in self.ranks.items()
                if id_ in wanted
            },
            min(ranks, default=None),
            max(ranks, default=None),
            len(self.seen),
        )

    def edit(self, batch: list[Operation]) -> Changes:
        changes = edit(self.places(named(batch)), batch)
        for id_, (track_id, rank) in changes.inserted.items():
            self.tracks[id_] = track_id
            self.ranks[id_] = rank
        self.ranks |= changes.moved
        self.removed |= changes.removed
        assert len(set(self.ranks.values())) == len(self.ranks)
        assert changes.count == len(self.seen)
        return changes


@given(batches)
def test_any_edits_give_what_a_plain_list_gives(batches: list[list[Operation]]) -> None:
    plain, shelf = PlainList(), Shelf()
    for batch in batches:
        for operation in batch:
            plain.apply(operation)
        shelf.edit(batch)
        assert shelf.seen == plain.seen


@given(batches, st.data())
def test_two_editors_both_keep_their_work(batches: list[list[Operation]], data: st.DataObject) -> None:
    """However their batches come in: every entry that either put in and neither took out is there, once."""
    mine, yours = batches[::2], batches[1::2]
    shelf = Shelf()
    while mine or yours:
        turn = data.draw(st.sampled_from([queue for queue in (mine, yours) if queue]))
        shelf.edit(turn.pop(0))
    inserted = {op.id for batch in batches for op in batch if isinstance(op, Insert)}
    removed = {op.id for batch in batches for op in batch if isinstance(op, Remove)}
    assert inserted - removed <= set(shelf.seen) <= inserted
    assert len(set(shelf.seen)) == len(shelf.seen)


@given(batches)
def test_putting_in_and_taking_out_again_changes_nothing(batches: list[list[Operation]]) -> None:
    shelf = Shelf()
    for batch in batches:
        lasting: list[Operation] = [operation for operation in batch if not isinstance(operation, Move)]
        shelf.edit(lasting)
        before = (dict(shelf.ranks), set(shelf.removed), dict(shelf.tracks))
        again = shelf.edit(lasting)
        taken_out = {op.id for op in lasting if isinstance(op, Remove)}
        # What was removed before it was put in is removed when both are sent again.
        assert again.inserted == {}
        assert again.removed <= taken_out
        if not again.removed:
            assert (shelf.ranks, shelf.removed, shelf.tracks) == before


def test_what_was_put_after_a_removed_entry_is_put_there() -> None:
    a, b, c, d = (UUID(int=number) for number in range(1, 5))
    shelf = Shelf()
    shelf.edit([Insert(a, a), Insert(b, b), Insert(c, c), Remove(b)])
    shelf.edit([Insert(d, d, b), Move(b, None)])
    assert shelf.seen == [a, d, c]


def test_two_editors_who_type_at_one_place_are_not_mixed() -> None:
    first, *rest = (UUID(int=number) for number in range(1, 8))
    mine, yours = rest[:3], rest[3:]
    shelf = Shelf()
    shelf.edit([Insert(first, first)])
    for typed in (mine, yours):
        chain = [first, *typed]
        shelf.edit([Insert(id_, id_, before) for before, id_ in zip(chain, typed, strict=False)])
    assert shelf.seen == [first, *yours, *mine]


def test_the_longest_rank_is_told() -> None:
    a, b = UUID(int=1), UUID(int=2)
    shelf = Shelf()
    assert shelf.edit([]).longest == 0
    assert not shelf.edit([]).any
    assert shelf.edit([Insert(a, a)]).longest == 2
    assert shelf.edit([Insert(b, b, None), Move(a, None)]).longest == 2
