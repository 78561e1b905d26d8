"""Narrowing a list of albums or tracks: what a filter asks for, as conditions by name and their values."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, Table, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.catalogue import AlbumFilter, TrackFilter
from appliance.core.text import genre_key
from appliance.store.tables import genres


def conditions_on(table: Table, in_library: ColumnElement[bool]) -> dict[str, ColumnElement[bool]]:
    """What each field of a filter means for the rows of ``table``. ``in_library``: what ``library`` means there."""
    # By the genres' stored names, since names are what the index holds.
    names = select(genres.c.name).where(genres.c.key == func.any(bindparam("genres", type_=ARRAY(Text))))
    return {
        "library": in_library,
        "genres": table.c.genres.overlap(func.array(names.scalar_subquery(), type_=ARRAY(Text))),
        "from_year": table.c.year >= bindparam("from_year", type_=Integer),
        "to_year": table.c.year <= bindparam("to_year", type_=Integer),
    }


def asked(narrow: AlbumFilter | TrackFilter) -> dict[str, Any]:
    """The values of the conditions that ``narrow`` asks for, by the name of the condition."""
    values = msgspec.structs.asdict(narrow) | {"genres": [genre_key(genre) for genre in narrow.genres]}
    return {name: value for name, value in values.items() if value not in (None, [])}
