"""What rules mean, said a second time and in the plainest way: for the comparison with what the database answers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.core.smart_fields import KINDS, Field, Kind, Operator
from appliance.core.smart_rules import All, AnyOf, Condition, Not, Rule, moment_of
from appliance.core.text import fold

Facts = Mapping[Field, Any]
"""Of one track: None for what is not known, sets for what there may be several of, texts folded."""


def holds(rule: Rule, facts: Facts) -> bool:
    match rule:
        case All(rules):
            return all(holds(inner, facts) for inner in rules)
        case AnyOf(rules):
            return any(holds(inner, facts) for inner in rules)
        case Not(inner):
            return not holds(inner, facts)
        case Condition(field, operator, value):
            return _holds(KINDS[field], operator, value, facts[field])


def _holds(kind: Kind, operator: Operator, value: Any, fact: Any) -> bool:
    if operator is Operator.IS_SET:
        return bool(fact not in (None, "", frozenset())) is (value is not False)
    if operator is Operator.IS_NOT:
        return not _holds(kind, Operator.IS, value, fact)
    if kind in {Kind.TEXTS, Kind.NUMBERS} or isinstance(fact, frozenset):
        single = Kind.TEXT if kind is Kind.TEXTS else Kind.NUMBER
        return any(_holds(single, operator, value, one) for one in fact)
    if fact is None:
        return False
    if kind is Kind.TEXT:
        value = fold(value)
    elif kind is Kind.MOMENT and operator is not Operator.IN_THE_LAST:
        value = tuple(map(moment_of, value)) if isinstance(value, tuple) else moment_of(value)
    return bool(_COMPARED[operator](fact, value))


_COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.IS: lambda fact, value: fact == value,
    Operator.CONTAINS: lambda fact, value: value in fact,
    Operator.BEGINS_WITH: lambda fact, value: fact.startswith(value),
    Operator.GREATER: lambda fact, value: fact > value,
    Operator.LESS: lambda fact, value: fact < value,
    Operator.BETWEEN: lambda fact, value: value[0] <= fact <= value[1],
    Operator.IN_THE_LAST: lambda fact, value: fact >= datetime.now(UTC) - timedelta(days=value),
}
