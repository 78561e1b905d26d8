"""Identifiers: version 7 of RFC 9562."""

from uuid import RFC_4122, UUID

from appliance.core.ids import new_id


def test_an_identifier_is_a_uuid_of_version_7() -> None:
    for fresh in (new_id() for _ in range(1000)):
        assert (fresh.version, fresh.variant) == (7, RFC_4122)
        assert UUID(str(fresh)) == fresh


def test_no_two_are_equal_and_later_ones_stand_later() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    milliseconds = [fresh.int >> 80 for fresh in made]
    assert milliseconds == sorted(milliseconds)
