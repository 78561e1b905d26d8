"""The fields of smart playlists are those that the documentation tells of."""

import re
from pathlib import Path

from appliance.core.smart_fields import KINDS, OPERATORS, Field, SortField

TOLD = (Path(__file__).parents[2] / "docs/playlists.md").read_text()


def test_every_field_is_documented_with_its_kind_and_operators() -> None:
    table = {
        field: (kind, re.findall(r"`(\w+)`", operators))
        for field, kind, operators in re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| (.*) \|$", TOLD)
    }
    assert table == {field: (KINDS[field], list(OPERATORS[KINDS[field]])) for field in Field}


def test_every_order_is_documented() -> None:
    sentence = TOLD.partition("Sorted by ")[2].partition(":")[0]
    assert re.findall(r"`(\w+)`", sentence) == list(SortField)
