"""What a smart playlist chooses: its rules, order and limit as one statement."""

from typing import Any, Final

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import Item
from appliance.core.smart_fields import SortField
from appliance.core.smart_rules import Selection, Sorting, conditions
from appliance.store.playable import PLAYABLE
from appliance.store.scope import WITHIN, Bounds
from appliance.store.smart_meanings import MEANINGS, Column
from appliance.store.smart_rules import truth_of
from appliance.store.smart_sources import Source, liked, played, rated
from appliance.store.statement import Statement
from appliance.store.tables import files, tracks

_SORTS: Final[dict[SortField, tuple[Column, Source | None]]] = {
    SortField.TITLE: (tracks.c.sort_title, None),
    SortField.ARTIST: (tracks.c.artist_sort, None),
    SortField.ALBUM: (tracks.c.album_sort, None),
    SortField.YEAR: (tracks.c.year, None),
    SortField.DISC_NUMBER: (tracks.c.disc_number, None),
    SortField.TRACK_NUMBER: (tracks.c.track_number, None),
    SortField.DURATION: (tracks.c.duration_ms, None),
    SortField.BPM: (tracks.c.bpm, None),
    SortField.ADDED: (tracks.c.created_at, None),
    SortField.BIT_RATE: (files.c.bit_rate, Source.FILE),
    SortField.PLAY_COUNT: (func.coalesce(played.c.count, 0), Source.PLAYED),
    SortField.LAST_PLAYED: (played.c.last, Source.PLAYED),
    SortField.LIKED_AT: (liked.c.happened_at, Source.LIKED),
    SortField.RATING: (rated.c.rating, Source.RATED),
    SortField.RANDOM: (func.uuid_hash_extended(tracks.c.id, bindparam("seed", type_=BigInteger)), None),
}
#: Where nothing else is said, and where everything else is equal.
_TITLE = Sorting(SortField.TITLE)


def statement_of(selection: Selection, bounds: Bounds) -> Statement:
    """One row: how many tracks there are in all, and the ids of one page of them (``limit``, ``offset``).

    What is found is found once, kept aside with the keys to sort by, and counted and sorted there. What the planner
    guesses well is asked twice instead, to be counted by an index alone and sorted as far as the page goes; of what it
    guesses wrongly, that would take twenty times as long.
    """
    sorting = [*selection.sorting, *([] if _is_total(selection) else [_TITLE])]
    keys = [_SORTS[one.by] for one in sorting]
    base: Any = tracks
    for source in _sources(selection, sorting):
        base = source.beside(base)
    wanted = [PLAYABLE[Item.TRACK], truth_of(selection.rules), *([WITHIN[Item.TRACK]] if bounds else [])]
    columns = [key.label(f"key_{number}") for number, (key, _) in enumerate(keys)]
    own = all(MEANINGS[condition.field].own for condition in conditions(selection.rules))
    kept = "NOT MATERIALIZED" if own else "MATERIALIZED"
    found = select(tracks.c.id, *columns).select_from(base).where(*wanted).cte("found").prefix_with(kept)
    order = [
        found.c[f"key_{number}"].desc().nulls_last() if one.descending else found.c[f"key_{number}"].asc().nulls_last()
        for number, one in enumerate(sorting)
    ]
    page = (
        select(found.c.id)
        .order_by(*order, found.c.id)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )
    return Statement(
        select(
            select(func.count()).select_from(found).scalar_subquery(),
            func.array(page.scalar_subquery(), type_=ARRAY(Uuid)),
        )
    )


def _is_total(selection: Selection) -> bool:
    return any(one.by in {SortField.TITLE, SortField.RANDOM} for one in selection.sorting)


def _sources(selection: Selection, sorting: list[Sorting]) -> list[Source]:
    """What has to lie beside the tracks."""
    asked = {MEANINGS[condition.field].source for condition in conditions(selection.rules)}
    sorted_by = {_SORTS[one.by][1] for one in sorting}
    return [source for source in Source if source in asked | sorted_by]


def is_shuffled(selection: Selection) -> bool:
    return any(one.by is SortField.RANDOM for one in selection.sorting)
