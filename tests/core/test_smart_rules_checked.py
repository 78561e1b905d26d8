"""Rules of smart playlists are kept only when they make sense."""

from datetime import UTC, datetime

import pytest

from appliance.core.errors import NotUsable
from appliance.core.smart_fields import Field, Operator
from appliance.core.smart_rules import All, AnyOf, Condition, Not, Rule, Selection, Value, checked, moment_of


def faults(rule: Rule) -> list[str]:
    with pytest.raises(NotUsable) as refusal:
        checked(Selection(rules=rule))
    return [fault.field for fault in refusal.value.faults]


def test_texts_are_kept_cleaned_wherever_they_are() -> None:
    dirty = Condition(Field.TITLE, Operator.IS, " a\0b ")
    tidy = Condition(Field.TITLE, Operator.IS, "a b")
    year = Condition(Field.YEAR, Operator.IS, 1959)
    kept = checked(Selection(rules=All((dirty, AnyOf((dirty, year)), Not(dirty)))))
    assert kept == Selection(rules=All((tidy, AnyOf((tidy, year)), Not(tidy))))


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        (Field.TITLE, Operator.IS, None),
        (Field.TITLE, Operator.IS, "\0"),
        (Field.TITLE, Operator.IS_SET, "yes"),
        (Field.GENRE, Operator.CONTAINS, 1),
        (Field.YEAR, Operator.IS, True),
        (Field.YEAR, Operator.IS, 2**53 + 1),
        (Field.YEAR, Operator.IS, -(2**53) - 1),
        (Field.YEAR, Operator.IS, 19.5),
        (Field.YEAR, Operator.BETWEEN, 1959),
        (Field.YEAR, Operator.BETWEEN, (1959,)),
        (Field.YEAR, Operator.BETWEEN, (1959, "x")),
        (Field.LIBRARY, Operator.IS, "Music"),
        (Field.LIKED, Operator.IS, 1),
        (Field.ADDED, Operator.GREATER, 1959),
        (Field.ADDED, Operator.GREATER, "2026-02-30"),
        (Field.ADDED, Operator.IN_THE_LAST, 0),
        (Field.ADDED, Operator.IN_THE_LAST, 36_501),
        (Field.ADDED, Operator.IN_THE_LAST, True),
    ],
)
def test_values_that_make_no_sense_are_named(field: Field, operator: Operator, value: Value) -> None:
    assert faults(AnyOf((All(()), Condition(field, operator, value)))) == ["rules.rules.1.value"]


def test_an_operator_that_a_field_does_not_take_is_named() -> None:
    assert faults(Not(Condition(Field.LIKED, Operator.CONTAINS, "x"))) == ["rules.rule.operator"]


def test_trees_are_bounded() -> None:
    condition = Condition(Field.LIKED, Operator.IS, value=True)
    deep: Rule = condition
    for _ in range(8):
        deep = Not(deep)
    assert faults(deep) == ["rules" + ".rule" * 8]
    assert faults(Not(All((condition,) * 101))) == ["rules"]
    checked(Selection(rules=Not(All((condition,) * 100))))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T18:20:00Z", datetime(2026, 3, 1, 18, 20, tzinfo=UTC)),
        ("2026-03-01T18:20:00+02:00", datetime(2026, 3, 1, 16, 20, tzinfo=UTC)),
        ("2026-03-01T18:20:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (20260301, None),
    ],
)
def test_moments_are_days_or_times_with_their_zone(written: Value, meant: datetime | None) -> None:
    assert moment_of(written) == meant
