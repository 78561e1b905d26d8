"""What a rule comes to: a condition on a track, or the tracks that fulfil it."""

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, false, or_, true, union_all

from appliance.store.tables import tracks

Truth = ColumnElement[bool]
Ids = Select[Any] | CompoundSelect[Any]
"""Tracks by their ids, each perhaps more than once."""
Part = Truth | Ids
"""A condition on a track, or the tracks that fulfil it: where these are few, the search begins with them."""


def condition(part: Part) -> Truth:
    return part if isinstance(part, ColumnElement) else tracks.c.id.in_(part)


def negated(part: Part) -> Truth:
    """Also where the condition is neither true nor false."""
    return part.is_not(true()) if isinstance(part, ColumnElement) else tracks.c.id.not_in(part)


def any_of(parts: list[Part]) -> Part:
    ids = [part for part in parts if not isinstance(part, ColumnElement)]
    if ids and len(ids) == len(parts):
        return union_all(*ids)
    return or_(false(), *map(condition, parts))
