"""Rows given as parameters: one array for each column, so that a set of any size is one fixed statement."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, TableValuedAlias, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY


def given(columns: Sequence[Column[Any]]) -> TableValuedAlias:
    """``unnest`` of the parameters ``<column>_values``, as a table that has these columns."""
    arrays = (bindparam(f"{column.name}_values", type_=ARRAY(column.type)) for column in columns)
    return func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived(name="given")


def values_of(columns: Sequence[Column[Any]], rows: Iterable[object]) -> dict[str, list[Any]]:
    """The parameters of ``given`` from objects whose attributes are named as the columns."""
    kept = list(rows)
    return {f"{column.name}_values": [getattr(row, column.name) for row in kept] for column in columns}
