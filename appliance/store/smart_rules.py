"""The rules of smart playlists as SQL: a tree of ours for their tree.

No text of a rule ever becomes a part of a statement: each field is an expression of ours, each operator too, and every
value a parameter (``smart_meanings``).
"""

from sqlalchemy import and_, true

from appliance.core.smart_rules import All, AnyOf, Not, Rule
from appliance.store.smart_meanings import MEANINGS
from appliance.store.smart_parts import Part, Truth, any_of, condition, negated


def truth_of(rule: Rule) -> Truth:
    """The condition on a track, with the sources of its fields beside it."""
    return condition(_part_of(rule))


def _part_of(rule: Rule) -> Part:
    match rule:
        case All(rules):
            return and_(true(), *map(truth_of, rules))
        case AnyOf(rules):
            return any_of([_part_of(inner) for inner in rules])
        case Not(inner):
            return negated(_part_of(inner))
        case _:
            return MEANINGS[rule.field].part(rule.operator, rule.value)
