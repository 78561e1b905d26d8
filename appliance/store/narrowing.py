"""Narrowing a list of albums or tracks: what a filter asks for, as conditions by name and their values."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, Table, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import AlbumFilter, TrackFilter
from appliance.core.text import genre_key
from appliance.store.scope import LIBRARIES, Scope
from appliance.store.tables import genre_aliases, genres


def conditions_on(table: Table, within: ColumnElement[bool]) -> dict[str, ColumnElement[bool]]:
    """What each field of a filter means for the rows of ``table``. ``within``: how it stays within libraries."""
    # By the genres' stored names, since names are what the index holds.
    keys = bindparam("genres", type_=ARRAY(Text))
    names = select(genres.c.name).where(
        (genres.c.key == func.any(keys))
        | genres.c.id.in_(select(genre_aliases.c.genre_id).where(genre_aliases.c.key == func.any(keys)))
    )
    return {
        LIBRARIES.key: within,
        "genres": table.c.genres.overlap(func.array(names.scalar_subquery(), type_=ARRAY(Text))),
        "from_year": table.c.year >= bindparam("from_year", type_=Integer),
        "to_year": table.c.year <= bindparam("to_year", type_=Integer),
    }


def asked(narrow: AlbumFilter | TrackFilter, scope: Scope) -> dict[str, Any]:
    """The values of the conditions that ``narrow`` asks for within ``scope``, by the name of the condition."""
    values = msgspec.structs.asdict(narrow) | {"genres": [genre_key(genre) for genre in narrow.genres]}
    if isinstance(narrow, TrackFilter):
        values["moods"] = [genre_key(mood) for mood in narrow.moods]
    within = scope.within(values.pop("library"))
    return {name: value for name, value in values.items() if value not in (None, [])} | within
