"""The rules of smart playlists, as data: a tree of groups, and conditions as its leaves.

They are data to the end: the store turns each field and operator into an expression of its own, and every value
into a parameter.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.core.errors import FieldFault, NotUsable
from appliance.core.smart_fields import KINDS, OPERATORS, Field, Kind, Operator, SortField
from appliance.core.text import clean

#: Groups within groups.
DEEPEST = 8
#: Conditions of one smart playlist.
MOST_CONDITIONS = 100
LONGEST_TEXT = 200
MOST_SORTINGS = 5
#: Tracks of a smart playlist with a limit.
HIGHEST_LIMIT = 100_000
_HIGHEST = 2**53
"""Numbers that every JSON library reads exactly; every column's are below."""
_MOST_DAYS = 36_500

Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Single = Text | int | float | bool
Value = Single | Annotated[tuple[Single, ...], Meta(max_length=2)] | None


class _Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """A part of the tree."""


class All(_Node, frozen=True, tag="all"):
    """Every one of the rules holds; with none, anything does."""

    rules: Annotated[
        tuple["Rule", ...],
        Meta(
            max_length=MOST_CONDITIONS,
            description="All of these.",
            examples=[[{"kind": "condition", "field": "genre", "operator": "is", "value": "Jazz"}]],
        ),
    ]


class AnyOf(_Node, frozen=True, tag="any"):
    """At least one of the rules holds; with none, nothing does."""

    rules: Annotated[
        tuple["Rule", ...],
        Meta(
            max_length=MOST_CONDITIONS,
            description="Any of these.",
            examples=[[{"kind": "condition", "field": "genre", "operator": "is", "value": "Jazz"}]],
        ),
    ]


class Not(_Node, frozen=True, tag="not"):
    """The rule does not hold."""

    rule: Annotated[
        "Rule",
        Meta(
            description="Not this.",
            examples=[{"kind": "condition", "field": "genre", "operator": "is", "value": "Jazz"}],
        ),
    ]


class Condition(_Node, frozen=True, tag="condition"):
    """A comparison. What is not known (a year that no tag tells) fulfils ``is_not`` alone."""

    field: Annotated[Field, Meta(description="What it is about.", examples=["genre"])]
    operator: Annotated[Operator, Meta(description="How it is compared.", examples=["is"])]
    value: Annotated[
        Value,
        Meta(
            description=(
                "A text; a whole number; a time (`2026-03-01` or `2026-03-01T18:20:00Z`); true or false. For `between` "
                "two of them, both included; for `in_the_last` a number of days; for `is_set` true, or false for the "
                "opposite."
            ),
            examples=["Jazz", 1959, [1955, 1965], True],
        ),
    ] = None


Rule = All | AnyOf | Not | Condition


class Sorting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key to sort by."""

    by: Annotated[SortField, Meta(description="What to sort by.", examples=["last_played_at"])]
    descending: Annotated[bool, Meta(description="The greatest, latest or last first.", examples=[True])] = False


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which tracks, in what order, how many at most."""

    rules: Rule
    sorting: tuple[Sorting, ...] = ()
    """By title where nothing else is said; ties by title, then by id. What is not known comes last."""
    limit: int | None = None
    """Tracks; the first ones of the order."""
    seed: int = 0
    """Another one shuffles another way."""


def checked(selection: Selection) -> Selection:
    """The selection as it is kept: texts cleaned. Raises ``NotUsable`` naming every condition that makes no sense."""
    if faults := list(_faults(selection.rules, "rules", 1)):
        raise NotUsable(faults)
    if sum(1 for _ in conditions(selection.rules)) > MOST_CONDITIONS:
        raise NotUsable([FieldFault("rules", f"There are at most {MOST_CONDITIONS} conditions.", "invalid")])
    return msgspec.structs.replace(selection, rules=_cleaned(selection.rules))


def moment_of(value: Value) -> datetime | None:
    """A time that is written as a day (its beginning, UTC) or as a time with its zone; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _faults(rule: Rule, path: str, depth: int) -> Iterator[FieldFault]:
    if depth > DEEPEST:
        yield FieldFault(path, f"Groups lie at most {DEEPEST} deep within each other.", "invalid")
        return
    match rule:
        case Condition():
            yield from _condition_faults(rule, path)
        case Not(inner):
            yield from _faults(inner, f"{path}.rule", depth + 1)
        case _:
            for number, inner in enumerate(rule.rules):
                yield from _faults(inner, f"{path}.rules.{number}", depth + 1)


def _condition_faults(condition: Condition, path: str) -> Iterator[FieldFault]:
    kind = KINDS[condition.field]
    allowed = OPERATORS[kind]
    if condition.operator not in allowed:
        words = f"`{condition.field}` takes {', '.join(f'`{one}`' for one in allowed)}."
        yield FieldFault(f"{path}.operator", words, "invalid")
    elif words := _fault_of_value(condition, kind):
        yield FieldFault(f"{path}.value", words, "invalid")


def _fault_of_value(condition: Condition, kind: Kind) -> str:
    """What is wrong with the value; empty when nothing is."""
    value = condition.value
    match condition.operator:
        case Operator.IS_SET:
            return "" if value is None or isinstance(value, bool) else "True or false."
        case Operator.IN_THE_LAST:
            return "" if _is_number(value, 1, _MOST_DAYS) else f"1 to {_MOST_DAYS:,} days."
        case Operator.BETWEEN:
            if isinstance(value, tuple) and len(value) == 2 and not any(_fault_of_single(one, kind) for one in value):
                return ""
            return f"Two of these: {_fault_of_single(None, kind)}"
        case _:
            return _fault_of_single(value, kind)


def _fault_of_single(value: Value, kind: Kind) -> str:
    match kind:
        case Kind.TEXT | Kind.TEXTS:
            return "" if isinstance(value, str) and clean(value) else "A text with a visible character."
        case Kind.NUMBER | Kind.NUMBERS:
            return "" if _is_number(value, -_HIGHEST, _HIGHEST) else "A whole number."
        case Kind.MOMENT:
            return "" if moment_of(value) else "A day as 2026-03-01, or a time as 2026-03-01T18:20:00Z."
        case _:
            return "" if isinstance(value, bool) else "True or false."


def _is_number(value: Value, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def conditions(rule: Rule) -> Iterator[Condition]:
    """The leaves of the tree."""
    match rule:
        case Condition():
            yield rule
        case Not(inner):
            yield from conditions(inner)
        case _:
            for inner in rule.rules:
                yield from conditions(inner)


def _cleaned(rule: Rule) -> Rule:
    match rule:
        case Condition(_, _, str(value)):
            return msgspec.structs.replace(rule, value=clean(value))
        case Not(inner):
            return Not(_cleaned(inner))
        case All(rules):
            return All(tuple(map(_cleaned, rules)))
        case AnyOf(rules):
            return AnyOf(tuple(map(_cleaned, rules)))
        case _:
            return rule
