"""Play queues: what a change makes of one, without a store."""

from datetime import UTC, datetime
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from appliance.core.errors import BadRequest, Conflict
from appliance.core.queues import LONGEST_QUEUE, PlayQueue, QueueChange, changed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
EMPTY = PlayQueue(user_id=UUID(int=9))
QUEUE = PlayQueue(
    user_id=UUID(int=9),
    track_ids=(ONE, TWO, ONE),
    current_index=1,
    position_ms=500,
    changed_by="kitchen",
    changed_at=datetime(2026, 1, 1, tzinfo=UTC),
    revision=7,
)

ids = st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=4).map(tuple)
changes = st.builds(
    QueueChange,
    track_ids=st.none() | ids,
    current_index=st.none() | st.integers(-1, 5),
    position_ms=st.none() | st.integers(0, 1000),
    client=st.text(max_size=5),
    revision=st.none() | st.integers(0, 3),
)


@given(st.lists(changes, max_size=8))
def test_whatever_is_changed_a_queue_is_whole(wanted: list[QueueChange]) -> None:
    queue = EMPTY
    for change in wanted:
        before = queue
        try:
            queue = changed(queue, change, NOW)
        except (BadRequest, Conflict):
            continue
        assert queue.revision == before.revision + 1
        assert (queue.current_index is None) == (not queue.track_ids)
        assert queue.current_index is None or 0 <= queue.current_index < len(queue.track_ids)
        assert queue.track_ids or queue.position_ms == 0


def test_a_new_list_begins_at_its_first_track() -> None:
    queue = changed(QUEUE, QueueChange(track_ids=(TWO, THREE)), NOW)
    assert (queue.track_ids, queue.current_index, queue.position_ms) == ((TWO, THREE), 0, 0)
    queue = changed(QUEUE, QueueChange(track_ids=(TWO, THREE), current_index=1, position_ms=9), NOW)
    assert (queue.current_index, queue.position_ms) == (1, 9)


def test_another_track_begins_at_its_beginning() -> None:
    assert changed(QUEUE, QueueChange(current_index=2), NOW).position_ms == 0
    assert changed(QUEUE, QueueChange(current_index=1), NOW).position_ms == 500
    assert changed(QUEUE, QueueChange(current_index=2, position_ms=3), NOW).position_ms == 3


def test_what_is_not_named_stays() -> None:
    queue = changed(QUEUE, QueueChange(position_ms=600, client="phone", device_id=TWO), NOW)
    assert queue == replace(QUEUE, position_ms=600, changed_by="phone", device_id=TWO, changed_at=NOW, revision=8)


def test_an_empty_queue_has_no_place() -> None:
    queue = changed(QUEUE, QueueChange(track_ids=(), position_ms=9), NOW)
    assert (queue.current_index, queue.position_ms) == (None, 0)
    assert changed(EMPTY, QueueChange(position_ms=9), NOW).position_ms == 0
    with pytest.raises(BadRequest, match="0 tracks"):
        changed(QUEUE, QueueChange(track_ids=(), current_index=0), NOW)


@pytest.mark.parametrize("index", [-1, 3, 2**63])
def test_an_index_that_it_does_not_have_is_refused(index: int) -> None:
    with pytest.raises(BadRequest, match="3 tracks"):
        changed(QUEUE, QueueChange(current_index=index), NOW)


def test_a_queue_has_an_end() -> None:
    longest = changed(QUEUE, QueueChange(track_ids=(ONE,) * LONGEST_QUEUE), NOW)
    assert len(longest.track_ids) == LONGEST_QUEUE
    with pytest.raises(BadRequest, match=str(LONGEST_QUEUE)):
        changed(QUEUE, QueueChange(track_ids=(ONE,) * (LONGEST_QUEUE + 1)), NOW)


def test_a_queue_that_is_another_than_was_read_is_left_alone() -> None:
    assert changed(QUEUE, QueueChange(revision=7), NOW).revision == 8
    with pytest.raises(Conflict, match="kitchen"):
        changed(QUEUE, QueueChange(revision=6), NOW)
    with pytest.raises(Conflict, match="another app"):
        changed(EMPTY, QueueChange(revision=1), NOW)
